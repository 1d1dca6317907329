"""Devices polled every few milliseconds: other work of the loop keeps out of their way.

A loop's timers are good to a millisecond or two. So the collector sleeps until shortly before a
fast device is due and looks again and again from then on; and frames are made neither then nor
while such a device has yet to answer, since its answer would be found late.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from xinlian.ingest.model.devices import Device
from xinlian.ingest.model.schedule import Ring
from xinlian.ingest.usecases.recording import RecorderLimits

__all__ = ["FastDevices", "recorder_limits"]

_PERIOD_S: Final = 0.05
_SHARE_S: Final = 0.0025
"""Of its period, for each member of a fast ring at least."""
_NEAR_S: Final = 0.0012
"""So long before one is due the loop no longer sleeps."""
_LOOK_S: Final = 0.0001
"""It looks again after so little, which a loop with timers in milliseconds takes as at once."""
_BEFORE_S: Final = 0.0003
"""Other work ends so long before one is due."""
_ANSWER_S: Final = 0.002
"""Other work waits so long for an answer, at most."""
_SWITCH_S, _SWITCH_FAST_S = 0.0005, 0.00002
"""A thread that has work lets another one go on after so long."""


class FastDevices:
    """Rings with short periods and few members; many would fill the loop, and leave no room to wait
    for. Members of rings are tuples of a link, its buffer and its group's flush."""

    def __init__(self) -> None:
        self._rings: tuple[Ring[Any], ...] = ()
        self._buffers: tuple[Any, ...] = ()

    def arrange(self, rings: Iterable[Ring[Any]]) -> None:
        """Find those that are fast."""
        self._rings = tuple(
            ring
            for ring in rings
            if ring.period_s <= _PERIOD_S and len(ring) * _SHARE_S <= ring.period_s
        )
        self._buffers = tuple(buffer for ring in self._rings for _, buffer, _ in ring.members)

    def __bool__(self) -> bool:
        return bool(self._rings)

    @property
    def next(self) -> float:
        """When one is due next; infinite if there is none."""
        return min((ring.next for ring in self._rings), default=float("inf"))

    @property
    def switch_s(self) -> float:
        """How long other threads of the process may go on while the loop waits for its turn."""
        return _SWITCH_FAST_S if self._rings else _SWITCH_S

    def free_until(self, now: float) -> float:
        """Until when other work may last; not after ``now``: it has to wait."""
        for buffer in self._buffers:
            if buffer.busy and now - buffer.started < _ANSWER_S:
                return now
        return self.next - _BEFORE_S

    def sleep_s(self, seconds: float, now: float) -> float:
        """How long the loop may sleep that would sleep for ``seconds``."""
        return max(_LOOK_S, min(seconds, self.next - _NEAR_S - now)) if self._rings else seconds


def recorder_limits(devices: Iterable[Device]) -> RecorderLimits:
    """Of a recorder in one process with the collector of these. Beside fast devices the roots of
    segments are reckoned by whoever reads the log: hashing takes turns from the loop."""
    periods = (period for device in devices for period in device.table.periods)
    return RecorderLimits(seal=min(periods, default=1_000) > 1_000 * _PERIOD_S)
