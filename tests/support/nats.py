"""A real nats-server with JetStream for tests: installed where it is missing, private, gone after.

``nats_server`` is one per test, on a free loopback port, its data in a folder of its own; it can be
stopped, killed and started again on the same port and data.
"""

import fcntl
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

INSTALL_SECONDS_MAX = 600
START_SECONDS_MAX = 20


class NatsServer:
    """A server that can die and come back."""

    def __init__(self, program: str, folder: Path) -> None:
        self._program, self._folder = program, folder
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where it is reached."""
        return f"nats://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it and wait until it answers."""
        self._process = subprocess.Popen(
            [
                self._program, "-a", "127.0.0.1", "-p", str(self.port),
                "-js", "-sd", str(self._folder / "data"),
            ],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        end = time.monotonic() + START_SECONDS_MAX
        while time.monotonic() < end:
            try:
                with socket.create_connection(("127.0.0.1", self.port), 1) as link:
                    if link.recv(4) == b"INFO":
                        return
            except OSError:
                time.sleep(0.05)
        raise RuntimeError("nats-server did not start")

    def kill(self) -> None:
        """End it as a power cut would, but for what the kernel still writes."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def forget(self) -> None:
        """Lose all its data, as when its disk is replaced."""
        shutil.rmtree(self._folder / "data", ignore_errors=True)


@pytest.fixture
def nats_server(tmp_path: Path) -> Iterator[NatsServer]:
    """A server for this test; skips only where none can be installed."""
    server = NatsServer(_program(), tmp_path / "nats")
    server.start()
    try:
        yield server
    finally:
        server.kill()


def _program() -> str:
    with (Path(tempfile.gettempdir()) / "xinlian-nats-install.lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        found = _find()
        if found is None:
            _install()
            found = _find()
    if found is None:
        pytest.skip("nats-server was installed but not found")
    return found


def _find() -> str | None:
    return shutil.which(
        "nats-server", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/bin"
    )


def _install() -> None:
    apt = shutil.which("apt-get")
    if apt is None or os.geteuid() != 0:
        pytest.skip("nats-server is missing and only root on a Debian-like system can install it")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for arguments in (["update"], ["install", "-y", "--no-install-recommends", "nats-server"]):
        done = subprocess.run(
            [apt, "-q", *arguments],
            env=environment, capture_output=True, text=True, timeout=INSTALL_SECONDS_MAX,
            check=False,
        )  # fmt: skip
        if done.returncode != 0:
            tail = (done.stderr or done.stdout)[-300:].strip()
            pytest.skip(f"nats-server cannot be installed here: apt-get {arguments[0]}: {tail}")
