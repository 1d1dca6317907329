"""Programs that tests need: found, or installed by apt-get; else the test is skipped."""

import fcntl
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

__all__ = ["installed", "on_path"]

INSTALL_SECONDS_MAX = 600
T = TypeVar("T")


def on_path(name: str) -> str | None:
    """A program on the path, or where servers lie."""
    folders = "/usr/sbin:/usr/local/bin:/usr/local/sbin"
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:{folders}")


def installed(package: str, find: Callable[[], T | None]) -> T:
    """What ``find`` finds, after an installation of the package if need be. One process installs,
    the others wait for it: the tests run in several."""
    found = find()
    if found is not None:
        return found
    with (Path(tempfile.gettempdir()) / "xinlian-apt.lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        found = find()
        if found is None:
            _install(package)
            found = find()
    if found is None:
        pytest.skip(f"{package} was installed but what is needed of it was not found")
    return found


def _install(package: str) -> None:
    apt = shutil.which("apt-get")
    if apt is None or os.geteuid() != 0:
        pytest.skip(f"{package} is missing and only root on a Debian-like system can install it")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for arguments in (["update"], ["install", "-y", "--no-install-recommends", package]):
        done = subprocess.run(
            [apt, "-q", *arguments],
            env=environment, capture_output=True, text=True, timeout=INSTALL_SECONDS_MAX,
            check=False,
        )  # fmt: skip
        if done.returncode != 0:
            tail = (done.stderr or done.stdout)[-300:].strip()
            pytest.skip(f"{package} cannot be installed here: apt-get {arguments[0]}: {tail}")
