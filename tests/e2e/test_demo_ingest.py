"""The demo of telemetry, whole: simulators, collector, store, chain, proof, report."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.support.repository import ROOT


def test_it_ends_well_and_leaves_a_proof_that_verifies(tmp_path: Path) -> None:
    code = "from xinlian.services.cli import main; main()"
    command = [sys.executable, "-c", code, "demo", "ingest", "--json"]
    command += ["--seconds", "25", "--out", str(tmp_path)]
    done = subprocess.run(
        command,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
        env={**os.environ, "PATH": f"{ROOT / '.xl/bin'}:{os.environ['PATH']}"},
    )
    assert done.returncode == 0, done.stderr[-4000:]
    told = json.loads(done.stdout)
    assert told["good"], told
    assert told["windows"] >= 2
    assert told["values"] > 500
    assert {Path(each).suffix for each in told["files"]} == {".xlproof", ".xlhead", ".pdf"}
    assert "kWh" in done.stderr
