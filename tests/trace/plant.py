"""Short ways to say what tests of traceability need."""

import itertools
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Engine
from xinlian.trace.adapters.sql.store import SqlTrace
from xinlian.trace.model.capture import CaptureReceipt, Row, RowStatus
from xinlian.trace.model.facts import Event, EventType, Fact
from xinlian.trace.model.items import WORLD, Item, ItemId, ItemType, Scheme
from xinlian.trace.model.links import Certainty, Link, LinkKind
from xinlian.trace.usecases.capture import Capture

NOW = 1_790_000_000_000
OWNER = 7


def serial(name: str, owner: int = WORLD) -> ItemId:
    return ItemId(owner, ItemType.SERIAL, name)


def batch(name: str, owner: int = WORLD) -> ItemId:
    return ItemId(owner, ItemType.BATCH, name)


def vehicle(name: str) -> ItemId:
    return ItemId(WORLD, ItemType.VEHICLE, name)


def item(which: ItemId, **more: Any) -> Item:
    return Item(which, more.pop("scanned", which.id), Scheme.MAKER, **more)


def link(
    child: ItemId, parent: ItemId, begins: int | None = None, ends: int | None = None, **more: Any
) -> Link:
    if child.type is ItemType.BATCH:
        more.setdefault("kind", LinkKind.CONSUMED)
    return Link(child, parent, valid_from_ms=begins, valid_to_ms=ends, **more)


def candidate(child: ItemId, parent: ItemId, group: str, begins: int | None = None) -> Link:
    return link(child, parent, begins, certainty=Certainty.CANDIDATE, candidate_group=group)


def event(name: str, *items: ItemId, time_ms: int = NOW - 1_000, **more: Any) -> Event:
    document = {"eventID": name, "n": more.pop("n", 1)}
    return Event(name, f"ni:///{name}", EventType.OBJECT, time_ms, document, items, **more)


def rows(*facts: Fact | Sequence[Fact]) -> list[Row]:
    made = []
    for number, each in enumerate(facts, 1):
        several = tuple(each) if isinstance(each, Sequence) else (each,)
        made.append(Row(number, f"row {number}", f'{{"n":{number}}}', several))
    return made


class Plant:
    """A store with a capture in front of it."""

    def __init__(self, engine: Engine, logs: Any) -> None:
        self.engine = engine
        self.logs = logs
        self.site = SqlTrace(engine)
        self.capture = Capture(self.site, logs, lambda now_ms: now_ms + 60_000)
        self._keys = itertools.count()

    def take(
        self, *facts: Fact | Sequence[Fact], party: int = OWNER, now_ms: int = NOW
    ) -> CaptureReceipt:
        """Take in one row per argument."""
        key = f"file {next(self._keys)}"
        return self.capture.take(party, rows(*facts), now_ms=now_ms, capture_key=key)

    def must(self, *facts: Fact | Sequence[Fact], party: int = OWNER) -> CaptureReceipt:
        """The same, and all of it is good."""
        receipt = self.take(*facts, party=party)
        assert receipt.taken, [each for each in receipt.rows if each.why]
        return receipt

    def count(self, table: str) -> int:
        with self.engine.connect() as connection:
            return int(connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar_one())


def statuses(receipt: CaptureReceipt) -> list[RowStatus]:
    return [each.status for each in receipt.rows]
