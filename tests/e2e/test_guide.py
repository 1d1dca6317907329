"""The guide is true: every command of docs/guide.md, in its order, on a network of its own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

from tests.support.repository import ROOT

SECONDS = 300
# Tests fetch nothing: the tools of this checkout have the same library.
SIGNER = "python3 -m venv signer && signer/bin/pip install -q eth-account"
SIGNER_HERE = f"""mkdir -p signer/bin
printf '#!/bin/sh\\nexec {sys.executable} "$@"\\n' > signer/bin/python
chmod +x signer/bin/python"""


def blocks() -> list[str]:
    guide = (ROOT / "docs/guide.md").read_text("utf-8")
    return re.findall(r"```sh\n(.*?)```", guide, re.DOTALL)


def test_the_guide_goes_from_an_empty_network_to_a_redeemed_voucher(tmp_path: Path) -> None:
    for name in ("xl", ".xl"):
        (tmp_path / name).symlink_to(ROOT / name)
    start, *rest = blocks()
    assert "./xl up --rehearsal" in start
    data = tmp_path / "data"
    environment = {
        **os.environ,
        "XINLIAN_DATA": str(data),
        "XINLIAN_API_PORT": str(port()),
        "XINLIAN_CHEAP_KEYSTORES": "1",
        "LANG": "C.UTF-8",
    }
    up = subprocess.Popen(
        ["./xl", "up", "--rehearsal"],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert up.stdout is not None
        told = [up.stdout.readline() for _ in range(6)]
        assert told[-1].endswith("Ctrl-C\n"), told
        # The folder of the guide is the checkout's own; the test has one of its own.
        script = "set -eu\n" + "\n".join(rest).replace("$PWD/.xl/data", str(data))
        assert SIGNER in script
        script = script.replace(SIGNER, SIGNER_HERE)
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
    finally:
        up.send_signal(signal.SIGTERM)
        up.communicate(timeout=60)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    assert "disbursed" in done.stdout
    assert re.search(r"state +settled", done.stdout)
    assert re.search(r"^ok +yes", done.stdout, re.MULTILINE)
    assert re.search(r"kind +RegisterDocument\nstate +final", done.stdout)
    assert done.stderr == ""


def port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
