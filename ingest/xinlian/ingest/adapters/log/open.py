"""Opens a recorder on a folder."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from xinlian.ingest.adapters.clock import KernelClock
from xinlian.ingest.adapters.log.log import LogLimits, SegmentLog
from xinlian.ingest.model.devices import DeviceGroup
from xinlian.ingest.model.segments.block import ClockState
from xinlian.ingest.usecases.recorder import Recorder, RecorderLimits
from xinlian.ingest.usecases.recording import DeviceFacts, Scribe

__all__ = ["open_recorder"]


def open_recorder(
    folder: Path,
    party: int,
    groups: Iterable[DeviceGroup],
    devices: Mapping[str, DeviceFacts],
    *,
    clock: Callable[[], ClockState] | None = None,
    log_limits: LogLimits | None = None,
    limits: RecorderLimits | None = None,
) -> Recorder:
    """A recorder that goes on where the log in ``folder`` ends. ``LogError`` if another process
    writes there. What was damaged before is told by the program's log and by a GAP entry."""
    scribe = Scribe(party)
    log = SegmentLog(folder, log_limits or LogLimits(), scribe.replay)
    return Recorder(
        log,
        scribe,
        groups,
        devices,
        clock=clock or KernelClock(),
        limits=limits or RecorderLimits(),
    )
