"""What processes use, as the kernel counts it: processor time and resident memory."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

_TICKS_PER_SECOND: Final = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES: Final = os.sysconf("SC_PAGE_SIZE")
_SAMPLE_SECONDS: Final = 0.25
_FULL_SHARE: Final = 0.85
_OTHERS_SHARE: Final = 0.15


@dataclass(frozen=True, slots=True)
class Usage:
    """Wall seconds, cores used by process and by everything else on the machine, memory when the
    processes together held most (MB = 10**6 bytes), in all and by process."""

    seconds: float
    cores: Mapping[str, float]
    others: float
    rss_mb: int
    rss_mb_by: Mapping[str, int]

    def limited_by(self) -> str:
        """Which process, or the machine as a whole, held the rate down, in words."""
        count = os.cpu_count() or 1
        shares = sorted(self.cores.items(), key=lambda entry: -entry[1])
        shown = ", ".join(f"{name} {share:.2f}" for name, share in shares)
        total = sum(self.cores.values())
        name, most = shares[0]
        if most >= _FULL_SHARE:
            what = f"the {name}: one core, full"
        elif self.others >= _OTHERS_SHARE * count:
            what = "other programs on this machine: measure again when it is at rest"
        elif total >= _FULL_SHARE * count:
            what = f"all {count} cores, most by the {name}"
        else:
            what = f"waiting for blocks, disk and each other; busiest is the {name}"
        return f"{what} (cores: {shown}, others {self.others:.2f}, of {count})"


class Meter:
    """Counts from entering to leaving. ``pids`` are processes by name; a process may be left out
    by giving no id."""

    def __init__(self, pids: Mapping[str, int | None]) -> None:
        self._pids = {name: pid for name, pid in pids.items() if pid is not None}
        self._stop = threading.Event()
        self._rss: dict[str, int] = {}
        self._thread = threading.Thread(target=self._sample, daemon=True)
        self.usage: Usage

    def __enter__(self) -> Self:
        self._began = time.monotonic()
        self._before = {name: cpu_seconds(pid) for name, pid in self._pids.items()}
        self._busy = busy_seconds()
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        value: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        seconds = time.monotonic() - self._began
        cores = {
            name: (cpu_seconds(pid) - self._before[name]) / max(seconds, 1e-9)
            for name, pid in self._pids.items()
        }
        others = (busy_seconds() - self._busy) / max(seconds, 1e-9) - sum(cores.values())
        self._stop.set()
        self._thread.join()
        by = {name: rss // 1_000_000 for name, rss in self._rss.items()}
        self.usage = Usage(seconds, cores, max(0.0, others), sum(by.values()), by)

    def _sample(self) -> None:
        while True:
            now = {name: rss_bytes(pid) for name, pid in self._pids.items()}
            if sum(now.values()) > sum(self._rss.values()):
                self._rss = now
            if self._stop.wait(_SAMPLE_SECONDS):
                return


def cpu_seconds(pid: int) -> float:
    """Processor time a process has used so far, all threads; 0 if it is gone."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text("utf-8")
    except OSError:
        return 0.0
    fields = text.rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_PER_SECOND


def peak_bytes(pid: int) -> int:
    """The most memory that a process ever held; 0 if it is gone."""
    try:
        text = Path(f"/proc/{pid}/status").read_text("utf-8")
    except OSError:
        return 0
    (line,) = [line for line in text.splitlines() if line.startswith("VmHWM:")]
    return int(line.split()[1]) * 1024


def busy_seconds() -> float:
    """Processor time of the whole machine that was not idle, all cores."""
    fields = Path("/proc/stat").read_text("utf-8").splitlines()[0].split()[1:9]
    user, nice, system, _idle, _waiting, hard, soft, stolen = map(int, fields)
    return (user + nice + system + hard + soft + stolen) / _TICKS_PER_SECOND


def rss_bytes(pid: int) -> int:
    """Resident memory of a process; 0 if it is gone."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text("utf-8").split()[1]) * _PAGE_BYTES
    except OSError:
        return 0
