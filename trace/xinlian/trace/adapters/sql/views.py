"""Sets of vehicles by view: what the parties of a view said, and nothing that anybody else did.

A reader's view is the set of parties whose statements it may see; readers who see the same share
one. Each party has a log of what it touched, written with the capture; a view notes up to which
line of each of its parties' logs its sets are exact. Bringing a view up to date goes by small
steps: each is reckoned from one moment without holding up anybody, and written in a short
transaction unless somebody else took a step meanwhile. Whatever a view lacks is reckoned on the fly
if it is little, so that an answer from the sets is as of now, always.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, NamedTuple

from pyroaring import BitMap
from sqlalchemy import Connection
from xinlian.trace.adapters.sql import bulk
from xinlian.trace.adapters.sql.factor_changes import Changes, FactorChanges
from xinlian.trace.adapters.sql.factors import Change, FactorTable, Key, Sets
from xinlian.trace.adapters.sql.items import ItemTable
from xinlian.trace.adapters.sql.tables import vehicles as vehicle_table
from xinlian.trace.adapters.sql.view_rows import (
    ALL,
    GONE,
    SPOKEN,
    View,
    ViewTable,
    name_of,
    now_ms,
    seen_of,
)
from xinlian.trace.model.factors import FactorKind
from xinlian.trace.usecases.ports import Seen

__all__ = ["SetViews", "Step"]

_ITEMS_AT_ONCE: Final = 2_000
_VEHICLES_AT_ONCE: Final = 2_000
_SPOKEN_AT_ONCE: Final = 50_000
_LINKS_AT_ONCE: Final = 200_000
_USED_MS: Final = 3_600_000
_KEPT_MS: Final = 14 * 86_400_000
_DROPPED_AT_ONCE: Final = 5_000


class Step(NamedTuple):
    """What a step makes of a view; ``view`` is as it stood."""

    view: View
    through: dict[int, int]
    todo: BitMap
    changes: tuple[Changes, ...]


class SetViews:
    """Views and their sets; within the owner's transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._kept_sets = FactorTable(connection)
        self._rows = ViewTable(connection)

    def view_of(self, seen: Seen) -> View | None:
        """Where the view of some parties stands, if there is one."""
        return self._rows.view(name_of(seen))

    def viewed(self) -> list[Seen]:
        """The parties of every view."""
        rows = bulk.run(self._connection, "SELECT parties FROM trace_views WHERE view <> ?", SPOKEN)
        return [seen_of(name) for (name,) in rows if not name.startswith(GONE)]

    def spoken(self, seen: Seen) -> BitMap:
        """Ordinals of the vehicles of which the parties spoke."""
        if seen is None:
            top = bulk.run(self._connection, "SELECT max(ordinal) FROM trace_vehicles")[0][0]
            return BitMap() if top is None else BitMap(range(int(top) + 1))
        keys = [(FactorKind.PARTY, str(party)) for party in seen]
        known = [ever for ever, _ in self._kept_sets.sets(SPOKEN, keys).values()]
        spoken = self._rows.numbered(SPOKEN)
        through = {} if spoken is None else spoken.through
        pending = self._rows.pending(through, seen, ALL)
        return BitMap().union(*known, self._ordinals(pending.items))

    def fresh_sets(self, seen: Seen, keys: Iterable[Key]) -> dict[Key, Sets] | None:
        """``ever`` and ``sure`` as of now of factors that have any vehicle; ``None`` if there is no
        view for the parties, or it is far behind."""
        wanted = set(keys)
        lacking = self._lacking(seen)
        if lacking is None:
            return None
        view, steps = lacking
        found = self._kept_sets.sets(view.view, wanted)
        for changes in steps:
            for key in wanted & changes.keys():
                found[key] = changes[key].onto(found.get(key, (BitMap(), BitMap())))
        return found

    def fresh_all_sets(self, seen: Seen, kinds: Iterable[FactorKind]) -> dict[Key, BitMap] | None:
        """``ever`` as of now of every factor of some kinds, as ``fresh_sets``."""
        wanted = frozenset(kinds)
        lacking = self._lacking(seen)
        if lacking is None:
            return None
        view, steps = lacking
        kept = self._kept_sets.all_sets(view.view, wanted)
        found = {(kind, name): ever for kind, name, ever in kept}
        for changes in steps:
            for key, change in changes.items():
                if key[0] in wanted:
                    found[key] = change.onto((found.get(key, BitMap()), BitMap()))[0]
        return {key: ever for key, ever in found.items() if ever}

    def reckoned_sets(
        self, seen: Seen, kinds: Iterable[FactorKind], vehicles_max: int
    ) -> dict[Key, BitMap] | None:
        """As ``fresh_all_sets`` without any view; ``None`` if the parties spoke of more vehicles
        than so many."""
        spoken = self.spoken(seen)
        if len(spoken) > vehicles_max:
            return None
        wanted, reckoner = frozenset(kinds), FactorChanges(self._connection, seen)
        found: dict[Key, BitMap] = {}
        for at in range(0, len(spoken), _VEHICLES_AT_ONCE):
            some = BitMap(spoken[at : at + _VEHICLES_AT_ONCE])
            for key, change in self._whole(reckoner, some).items():
                if key[0] in wanted and change.ever:
                    found[key] = found.get(key, BitMap()) | change.ever
        return found

    def next_step(self, seen: Seen) -> Step | None:
        """The next step of a view, reckoned but not written; ``None`` if there is nothing left or
        no view."""
        view = self.view_of(seen)
        if view is None:
            return None
        reckoner = FactorChanges(self._connection, seen)
        if view.todo:
            some = BitMap(view.todo[:_VEHICLES_AT_ONCE])
            return Step(view, view.through, view.todo - some, (self._whole(reckoner, some),))
        count = _ITEMS_AT_ONCE
        while True:
            pending = self._rows.pending(view.through, seen, count)
            if not pending.items:
                return None
            # One item alone may be in any number of vehicles.
            links_max = ALL - 1 if count == 1 else _LINKS_AT_ONCE
            brought = reckoner.bring(pending.items, links_max)
            if brought is not None:
                return Step(view, pending.through, brought.anew, (brought.changes,))
            count = max(count // 8, 1)

    def take_step(self, step: Step) -> bool:
        """Write a step; false if somebody else took one since it was reckoned."""
        now = self._rows.numbered(step.view.view)
        if now is None or now.version != step.view.version:
            return False
        for changes in step.changes:
            self._kept_sets.apply(step.view.view, changes)
        self._rows.keep(now._replace(through=step.through, todo=step.todo))
        return True

    def make_view(self, seen: Seen) -> None:
        """Begin a view for some parties; steps fill it."""
        if self.view_of(seen) is not None:
            return
        todo = self.spoken(seen)
        todo.run_optimize()
        ends = {party: self._rows.end(party) for party in self._rows.parties(seen)}
        self._rows.add(name_of(seen), ends, todo)

    def use_view(self, seen: Seen) -> None:
        """Note that a view was used, so that it is kept."""
        view, now = self.view_of(seen), now_ms()
        if view is not None and view.used_ms < now - _USED_MS:
            self._rows.write("UPDATE trace_views SET used_ms = ? WHERE view = ?", now, view.view)

    def note_spoken(self, seen: Seen) -> bool:
        """Bring the sets that say who spoke of which vehicle forward by one step; whether there is
        more to do."""
        view = self._rows.numbered(SPOKEN)
        if view is None:
            self._rows.add("", {}, BitMap(), number=SPOKEN)
            return True
        left = _SPOKEN_AT_ONCE
        for party in self._rows.parties(seen):
            pending = self._rows.pending(view.through, frozenset({party}), left)
            if pending.items:
                change = Change(ever=self._ordinals(pending.items))
                self._kept_sets.apply(SPOKEN, {(FactorKind.PARTY, str(party)): change})
                view = view._replace(through=view.through | pending.through)
            left -= len(pending.items)
            if pending.more or left <= 0:
                break
        done = left == _SPOKEN_AT_ONCE
        if not done:
            self._rows.keep(view)
        return not done

    def has_upkeep(self) -> bool:
        """Whether ``note_spoken`` or ``drop_unused`` has something to do."""
        spoken = self._rows.numbered(SPOKEN)
        through = {} if spoken is None else spoken.through
        unused = bulk.run(
            self._connection,
            "SELECT 1 FROM trace_views WHERE used_ms < ? AND view <> ? LIMIT 1",
            *(now_ms() - _KEPT_MS, SPOKEN),
        )
        return bool(unused or self._rows.pending(through, None, 1).items)

    def drop_unused(self) -> bool:
        """Forget views that nobody used for two weeks, by one step; whether there is more."""
        self._rows.write(
            f"UPDATE trace_views SET parties = '{GONE}' || view"  # noqa: S608
            " WHERE used_ms < ? AND view <> ?",
            *(now_ms() - _KEPT_MS, SPOKEN),
        )
        gone = bulk.run(
            self._connection,
            "SELECT view FROM trace_views WHERE substr(parties, 1, 1) = ? ORDER BY view LIMIT 1",
            GONE,
        )
        if not gone:
            return False
        view = gone[0][0]
        some = bulk.run(
            self._connection,
            "SELECT DISTINCT factor FROM trace_factor_sets WHERE view = ? LIMIT ?",
            *(view, _DROPPED_AT_ONCE),
        )
        if some:
            mark = "?" if bulk.is_sqlite(self._connection) else "%s"
            bulk.driver(self._connection).cursor().executemany(
                f"DELETE FROM trace_factor_sets WHERE view = {mark} AND factor = {mark}",  # noqa: S608
                [(view, factor) for (factor,) in some],
            )
        else:
            self._rows.write("DELETE FROM trace_views WHERE view = ?", view)
        return True

    def _lacking(self, seen: Seen) -> tuple[View, tuple[Changes, ...]] | None:
        """A view and what it lacks, in order; ``None`` if that is much."""
        view = self.view_of(seen)
        if view is None or len(view.todo) > _VEHICLES_AT_ONCE:
            return None
        pending = self._rows.pending(view.through, seen, _ITEMS_AT_ONCE)
        if pending.more:
            return None
        reckoner, anew, steps = FactorChanges(self._connection, seen), view.todo, []
        if pending.items:
            brought = reckoner.bring(pending.items, _LINKS_AT_ONCE)
            if brought is None:
                return None
            steps.append(brought.changes)
            anew = anew | brought.anew
        if len(anew) > _VEHICLES_AT_ONCE:
            return None
        if anew:
            steps.append(self._whole(reckoner, anew))
        return view, tuple(steps)

    def _whole(self, reckoner: FactorChanges, ordinals: BitMap) -> Changes:
        rows = bulk.by_keys(
            self._connection, vehicle_table, "item ordinal", "ordinal", list(ordinals)
        )
        return reckoner.whole(dict(rows))

    def _ordinals(self, numbers: Iterable[int]) -> BitMap:
        return BitMap(list(ItemTable(self._connection).ordinals(numbers).values()))
