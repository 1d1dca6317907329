"""Which thing a code, a tag or an address means, and how much of it a reader may see."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, Engine
from xinlian.ledger.adapters.sql.engine import begin_read
from xinlian.services.app.errors import Code, RefusedError
from xinlian.services.app.trace_finding import earliest, exact, homes, loosely, scanned
from xinlian.services.app.trace_links import Tags
from xinlian.services.app.trace_policy import LEVELS, PagePolicies, Strangers
from xinlian.services.app.trace_sharing import EVERYONE
from xinlian.trace.adapters.sql.items import ItemTable
from xinlian.trace.adapters.sql.reading import FactTable
from xinlian.trace.model.items import Item, ItemId, ItemType
from xinlian.trace.model.readers import home_of, is_stranger, stranger
from xinlian.trace.usecases.ports import Seen, Visibility

__all__ = ["EVERYONE", "Eyes", "Found", "Tagged", "TraceItems"]

_OWN_LINK: Final = re.compile(
    r"(?:https?://[^/?#\s]{1,253})?/t/([a-z2-7]{23})(?:[/?#].*)?", re.ASCII
)
FOUND_MAX: Final = 20


@dataclass(frozen=True, slots=True)
class Eyes:
    """Who looks at an item, and how much of it is shown.

    ``reader`` is a party, ``EVERYONE``, or a stranger before the page of the item's home party,
    which sees what that party's policy lets it (``model.readers``).
    """

    reader: int
    shown: Strangers

    @property
    def stranger(self) -> bool:
        """Whether this is a stranger before a public page."""
        return is_stranger(self.reader)

    @property
    def home(self) -> int:
        """Whose words come first: the reader's, and for a stranger those of the page's party."""
        return home_of(self.reader)

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


@dataclass(frozen=True, slots=True)
class Tagged:
    """What a label's tag means; ``party`` is whose label it is, 0 for that of the item's home."""

    number: int
    party: int


class TraceItems:
    """Looks things up. ``reader`` is a party, ``EVERYONE``, or ``None`` for a stranger."""

    def __init__(
        self, engine: Engine, tags: Tags, policies: PagePolicies, visibility: Visibility
    ) -> None:
        self._engine = engine
        self._tags = tags
        self._policies = policies
        self._visibility = visibility

    def addresses(self, ids: Iterable[ItemId], eyes: Eyes) -> dict[ItemId, str]:
        """Where the pages of items are; for a stranger only of those whose pages let guessers in:
        whoever shows strangers a part may not open another's page with it."""
        with begin_read(self._engine) as connection:
            numbers = ItemTable(connection).numbers(ids)
            if eyes.stranger:
                owners = homes(connection, numbers.values())
                open_ = self._policies.open_to_guessers(owners.values())
                numbers = {k: n for k, n in numbers.items() if owners.get(n) in open_}
        return {each: self._address(number) for each, number in numbers.items()}

    def item(self, number: int, eyes: Eyes) -> Item:
        """An item that somebody sees."""
        with begin_read(self._engine) as connection:
            return self._item(connection, number, eyes)

    def tagged(self, tag: str) -> Tagged | None:
        """What a label's tag means."""
        with begin_read(self._engine) as connection:
            return self._tagged(connection, tag)

    def find(self, text: str, reader: int | None) -> list[Found]:
        """Things that a text means and that the reader may see at all, the likeliest first.

        What somebody scanned counts only where no thing has this very code, and another spelling
        or a part of a code (``trace_finding.loosely``) only where nobody scanned it.
        """
        own = _OWN_LINK.fullmatch(text)
        with begin_read(self._engine) as connection:
            if own is not None:
                label = self._tagged(connection, own[1])
                found = None if label is None else self._label(connection, label, reader)
                return [] if found is None else [found]
            seen = frozenset() if reader is None else self.seen(connection, reader)
            numbers = exact(connection, text, reader, seen)
            found_all = self._guessed(connection, numbers, reader)
            if reader is None and numbers:
                # What its party does not show is not made up for by what others scanned.
                return found_all
            if not found_all:
                numbers = scanned(connection, text, seen, all_seen=seen is None)
                found_all = self._guessed(connection, numbers, reader)
            if not found_all:
                numbers = loosely(connection, text, reader, seen)
                found_all = self._guessed(connection, numbers, reader)
            return found_all

    def printed(self, link: str, reader: int | None) -> Found | None:
        """What a printed Digital Link means: the thing with this very code; of several (of other
        types) one that the reader sees whole, else the one that was described first. What others
        captured as scanned counts for nothing."""
        with begin_read(self._engine) as connection:
            seen = frozenset() if reader is None else self.seen(connection, reader)
            numbers = earliest(connection, exact(connection, link, reader, seen))
            if reader is None:
                numbers = numbers[:1]
            found = self._guessed(connection, numbers, reader)
        return next((each for each in found if each.whole), found[0] if found else None)

    def _tagged(self, connection: Connection, tag: str) -> Tagged | None:
        found = self._tags.read(tag, FactTable(connection).speakers)
        return None if found is None else Tagged(*found)

    def _label(self, connection: Connection, label: Tagged, reader: int | None) -> Found | None:
        eyes = self._eyes(connection, label.number, reader, guessed=False, party=label.party)
        return None if eyes is None else self._found(connection, label, eyes, reader)

    def _guessed(
        self, connection: Connection, numbers: Iterable[int], reader: int | None
    ) -> list[Found]:
        found: list[Found] = []
        for number in numbers:
            eyes = self._eyes(connection, number, reader, guessed=True)
            if eyes is not None:
                label = Tagged(number, self._bound(connection, number, reader))
                found.append(self._found(connection, label, eyes, reader))
            if len(found) == FOUND_MAX:
                break
        return found

    def _found(
        self, connection: Connection, label: Tagged, eyes: Eyes, reader: int | None
    ) -> Found:
        return Found(
            label.number,
            self._item(connection, label.number, eyes),
            self._address(label.number, label.party),
            eyes.reader == reader and eyes.whole,
        )

    def _bound(self, connection: Connection, number: int, reader: int | None) -> int:
        """The party that a label made for a reader names: itself, if the item has another home."""
        if reader is None or reader <= 0:
            return 0
        stated = FactTable(connection).speakers(number)
        home = homes(connection, [number], stated).get(number)
        return reader if reader in stated and reader != home else 0

    def _address(self, number: int, party: int = 0) -> str:
        """Where a page is, on this server."""
        return f"/t/{self._tags.tag(number, party)}"

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
                f"the code {code} means {len(found)} items: take one of {_listed(found)}, "
                "or name its type or its owner too",
                items=[[each.item.id.type, each.item.id.owner] for each in found],
            )
        return found[0]

    def eyes(
        self, number: int, reader: int | None, *, guessed: bool, party: int = 0
    ) -> Eyes | None:
        """How much of an item a reader sees; ``None`` if nothing, or if there is no such item.

        ``party`` is whose label it is (``Tagged``)."""
        with begin_read(self._engine) as connection:
            return self._eyes(connection, number, reader, guessed=guessed, party=party)

    def _eyes(
        self,
        connection: Connection,
        number: int,
        reader: int | None,
        *,
        guessed: bool,
        party: int = 0,
    ) -> Eyes | None:
        stated = FactTable(connection).speakers(number)
        if stated and reader is not None:
            seen = self.seen(connection, reader)
            if seen is None or stated & seen:
                return Eyes(reader, Strangers.ALL)
        home: int | None = party
        if party not in stated:
            home = homes(connection, [number], stated).get(number)
        if home is None:
            return None
        policy = self._policies.of(home)
        if policy.strangers is Strangers.NOTHING or (guessed and not policy.guessable):
            return None
        return Eyes(stranger(home, LEVELS.index(policy.strangers)), policy.strangers)

    def seen(self, connection: Connection, reader: int) -> Seen:
        """The parties whose records a reader sees, itself included; ``None``: everyone's."""
        others = self._visibility.parties(connection, reader)
        return None if others is None else others | {reader}

    def _item(self, connection: Connection, number: int, eyes: Eyes) -> Item:
        seen = self.seen(connection, eyes.reader)
        return ItemTable(connection).get([number], eyes.home, seen)[number][0]


def _listed(found: list[Found], most: int = 5) -> str:
    """The first ids of several things, for people."""
    ids = [each.item.id.id for each in found]
    return ", ".join([*dict.fromkeys(ids[:most]), *(["…"] if len(ids) > most else [])])
