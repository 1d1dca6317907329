"""Long work on many small objects without the garbage collector going through them."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def rare_collections() -> Iterator[None]:
    """Keep the garbage collector from walking the books in memory again and again.

    Nothing there makes reference cycles; half of the time of a range would go into looking for
    them.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
