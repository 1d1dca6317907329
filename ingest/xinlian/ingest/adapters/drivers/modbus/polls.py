"""One poll of a rate group: answers and failures of its requests, told to the sink in one call."""

from __future__ import annotations

from typing import Any, Final, Protocol

import numpy as np
from xinlian.ingest.adapters.drivers.modbus.codec import RowDecoder
from xinlian.ingest.adapters.drivers.modbus.layout import Plan
from xinlian.ingest.model.quality import Quality
from xinlian.ingest.usecases.ports import Sink

__all__ = ["STRIKES_MAX", "Job", "Poll", "share_s", "struck"]

STRIKES: Final = {Quality.TIMEOUT: 4, Quality.MALFORMED: 1}
STRIKES_MAX: Final = 20
"""A session lets go of its link after so many in a row: five silences (a half-open socket), or
twenty answers that were none."""


def struck(before: int, outcome: bytes | Quality) -> int:
    """Strikes in a row after one more request; an answer, were it an exception, ends the row."""
    strikes = STRIKES.get(outcome, 0) if isinstance(outcome, Quality) else 0
    return before + strikes if strikes else 0


def share_s(left_s: float, requests: int, timeout_s: float) -> float:
    """Seconds that the next of ``requests`` may take of those left to the poll: one that is never
    answered must not use up the time of the others. Each may take a quarter of the timeout at
    least, so that polls of many requests may take longer than it; silence ends them by strikes."""
    return max(left_s / max(requests, 1), timeout_s / 4)


class Job(Protocol):
    """Requests that belong together: ``put`` is called once for each, then ``tell``."""

    left: int

    def put(self, ask: int, outcome: bytes | Quality) -> None:
        """The data of an answer, or why there is none."""

    def tell(self) -> None:
        """Everything was put, or will not be."""


class Poll:
    """Collects what the requests of a plan brought. Both engines tell readings through it."""

    __slots__ = ("_decoder", "_found", "_plan", "_sink", "left")

    def __init__(self, plan: Plan, decoder: RowDecoder, sink: Sink) -> None:
        self._plan = plan
        self._decoder = decoder
        self._sink = sink
        self._found: list[bytes | Quality] = [Quality.NO_CONNECTION] * len(plan.asks)
        self.left = len(plan.asks)

    def put(self, ask: int, outcome: bytes | Quality) -> None:
        """The data of a request's answer, or why there is none. Once for each request."""
        self._found[ask] = outcome
        self.left -= 1

    def tell(self) -> None:
        """Tell the sink; what was not put counts as no connection."""
        parts = [part for part in self._found if isinstance(part, bytes)]
        if len(parts) == len(self._found):
            self._sink.raw(parts[0] if len(parts) == 1 else b"".join(parts))
            return
        reasons = {part for part in self._found if isinstance(part, Quality)}
        if not parts and len(reasons) == 1:
            self._sink.failed(reasons.pop())
            return
        self._tell_some()

    def _tell_some(self) -> None:
        row = bytearray(self._plan.row_bytes)
        quality = [Quality.GOOD] * len(self._plan.spots)
        for ask, part in zip(self._plan.asks, self._found, strict=True):
            if isinstance(part, Quality):
                for index in ask.tags:
                    quality[index] = part
            else:
                row[ask.at : ask.at + ask.size] = part
        columns = self._decoder.columns(np.frombuffer(row, np.uint8).reshape(1, -1))
        values: list[Any] = [
            column[0].item() if quality[index] is Quality.GOOD else None
            for index, column in enumerate(columns)
        ]
        self._sink.row(values, quality)
