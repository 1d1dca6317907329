"""A real Mosquitto for tests: installed where it is missing, private, gone afterwards."""

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.ingest.drivers.sinks import free_port
from tests.support.apt import installed, on_path

START_SECONDS_MAX = 20


def programs() -> tuple[str, str]:
    """Paths of mosquitto and mosquitto_passwd; the test is skipped where there are none."""
    return installed("mosquitto", _find)


def _find() -> tuple[str, str] | None:
    broker, passwords = on_path("mosquitto"), on_path("mosquitto_passwd")
    return None if broker is None or passwords is None else (broker, passwords)


@dataclass
class Mosquitto:
    """A broker; ``kill`` and ``start`` may be called in turn, its sessions are kept on disk."""

    folder: Path
    lines: tuple[str, ...] = ()
    users: dict[str, str] = field(default_factory=dict)
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start, and wait until it listens."""
        program, passwd = programs()
        made = [f"listener {self.port} 127.0.0.1", "persistence true", "autosave_interval 1",
                f"persistence_location {self.folder}/", "autosave_on_changes true",
                f"allow_anonymous {'false' if self.users else 'true'}", *self.lines]  # fmt: skip
        if os.geteuid() == 0:
            made.append("user root")  # the folder is ours alone
        if self.users:
            file = self.folder / "passwd"
            for user, password in self.users.items():
                create = [] if file.exists() else ["-c"]
                subprocess.run(
                    [passwd, "-b", *create, str(file), user, password],
                    check=True,
                    capture_output=True,
                )
            made.append(f"password_file {file}")
        settings = self.folder / "mosquitto.conf"
        settings.write_text("\n".join(made) + "\n", encoding="utf-8")
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [program, "-c", str(settings)], stdout=log, stderr=subprocess.STDOUT
            )
        end = time.monotonic() + START_SECONDS_MAX
        while time.monotonic() < end and self.process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), 0.5).close()
            except OSError:
                time.sleep(0.02)
            else:
                return
        raise RuntimeError((self.folder / "log").read_text(encoding="utf-8"))

    def kill(self) -> None:
        """As a power cut would."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(timeout=10)
            self.process = None

    def stop(self) -> None:
        """Ask it to end."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(timeout=10)
            self.process = None


@contextmanager
def running(folder: Path, **settings: object) -> Iterator[Mosquitto]:
    """A broker while the block lasts."""
    broker = Mosquitto(folder, **settings)  # type: ignore[arg-type]
    broker.start()
    try:
        yield broker
    finally:
        broker.kill()


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    """A broker for one test, open to everybody on this machine."""
    with running(tmp_path) as broker:
        yield broker
