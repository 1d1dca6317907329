"""How far those who read a log have come: a small file each, replaced whole and fsynced."""

from __future__ import annotations

import contextlib
import os
import re
from pathlib import Path
from typing import Final
from zlib import crc32

from xinlian.ingest.adapters.log.watermark import load_watermark
from xinlian.ingest.usecases.log_ports import LogError, LogSource

__all__ = ["NOTHING", "check_same", "commit", "committed"]

NOTHING: Final = -1
"""Of a consumer that has taken nothing yet; positions count from 0."""
_NAME: Final = re.compile(r"[a-z][a-z0-9_-]{0,31}")
_FOLDER: Final = "consumers"


def commit(folder: Path, name: str, position: int) -> None:
    """Note that ``name`` has all up to ``position``, durably. It never goes back. ``LogError`` if
    the log does not have that position: a writer would take it for one that was lost."""
    if not _NAME.fullmatch(name):
        raise LogError(f"{name!r} is no name of a consumer", f"{name!r} 不是有效的消费者名称")
    if position <= committed(folder, name):
        return
    durable = load_watermark(folder)
    if durable is None or position >= durable.next:
        behind = 0 if durable is None else durable.next
        raise LogError(
            f"{name!r} cannot have entry {position}: the log in {folder} ends before {behind}",
            f"{name!r} 不可能已有条目 {position}：日志 {folder} 在 {behind} 之前结束",
        )
    _note(folder, name, position)


def check_same(log: LogSource, folder: Path, name: str, position: int) -> None:
    """Before ``name``, who has all up to ``position``, reads on. ``LogError`` if that was another
    log: one that is deleted and begun anew counts from 0 again, and its readings would be taken for
    some that ``name`` has. A log knows those who have begun to read it."""
    known = (folder / _FOLDER / name).exists()
    if position == NOTHING:
        if not known:
            _note(folder, name, NOTHING)
    elif position >= log.next or not known:
        raise LogError(
            f"{name!r} has all up to entry {position} of another log than the one in {folder}, "
            f"which ends at {log.next - 1}: if the log was deleted or replaced, let the collector "
            "write under another name (`--name`); nothing is lost meanwhile",
            f"{name!r} 已有另一日志至条目 {position} 的内容，而 {folder} 的日志止于 "
            f"{log.next - 1}：若日志曾被删除或替换，请为采集器改用新的"
            "数据流名称（`--name`）；期间不会丢失数据",
        )


def _note(folder: Path, name: str, position: int) -> None:
    place = folder / _FOLDER
    place.mkdir(exist_ok=True)
    text = f"{position}"
    fresh = place / f".{name}.{os.getpid()}"
    with fresh.open("w") as file:
        file.write(f"{text} {crc32(text.encode()):08x}\n")
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(place / name)
    sync_folder(place)


def committed(folder: Path, name: str) -> int:
    """The last position that ``name`` has, ``NOTHING`` if none is told."""
    with contextlib.suppress(FileNotFoundError, ValueError):
        text, checksum = (folder / _FOLDER / name).read_text().split()
        if int(checksum, 16) == crc32(text.encode()):
            return int(text)
    return NOTHING


def sync_folder(folder: Path) -> None:
    """Make names in a folder durable."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
