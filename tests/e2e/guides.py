"""Runs the commands of a guide, in their order, on a network of its own."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
from pathlib import Path

from tests.support.repository import ROOT

SECONDS = 300
FOLDERS = ("xl", ".xl", "trace", "docs")


def blocks(guide: str) -> list[str]:
    return re.findall(r"```sh\n(.*?)```", (ROOT / guide).read_text("utf-8"), re.DOTALL)


def follow(guide: str, folder: Path, replaced: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Type what a guide says, its first block being the start of the network."""
    for name in FOLDERS:
        (folder / name).symlink_to(ROOT / name)
    start, *rest = blocks(guide)
    data = folder / "data"
    environment = {
        **os.environ,
        "XINLIAN_DATA": str(data),
        "XINLIAN_API_PORT": str(_port()),
        "XINLIAN_CHEAP_KEYSTORES": "1",
        "XINLIAN_EVIDENCE_SECONDS_MAX": "2",
        "LANG": "C.UTF-8",
    }
    up = subprocess.Popen(
        start.splitlines()[-1].split(),
        cwd=folder,
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
        for said, here in replaced.items():
            assert said in script
            script = script.replace(said, here)
        return subprocess.run(
            ["bash", "-c", script],
            cwd=folder,
            env=environment,
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
    finally:
        up.send_signal(signal.SIGTERM)
        up.communicate(timeout=60)


def _port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
