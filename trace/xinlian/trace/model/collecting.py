"""Large answers are made without the garbage collector looking at every object again and again."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["collector_paused"]


@contextmanager
def collector_paused() -> Iterator[None]:
    """Pauses the search for circular garbage while hundreds of thousands of live objects are made
    that have no circles; otherwise it takes a third of the time. Counted references are freed as
    ever."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
