"""A real PostgreSQL 15 for tests: installed where it is missing, private, gone afterwards.

`postgres_server` starts one cluster per test session in a folder of its own, on a free loopback
port; `postgres_url` is a database in it for the whole session, `postgres_database` a fresh one for
each test. Both are SQLAlchemy URLs.
"""

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
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from tests.support.apt import installed

START_SECONDS_MAX = 60
PORT_TRIES_MAX = 3
# The data is thrown away after the session, so nothing in it needs to survive a power cut.
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "shared_buffers": "64MB",
    "max_connections": "50",
}


@dataclass(frozen=True)
class PostgresServer:
    """Where a running cluster is reached; `url` opens one of its databases."""

    port: int
    password: str

    def url(self, database: str) -> str:
        """Return the SQLAlchemy URL of `database`."""
        return f"postgresql+psycopg://postgres:{self.password}@127.0.0.1:{self.port}/{database}"

    def create_database(self) -> str:
        """Create an empty database under a random name and return its name."""
        name = f"test_{secrets.token_hex(6)}"
        self.execute(f'CREATE DATABASE "{name}"')
        return name

    def drop_database(self, name: str) -> None:
        """Drop the database `name`, ending sessions that a test left open."""
        self.execute(f'DROP DATABASE "{name}" WITH (FORCE)')

    def execute(self, statement: str) -> None:
        """Run one statement as the superuser, outside a transaction."""
        with psycopg.connect(
            host="127.0.0.1",
            port=self.port,
            user="postgres",
            password=self.password,
            dbname="postgres",
            autocommit=True,
            connect_timeout=5,
        ) as connection:
            connection.execute(statement.encode())


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[PostgresServer]:
    """One private cluster for the session; skips only where none can be installed."""
    programs = _programs()
    folder = Path(tempfile.mkdtemp(prefix="xinlian-postgres-"))
    account = _account()
    try:
        account.own(folder)
        password = secrets.token_urlsafe(18)
        _initialise(programs, folder, password, account)
        process, server = _start(programs, folder, password, account)
        try:
            yield server
        finally:
            process.send_signal(signal.SIGINT)  # a fast shutdown: open sessions are ended
            process.wait(timeout=START_SECONDS_MAX)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_url(postgres_server: PostgresServer) -> Iterator[str]:
    """The URL of one database for the whole session."""
    name = postgres_server.create_database()
    yield postgres_server.url(name)
    postgres_server.drop_database(name)


@pytest.fixture
def postgres_database(postgres_server: PostgresServer) -> Iterator[str]:
    """The URL of an empty database of the test's own."""
    name = postgres_server.create_database()
    yield postgres_server.url(name)
    postgres_server.drop_database(name)


def _programs() -> Path:
    """Return the folder with `initdb` and `postgres`, installing them first where missing."""
    return installed("postgresql-15", _find_programs)


def _find_programs() -> Path | None:
    folders = [Path("/usr/lib/postgresql/15/bin"), Path("/usr/pgsql-15/bin")]
    on_path = shutil.which("initdb")
    if on_path:
        folders.append(Path(on_path).resolve().parent)
    for folder in folders:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            version = subprocess.run(
                [folder / "postgres", "--version"], capture_output=True, text=True, check=True
            ).stdout
            if " 15." in version:
                return folder
    return None


@dataclass(frozen=True)
class Account:
    """Who runs the server; None in every field is the account that runs the tests."""

    user: int | None = None
    group: int | None = None
    extra_groups: list[int] | None = None

    def own(self, path: Path) -> None:
        """Give `path` to this account."""
        if self.user is not None and self.group is not None:
            os.chown(path, self.user, self.group)


def _account() -> Account:
    """Return `postgres` when the tests run as root, which the server refuses to do."""
    if os.geteuid() != 0:
        return Account()
    entry = pwd.getpwnam("postgres")
    return Account(entry.pw_uid, entry.pw_gid, [])


def _initialise(programs: Path, folder: Path, password: str, account: Account) -> None:
    secret = folder / "password"
    secret.write_text(password)
    account.own(secret)
    done = subprocess.run(
        [
            programs / "initdb",
            "--pgdata",
            folder / "data",
            "--username=postgres",
            f"--pwfile={secret}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        user=account.user,
        group=account.group,
        extra_groups=account.extra_groups,
    )
    secret.unlink()
    if done.returncode != 0:
        raise RuntimeError(f"initdb failed: {done.stderr.strip()}")


def _start(
    programs: Path, folder: Path, password: str, account: Account
) -> tuple[subprocess.Popen[bytes], PostgresServer]:
    for _ in range(PORT_TRIES_MAX):
        server = PostgresServer(_free_port(), password)
        options = [f"--{name}={value}" for name, value in SETTINGS.items()]
        log = (folder / "server.log").open("wb")
        with log:
            process = subprocess.Popen(
                [
                    programs / "postgres",
                    "-D",
                    folder / "data",
                    "-k",
                    folder,
                    "-p",
                    str(server.port),
                    *options,
                ],
                cwd=folder,
                stdout=log,
                stderr=subprocess.STDOUT,
                user=account.user,
                group=account.group,
                extra_groups=account.extra_groups,
            )
        if _answers(process, server):
            return process, server
        process.kill()
        process.wait()
    raise RuntimeError(f"PostgreSQL did not start: {(folder / 'server.log').read_text()[-500:]}")


def _answers(process: subprocess.Popen[bytes], server: PostgresServer) -> bool:
    deadline = time.monotonic() + START_SECONDS_MAX
    while time.monotonic() < deadline and process.poll() is None:
        try:
            server.execute("SELECT 1")
        except psycopg.OperationalError:
            time.sleep(0.1)
        else:
            return True
    return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
