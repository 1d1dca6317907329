"""A private PostgreSQL for a bench: on loopback, durable, gone afterwards."""

from __future__ import annotations

import os
import pwd
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
from typing import Any, Final

import psycopg

__all__ = ["find_programs", "private_postgres"]

_FOLDERS: Final = ("/usr/lib/postgresql", "/usr/pgsql")
_START_SECONDS: Final = 60.0
SETTINGS: Final = {
    "listen_addresses": "127.0.0.1",
    "shared_buffers": "1GB",
    "maintenance_work_mem": "512MB",
    "max_wal_size": "8GB",
    "jit": "off",
}


def find_programs() -> Path | None:
    """The folder with ``initdb`` and ``postgres``, if they are installed."""
    found = shutil.which("initdb")
    if found is not None:
        return Path(found).resolve().parent
    folders = [path for folder in _FOLDERS for path in sorted(Path(folder).glob("*/bin"))]
    return next((path for path in reversed(folders) if (path / "initdb").exists()), None)


@contextmanager
def private_postgres() -> Iterator[str]:
    """The URL of an empty database of a server of its own. Raises ``RuntimeError`` where none is
    installed or it does not start."""
    programs = find_programs()
    if programs is None:
        raise RuntimeError("PostgreSQL is not installed here: give an address with --postgres")
    folder = Path(tempfile.mkdtemp(prefix="xinlian-bench-postgres-"))
    account = _account(folder)
    process: subprocess.Popen[bytes] | None = None
    try:
        password = secrets.token_urlsafe(18)
        secret = folder / "password"
        secret.write_text(password, encoding="ascii")
        if account:
            os.chown(secret, account["user"], account["group"])
        begin = ["--username=postgres", f"--pwfile={secret}", "--auth=scram-sha-256"]
        where = ["--pgdata", str(folder / "data")]
        command = [str(programs / "initdb"), *where, *begin, "--encoding=UTF8", "--locale=C"]
        subprocess.run(command, cwd=folder, check=True, capture_output=True, **account)
        port = _free_port()
        options = [f"--{name}={value}" for name, value in SETTINGS.items()]
        process = subprocess.Popen(
            [
                *(str(programs / "postgres"), "-D", str(folder / "data"), "-k", str(folder)),
                *("-p", str(port), *options),
            ],
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            **account,
        )
        _wait(process, port, password)
        yield f"postgresql+psycopg://postgres:{password}@127.0.0.1:{port}/postgres"
    finally:
        if process is not None:
            process.send_signal(signal.SIGINT)
            process.wait(timeout=_START_SECONDS)
        shutil.rmtree(folder, ignore_errors=True)


def _account(folder: Path) -> dict[str, Any]:
    """PostgreSQL does not run as root: then it runs as ``postgres``."""
    if os.geteuid() != 0:
        return {}
    entry = pwd.getpwnam("postgres")
    os.chown(folder, entry.pw_uid, entry.pw_gid)
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(process: subprocess.Popen[bytes], port: int, password: str) -> None:
    end = time.monotonic() + _START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        try:
            psycopg.connect(
                host="127.0.0.1", port=port, user="postgres", password=password, dbname="postgres"
            ).close()
        except psycopg.OperationalError:
            time.sleep(0.2)
        else:
            return
    raise RuntimeError("PostgreSQL did not start")
