"""What is believed of what comes over the bus: who sent it, and whether it can be what it says.

A server's passwords keep strangers off. With a key that the collector and the writer share every
message carries HMAC-SHA256 over subject ‖ 0x00 ‖ header ``Xl-Entry`` ‖ 0x00 ‖ body, in hex, and one
without it counts for nothing: then not even the server can make up readings, or have a collector
delete what nobody has.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson
from xinlian.ingest.model.segments.layout import SegmentError
from xinlian.ingest.model.segments.segment import read_head
from xinlian.ingest.model.tags import TagError, TagTable
from xinlian.ingest.usecases.log_ports import Entry, Kind, LogError

__all__ = ["BusError", "BusKey", "check_entry", "read_progress"]

MAC: Final = "Xl-Mac"
NUMBER_MAX: Final = 1 << 53
JUMP_MAX: Final = 1 << 32
"""Positions that a log may skip at once, where entries of it were lost."""


class BusError(LogError):
    """The bus cannot be used, or something on it is none of ours."""


@dataclass(frozen=True, slots=True)
class BusKey:
    """The key of both ends; an empty one signs and checks nothing."""

    key: bytes = b""

    def headers(self, subject: str, told: str, body: bytes) -> dict[str, str]:
        """What a message carries besides."""
        return {MAC: self._mac(subject, told, body)} if self.key else {}

    def check(
        self, subject: str, headers: Mapping[str, str] | None, told: str, body: bytes
    ) -> None:
        """``BusError`` for a message of someone who does not have the key."""
        if not self.key:
            return
        found = (headers or {}).get(MAC, "")
        if not hmac.compare_digest(found.encode(), self._mac(subject, told, body).encode()):
            raise BusError(
                f"a message on {subject} is not signed with the key of this bus",
                f"{subject} 上的消息未用本总线密钥签名",
            )

    def _mac(self, subject: str, told: str, body: bytes) -> str:
        data = b"\0".join((subject.encode(), told.encode(), body))
        return hmac.digest(self.key, data, "sha256").hex()


def read_progress(body: bytes) -> tuple[int, int]:
    """``next`` and ``again`` of what a writer tells; ``BusError`` for anything else."""
    try:
        told = orjson.loads(body)
        found = told["next"], told["again"]
    except (orjson.JSONDecodeError, TypeError, KeyError, IndexError) as exc:
        raise BusError("the bus tells nothing of the writer", "总线上的写入进度无法识别") from exc
    for number in found:
        if type(number) is not int or not 0 <= number < NUMBER_MAX:
            raise BusError("the bus tells nothing of the writer", "总线上的写入进度无法识别")
    return found


def check_entry(entry: Entry, expected: int, party: int | None) -> None:
    """``BusError`` for an entry that no collector of the party (of any if ``None``) can have sent
    when ``expected`` is the next position."""
    if not entry.position < min(expected + JUMP_MAX, NUMBER_MAX):
        raise BusError(
            f"position {entry.position} lies too far behind {expected}",
            f"位置 {entry.position} 与 {expected} 相距过远",
        )
    try:
        if entry.kind is Kind.SEGMENT:
            head = read_head(entry.payload)
            if party is not None and head.party != party:
                raise BusError(
                    f"a segment of party {head.party}, not of {party}",
                    f"分段属于参与方 {head.party}，而非 {party}",
                )
            return
        told = orjson.loads(entry.payload)
        if not isinstance(told, dict):
            raise ValueError("no object")
        _members(entry.kind, told)
    except (SegmentError, TagError, ValueError, KeyError, TypeError) as exc:
        raise BusError(
            f"entry {entry.position} is no {entry.kind.name}: {exc}",
            f"条目 {entry.position} 不是 {entry.kind.name}：{exc}",
        ) from exc


def _members(kind: Kind, told: dict[str, Any]) -> None:
    """What readers of such an entry rely on."""
    if kind is Kind.TABLE:
        TagTable.from_json(told)
    if kind is Kind.MARK:
        now, final = told["now_us"], told["final"]
        if type(now) is not int or type(final) is not bool or not 0 <= now < NUMBER_MAX:
            raise ValueError("numbers that cannot be")
