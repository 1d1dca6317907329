"""A real nats-server with JetStream for tests: installed where it is missing, private, gone after.

``nats_server`` is one per test, on a free loopback port, its data in a folder of its own; it can be
stopped, killed and started again on the same port and data.
"""

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.apt import installed, on_path

START_SECONDS_MAX = 20


class NatsServer:
    """A server that can die and come back."""

    def __init__(self, program: str, folder: Path, *words: str) -> None:
        self._program, self._folder, self._words = program, folder, words
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
                "-js", "-sd", str(self._folder / "data"), *self._words,
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
    server = NatsServer(nats_program(), tmp_path / "nats")
    server.start()
    try:
        yield server
    finally:
        server.kill()


def nats_program() -> str:
    """The server's program; skips only where none can be installed."""
    return installed("nats-server", lambda: on_path("nats-server"))
