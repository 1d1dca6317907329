"""The buffer of one rate group of one device: takes answers as they come, makes frames of them.

On the fast path an answer costs two appends; all decoding and judging is done by the thousand when
a frame is made.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from xinlian.ingest.model.deadband import Deadband
from xinlian.ingest.model.devices import Device
from xinlian.ingest.model.frames import Column, Counts, Frame
from xinlian.ingest.model.lanes import is_bad, known_code, lanes
from xinlian.ingest.model.quality import Quality
from xinlian.ingest.usecases.clock import Clock
from xinlian.ingest.usecases.decoding import NOTHING, Qualities, Row, decode, fill, judge
from xinlian.ingest.usecases.ports import Decoder
from xinlian.ingest.usecases.repeats import Repeats, Rows

__all__ = ["BUFFER_BYTES", "GroupBuffer"]

BUFFER_BYTES: Final = 16 << 20
"""What one buffer may hold, about."""
_TELL_S: Final = 10.0
"""A failure that goes on is told again as a row after this time; every cycle of it is counted."""
_HEARTBEAT_US: Final = 60_000_000
_AHEAD_US: Final = 1_000_000
_INT64: Final = 1 << 62


class GroupBuffer:
    """The ``Sink`` of a (device, rate group). ``failing`` is told of failures that a driver tells.

    ``busy`` polls are under way since ``started`` (monotonic seconds). ``late`` and ``latency``
    (seconds) gather since they were last cleared.
    """

    __slots__ = (
        "_clock", "_columns", "_deadband", "_failing", "_gap", "_lanes", "_last_us", "_parts",
        "_repeats", "_row_bytes", "_rows", "_rows_max", "_times", "_told", "_told_at", "_whole",
        "busy", "decoder", "device", "durable", "fails", "group", "late", "latency", "lost",
        "missed", "period_s", "received", "started", "turn",
    )  # fmt: skip

    def __init__(
        self,
        device: Device,
        group: int,
        decoder: Decoder | None,
        clock: Clock,
        failing: Callable[[Quality], None],
        held_s: float = 1.0,
        repeats: Repeats | None = None,
    ) -> None:
        """``held_s``: how long rows may have to wait here, for sizing. ``repeats`` knows rows that
        were taken before, where devices send again."""
        self.device, self.group, self.decoder = device, group, decoder
        self.period_s = device.table.periods[group] / 1_000
        self._clock, self._failing = clock, failing
        tags = device.table.groups[group]
        self._lanes = lanes(device.table, group)
        self._columns = len(tags)
        self._row_bytes = decoder.row_bytes if decoder is not None else -1
        banded = any(tag.deadband for tag in tags)
        beat = max(_HEARTBEAT_US, int(self.period_s * 10_000_000))
        self._deadband = Deadband(tags, beat) if banded else None
        width = max(self._row_bytes, 8 * self._columns)
        wanted = max(4_096, int(4 * held_s / self.period_s))
        self._rows_max = max(4, min(wanted, BUFFER_BYTES // width))
        self._parts: list[bytes] = []
        self._whole: dict[tuple[int, ...], Column] = {}
        self._times: list[int] = []
        self._rows: list[Row] = []
        self._last_us = 0
        self._repeats, self._gap = repeats, False
        self._told, self._told_at = Quality.GOOD, float("-inf")
        self.busy, self.started, self.turn = False, 0.0, 0
        self.received = self.missed = self.lost = self.fails = 0
        self.late: list[float] = []
        self.latency: list[float] = []
        self.durable: list[Callable[[], None]] = []

    @property
    def dirty(self) -> bool:
        """Whether there is anything to make a frame of."""
        return bool(self.received or self.missed)

    def _stamp(self, received_us: int | None, held: bool = False) -> int | None:
        """The time of a row, ascending; ends a poll. ``None``: there is no room."""
        at = self._clock.monotonic()
        now = self._clock.base_us + int(at * 1e6)
        if self.busy:
            self.busy = False
            self.latency.append(at - self.started)
        if len(self._times) >= self._rows_max:
            if not held:
                self.shed(1)
            return None
        if received_us is None or not 0 < received_us < now + _AHEAD_US:
            received_us = now
        if received_us <= self._last_us:
            received_us = self._last_us + 1
        self._last_us = received_us
        return received_us

    def raw(self, payload: bytes | memoryview, received_us: int | None = None) -> None:
        """See ``Sink``."""
        if len(payload) != self._row_bytes:
            self.failed(Quality.MALFORMED)
            return
        stamp = self._stamp(received_us)
        if stamp is None:
            return
        self._times.append(stamp)
        self._parts.append(payload if type(payload) is bytes else bytes(payload))
        self.received += 1
        self.fails = 0

    def row(
        self,
        values: Sequence[Any],
        quality: Sequence[int] | None = None,
        *,
        received_us: int | None = None,
        source_us: int | None = None,
        durable: Callable[[], None] | None = None,
        held: bool = False,
    ) -> bool:
        """See ``Sink``."""
        unequal = quality is not None and len(quality) != self._columns
        if len(values) != self._columns or unequal:
            self.failed(Quality.MALFORMED)
            return False
        stamp = self._stamp(received_us, held)
        if stamp is None:
            return False
        if source_us is not None and not -_INT64 < source_us < _INT64:
            source_us = None
        self._rows.append((len(self._times), values, quality, source_us))
        self._times.append(stamp)
        self.received += 1
        self.fails = 0
        if durable is not None:
            self.durable.append(durable)
        return True

    def shed(self, rows: int) -> None:
        """See ``Sink``."""
        self.missed += rows
        self.lost += rows
        self._gap = True

    def failed(self, quality: Quality, *, received_us: int | None = None) -> None:
        """See ``Sink``."""
        self.fails += 1
        self.miss(quality, received_us)
        self._failing(quality)

    def miss(self, quality: Quality, received_us: int | None = None) -> None:
        """A cycle that brought nothing; told as a row at first, and then now and again."""
        at = self._clock.monotonic()
        self.busy = False
        self.missed += 1
        if self.received or quality != self._told or at - self._told_at >= _TELL_S:
            stamp = self._stamp(received_us)
            if stamp is None:
                self.missed -= 1
                return
            self._rows.append((len(self._times), None, int(quality), None))
            self._times.append(stamp)
            self._told, self._told_at = quality, at

    def take(self) -> Frame | None:
        """What came since the last call, judged; ``None`` if nothing new did."""
        if not self.dirty:
            return None
        if self._gap:
            self._tell_gap()
        times = np.array(self._times, np.int64)
        columns, quality = self._values(len(times))
        made, quality = judge(self._lanes, self._whole, columns, quality, len(times))
        rows = Rows(times, made, quality, self._source(times), self._failures(len(times)))
        if self._repeats is not None and rows.source is not None:
            fresh = self._repeats.fresh(self.device.id, self.group, rows)
            self.received -= len(fresh) - int(fresh.sum())
            rows = rows.pick(fresh)
        suppressed = 0
        if self._deadband is not None and len(rows.times):
            kept = self._deadband.keep(
                np.array(rows.columns, np.float64), rows.quality, rows.times
            )  # fmt: skip
            # Failures are always told: they carry a reason, and the counts rely on it.
            kept |= rows.failed
            suppressed = len(kept) - int(kept.sum())
            rows = rows.pick(kept)
        quality = rows.quality
        bad = 0 if quality is None else int(is_bad(quality).sum())
        if quality is not None and not quality.any():
            quality = None
        counts = Counts(self.received + self.missed, self.received, self.missed, suppressed, bad)
        if self.received:
            self._told = Quality.GOOD
        self._clear()
        if not counts.expected and not len(rows.times):
            return None
        for array in (rows.times, *rows.columns, quality, rows.source):
            if array is not None:
                array.flags.writeable = False
        return Frame(
            self.device.id, self.device.table, self.group, rows.times, rows.columns, quality,
            rows.source, counts,
        )  # fmt: skip

    def _tell_gap(self) -> None:
        """Rows were lost behind those that are here."""
        self._gap = False
        self._last_us = (
            self._last_us + 1 if self._times else max(self._last_us + 1, self._clock.now_us())
        )
        self._rows.append((len(self._times), None, int(Quality.SHED), None))
        self._times.append(self._last_us)

    def _failures(self, n: int) -> npt.NDArray[np.bool_]:
        failed = np.zeros(n, np.bool_)
        failed[[row[0] for row in self._rows if row[1] is None]] = True
        return failed

    def _clear(self) -> None:
        self._parts, self._times, self._rows, self._whole = [], [], [], {}
        self.received = self.missed = 0

    def _values(self, n: int) -> tuple[list[Column] | None, Qualities | None]:
        """Values in columns [n] and the qualities [tags, n] that drivers and conversion gave."""
        decoded, self._whole = decode(self.decoder, self._parts, self._row_bytes, self._columns)
        if not self._rows:
            return list(decoded) if decoded else None, None
        self._whole = {}  # failures and rows go between the decoded ones
        quality = np.zeros((self._columns, n), np.uint8)
        raw_at = np.ones(n, np.bool_)
        raw_at[[row[0] for row in self._rows]] = False
        answered = [row for row in self._rows if row[1] is not None]
        places = [row[0] for row in answered]
        columns: list[Column] = [NOTHING] * self._columns
        for lane in self._lanes:
            fill(lane, columns, quality, decoded, raw_at, answered, places)
        for position, _, codes, _ in self._rows:
            if isinstance(codes, int):
                quality[:, position] = codes
            elif codes is not None:
                given = np.array([known_code(int(code)) for code in codes], np.uint8)
                quality[:, position] = np.where(
                    given != 0,
                    np.where(is_bad(given), given, np.maximum(given, quality[:, position])),
                    quality[:, position],
                )
        return columns, quality

    def _source(self, times: npt.NDArray[np.int64]) -> npt.NDArray[np.int64] | None:
        told = [(row[0], row[3]) for row in self._rows if row[3] is not None]
        if not told:
            return None
        source = times.copy()
        source[[place for place, _ in told]] = [time_us for _, time_us in told]
        return source
