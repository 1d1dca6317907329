"""What travels over NATS: entries of a collector's log, in parts, with what puts them in order.

Stream ``XL-<name>``, subject ``xl.log.<name>``, a work queue: a part is kept until the writer has
it on disk. Headers of a part:

| header | content |
| --- | --- |
| ``Nats-Msg-Id`` | ``connection.again.position.part``: nobody uses up an id that is to come |
| ``Nats-Expected-Last-Sequence`` | of the stream: parts come in order or none does |
| ``Xl-Entry`` | position, position before it (-1 at first), kind, part, parts, CRC-32 of all |
| ``Xl-Mac`` | where both ends have a key, see ``trusted`` |

Stream ``XL-DONE``, subject ``xl.done.<name>``, the last message alone: JSON of ``next``, the first
position that the writer does not have on disk, and ``again``, which rises when the writer wants all
from ``next`` on to be sent again.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Final
from zlib import crc32

from xinlian.ingest.adapters.bus.trusted import BusError, BusKey
from xinlian.ingest.usecases.log_ports import Entry, Kind

__all__ = ["Names", "Part", "names", "nats_module", "parts_of", "read_part"]

PART_BYTES: Final = 512 << 10
"""Below the megabyte that a server takes unless told otherwise."""
PARTS_MAX: Final = 1024
HEADER: Final = "Xl-Entry"
DONE_STREAM: Final = "XL-DONE"
_CLOSE_S: Final = 1.0
"""A handshake that failed may never end in order."""
_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,48}")


@dataclass(frozen=True, slots=True)
class Names:
    """Of the streams and subjects of a collector's log."""

    stream: str
    subject: str
    done: str
    writer: str = "writer"


def names(stream: str) -> Names:
    """The names for a stream; letters, digits, ``-`` and ``_``, at most 48."""
    if not _NAME.fullmatch(stream):
        raise BusError(f"{stream!r} is no name for a bus", f"{stream!r} 不能用作总线流名称")
    return Names(f"XL-{stream}", f"xl.log.{stream}", f"xl.done.{stream}")


@dataclass(frozen=True, slots=True)
class Part:
    """A message."""

    position: int
    after: int
    kind: int
    number: int
    count: int
    checksum: int
    data: bytes

    def headers(self, subject: str, key: BusKey, sending: str = "0") -> dict[str, str]:
        """Of the message; ``sending`` says of whom and how often it was asked for."""
        numbers = (self.position, self.after, self.kind, self.number, self.count, self.checksum)
        told = " ".join(map(str, numbers))
        return {
            "Nats-Msg-Id": f"{sending}.{self.position}.{self.number}",
            HEADER: told,
        } | key.headers(subject, told, self.data)


def parts_of(entry: Entry, after: int) -> Iterator[Part]:
    """An entry as messages; ``after`` is the position of the one before it."""
    payload = entry.payload
    count = max(1, -(-len(payload) // PART_BYTES))
    checksum = crc32(payload)
    for number in range(count):
        data = payload[number * PART_BYTES : (number + 1) * PART_BYTES]
        yield Part(entry.position, after, entry.kind, number, count, checksum, data)


def read_part(subject: str, key: BusKey, headers: dict[str, str] | None, data: bytes) -> Part:
    """A message as a part; ``BusError`` if it is none."""
    key.check(subject, headers, (headers or {}).get(HEADER, ""), data)
    try:
        told = [int(word) for word in (headers or {})[HEADER].split(" ")]
        position, after, kind, number, count, checksum = told
        Kind(kind)
    except (KeyError, ValueError) as exc:
        raise BusError(f"a message is no part of a log: {exc}", "消息不是日志条目") from exc
    if not (0 <= number < count <= PARTS_MAX and -1 <= after < position):
        raise BusError("a message has numbers that cannot be", "消息编号无效")
    return Part(position, after, kind, number, count, checksum, data)


class Assembly:
    """Puts parts together, one entry at a time, in bounded memory."""

    def __init__(self) -> None:
        self._parts: list[Part] = []

    def add(self, part: Part) -> tuple[Entry, int] | None:
        """The entry that is whole now and the position before it, or ``None``. A part out of turn
        begins anew: whoever sends will send it all again."""
        if part.number == 0:
            self._parts = []
        if part.number != len(self._parts):
            self._parts = []
            return None
        if self._parts and (part.position, part.count, part.checksum) != (
            self._parts[0].position, self._parts[0].count, self._parts[0].checksum,
        ):  # fmt: skip
            self._parts = []
            return None
        self._parts.append(part)
        if len(self._parts) < part.count:
            return None
        payload = b"".join(each.data for each in self._parts)
        self._parts = []
        if crc32(payload) != part.checksum:
            return None
        return Entry(part.position, Kind(part.kind), payload), part.after


def nats_module() -> ModuleType:
    """The client library, or words about how to get it."""
    try:
        import nats
    except ImportError as exc:
        raise BusError(
            "the bus needs nats-py: pip install 'xinlian[cluster]'",
            "总线需要 nats-py：pip install 'xinlian[cluster]'",
        ) from exc
    return nats


async def connect(servers: list[str], options: dict[str, Any]) -> Any:
    """A connection that is there, or an error soon; it then holds on by itself."""
    client = nats_module().NATS()

    async def quiet(_: Exception) -> None:
        return None

    try:
        await client.connect(
            servers,
            **{
                "connect_timeout": 2,
                "max_reconnect_attempts": 1,
                "reconnect_time_wait": 0.1,
                "allow_reconnect": False,
                "error_cb": quiet,
            }
            | options,
        )
    except BaseException:
        # Whoever is refused keeps the socket unless told to let go of it.
        with contextlib.suppress(Exception):
            await asyncio.wait_for(client.close(), _CLOSE_S)
        raise
    return client


async def ensure_streams(jetstream: Any, own: Names, max_bytes: int) -> None:
    """Make the streams where they are missing: on file, refusing what has no room."""
    nats_module()
    from nats.js import api
    from nats.js.errors import NotFoundError

    wanted = (
        api.StreamConfig(
            name=own.stream, subjects=[own.subject], storage=api.StorageType.FILE,
            retention=api.RetentionPolicy.WORK_QUEUE, discard=api.DiscardPolicy.NEW,
            max_bytes=max_bytes,
        ),
        api.StreamConfig(
            name=DONE_STREAM, subjects=["xl.done.*"], storage=api.StorageType.FILE,
            max_msgs_per_subject=1,
        ),
    )  # fmt: skip
    for config in wanted:
        try:
            await jetstream.stream_info(config.name)
        except NotFoundError:
            await jetstream.add_stream(config)
