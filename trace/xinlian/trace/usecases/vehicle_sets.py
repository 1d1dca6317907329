"""Keeps the sets of vehicles that answers are made from as near to now as is needed.

A step is reckoned in a transaction that reads and holds up nobody, then written in a short one.
Only what the reader's own parties said is looked at.
"""

from __future__ import annotations

from typing import Final

from xinlian.trace.usecases.ports import Seen, TraceSite, Visibility

__all__ = ["bring_up", "keep_views", "look_forward"]

STEPS: Final = 4
_STEPS_MAX: Final = 1_000_000


def bring_up(
    site: TraceSite, seen: Seen, *, steps: int = _STEPS_MAX, least: int | None = None
) -> bool:
    """Bring the view of some parties forward by so many steps at most; whether it is as of now.

    With ``least`` a view is begun if there is none and the parties spoke of more vehicles.
    """
    with site.read() as store:
        view = store.view_of(seen)
        many = least is not None and view is None and len(store.spoken(seen)) > least
    if many:
        with site.write() as store:
            store.make_view(seen)
    elif view is None:
        return False
    for _ in range(steps):
        with site.read() as store:
            step = store.next_step(seen)
        if step is None:
            break
        with site.write() as store:
            store.take_step(step)
    else:
        return False
    if least is not None:
        with site.write() as store:
            store.use_view(seen)
    return True


def look_forward(site: TraceSite, visibility: Visibility, reader: int, least: int) -> None:
    """Before a question of a reader that is answered from sets: bring these nearer to now by a few
    steps; a worker takes those of a plant that was never looked at."""
    with site.read() as store:
        others = visibility.parties(store.connection, reader)
    seen = None if others is None else others | {reader}
    bring_up(site, seen, steps=STEPS, least=least)


def keep_views(site: TraceSite, *, steps: int = 50) -> int:
    """Bring all views forward, each by so many steps at most, note who spoke of what and forget
    views that nobody uses; how many views are not as of now yet."""
    with site.read() as store:
        seen_by_some, due = store.viewed(), store.has_upkeep()
    for _ in range(steps if due else 0):
        with site.write() as store:
            more = [store.note_spoken(None), store.drop_unused()]
        if not any(more):
            break
    return sum(not bring_up(site, seen, steps=steps) for seen in seen_by_some)
