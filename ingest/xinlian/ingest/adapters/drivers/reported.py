"""What devices report by themselves: values and times of messages, judged; the image of a group.

Drivers of devices that report changes (MQTT, Sparkplug, OPC UA) or push readings (HTTP) keep the
last value of each tag, so that a row is whole though a message holds one value of it.
"""

from __future__ import annotations

import asyncio
import math
import re
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import numpy as np
from xinlian.ingest.model.quality import BAD_MIN, Quality
from xinlian.ingest.model.tags import Tag, ValueType
from xinlian.ingest.usecases.ports import Sink

__all__ = ["AHEAD_US", "TIME_UNITS", "Count", "Held", "Image", "Put", "Told", "judge_time", "taken"]

AHEAD_US: Final = 300_000_000
"""How far a source's clock may be ahead of ours before its times are not used."""
TIME_UNITS: Final = {"iso": 0, "s": 1_000_000, "ms": 1_000, "us": 1}
"""How a time is written: ISO 8601 with its zone, or a number since 1970, UTC."""
TEXT_MAX: Final = 64
_NUMBER: Final = re.compile(r"[+-]?(\d{1,40}(\.\d{0,40})?|\.\d{1,40})([eE][+-]?\d{1,4})?")
_WORDS: Final = {
    "true": 1, "false": 0, "on": 1, "off": 0, "nan": math.nan, "inf": math.inf, "-inf": -math.inf,
}  # fmt: skip
_FLOAT32_MAX: Final = float(np.finfo(np.float32).max)

Told = tuple[int | float | None, Quality]
"""A value and what is to be thought of it; ``None`` where the quality is bad."""
HELD_ROWS_MAX: Final = 10_000
HELD_VALUES_MAX: Final = 1_000_000
RETRY_S: Final = 0.05


@dataclass(frozen=True, slots=True)
class Put:
    """A row for a sink. Called with what to call once it is durable; ``False``: again later."""

    sink: Sink
    values: tuple[Any, ...]
    quality: tuple[int, ...] | None
    source_us: int | None

    def __call__(self, durable: Callable[[], None] | None = None) -> bool:
        """Offer it."""
        return self.sink.row(
            self.values, self.quality, source_us=self.source_us, durable=durable, held=True
        )

    def lost(self) -> None:
        """It is given up."""
        self.sink.shed(1)


def taken(tag: Tag, told: object) -> Told:
    """A value of a message as a raw value of a tag: numbers, words such as ``true``, or text."""
    if isinstance(told, str):
        text = told.strip()
        if len(text) > TEXT_MAX:
            return None, Quality.MALFORMED
        if text.lower() in _WORDS:
            told = _WORDS[text.lower()]
        elif _NUMBER.fullmatch(text):
            told = float(text) if set(text) & set(".eE") else int(text)
    if told is None:
        return None, Quality.BAD
    if isinstance(told, bool):
        return int(told), Quality.GOOD
    if not isinstance(told, (int, float)):
        return None, Quality.MALFORMED
    if isinstance(told, float) and not math.isfinite(told):
        return None, Quality.NOT_A_NUMBER
    return _fit(tag.type, told)


def _fit(kind: ValueType, told: float) -> Told:
    if kind.is_float:
        try:
            value = float(told)
        except OverflowError:
            return None, Quality.MALFORMED
        if kind is ValueType.FLOAT32 and abs(value) > _FLOAT32_MAX:
            return None, Quality.MALFORMED
        return value, Quality.GOOD
    whole = int(told)
    if kind is ValueType.BOOL:
        low, high = 0, 1
    else:
        limits = np.iinfo(kind.dtype)
        low, high = int(limits.min), int(limits.max)
    if whole != told or not low <= whole <= high:
        return None, Quality.MALFORMED
    return whole, Quality.GOOD


def judge_time(told: object, unit: str, now_us: int | None = None) -> int | None:
    """A source time in UTC microseconds; ``None`` if it cannot be used: no time at all, without a
    zone, before 1970, or further ahead of our clock than clocks differ."""
    now_us = time.time_ns() // 1_000 if now_us is None else now_us
    made: int | None = None
    if unit == "iso":
        made = _iso(told)
    elif isinstance(told, (int, float)) and not isinstance(told, bool):
        counted = told * TIME_UNITS[unit]
        if isinstance(counted, float) and not math.isfinite(counted):  # 1e308 s are too many us
            return None
        made = int(counted)
    if made is None or not 0 < made <= now_us + AHEAD_US:
        return None
    return made


def _iso(told: object) -> int | None:
    if not isinstance(told, str) or len(told) > TEXT_MAX:
        return None
    try:
        when = datetime.fromisoformat(told)
    except ValueError:
        return None
    if when.tzinfo is None:  # local to whom? Eight hours of error are worse than no value
        return None
    try:
        return int(when.timestamp()) * 1_000_000 + when.microsecond
    except (OverflowError, ValueError):
        return None


class Image:
    """The last value and quality of each tag of a rate group."""

    def __init__(self, tags: Sequence[Tag], sink: Sink) -> None:
        self.tags = tuple(tags)
        self.sink = sink
        self.values: list[int | float | None] = []
        self.quality: list[int] = []
        self.forget()

    def forget(self, quality: Quality = Quality.NO_CONNECTION) -> None:
        """No tag has a value any more."""
        self.values = [None] * len(self.tags)
        self.quality = [int(quality)] * len(self.tags)

    def doubt(self) -> None:
        """Values stand, but changes of them may have been missed."""
        self.quality = [each or int(Quality.UNCERTAIN) for each in self.quality]

    def change(self, told: Mapping[int, Told]) -> None:
        """Take values over, by column."""
        for column, (value, quality) in told.items():
            self.values[column] = None if quality >= BAD_MIN else value
            self.quality[column] = int(quality)

    def put(self, source_us: int | None = None) -> Put:
        """The image as it stands, as a row to be given to the sink."""
        return self._put(tuple(self.values), tuple(self.quality), source_us)

    def past(self, told: Mapping[int, Told], source_us: int | None) -> Put:
        """A row of the past: what else the device had then is not known."""
        values: list[Any] = [None] * len(self.tags)
        quality = [int(Quality.NO_CONNECTION)] * len(self.tags)
        for column, (value, code) in told.items():
            values[column], quality[column] = (None if code >= BAD_MIN else value), int(code)
        return self._put(tuple(values), tuple(quality), source_us)

    def _put(self, values: tuple[Any, ...], quality: tuple[int, ...], source_us: int | None) -> Put:
        return Put(self.sink, values, quality if any(quality) else None, source_us)


_Waiting = tuple[Put, Callable[[], None] | None, Callable[[], None] | None]


class Held:
    """Rows that sinks had no room for, in their order: offered again until they are taken.

    Of more than a bound the oldest are given up, and counted as missed; or ``full`` is called, and
    the row is not kept: for senders that send again what was not acknowledged.
    """

    def __init__(self, columns: int, full: Callable[[], None] | None = None) -> None:
        """``columns``: about what a row holds."""
        self._rows_max = max(16, min(HELD_ROWS_MAX, HELD_VALUES_MAX // max(1, columns)))
        self._full = full
        self._rows: deque[_Waiting] = deque()
        self._timer: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._rows)

    def give(
        self,
        put: Put,
        durable: Callable[[], None] | None = None,
        taken: Callable[[], None] | None = None,
    ) -> None:
        """Give a row to its sink, behind those that wait. ``taken`` is called when it has room,
        ``durable`` when it lies on disk."""
        self._rows.append((put, durable, taken))
        if len(self._rows) == 1:
            self._offer()
        if len(self._rows) > self._rows_max:
            if self._full is not None:
                self._rows.pop()
                self._full()
            else:
                self._rows.popleft()[0].lost()
        self._wait()

    def _wait(self) -> None:
        if self._rows and self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(RETRY_S, self._again)

    def _again(self) -> None:
        self._timer = None
        self._offer()
        self._wait()

    def _offer(self) -> None:
        while self._rows:
            put, durable, taken = self._rows[0]
            if not put(durable):
                return
            self._rows.popleft()
            if taken is not None:
                taken()

    def drop(self) -> None:
        """Let go of what waits, uncounted: it will be sent again."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._rows.clear()

    def close(self) -> None:
        """Offer for the last time, and give up what is left."""
        self._offer()
        for put, _, _ in self._rows:
            put.lost()
        self.drop()


class Count:
    """Calls ``done`` after as many calls as there were parts."""

    def __init__(self, parts: int, done: Callable[[], None]) -> None:
        self.left, self.done = parts, done

    def __call__(self) -> None:
        """One part is done."""
        self.left -= 1
        if self.left == 0:
            self.done()
