"""Random statements of several parties, and what vehicles met by them, told naively."""

import itertools
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from hypothesis import strategies as st
from pyroaring import BitMap
from xinlian.trace.model.facts import Correction, Fact, Inspection, ProcessRecord, Result
from xinlian.trace.model.items import ItemId
from xinlian.trace.model.links import Certainty, Link
from xinlian.trace.usecases.ports import Seen
from xinlian.trace.usecases.quality import FactorKey

from tests.trace.plant import NOW, batch, event, item, link, serial, vehicle

T = NOW - 10_000_000_000
PARTIES = (1, 2, 3)
_NUMBERS = itertools.count()


class Shares:
    """Each reader sees the parties that it was given."""

    def __init__(self, given: dict[int, frozenset[int]]) -> None:
        self.given = given

    def parties(self, connection: Any, reader: int) -> Seen:
        return self.given.get(reader, frozenset())


def back(old: Link) -> list[Fact]:
    """Ways to take a link back, to end it and to say it again."""
    ended = Link(old.child, old.parent, old.kind, old.valid_from_ms, T + 20)
    return [Correction(f"{old.child.id}>{old.parent.id}", "link", "wrong", NOW - 5), ended, old]


@st.composite
def said(
    draw: st.DrawFn, names: list[ItemId], mark: int, past: list[tuple[int, Link]]
) -> list[tuple[int, Fact]]:
    """What parties say one after the other: links, work, descriptions, and what they take back or
    end of all that was said in the ``past``."""
    facts: list[tuple[int, Fact]] = []
    top = len(names) - 1
    for at in range(draw(st.integers(1, 14))):
        party = draw(st.sampled_from(PARTIES))
        low = draw(st.integers(0, top - 1))
        high = draw(st.integers(low + 1, top))
        one, other = names[low], names[high]
        what = draw(st.integers(0, 9))
        name = f"{mark}/{at}"
        if what <= 3:
            begins = draw(st.one_of(st.none(), st.integers(T, T + 5)))
            more: dict[str, Any] = {}
            if what == 3:
                more = {"certainty": Certainty.CANDIDATE, "candidate_group": "g"}
            ends = T + 9 if begins is not None and draw(st.integers(0, 5)) == 0 else None
            past.append((party, link(one, other, begins, ends, **more)))
            facts.append(past[-1])
        elif what <= 5 and past:
            party, old = draw(st.sampled_from(past))
            facts.append((party, draw(st.sampled_from(back(old)))))
        elif what == 6:
            work = ProcessRecord(name, one, "OP1", T, T + 1, machine=f"M{at % 2}", shift="N")
            facts.append((party, work))
            if draw(st.booleans()):
                facts.append((party, Correction(name, "process", "wrong", NOW - 5)))
        elif what == 7:
            found = Inspection(name, one, "bore", Result.PASSED, T, gauge="G1", station="OP2")
            facts.append((party, found))
        elif what == 8:
            facts.append((party, item(one, maker=f"S{party}")))
        else:
            sold = {"disposition": "retail_sold" if at % 2 else "in_transit"}
            facts.append((party, event(name, names[top], time_ms=NOW - 99 + at, **sold)))
    return facts


@st.composite
def told(draw: st.DrawFn) -> tuple[list[ItemId], list[list[tuple[int, Fact]]]]:
    mark = next(_NUMBERS)
    make = {"s": serial, "b": batch, "v": vehicle}
    kinds = ["b", *draw(st.lists(st.sampled_from("sb"), min_size=1, max_size=4)), "v", "v"]
    names = [make[kind](f"{mark}.{at}") for at, kind in enumerate(kinds)]
    past: list[tuple[int, Link]] = []
    count = draw(st.integers(1, 3))
    return names, [draw(said(names, next(_NUMBERS), past)) for _ in range(count)]


def naive(connection: Any, seen: frozenset[int]) -> dict[FactorKey, BitMap]:
    """What vehicles met by links that these parties told and did not take back, told naively."""

    def rows(columns: str, table: str) -> list[Any]:
        told = connection.exec_driver_sql(f"SELECT party, {columns} FROM {table}").all()
        return [row[1:] for row in told if row[0] in seen]

    known = connection.exec_driver_sql("SELECT item, id, type FROM trace_items").all()
    below: dict[int, set[int]] = defaultdict(set)
    for parent, child, withdrawn, kind in rows("parent, child, withdrawn, kind", "trace_links"):
        if not withdrawn and kind != 2:
            below[parent].add(child)
    own = _own(rows, known)
    found: dict[FactorKey, BitMap] = defaultdict(BitMap)
    for ordinal, car in connection.exec_driver_sql("SELECT ordinal, item FROM trace_vehicles"):
        reached, waiting = {car}, [car]
        while waiting:
            new = below[waiting.pop()] - reached
            reached |= new
            waiting += new
        for key in {key for each in reached for key in own[each] if key.id}:
            found[key].add(ordinal)
    return found


def _own(rows: Callable[[str, str], list[Any]], known: Sequence[Any]) -> dict[int, set[FactorKey]]:
    """The factors of items themselves."""
    own: dict[int, set[FactorKey]] = defaultdict(set)
    for number, name, kind in known:
        if kind == 1:
            own[number].add(FactorKey("batch", name))
    for number, maker in rows("item, maker", "trace_descriptions"):
        own[number].add(FactorKey("supplier", maker))
    for table, kinds in (
        ("trace_processes", ("machine", "station", "shift")),
        ("trace_inspections", ("machine", "station", "shift", "gauge")),
    ):
        for number, withdrawn, *names in rows(f"item, withdrawn, {', '.join(kinds)}", table):
            if not withdrawn:
                own[number] |= {FactorKey(*each) for each in zip(kinds, names, strict=True)}
    return own
