"""Which thing a code, a tag or an address means, and how much of it a reader may see."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, Engine
from xinlian.ledger.adapters.sql.engine import begin_read
from xinlian.services.app.errors import Code, RefusedError
from xinlian.services.app.trace_links import Tags
from xinlian.services.app.trace_policy import PagePolicies, Strangers
from xinlian.services.app.trace_sharing import EVERYONE
from xinlian.trace.adapters.sql.items import ItemTable
from xinlian.trace.adapters.sql.reading import FactTable
from xinlian.trace.model.codes import CodeError, identify
from xinlian.trace.model.items import Item, ItemId, ItemType
from xinlian.trace.usecases.ports import Seen, Visibility

__all__ = ["EVERYONE", "Eyes", "Found", "TraceItems"]

_OWN_LINK: Final = re.compile(
    r"(?:https?://[^/?#\s]{1,253})?/t/([a-z2-7]{23})(?:[/?#].*)?", re.ASCII
)
FOUND_MAX: Final = 20


@dataclass(frozen=True, slots=True)
class Eyes:
    """Through whose eyes an item is looked at, and how much of that is shown.

    ``reader`` is a party, or ``EVERYONE``; a stranger looks through the eyes of the item's home
    party, as far as that party's policy lets it.
    """

    reader: int
    shown: Strangers

    @property
    def whole(self) -> bool:
        """Whether everything is shown."""
        return self.shown is Strangers.ALL

    @property
    def tree(self) -> bool:
        """Whether the parts are shown."""
        return self.shown in (Strangers.ALL, Strangers.TREE)


@dataclass(frozen=True, slots=True)
class Found:
    """A thing that a code means; ``whole``: the reader may see all of it."""

    number: int
    item: Item
    address: str
    whole: bool


class TraceItems:
    """Looks things up. ``reader`` is a party, ``EVERYONE``, or ``None`` for a stranger."""

    def __init__(
        self, engine: Engine, tags: Tags, policies: PagePolicies, visibility: Visibility
    ) -> None:
        self._engine = engine
        self._tags = tags
        self._policies = policies
        self._visibility = visibility

    def address(self, number: int) -> str:
        """Where the page of an item is, on this server."""
        return f"/t/{self._tags.tag(number)}"

    def addresses(self, ids: Iterable[ItemId]) -> dict[ItemId, str]:
        """Where the pages of items are."""
        with begin_read(self._engine) as connection:
            numbers = ItemTable(connection).numbers(ids)
        return {each: self.address(number) for each, number in numbers.items()}

    def item(self, number: int, eyes: Eyes) -> Item:
        """An item that somebody sees."""
        with begin_read(self._engine) as connection:
            return self._item(connection, number, eyes)

    def tagged(self, tag: str) -> int | None:
        """The number of the item with a label's tag."""
        return self._tags.number(tag)

    def find(self, text: str, reader: int | None) -> list[Found]:
        """Things that a text means and that the reader may see at all, the likeliest first."""
        own = _OWN_LINK.fullmatch(text)
        with begin_read(self._engine) as connection:
            table = ItemTable(connection)
            if own is not None:
                number = self._tags.number(own[1])
                numbers, guessed = ([] if number is None else [number]), False
            else:
                numbers, guessed = _numbers(table, text, reader or 0), True
            return [
                Found(
                    number,
                    self._item(connection, number, eyes),
                    self.address(number),
                    eyes.reader == reader and eyes.whole,
                )
                for number in numbers[:FOUND_MAX]
                if (eyes := self._eyes(connection, number, reader, guessed)) is not None
            ]

    def one(self, code: str, kind: ItemType | None, owner: int | None, reader: int) -> Found:
        """The one thing that a code means to a reader who may see all of it.

        Refused with ``NOT_FOUND``, or with ``CONFLICT`` if it means several.
        """
        found = [
            each
            for each in self.find(code, reader)
            if each.whole
            and kind in (None, each.item.id.type)
            and owner in (None, each.item.id.owner)
        ]
        if not found:
            raise RefusedError(Code.NOT_FOUND, f"there is no item {code} that you may see")
        if len(found) > 1:
            raise RefusedError(
                Code.CONFLICT,
                f"the code {code} means {len(found)} items: name its type or its owner too",
                items=[[each.item.id.type, each.item.id.owner] for each in found],
            )
        return found[0]

    def eyes(self, number: int, reader: int | None, *, guessed: bool) -> Eyes | None:
        """How much of an item a reader sees; ``None`` if nothing, or if there is no such item."""
        with begin_read(self._engine) as connection:
            return self._eyes(connection, number, reader, guessed)

    def _eyes(
        self, connection: Connection, number: int, reader: int | None, guessed: bool
    ) -> Eyes | None:
        stated = FactTable(connection).speakers(number)
        if stated and reader is not None:
            seen = self.seen(connection, reader)
            if seen is None or stated & seen:
                return Eyes(reader, Strangers.ALL)
        identity = ItemTable(connection).ids([number]).get(number)
        if identity is None or not stated:
            return None
        home = identity.owner if identity.owner in stated else min(stated)
        policy = self._policies.of(home)
        if policy.strangers is Strangers.NOTHING or (guessed and not policy.guessable):
            return None
        return Eyes(home, policy.strangers)

    def seen(self, connection: Connection, reader: int) -> Seen:
        """The parties whose records a reader sees, itself included; ``None``: everyone's."""
        others = self._visibility.parties(connection, reader)
        return None if others is None else others | {reader}

    def _item(self, connection: Connection, number: int, eyes: Eyes) -> Item:
        seen = self.seen(connection, eyes.reader)
        return ItemTable(connection).get([number], eyes.reader, seen)[number][0]


def _numbers(table: ItemTable, text: str, owner: int) -> list[int]:
    """Numbers of the things that a text means, the one in the reader's own words first."""
    ids: dict[ItemId, None] = {}
    with contextlib.suppress(CodeError):
        ids[identify(text, owner).id] = None
    ids.update(dict.fromkeys(table.find(text)))
    numbers = table.numbers(ids)
    return [numbers[each] for each in ids if each in numbers]
