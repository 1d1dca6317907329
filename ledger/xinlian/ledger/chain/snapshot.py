"""Snapshots: the engine's whole state at a height, so that a start need not replay everything.

A snapshot only saves time. It is checked before use (SHA-256 of the file, block hash and state
root after loading); one that fails is passed over for an older one, in the end for the journal.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

log = logging.getLogger(__name__)

VERSION: Final = 1
KEPT: Final = 2
_SUFFIX: Final = ".snapshot"
_HEAD_BYTES_MAX: Final = 4096


@dataclass(frozen=True, slots=True)
class SnapshotHead:
    """What a snapshot says of itself; hashes as hex without 0x.

    ``journal_end`` is the end of the journal record of block ``height``; ``transactions`` is how
    many the chain held then.
    """

    version: int
    genesis: str
    height: int
    time: int
    block_hash: str
    state_root: str
    journal_end: int
    transactions: int
    length: int
    sha256: str


def write(folder: Path, head: SnapshotHead, state: bytes) -> Path:
    """Write atomically (temporary file, fsync, rename, fsync of the folder), prune old ones."""
    folder.mkdir(mode=0o700, exist_ok=True)
    path = folder / f"{head.height:012d}{_SUFFIX}"
    partial = path.with_suffix(".partial")
    try:
        with partial.open("wb") as file:
            file.write(json.dumps(asdict(head)).encode() + b"\n")
            file.write(state)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    except OSError:
        partial.unlink(missing_ok=True)
        raise
    _fsync_folder(folder)
    for old in _newest_first(folder)[KEPT:]:
        old.unlink(missing_ok=True)
    return path


def load(folder: Path, genesis: str) -> Iterator[tuple[SnapshotHead, bytes]]:
    """Yield sound snapshots, newest first; log and pass over the others."""
    for stale in folder.glob("*.partial"):
        stale.unlink(missing_ok=True)
    for path in _newest_first(folder):
        try:
            line, _, state = path.read_bytes().partition(b"\n")
            head = SnapshotHead(**json.loads(line))
        except (OSError, ValueError, TypeError) as exc:
            log.warning("snapshot %s cannot be read (%s); passing over it", path, exc)
            continue
        if head.version != VERSION or head.genesis != genesis:
            log.warning("snapshot %s is of another version or genesis; passing over it", path)
        elif len(state) != head.length or hashlib.sha256(state).hexdigest() != head.sha256:
            log.warning("snapshot %s does not match its SHA-256; passing over it", path)
        else:
            yield head, state


def proven_height(folder: Path, genesis: str) -> int:
    """The highest block of a snapshot whose head and name agree, without its state; else 0."""
    heights = [0]
    for path in folder.glob(f"*{_SUFFIX}"):
        try:
            with path.open("rb") as file:
                head = SnapshotHead(**json.loads(file.readline(_HEAD_BYTES_MAX)))
            if head.genesis == genesis and head.height == int(path.stem):
                heights.append(head.height)
        except (OSError, ValueError, TypeError):
            continue  # it proves nothing
    return max(heights)


def make_head(
    *,
    genesis: str,
    height: int,
    time: int,
    block_hash: bytes,
    state_root: bytes,
    journal_end: int,
    transactions: int,
    state: bytes,
) -> SnapshotHead:
    """The head that belongs to ``state``."""
    return SnapshotHead(
        version=VERSION,
        genesis=genesis,
        height=height,
        time=time,
        block_hash=block_hash.hex(),
        state_root=state_root.hex(),
        journal_end=journal_end,
        transactions=transactions,
        length=len(state),
        sha256=hashlib.sha256(state).hexdigest(),
    )


def _newest_first(folder: Path) -> list[Path]:
    return sorted(folder.glob(f"*{_SUFFIX}"), reverse=True)


def _fsync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
