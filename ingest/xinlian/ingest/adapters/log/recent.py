"""What was recorded lately, from the end of the log: so that it is not recorded again."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from xinlian.ingest.adapters.log.entries import log_files
from xinlian.ingest.adapters.log.reader import LogReader
from xinlian.ingest.model.segments.layout import SegmentError
from xinlian.ingest.model.segments.segment import decode, read_head
from xinlian.ingest.usecases.log_ports import Kind
from xinlian.ingest.usecases.repeats import Repeats

__all__ = ["remember"]

_LOG: Final = logging.getLogger(__name__)
BACK_BYTES: Final = 64 << 20
"""Whole files from the end on: so much at most, but the last one always."""


def remember(folder: Path, devices: Mapping[str, str], repeats: Repeats) -> None:
    """Tell ``repeats`` the rows of some devices (with their groups) that the log's end holds. What
    is damaged there is passed over: the writer tells of it."""
    reader = LogReader(folder, on_damage=lambda _: None)
    groups = set(devices.values())
    try:
        position = _start(folder)
        while entries := reader.read(position):
            position = entries[-1].position + 1
            for entry in entries:
                if entry.kind is Kind.SEGMENT and read_head(entry.payload).group in groups:
                    for frame in decode(entry.payload, reader.tables).frames:
                        if frame.device in devices:
                            repeats.seen(frame)
    except SegmentError as exc:
        _LOG.warning("what was recorded lately cannot be read: %s", exc)
    finally:
        reader.close()


def _start(folder: Path) -> int:
    """The first position of the oldest file that is read."""
    size, start = 0, 0
    for number, (first, path) in enumerate(reversed(log_files(folder))):
        size += path.stat().st_size
        if number and size > BACK_BYTES:
            break
        start = first
    return start
