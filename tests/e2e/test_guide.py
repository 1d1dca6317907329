"""The guides are true: every command, in its order, on a network of its own."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from tests.e2e.guides import follow

# Tests fetch nothing: the tools of this checkout have the same library.
SIGNER = "python3 -m venv signer && signer/bin/pip install -q eth-account"
SIGNER_HERE = f"""mkdir -p signer/bin
printf '#!/bin/sh\\nexec {sys.executable} "$@"\\n' > signer/bin/python
chmod +x signer/bin/python"""


def test_the_guide_goes_from_an_empty_network_to_a_redeemed_voucher(tmp_path: Path) -> None:
    done = follow("docs/guide.md", tmp_path, {SIGNER: SIGNER_HERE})
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert "disbursed" in done.stdout
    assert re.search(r"state +settled", done.stdout)
    assert re.search(r"^ok +yes", done.stdout, re.MULTILINE)
    assert re.search(r"kind +RegisterDocument\nstate +final", done.stdout)
    assert done.stderr == ""


def test_the_guide_goes_from_a_code_to_its_proof(tmp_path: Path) -> None:
    done = follow("docs/guide-trace.md", tmp_path, {"sleep 45": "sleep 10"})
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert "EL-260908-3" in done.stdout
    assert re.search(r"certain +5 .*\n +possible +4 .*\n +excluded +1 ", done.stdout)
    assert "ALL PASSED" in done.stdout
    assert done.stderr == ""
