"""Items in SQL: numbers of identities, descriptions, vehicles' ordinals."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

import orjson
from sqlalchemy import Connection
from xinlian.trace.adapters.sql import bulk
from xinlian.trace.adapters.sql.codes import ITEM_TYPES, SCHEMES
from xinlian.trace.adapters.sql.tables import descriptions, items, short_codes, vehicles
from xinlian.trace.model.codes import CodeError, identify
from xinlian.trace.model.codes.short import short_code
from xinlian.trace.model.items import Item, ItemId, ItemType, Scheme

__all__ = ["DESCRIBED", "ItemTable", "item_of_row", "json_text", "texts"]

_TYPE: Final = ITEM_TYPES.number
_SPAN: Final = 4
"""Vehicles are read in one sweep if at least one in so many of the span is wanted."""
DESCRIBED: Final = "item party scheme scanned name maker part_number made_at attributes"


def json_text(values: Mapping[str, Any]) -> str:
    """A small object as text, keys in order; nothing for an empty one."""
    return orjson.dumps(dict(values), option=orjson.OPT_SORT_KEYS).decode() if values else ""


def texts(text: str) -> dict[str, Any]:
    """The reverse of ``json_text``."""
    found: dict[str, Any] = orjson.loads(text) if text else {}
    return found


class ItemTable:
    """Identities and what is known of them; within the owner's transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._next = self._next_vehicle = 0

    def numbers(self, ids: Iterable[ItemId]) -> dict[ItemId, int]:
        """The numbers of those that are known."""
        wanted = set(ids)
        found = {}
        words = ITEM_TYPES.word
        names = {each.id for each in wanted}
        for number, kind, owner, name in bulk.by_keys(
            self._connection, items, "item type owner id", "id", names
        ):
            each = ItemId(owner, words[kind], name)
            if each in wanted:
                found[each] = number
        return found

    def number_all(self, ids: Iterable[ItemId]) -> tuple[dict[ItemId, int], set[int]]:
        """The numbers of all, and which of them are new."""
        wanted = dict.fromkeys(ids)
        found = self.numbers(wanted)
        missing = [each for each in wanted if each not in found]
        if not missing:
            return found, set()
        if not self._next:
            self._next = self._after("item", "trace_items")
            self._next_vehicle = self._after("ordinal", "trace_vehicles", -1)
        rows, ordinals, shorts = [], [], []
        for each in missing:
            found[each] = self._next
            rows.append((self._next, _TYPE[each.type], each.owner, each.id))
            if each.type is ItemType.VEHICLE:
                ordinals.append((self._next_vehicle, self._next))
                self._next_vehicle += 1
            short = short_code(each.id)
            if short:
                shorts.append((short, self._next))
            self._next += 1
        bulk.insert(self._connection, items, rows)
        bulk.insert(self._connection, vehicles, ordinals)
        bulk.insert(self._connection, short_codes, shorts)
        return found, {row[0] for row in rows}

    def _after(self, column: str, table: str, empty: int = 0) -> int:
        top = bulk.run(self._connection, f"SELECT max({column}) FROM {table}")[0][0]  # noqa: S608
        return (empty if top is None else int(top)) + 1

    def ids(self, numbers: Iterable[int]) -> dict[int, ItemId]:
        """Identities by number."""
        words = ITEM_TYPES.word
        return {
            number: ItemId(owner, words[kind], name)
            for number, kind, owner, name in bulk.by_keys(
                self._connection, items, "item type owner id", "item", numbers
            )
        }

    def get(
        self, numbers: Iterable[int], reader: int, seen: frozenset[int] | None
    ) -> dict[int, tuple[Item, bool]]:
        """Items as the reader may see them, and whether anybody described them.

        The reader's own description comes first, then that of the item's owner, then the one of
        the lowest party among ``seen`` (``None``: everyone).
        """
        words = ITEM_TYPES.word
        ids: dict[int, ItemId] = {}
        best: dict[int, Sequence[Any]] = {}
        described: set[int] = set()
        for row in self._described(numbers):
            number, party = row[0], row[1]
            name = ids.get(number)
            if name is None:
                name = ids[number] = ItemId(row[-2], words[row[-3]], row[-1])
            if party is None:
                continue
            described.add(number)
            if seen is not None and party != reader and party not in seen:
                continue
            old = best.setdefault(number, row)
            if old is not row and _rank(party, reader, name) < _rank(old[1], reader, name):
                best[number] = row
        found = {number: (item_of_row(ids[number], row), True) for number, row in best.items()}
        for number in ids.keys() - found.keys():
            found[number] = (undescribed(ids[number]), number in described)
        return found

    def _described(self, numbers: Iterable[int]) -> Iterable[tuple[Any, ...]]:
        """``DESCRIBED`` of items, with type, owner and id behind: a row for each description, and
        one for what nobody described."""
        listed = ", ".join(f"d.{name}" for name in DESCRIBED.split()[1:])
        sql = (
            f"SELECT i.item, {listed}, i.type, i.owner, i.id"  # noqa: S608
            " FROM {} LEFT JOIN trace_descriptions d ON d.item = i.item"
        )
        connection = self._connection
        wanted = list(numbers)
        if bulk.is_sqlite(connection):
            joined = sql.format("json_each(?) j CROSS JOIN trace_items i ON i.item = j.value")
            return bulk.run(connection, joined, json.dumps(wanted))
        joined = sql.format("trace_items i") + " WHERE i.item = ANY(?::bigint[])"
        return bulk.run(connection, joined, bulk.array(wanted))

    def find(self, text: str) -> list[ItemId]:
        """Items with this id, or whose code read so when it was scanned."""
        words = ITEM_TYPES.word
        numbers = {
            row[0] for row in bulk.by_keys(self._connection, items, "item", "id", [text])
        } | {
            row[0]
            for row in bulk.by_keys(self._connection, descriptions, "item", "scanned", [text])
        }
        found = bulk.by_keys(self._connection, items, "type owner id", "item", numbers)
        return sorted(ItemId(owner, words[kind], name) for kind, owner, name in found)

    def ordinals(self, numbers: Iterable[int]) -> dict[int, int]:
        """Ordinals of those items that are vehicles."""
        return dict(bulk.by_keys(self._connection, vehicles, "item ordinal", "item", numbers))

    def vehicles(self, ordinals: Iterable[int]) -> list[tuple[int, int, ItemId]]:
        """Ordinal, number and id of vehicles, in order of ordinals."""
        wanted = set(ordinals)
        if not wanted:
            return []
        low, high = min(wanted), max(wanted)
        if high - low > _SPAN * len(wanted):
            return self._scattered(wanted)
        rows = bulk.driver(self._connection).execute(
            "SELECT v.ordinal, v.item, i.owner, i.id FROM trace_vehicles v"  # noqa: S608
            " JOIN trace_items i ON i.item = v.item"
            f" WHERE v.ordinal BETWEEN {low} AND {high} ORDER BY v.ordinal"
        )
        kind = ItemType.VEHICLE
        return [
            (ordinal, number, ItemId(owner, kind, name))
            for ordinal, number, owner, name in rows
            if ordinal in wanted
        ]

    def _scattered(self, ordinals: set[int]) -> list[tuple[int, int, ItemId]]:
        connection = self._connection
        rows = list(bulk.by_keys(connection, vehicles, "ordinal item", "ordinal", ordinals))
        names = self.ids([row[1] for row in rows])
        return [(ordinal, number, names[number]) for ordinal, number in sorted(rows)]


def _rank(party: int, reader: int, item: ItemId) -> tuple[bool, bool, int]:
    return party != reader, party != item.owner, party


def item_of_row(item: ItemId, row: Sequence[Any]) -> Item:
    """An item from the columns ``DESCRIBED``, whatever stands behind them."""
    scheme, scanned, name, maker, part_number, made_at, attributes = row[2:9]
    return Item(
        item,
        item.id if scanned is None else scanned,
        SCHEMES.word[scheme],
        name,
        maker,
        part_number,
        made_at,
        texts(attributes) if attributes else {},
    )


def undescribed(item: ItemId) -> Item:
    """What can be said of an item that only links name: what its code tells."""
    try:
        scheme = identify(item.id, item.owner, item.type).scheme
    except CodeError:
        scheme = Scheme.URI if ":" in item.id else Scheme.MAKER
    return Item(item, item.id, scheme)
