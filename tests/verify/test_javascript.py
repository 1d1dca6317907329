"""The JavaScript verifier says of every bundle what the Python file says, sentence by sentence."""

from __future__ import annotations

import base64
import hashlib
import json
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from xinlian.ledger.adapters import xinlian_verify

from tests.support.xlproof import written
from tests.verify.changes import edited, get, odd_values, places, small
from tests.verify.corpus import Case, cases

JUDGE = Path(__file__).with_name("judge.cjs")
HASHES = """
const X = require(process.argv[1]), crypto = require("crypto");
for (const text of JSON.parse(require("fs").readFileSync(0))) {
  const data = new Uint8Array(Buffer.from(text, "base64"));
  console.log(X.hex(X.sha256(data)), X.hex(X.sm3(data)));
}
"""


def node() -> str:
    found = shutil.which("node")
    if found is None:
        pytest.skip("no Node here; the browser judges the same corpus")
    return found


def judged(all_of: Sequence[Case]) -> list[dict[str, Any]]:
    """The reports of docs/verify.js."""
    encoded = [
        {
            "data": base64.b64encode(case.data).decode(),
            "heads": [base64.b64encode(head).decode() for head in case.heads],
            "contracts": case.contracts,
        }
        for case in all_of
    ]
    done = subprocess.run(
        [node(), JUDGE], input=json.dumps(encoded).encode(), capture_output=True, check=True
    )
    return [json.loads(line) for line in done.stdout.decode().splitlines()]


def test_both_say_the_same() -> None:
    all_of = cases()
    reports = judged(all_of)
    assert len(reports) == len(all_of)
    for case, report in zip(all_of, reports, strict=True):
        said = xinlian_verify.verify(case.data, case.heads, None, case.contracts)
        if case.failed == 1:
            # The parsers differ in what they refuse first; that they refuse is what counts.
            assert report["exit"] == 1, case.name
            assert report["steps"][0]["status"] == "FAIL", case.name
            assert report["steps"][1:] == said["steps"][1:], case.name
        else:
            assert report == said, case.name


def test_both_say_the_same_of_every_changed_member() -> None:
    data, heads = small()
    made = json.loads(data)
    changed = [
        Case(f"{at}: {new}", written(edited(made, at, new)), 1, heads=heads)
        for at in places(made)
        if at and at[0] != "digest"
        for new in odd_values(get(made, at))
    ]
    assert len(changed) > 1000
    for case, report in zip(changed, judged(changed), strict=True):
        said = xinlian_verify.verify(case.data, case.heads)
        if said["steps"][0]["status"] == "FAIL":
            assert report["steps"][0]["status"] == "FAIL", case.name
            assert report["steps"][1:] == said["steps"][1:], case.name
        else:
            assert report == said, case.name


def test_hashes_are_those_of_openssl() -> None:
    lengths = [*range(130), 1000, 65_537]
    blocks = [hashlib.shake_256(b"%d" % n).digest(n) for n in lengths]
    done = subprocess.run(
        [node(), "-e", HASHES, str(JUDGE.parents[2] / "docs/verify.js")],
        input=json.dumps([base64.b64encode(block).decode() for block in blocks]).encode(),
        capture_output=True,
        check=True,
    )
    wanted = [
        f"{hashlib.sha256(b).hexdigest()} {hashlib.new('sm3', b).hexdigest()}" for b in blocks
    ]
    assert done.stdout.decode().splitlines() == wanted
