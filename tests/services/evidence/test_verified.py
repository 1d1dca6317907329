"""A bundle of a running network, judged by the file that auditors get, against the chain's node."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from xinlian.ledger.adapters.sql.engine import begin_write
from xinlian.ledger.model.ids import to_checksum
from xinlian.ledger.model.items import ContractName

from tests.support.api import ApiNetwork
from tests.support.repository import ROOT

VIN = "LXLBE2A00TH100113"


def record(number: int, subject: str = VIN) -> dict[str, object]:
    return {
        "schema": "inspection/1",
        "subject": subject,
        "event_time": "2025-06-15T01:00:00.000Z",
        "value": str(number),
        "gauge": {"id": "LT-02", "due": "2026-01-01"},
    }


@pytest.fixture(scope="module")
def net(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiNetwork]:
    made = ApiNetwork(tmp_path_factory.mktemp("evidence"), evidence_seconds_max=3600).found()
    made.join("supplier", ["supplier"])
    yield made
    made.stop()


@pytest.fixture(scope="module", params=[False, True], ids=["sha256", "sm3 too"])
def log(net: ApiNetwork, request: pytest.FixtureRequest) -> bytes:
    """A log that grew in three steps."""
    evidence = net.app.evidence
    stream = "dual" if request.param else "plain"
    name = evidence.ensure_log(net.id("supplier"), stream, sm3=request.param)
    for numbers in (range(7), range(7, 20), range(20, 23)):
        records = [record(number, VIN if number % 3 else f"P{number}") for number in numbers]
        with begin_write(net.app.engine) as connection:
            evidence.append(connection, name, records)
        evidence.flush(30)
    return name


def fetch(net: ApiNetwork, folder: Path, log: bytes, **more: Any) -> Path:
    body = {"logs": [{"log": "0x" + log.hex(), "subjects": [VIN, "nobody"], **more}]}
    answer = net.call("supplier").post("/evidence/proofs", body)
    assert answer.status_code == 200, answer.text
    path = folder / "evidence.xlproof"
    path.write_bytes(answer.content)
    return path


def judge(net: ApiNetwork, bundle: Path, *arguments: str, rpc: bool = True) -> tuple[int, Any]:
    """Exit status and report of the verifier, run as a stranger runs it."""
    command = [sys.executable, "-I", str(ROOT / "docs/xinlian_verify.py"), str(bundle), "--json"]
    if rpc:
        contract = net.app.deployment.addresses[ContractName.EVIDENCE]
        command += ["--rpc", net.node.url, "--contract", to_checksum(contract).lower()]
    done = subprocess.run(
        [*command, *arguments],
        cwd=bundle.parent,
        env={"XINLIAN_RPC_TOKEN": net.node.tokens["reader"]},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, json.loads(done.stdout)


def test_an_honest_bundle_passes_against_a_node(
    net: ApiNetwork, tmp_path: Path, log: bytes
) -> None:
    status, report = judge(net, fetch(net, tmp_path, log))
    assert status == 0, report


def test_it_passes_against_a_pinned_head_without_the_network(
    net: ApiNetwork, tmp_path: Path, log: bytes
) -> None:
    pin = net.call("supplier").get(f"/evidence/logs/0x{log.hex()}/pin")
    (tmp_path / "now.xlhead").write_bytes(pin.content)
    bundle = fetch(net, tmp_path, log)
    status, report = judge(net, bundle, "--head", "now.xlhead", rpc=False)
    # Nobody checked the history before the pinned head here; nothing is wrong.
    assert status in (0, 2), report
    earlier = net.call("supplier").get(f"/evidence/logs/0x{log.hex()}/pin", size=7)
    (tmp_path / "then.xlhead").write_bytes(earlier.content)
    since = fetch(net, tmp_path, log, since=7)
    status, report = judge(net, since, "--head", "then.xlhead")
    assert status == 0, report


def test_a_changed_value_fails(net: ApiNetwork, tmp_path: Path, log: bytes) -> None:
    bundle = fetch(net, tmp_path, log)
    content = bundle.read_bytes()
    at = content.index(b'"value":"8"')
    bundle.write_bytes(content[:at] + b'"value":"9"' + content[at + 11 :])
    status, report = judge(net, bundle)
    assert status == 1, report
