"""From the causes of a recall to the items in the store that are affected in themselves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import get_close_matches
from typing import Any, Final

from xinlian.trace.model.causes import (
    EDGE_MS,
    MEANS,
    CauseError,
    gather,
    made_at,
    named,
    window,
)
from xinlian.trace.model.recall import Cause, CauseKind
from xinlian.trace.model.spread import Seed
from xinlian.trace.usecases.ports import Seen

__all__ = ["check_causes", "seeds_of"]

_NEAR: Final = 3
_ALIKE: Final = 0.5


def check_causes(store: Any, causes: Sequence[Cause], seen: Seen) -> None:
    """Raises ``CauseError`` for a window that ends before it begins, and for a machine, station,
    shift, gauge or supplier that is on no record that the reader may see."""
    for cause in causes:
        if cause.from_ms is not None and cause.to_ms is not None and cause.to_ms <= cause.from_ms:
            raise CauseError(cause.kind)
        for name in cause.names if cause.kind is not CauseKind.ITEMS else ():
            if not store.has_name(cause.kind, name, seen):
                known = {each.casefold(): each for each in store.names_near(cause.kind, name, seen)}
                near = get_close_matches(name.casefold(), known, _NEAR, _ALIKE)
                raise CauseError(cause.kind, name, [known[each] for each in near])


def seeds_of(store: Any, causes: Sequence[Cause], seen: Seen) -> dict[int, tuple[Seed, ...]]:
    """The seeds of each item, by number."""
    return gather(pair for cause in causes for pair in _of(store, cause, seen))


def _of(store: Any, cause: Cause, seen: Seen) -> Iterator[tuple[int, Seed | None]]:
    if cause.kind is CauseKind.ITEMS:
        for number in store.named(cause.names, seen):
            yield number, named(cause)
        return
    if cause.kind is CauseKind.SUPPLIER:
        for number, party, made_ms in store.made_by(cause.names):
            if seen is None or party in seen:
                yield number, made_at(cause, made_ms)
        return
    means = MEANS.get(cause.kind)
    low = -1 if cause.from_ms is None else cause.from_ms - EDGE_MS
    high = (1 << 62) if cause.to_ms is None else cause.to_ms + EDGE_MS
    if means is not None:
        for number, party, start, end in store.worked(means, cause.names, low, high):
            if seen is None or party in seen:
                yield number, window(cause, start, end)
    column = means or "gauge"
    for number, party, at in store.inspected(column, cause.names, low, high):
        if seen is None or party in seen:
            yield number, window(cause, at, at)
