"""Shows how far a run is: a live line on a terminal, plain lines elsewhere."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TextIO

PLAIN_EVERY_SECONDS = 5.0
LIVE_EVERY_SECONDS = 0.1


class Phase:
    """One phase in progress: ``done`` of ``total`` things, and a rate of what is counted."""

    def __init__(self, show: Callable[[Phase, bool], None], name: str, total: int, unit: str):
        self.name = name
        self.total = total
        self.unit = unit
        self.done = 0
        self.counted = 0
        self.note = ""
        self.began = time.monotonic()
        self._show = show

    @property
    def seconds(self) -> float:
        """Time since the phase began."""
        return time.monotonic() - self.began

    def step(self, done: int = 1, counted: int = 0, note: str = "") -> None:
        """So many more things are done."""
        self.done += done
        self.counted += counted
        self.note = note or self.note
        self._show(self, False)


class Progress:
    """Writes phases to a stream; ``live`` overwrites one line of a terminal."""

    def __init__(self, stream: TextIO, live: bool | None = None) -> None:
        self._stream = stream
        self._live = stream.isatty() if live is None else live
        self._last = 0.0
        self._began = time.monotonic()

    @property
    def seconds(self) -> float:
        """Time since the start."""
        return time.monotonic() - self._began

    def say(self, text: str = "") -> None:
        """One line of its own."""
        if self._live:
            self._stream.write("\r\033[K")
        self._stream.write(text + "\n")
        self._stream.flush()

    @contextmanager
    def phase(self, name: str, total: int = 0, unit: str = "") -> Iterator[Phase]:
        """A phase; its line stands when it ends."""
        phase = Phase(self._show, name, total, unit)
        self._last = time.monotonic()
        if self._live:
            self._show(phase, False)
        yield phase
        self._show(phase, True)

    def _show(self, phase: Phase, ended: bool) -> None:
        now = time.monotonic()
        pause = LIVE_EVERY_SECONDS if self._live else PLAIN_EVERY_SECONDS
        if not ended and now - self._last < pause:
            return
        self._last = now
        line = self._line(phase)
        if ended:
            self.say(line)
        elif self._live:
            self._stream.write("\r\033[K" + line[:118])
            self._stream.flush()
        else:
            self.say(line)

    def _line(self, phase: Phase) -> str:
        parts = [f"[{self.seconds:6.1f} s] {phase.name}"]
        if phase.total:
            parts.append(f"{phase.done:,}/{phase.total:,}")
        if phase.counted:
            rate = phase.counted / max(phase.seconds, 1e-3)
            parts.append(f"{phase.counted:,} {phase.unit} ({rate:,.0f}/s)")
        if phase.note:
            parts.append(phase.note)
        return "  ".join(parts)
