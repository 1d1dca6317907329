"""A real Mosquitto for tests: installed where it is missing, private, gone afterwards."""

import fcntl
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.ingest.drivers.sinks import free_port

INSTALL_SECONDS_MAX = 600
START_SECONDS_MAX = 20


def _program(name: str) -> str | None:
    return shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


def programs() -> tuple[str, str]:
    """Paths of mosquitto and mosquitto_passwd; the test is skipped where there are none."""
    found = _program("mosquitto"), _program("mosquitto_passwd")
    if not all(found) and shutil.which("apt-get") and os.geteuid() == 0:
        with (Path(tempfile.gettempdir()) / "xinlian-apt.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            for words in (["update"], ["install", "-y", "--no-install-recommends", "mosquitto"]):
                subprocess.run(
                    ["apt-get", "-q", *words],
                    check=False,
                    capture_output=True,
                    timeout=INSTALL_SECONDS_MAX,
                    env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
                )
        found = _program("mosquitto"), _program("mosquitto_passwd")
    if found[0] is None or found[1] is None:
        pytest.skip("mosquitto is not installed, and apt-get cannot install it here")
    return found[0], found[1]


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
