"""Looks for a tag table in all files of a log: each has its own copy of those that it needs."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from xinlian.ingest.adapters.log.entries import (
    ENTRY,
    ENTRY_BYTES_MAX,
    ENTRY_MAGIC,
    FILE_HEAD,
    log_files,
    read_entry,
)
from xinlian.ingest.usecases.log_ports import Kind

__all__ = ["find_table"]


def find_table(folder: Path, digest: str, near: int) -> bytes | None:
    """The table with a digest, from the file that is nearest to a position. Only the heads of other
    entries are read; what lies behind damage in a file is not looked at."""
    for _, path in sorted(log_files(folder), key=lambda each: abs(each[0] - near)):
        try:
            found = _find(path, digest)
        except FileNotFoundError:
            continue
        if found is not None:
            return found
    return None


def _find(path: Path, digest: str) -> bytes | None:
    with path.open("rb") as file:

        def read(offset: int, size: int) -> bytes:
            file.seek(offset)
            return file.read(size)

        at, end = FILE_HEAD.size, path.stat().st_size
        while len(head := read(at, ENTRY.size)) == ENTRY.size:
            magic, length, _, kind, *_ = ENTRY.unpack(head)
            if magic != ENTRY_MAGIC or length > ENTRY_BYTES_MAX:
                break
            if kind == Kind.TABLE:
                found = read_entry(read, at, end)
                if not isinstance(found, str) and sha256(found[0].payload).hexdigest() == digest:
                    return found[0].payload
            at += ENTRY.size + length
    return None
