"""The data folder of an embedded node: its files, its genesis settings, its lock."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from xinlian.ledger.chain.errors import DataFolderLockedError, NodeStartError

CHAIN_ID_DEFAULT: Final = 20230606
GAS_LIMIT_DEFAULT: Final = 1_000_000_000
_CLOCKS: Final = ("system", "controlled")


@dataclass(frozen=True, slots=True)
class Genesis:
    """What every block hash depends on; fixed for the life of a chain. Time in Unix seconds."""

    chain_id: int = CHAIN_ID_DEFAULT
    timestamp: int = field(default_factory=lambda: int(time.time()))
    gas_limit: int = GAS_LIMIT_DEFAULT
    hardfork: str = "cancun"
    clock: str = "system"
    version: int = 1


@dataclass(frozen=True, slots=True)
class NodeSettings:
    """How a node runs; may change from start to start.

    ``senders``: the accounts (0x, lower case) whose transactions are taken; None takes all, since
    the contracts check every party themselves. ``snapshot_seconds`` bounds the replay in time.
    """

    data_dir: Path
    port: int = 0
    seal_interval_ms: int = 200
    snapshot_transactions: int = 20_000
    snapshot_seconds: float = 20.0
    senders: frozenset[str] | None = None
    anvil: Path | None = None


class DataFolder:
    """Paths inside a data folder, and its genesis."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.genesis = path / "genesis.json"
        self.tokens = path / "tokens.json"
        self.journal = path / "journal"
        self.archive = path / "archive.db"
        self.snapshots = path / "snapshots"
        self.lock = path / "lock"
        self.run = path / "run"
        self.clock = path / "clock"
        self.endpoint = path / "endpoint.json"

    @property
    def digest(self) -> bytes:
        """SHA-256 of the genesis file: ties journal and snapshots to it."""
        return hashlib.sha256(self.genesis.read_bytes()).digest()

    def read_genesis(self) -> Genesis:
        """The settings written by :func:`create`; raises :class:`NodeStartError`."""
        try:
            genesis = Genesis(**json.loads(self.genesis.read_text(encoding="utf-8")))
        except FileNotFoundError as exc:
            raise NodeStartError(
                f"{self.path} holds no node (genesis.json is missing). Create one with "
                "'xinlian node init', or check the path."
            ) from exc
        except (ValueError, TypeError) as exc:
            raise NodeStartError(f"{self.genesis} cannot be read: {exc}") from exc
        if genesis.version != 1 or genesis.clock not in _CLOCKS:
            raise NodeStartError(f"{self.genesis} is of a version this program does not know")
        return genesis


def create(path: Path, genesis: Genesis) -> DataFolder:
    """Make the folder (0700) and its genesis.json, durably."""
    folder = DataFolder(path)
    if folder.genesis.exists():
        raise NodeStartError(f"{path} holds a node already; choose another folder or run that one.")
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    _write_private(folder.genesis, asdict(genesis))
    return folder


@contextlib.contextmanager
def lock(folder: DataFolder) -> Iterator[None]:
    """Hold the folder for this process; the system lets go of it however the process ends."""
    fd = os.open(folder.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as exc:
            owner = os.pread(fd, 32, 0).decode("ascii", "replace").strip() or "unknown"
            raise DataFolderLockedError(
                f"The data folder {folder.path} is in use by process {owner}. "
                "Stop that node first; two would tear the journal apart."
            ) from exc
        os.ftruncate(fd, 0)
        os.pwrite(fd, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(fd)


@contextlib.contextmanager
def write_endpoint(folder: DataFolder, url: str) -> Iterator[None]:
    """Say where the node listens while it runs: ``endpoint.json`` with url and pid."""
    _write_private(folder.endpoint, {"url": url, "pid": os.getpid()})
    try:
        yield
    finally:
        folder.endpoint.unlink(missing_ok=True)


def _write_private(path: Path, content: dict[str, Any]) -> None:
    partial = path.with_suffix(".partial")
    fd = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(fd, "w", encoding="utf-8") as file:
        json.dump(content, file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)
    parent = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(parent)
    finally:
        os.close(parent)
