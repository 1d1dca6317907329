"""Ports of the segment log: one writer, readers in any process."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import IntEnum, unique
from typing import Protocol

from xinlian.ingest.model.segments.segment import Segment

__all__ = [
    "Batch",
    "Damage",
    "Entry",
    "Kind",
    "LogDamageError",
    "LogError",
    "LogFullError",
    "LogSource",
    "LogWriter",
]


@unique
class Kind(IntEnum):
    """What an entry holds."""

    TABLE = 1
    """A tag table, canonical JSON, before its first use in each file."""
    SEGMENT = 2
    AUDIT = 3
    """A write to a device, canonical JSON."""
    STATE = 4
    """At the beginning of each file: the next sequence of each group, canonical JSON."""
    MARK = 5
    """The recorder's clock while no segment tells it, canonical JSON: windows may close."""
    GAP = 6
    """Positions that are lost, and why, canonical JSON."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry whose checksum was right."""

    position: int
    kind: Kind
    payload: bytes


@dataclass(frozen=True, slots=True)
class Damage:
    """A stretch of a file that cannot be read. Entries up to ``next`` (not included) are lost;
    ``next`` is the first one after it that can be read, or the end of what was durable."""

    file: str
    offset: int
    position: int
    next: int
    reason: str

    def __str__(self) -> str:
        return (
            f"{self.file}: at byte {self.offset}: {self.reason}; "
            f"entries {self.position} to {self.next - 1} cannot be read"
        )


class LogError(Exception):
    """A log cannot be used as asked. ``zh`` says it in Chinese."""

    def __init__(self, message: str, zh: str) -> None:
        super().__init__(message)
        self.zh = zh


class LogFullError(LogError):
    """No room, on the disk or within the log's limit; nothing was added. Goes on when there is."""


class LogDamageError(LogError):
    """What was durable cannot be read any more. ``damage`` says where; nobody skips it unasked."""

    def __init__(self, damage: Damage) -> None:
        super().__init__(
            f"{damage}; restore the file, or read on with on_damage",
            f"日志文件损坏：{damage.file} 第 {damage.offset} 字节；"
            f"条目 {damage.position} 至 {damage.next - 1} 无法读取，请恢复该文件或明确选择跳过",
        )
        self.damage = damage


@dataclass(frozen=True, slots=True)
class Batch:
    """Segments read, the entries of other kinds between them, and where to go on."""

    segments: list[tuple[int, Segment]] = field(default_factory=list)
    others: list[Entry] = field(default_factory=list)
    """Marks, audits, gaps; tables and states are for readers alone."""
    next: int = 0


class LogWriter(Protocol):
    """The one writer of a stream."""

    @property
    def next(self) -> int:
        """Position of the next entry; all before it are durable."""

    @property
    def damage(self) -> Damage | None:
        """What was lost before the log was opened."""

    def turn(self, size: int) -> bool:
        """Make room for a ``write`` of about ``size`` bytes. ``True`` if it will be the first of
        its file: tables and state must then be in it. ``LogFullError``, ``OSError``."""

    def write(self, entries: Sequence[tuple[Kind, bytes]]) -> int:
        """Add entries, all or none, durably. Returns the position of the first of them."""

    def retain(self, now_s: float | None = None) -> int:
        """Delete what may be deleted. Returns how many files."""

    def close(self) -> None:
        """Let go of it."""


class LogSource(Protocol):
    """A reader."""

    @property
    def next(self) -> int:
        """The position behind the last durable entry."""

    def segments(self, position: int, segments_max: int = 50, bytes_max: int = 64 << 20) -> Batch:
        """Segments from ``position`` on, decoded."""

    def segment(self, position: int) -> Segment:
        """The one at ``position``, its tree checked; ``KeyError`` if no segment stands there."""
