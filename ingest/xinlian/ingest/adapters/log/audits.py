"""What was done to devices, as it stands in a log: entries of kind ``AUDIT``, the newest first."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
from xinlian.ingest.adapters.log.entries import (
    ENTRY,
    ENTRY_MAGIC,
    FILE_HEAD,
    log_files,
    read_entry,
)
from xinlian.ingest.adapters.log.watermark import Durable, load_watermark
from xinlian.ingest.usecases.log_ports import Kind

__all__ = ["audits"]


def audits(folder: Path) -> Iterator[dict[str, Any]]:
    """The records, each with its ``position`` in the log; of segments only heads are read. A file
    that is damaged gives those in front of the damage."""
    durable = load_watermark(folder) or Durable()
    for first, path in reversed(log_files(folder)):
        if first <= durable.first:
            end = durable.end if first == durable.first else path.stat().st_size
            yield from reversed(list(_of_file(path, end)))


def _of_file(path: Path, end: int) -> Iterator[dict[str, Any]]:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        offset = FILE_HEAD.size
        while end - offset >= ENTRY.size:
            head = os.pread(descriptor, ENTRY.size, offset)
            if len(head) < ENTRY.size or not head.startswith(ENTRY_MAGIC):
                return
            _, length, _, kind, *_ = ENTRY.unpack(head)
            if kind == Kind.AUDIT:
                found = read_entry(lambda at, size: os.pread(descriptor, size, at), offset, end)
                if isinstance(found, str):
                    return
                yield {"position": found[0].position, **orjson.loads(found[0].payload)}
            offset += ENTRY.size + length
    finally:
        os.close(descriptor)
