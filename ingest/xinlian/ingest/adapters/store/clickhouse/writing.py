"""The writing half of the ClickHouse store.

ClickHouse has no transaction over several tables. An append therefore says first up to where it
goes (``xl_streams.last``), inserts each batch with a token made of stream, positions and day, which
the server takes once a table, and says at last that it was applied. Whoever does not know whether
an append was carried out gives the same entries again: what was inserted is not inserted twice.
"""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any

import pyarrow as pa
from clickhouse_connect.driver.exceptions import Error
from xinlian.ingest.adapters.store.amending import digest_of
from xinlian.ingest.adapters.store.arrow import Batch, Numbers, Source, batches
from xinlian.ingest.adapters.store.catalog import Catalog
from xinlian.ingest.adapters.store.clickhouse.ddl import Layout, name_of
from xinlian.ingest.adapters.store.reckoning import SPAN_US
from xinlian.ingest.adapters.store.sql import AMENDMENTS
from xinlian.ingest.model.frames import Frame
from xinlian.ingest.model.quality import BAD_MIN
from xinlian.ingest.model.query import Amendment, Roll
from xinlian.ingest.usecases.store_ports import NOTHING, StoreError

__all__ = ["Writing", "number_of"]


def number_of(name: str) -> int:
    """63 bits of a name's SHA-256: writers need not agree on numbers."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") >> 1


class Writing:
    """One writer a stream; any number of readers."""

    _client: Any
    _layout: Layout
    _catalog: Catalog
    _rolls: tuple[Roll, ...]
    _lock: threading.Lock
    _extents: dict[Source, tuple[int, int]]
    _under_way: dict[str, int]
    _waiting: set[int]
    _keys: dict[str, str]
    _last_amendment: int
    _version: int

    def _stamp(self) -> int:
        """A version: about the time, and greater than any before, whatever the clock does."""
        self._version = max(self._version + 1, time.time_ns())
        return self._version

    def _run(self, statement: str) -> None:
        try:
            self._client.command(statement)
        except Error as exc:
            raise StoreError(
                f"ClickHouse did not do it: {exc}", f"ClickHouse 执行失败：{exc}"
            ) from exc

    def _put(self, table: str, rows: pa.Table, token: str | None = None) -> None:
        settings: dict[str, Any] = {"max_insert_block_size": 16_000_000}
        if token is not None:
            settings["insert_deduplication_token"] = token
        if self._layout.cluster is not None:
            settings["insert_distributed_sync"] = 1
        try:
            self._client.insert_arrow(
                table, rows, database=self._layout.database, settings=settings
            )
        except Error as exc:
            raise StoreError(
                f"ClickHouse did not take it: {exc}", f"ClickHouse 未能写入：{exc}"
            ) from exc

    def applied(self, stream: str) -> int:
        """See the port."""
        return self._catalog.streams.get(stream, NOTHING)

    def unfinished(self, stream: str) -> int | None:
        """See the port."""
        return self._under_way.get(stream)

    def append(self, stream: str, position: int, frames: Sequence[Frame]) -> bool:
        """See the port."""
        before = self.applied(stream)
        return self.append_many(stream, [(position, frames)]) > before

    def append_many(self, stream: str, entries: Sequence[tuple[int, Sequence[Frame]]]) -> int:
        """See the port."""
        positions = [position for position, _ in entries]
        if positions != sorted(set(positions)) or (positions and positions[0] < 0):
            raise StoreError("positions ascend from 0 on", "位置须自 0 起递增")
        with self._lock:
            new = [each for each in entries if each[0] > self.applied(stream)]
            last = self._under_way.get(stream)
            if new and last is not None:
                if new[-1][0] < last:
                    raise StoreError(
                        f"an append of {stream!r} up to {last} was not finished: give all entries "
                        f"up to there in one call",
                        f"{stream!r} 至位置 {last} 的写入尚未完成：请一次提供至该位置的全部条目",
                    )
                self._apply(stream, [each for each in new if each[0] <= last])
                new = [each for each in new if each[0] > last]
            if new:
                self._apply(stream, new)
            return self.applied(stream)

    def _apply(self, stream: str, entries: Sequence[tuple[int, Sequence[Frame]]]) -> None:
        applied, last = self.applied(stream), entries[-1][0]
        frames = list(chain.from_iterable(some for _, some in entries))
        self._note(frames)
        if self._under_way.get(stream) != last:
            self._note_stream(stream, applied, last)
            self._under_way[stream] = last
        made = batches(frames, Numbers(number_of, number_of, pa.int64(), pa.int64()))
        self._mark({b.first_us // SPAN_US * SPAN_US + n * SPAN_US
                    for b in made if b.source.kind in "wn"
                    for n in range(b.last_us // SPAN_US - b.first_us // SPAN_US + 1)})  # fmt: skip
        for batch in made:
            # Of a table and a day there is one batch, whatever else can no longer be given.
            self._insert(batch, f"{stream}:{applied}:{last}:{batch.day}")
        self._note_stream(stream, last, last)
        del self._under_way[stream]
        self._catalog.streams[stream] = last

    def _note_stream(self, stream: str, position: int, last: int) -> None:
        columns = {"name": [stream], "position": [position], "last": [last]}
        self._put("xl_streams", pa.table({**columns, "v": [self._stamp()]}))

    def _note(self, frames: Sequence[Frame]) -> None:
        """Write down devices, tags and tables not seen before; again does no harm."""
        catalog = self._catalog
        seen: dict[tuple[int, str], Frame] = {}
        for frame in frames:
            if len(frame):
                seen.setdefault((id(frame.table), frame.device), frame)
        tables = {f.table.digest: f.table for f in seen.values()}
        fresh = {digest: t for digest, t in tables.items() if digest not in catalog.tables}
        tags = {tag.name: number_of(tag.name) for t in fresh.values() for tag in t.tags}
        devices = {f.device: number_of(f.device) for f in seen.values()}
        self._names("xl_devices", catalog.devices, devices)
        self._names("xl_tags", catalog.tags, tags)
        if fresh:
            bodies = [json.dumps(t.to_json(), ensure_ascii=False) for t in fresh.values()]
            self._put("xl_tables", pa.table({"digest": list(fresh), "body": bodies}))
            catalog.tables.update(fresh)
        pairs = list(dict.fromkeys((devices[f.device], f.table.digest) for f in seen.values()))
        held = [pair for pair in pairs if pair[1] not in catalog.held.get(pair[0], ())]
        if held:
            now = self._stamp()
            numbers = pa.array([device for device, _ in held], pa.int64())
            digests = [digest for _, digest in held]
            times = pa.array([now + place for place in range(len(held))], pa.int64())
            self._put("xl_held", pa.table({"device": numbers, "digest": digests, "v": times}))
            for device, digest in held:
                catalog.hold(device, digest)

    def _names(self, table: str, known: dict[str, int], wanted: dict[str, int]) -> None:
        new = {name: number for name, number in wanted.items() if name not in known}
        if not new:
            return
        taken = {number: name for name, number in known.items()}
        for name, number in new.items():
            if taken.setdefault(number, name) != name:
                raise StoreError(
                    f"{name!r} and {taken[number]!r} have the same number; rename one",
                    f"{name!r} 与 {taken[number]!r} 的编号相同，请更名",
                )
        numbers = pa.array(list(new.values()), pa.int64())
        self._put(table, pa.table({"id": numbers, "name": list(new)}))
        known.update(new)

    def _insert(self, batch: Batch, token: str) -> None:
        source = batch.source
        if source not in self._extents:
            for statement in self._layout.readings(source, batch.rows.schema):
                self._run(statement)
        self._put(name_of(source), batch.rows, token)
        first, last = self._extents.get(source, (batch.first_us, batch.last_us))
        self._extents[source] = (min(first, batch.first_us), max(last, batch.last_us))

    def _mark(self, spans: set[int], waits: int = 1) -> None:
        if not self._rolls or not spans:
            return
        new = sorted(spans - self._waiting) if waits else sorted(spans)
        if new:
            rows = {
                "span": pa.array(new, pa.int64()),
                "waits": pa.array([waits] * len(new), pa.uint8()),
            }
            times = pa.array([self._stamp()] * len(new), pa.int64())
            self._put("xl_waiting", pa.table({**rows, "v": times}))
        self._waiting = self._waiting | spans if waits else self._waiting - spans

    def amend(self, amendments: Iterable[Amendment]) -> int:
        """See the port."""
        with self._lock:
            pieces: list[pa.Table] = []
            digests: dict[str, str] = {}
            pairs: set[tuple[int, int]] = set()
            spans: set[int] = set()
            number = self._last_amendment
            for each in amendments:
                digest = digest_of(each)
                known = digests.get(each.key) or self._keys.get(each.key)
                if known == digest:
                    continue
                if known is not None:
                    raise StoreError(
                        f"amendment {each.key!r} was made with other content",
                        f"修正 {each.key!r} 已以其他内容登记",
                    )
                device = self._catalog.devices.get(each.device)
                if device is None or not self._catalog.sources(device, each.tag):
                    raise StoreError(
                        f"device {each.device!r} has no readings of {each.tag!r}",
                        f"设备 {each.device!r} 没有点位 {each.tag!r} 的读数",
                    )
                number += 1
                tag = self._catalog.tags[each.tag]
                pieces.append(_rows(number, device, tag, digest, each))
                pairs.add((device, tag))
                digests[each.key] = digest
                spans |= {t // SPAN_US * SPAN_US for t in each.times_us}
            if pieces:
                self._mark(spans)
                token = hashlib.sha256(json.dumps(digests).encode()).hexdigest()
                self._put(AMENDMENTS, pa.concat_tables(pieces).combine_chunks(), token)
                self._keys.update(digests)
                self._last_amendment = number
                self._catalog.amended = self._catalog.amended | pairs
            return len(pieces)


def _rows(number: int, device: int, tag: int, digest: str, each: Amendment) -> pa.Table:
    count = len(each.times_us)
    quality = each.quality or (0,) * count
    values = [0.0 if q >= BAD_MIN else v for v, q in zip(each.values, quality, strict=True)]
    same = {"_n": number, "_device": device, "_tag": tag}
    texts = {"key": each.key, "digest": digest, "reason": each.reason}
    return pa.table(
        {
            **{name: pa.array([value] * count, pa.int64()) for name, value in same.items()},
            "_t": pa.array(each.times_us, pa.int64()),
            "_v": pa.array(values, pa.float64()),
            "_q": pa.array(quality, pa.uint8()),
            **{name: pa.array([value] * count, pa.string()) for name, value in texts.items()},
            "made_us": pa.array([each.made_us] * count, pa.int64()),
        }
    )
