"""``xinlian up``: founds a network, keeps it running, ends in good order, is there only once."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from xinlian.services.settings import read_secret

from tests.support.repository import ROOT

PROGRAM = """
import logging, sys
from xinlian.services.settings import Settings
from xinlian.services.workers.lock import DataLockedError
from xinlian.services.workers.up import UpError, run

logging.basicConfig(level=logging.INFO)
try:
    run(Settings(), ready=lambda url: print("ready", url, flush=True))
except (DataLockedError, UpError) as exc:
    print(exc, file=sys.stderr)
    sys.exit(3)
"""
SECONDS = 120


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Up:
    """One run of the supervisor on a data folder."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.port = free_port()
        self.process: subprocess.Popen[str] | None = None

    def start(self) -> subprocess.Popen[str]:
        environment = {
            **os.environ,
            "PATH": f"{ROOT / '.xl/bin'}:{os.environ['PATH']}",
            "XINLIAN_DATA": str(self.data),
            "XINLIAN_API_PORT": str(self.port),
            "XINLIAN_CHEAP_KEYSTORES": "1",
            "XINLIAN_SEAL_MS": "20",
        }
        return subprocess.Popen(
            [sys.executable, "-c", PROGRAM],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            umask=0o022,
        )

    def run(self) -> None:
        """Start and wait until it says that it serves."""
        self.process = self.start()
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line.startswith("ready http://127.0.0.1:"), line

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(number)
        self.process.communicate(timeout=SECONDS)
        code = self.process.returncode
        self.process = None
        return code

    def get(self, path: str) -> httpx.Response:
        token = read_secret(self.data / "secrets" / "cli-token")
        with httpx.Client(trust_env=False, timeout=10) as client:
            return client.get(
                f"http://127.0.0.1:{self.port}{path}", headers={"Authorization": f"Bearer {token}"}
            )

    def node(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.data / "node/endpoint.json").read_text("utf-8"))
        return found


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    data = tmp_path_factory.mktemp("up") / "data"
    data.mkdir()
    data.chmod(0o755)
    running = Up(data)
    running.run()
    yield running
    if running.process is not None:
        running.end(signal.SIGKILL)


def wait_ready(up: Up) -> dict[str, Any]:
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        try:
            answer = up.get("/readyz")
        except httpx.HTTPError:
            answer = None
        if answer is not None and answer.status_code == 200:
            found: dict[str, Any] = answer.json()
            return found
        time.sleep(0.1)
    raise AssertionError("it did not become ready again")


def test_nothing_in_the_data_folder_is_for_others(up: Up) -> None:
    wait_ready(up)
    made = {str(path.relative_to(up.data)): path.stat().st_mode for path in up.data.rglob("*")}
    assert {"xinlian.sqlite3", "xinlian.sqlite3-wal", "deployment.json", "logs/api.log"} <= set(
        made
    )
    modes = {**made, ".": up.data.stat().st_mode}
    assert {name: oct(mode) for name, mode in modes.items() if mode & 0o077} == {}


def test_the_first_run_founds_a_network_with_one_operator(up: Up) -> None:
    me = up.get("/api/v1/me").json()
    assert (me["party"], me["scopes"]) == (None, ["read", "write", "admin"])
    chain = up.get("/api/v1/chain").json()
    assert {each["name"] for each in chain["contracts"]} == {
        "registry",
        "documents",
        "vouchers",
        "desk",
        "evidence",
    }
    rules = up.get("/api/v1/policies").json()["items"]
    assert [(each["tenor_months_soft"], each["tenor_months_hard"]) for each in rules] == [(6, 12)]


def test_secrets_are_for_their_owner_alone(up: Up) -> None:
    for folder in ("secrets", "keys", "node"):
        assert (up.data / folder).stat().st_mode & 0o077 == 0, folder
    files = [*(up.data / "secrets").iterdir(), *(up.data / "keys").rglob("*.json")]
    assert len(files) > 8
    for file in files:
        assert file.stat().st_mode & 0o077 == 0, file


def test_a_second_instance_on_the_folder_is_refused(up: Up) -> None:
    second = Up(up.data)
    process = second.start()
    _, told = process.communicate(timeout=SECONDS)
    assert process.returncode == 3
    assert "in use by process" in told
    assert up.get("/healthz").status_code == 200


def test_a_port_that_is_taken_is_named(up: Up, tmp_path: Path) -> None:
    other = Up(tmp_path / "data")
    other.port = up.port
    process = other.start()
    _, told = process.communicate(timeout=SECONDS)
    assert process.returncode == 3
    assert f"port {up.port}" in told
    assert "XINLIAN_API_PORT" in told


def test_a_node_that_dies_is_started_again_and_nothing_is_lost(up: Up) -> None:
    body = {
        "name": "公司",
        "social_credit_code": "91990000XXNL2EQA86",
        "roles": ["supplier"],
        "custody_keys": 1,
    }
    token = read_secret(up.data / "secrets" / "cli-token")
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": "join"}
    url = f"http://127.0.0.1:{up.port}/api/v1/parties?wait=final&timeout=30"
    with httpx.Client(trust_env=False, timeout=60) as client:
        assert client.post(url, json=body, headers=headers).json()["party"] == 1
    before = up.node()["pid"]
    os.kill(before, signal.SIGKILL)
    end = time.monotonic() + SECONDS
    while (not (up.data / "node/endpoint.json").exists() or up.node()["pid"] == before) and (
        time.monotonic() < end
    ):
        time.sleep(0.1)
    assert wait_ready(up)["status"] == "ready"
    assert up.get("/api/v1/parties/1").json()["name"] == "公司"


def test_it_ends_in_good_order_and_goes_on_where_it_was(up: Up) -> None:
    height = up.get("/readyz").json()["height"]
    contracts = up.get("/api/v1/chain").json()["contracts"]
    assert up.end(signal.SIGTERM) == 0
    assert not (up.data / "node/endpoint.json").exists()
    up.run()
    assert up.get("/readyz").json()["height"] == height
    assert up.get("/api/v1/chain").json()["contracts"] == contracts
    assert up.get("/api/v1/parties/1").json()["name"] == "公司"
    assert up.end(signal.SIGINT) == 0
