"""The OpenAPI document against the running server: no 5xx, no answer that is not documented.

Schemathesis makes requests from the document, good and bad, and judges every answer by it. Each
run has a token of its own kind; with the ids of things that exist its requests reach the core. The
runs of every day ask the same each time; the slow one asks anew.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from xinlian.services.app.actors import Scope

from tests.support.api import ApiNetwork

# What a file holds, or whether the check character of a code fits, no schema can say.
CONFIG = """
[checks.positive_data_acceptance]
expected-statuses = ["2xx", "304", "401", "403", "404", "409", "429"]

# How many items fit an order hangs on the gas that they take.
[[operations]]
include-name = "POST /api/v1/orders"
checks.positive_data_acceptance.expected-statuses = [
    "2xx", "401", "403", "404", "409", "413", "429",
]

[[operations]]
include-name = "POST /api/v1/imports"
checks.positive_data_acceptance.enabled = false

[[operations]]
include-name = "POST /api/v1/bank-messages"
checks.positive_data_acceptance.enabled = false

[[operations]]
include-name = "POST /api/v1/parties"
checks.positive_data_acceptance.enabled = false

[[operations]]
include-name = "POST /api/v1/evidence/receipts/check"
checks.positive_data_acceptance.enabled = false

[[operations]]
include-name = "POST /api/v1/trace/certificates"
checks.positive_data_acceptance.enabled = false

# A study is balanced, a chart fits its data, a gauge was found wrong after it was found right.
[[operations]]
include-path-regex = "/trace/spc/(gauge-studies|chart|gauge-impact)"
checks.positive_data_acceptance.enabled = false

# The window of a recall begins before it ends.
[[operations]]
include-path-regex = "/trace/(recalls|drills)$"
checks.positive_data_acceptance.enabled = false

# A span begins before it ends, an answer holds so many values, an integral says how long one holds.
[[operations]]
include-path-regex = "/telemetry/(readings|steps|export|proofs|load|balances|allocations)$"
checks.positive_data_acceptance.enabled = false

# Rows, files and queries of a standard, whose meaning no schema holds.
[[operations]]
include-path-regex = "/epcis/(events|capture)|/trace/(captures|facts|control-point-data)$"
checks.positive_data_acceptance.enabled = false

[parameters]
"""
HOOKS = """
import schemathesis
from hypothesis import strategies as st

schemathesis.openapi.format("eth-address", st.from_regex("0x[0-9a-f]{40}", fullmatch=True))
"""


def judge(folder: Path, api: ApiNetwork, token: str, *arguments: str, **known: Any) -> None:
    """Run Schemathesis over the whole document with one token."""
    parameters = "".join(f'"{name}" = {value!r}\n' for name, value in known.items())
    (folder / "schemathesis.toml").write_text(CONFIG + parameters, encoding="utf-8")
    (folder / "hooks.py").write_text(HOOKS, encoding="utf-8")
    command = [sys.executable, "-m", "schemathesis.cli", "run", f"{api.url}/api/v1/openapi.json"]
    command += ["--header", f"Authorization: Bearer {token}", "--no-color"]
    command += ["--suppress-health-check", "all", *arguments]
    environment = {**os.environ, "SCHEMATHESIS_HOOKS": "hooks", "PYTHONPATH": str(folder)}
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=540,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-8_000:] + done.stderr[-2_000:]


DAILY = ("--phases", "fuzzing", "--generation-deterministic")


@pytest.fixture(scope="module")
def known(api: ApiNetwork) -> dict[str, Any]:
    """Ids of things that exist, for the party ``all``, which has every role of trade."""
    api.join("all", ["issuer", "supplier", "funder", "paying_bank"])
    api.limit("all", 10**12)
    piece = api.voucher(100_000, payee="all", bank="all")
    api.voucher(1_000, issuer="all", accept=False)
    api.voucher(1_000, payee="all", bank="all", accept=False)
    asked = api.call("all").post(
        "/quote-requests", {"piece": piece, "amount_fen": 1_000, "closes_at": api.now + 3_600}
    )
    digest = api.call("all").get("/orders").json()["items"][0]["digest"]
    return {
        "piece": piece,
        "root": piece >> 16,
        "party": api.id("all"),
        "document": api.call("all").get("/documents").json()["items"][0]["document"],
        "request_id": asked.json()["id"],
        "digest": digest,
    }


def test_a_party_meets_only_documented_answers(
    tmp_path: Path, api: ApiNetwork, known: dict[str, Any]
) -> None:
    token = api.call("all").token
    judge(tmp_path, api, token, *DAILY, "--max-examples", "6", **known)


def test_ids_are_guessed_in_vain(tmp_path: Path, api: ApiNetwork, known: dict[str, Any]) -> None:
    judge(tmp_path, api, api.call("all").token, *DAILY, "--max-examples", "3")


def test_the_operator_meets_only_documented_answers(tmp_path: Path, api: ApiNetwork) -> None:
    token = api.call("operator").token
    only = ["--include-path-regex", "/(parties|registrations|calls|audit-log|policies|chain|me)"]
    judge(tmp_path, api, token, *DAILY, "--max-examples", "6", *only)


@pytest.mark.slow
def test_every_edge_of_the_document(tmp_path: Path, api: ApiNetwork, known: dict[str, Any]) -> None:
    token = api.token(api.id("all"), Scope.READ | Scope.WRITE | Scope.SIGN)
    judge(tmp_path, api, token, "--phases", "coverage,fuzzing", "--max-examples", "50", **known)
