"""A private PostgreSQL for a bench: durable, on a free loopback port, gone afterwards."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import psycopg

PROGRAMS: Final = ("/usr/lib/postgresql/15/bin", "/usr/pgsql-15/bin")
START_SECONDS: Final = 30
ACCOUNT: Final = "postgres"
SETTINGS: Final = {
    "listen_addresses": "127.0.0.1",
    "shared_buffers": "512MB",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "wal_compression": "off",
}


def programs() -> Path | None:
    """The folder with ``initdb`` and ``postgres``, None where there is none."""
    on_path = shutil.which("initdb")
    folders = [*map(Path, PROGRAMS), *([Path(on_path).resolve().parent] if on_path else [])]
    return next((path for path in folders if (path / "postgres").exists()), None)


@contextmanager
def postgres(folder: Path) -> Iterator[str]:
    """The URL of an empty database of a server that runs as long as the block.

    Raises ``RuntimeError`` where PostgreSQL is missing or does not start.
    """
    found = programs()
    if found is None:
        raise RuntimeError("PostgreSQL is not installed here")
    user = ACCOUNT if os.geteuid() == 0 else None  # the server refuses to run as root
    data = Path(tempfile.mkdtemp(prefix="postgres-", dir=folder))
    password = secrets.token_urlsafe(18)
    secret = data / "password"
    secret.write_text(password)
    if user:
        folder.chmod(0o711)
        shutil.chown(data, user)
        shutil.chown(secret, user)
    initdb = [str(found / "initdb"), "-D", str(data / "cluster"), "-U", ACCOUNT, "-E", "UTF8"]
    subprocess.run(
        [*initdb, "-A", "scram-sha-256", f"--pwfile={secret}"],
        check=True,
        capture_output=True,
        user=user,
        cwd=data,
    )
    process, port = _start(found, data, user)
    try:
        _wait(port, password)
        yield f"postgresql+psycopg://{ACCOUNT}:{password}@127.0.0.1:{port}/postgres"
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(timeout=START_SECONDS)
        shutil.rmtree(data, ignore_errors=True)


def _start(found: Path, data: Path, user: str | None) -> tuple[subprocess.Popen[bytes], int]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    options = [part for name, value in SETTINGS.items() for part in ("-c", f"{name}={value}")]
    process = subprocess.Popen(
        [found / "postgres", "-D", data / "cluster", "-p", str(port), "-k", data, *options],
        user=user,
        cwd=data,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    return process, port


def _wait(port: int, password: str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            psycopg.connect(
                host="127.0.0.1", port=port, user=ACCOUNT, password=password, dbname="postgres"
            ).close()
        except psycopg.OperationalError as exc:
            if time.monotonic() > deadline:
                raise RuntimeError(f"PostgreSQL does not start: {exc}") from exc
            time.sleep(0.1)
        else:
            return
