"""What a text may mean, and whose words about a thing stand on its public page."""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable
from typing import Any, Final

from sqlalchemy import Connection, and_, case, exists, or_, select
from xinlian.services.app.trace_policy import Strangers
from xinlian.services.app.trace_tables import page_policies
from xinlian.trace.adapters.sql import bulk
from xinlian.trace.adapters.sql.codes import ITEM_TYPES
from xinlian.trace.adapters.sql.items import ItemTable
from xinlian.trace.adapters.sql.tables import descriptions, items, short_codes
from xinlian.trace.model.codes import CodeError, identify
from xinlian.trace.model.codes.short import spellings
from xinlian.trace.model.items import WORLD, ItemId
from xinlian.trace.model.readers import EVERYONE
from xinlian.trace.usecases.ports import Seen

__all__ = ["earliest", "exact", "homes", "loosely", "scanned"]

CANDIDATES_MAX: Final = 60
"""Things looked at for one text, those a reader sees most likely first."""
SHORTS_MAX: Final = 2_000
"""Things with one short code among which those are looked for that a reader sees."""


def homes(
    connection: Connection, numbers: Iterable[int], stated: Collection[int] = ()
) -> dict[int, int]:
    """The party on whose page a thing stands, for those that have one: for a code of a party's own
    that party, if it said anything (``stated``: who is known to have) or described the thing; for a
    code of the world, such as a VIN, who described it first. Whoever speaks later replaces nobody.
    """
    wanted = list(numbers)
    ids = ItemTable(connection).ids(wanted)
    first: dict[int, tuple[int, int]] = {}
    described = set()
    rows = bulk.by_keys(connection, descriptions, "item party record", "item", wanted)
    for number, party, record in rows:
        described.add((number, party))
        first[number] = min(first.get(number, (record, party)), (record, party))
    found = {}
    for number, name in ids.items():
        if name.owner == WORLD:
            if number in first:
                found[number] = first[number][1]
        elif name.owner in stated or (number, name.owner) in described:
            found[number] = name.owner
    return found


def exact(connection: Connection, text: str, reader: int | None, seen: Seen) -> list[int]:
    """Numbers of things with this very code, the one in the reader's own words first."""
    named: ItemId | None = None
    me = EVERYONE if reader is None else reader
    with contextlib.suppress(CodeError):
        # Nobody's own codes are no codes of the world.
        named = identify(text, me).id
    table = items.c
    here = table.id == text
    ranks: list[Any] = [(table.owner == WORLD, 1), (table.owner == me, 2)]
    if named is not None:
        kind = ITEM_TYPES.number[named.type]
        same = and_(table.id == named.id, table.type == kind, table.owner == named.owner)
        here = or_(here, same)
        ranks.insert(0, (same, 0))
    if seen is not None:
        ranks.append((table.owner.in_(seen), 3))
    query = select(table.item, table.owner).where(here)
    if reader is None:
        query = query.where(or_(table.owner == WORLD, _described_by_owner()))
    query = query.order_by(case(*ranks, else_=4), table.item).limit(CANDIDATES_MAX)
    rows = connection.execute(query).all()
    if named is not None and named.owner == WORLD:
        # Nobody's own code stands for what all the world calls so.
        rows = [row for row in rows if row.owner == WORLD]
    return [row.item for row in rows]


def earliest(connection: Connection, numbers: Collection[int]) -> list[int]:
    """Things in the order in which somebody first described them; nobody described the last."""
    rows = bulk.by_keys(connection, descriptions, "item record", "item", numbers)
    first: dict[int, int] = {}
    for number, record in rows:
        first[number] = min(first.get(number, record), record)
    return sorted(numbers, key=lambda number: (number not in first, first.get(number, number)))


def loosely(connection: Connection, text: str, reader: int | None, seen: Seen) -> list[int]:
    """Numbers of things that people mean who type a code in another case, with blanks, or only the
    lot or serial number of a longer one; those that the reader has words about first."""
    try:
        wholes, shorts = spellings(text)
    except CodeError:
        return []
    me = EVERYONE if reader is None else reader
    named = set()
    for each in wholes:
        with contextlib.suppress(CodeError):
            named.add(identify(each, me).id)
    table, short = items.c, short_codes.c
    of_short = select(short.item).where(short.code.in_(shorts)).limit(SHORTS_MAX)
    of_whole = select(table.item).where(table.id.in_({*wholes, *(each.id for each in named)}))
    if any(each.owner == WORLD for each in named):
        of_whole = of_whole.where(table.owner == WORLD)
    numbers = dict.fromkeys(connection.execute(of_whole.limit(CANDIDATES_MAX)).scalars())
    numbers.update(dict.fromkeys(connection.execute(of_short).scalars()))
    query = select(table.item).where(table.item.in_(numbers))
    if reader is None:
        query = query.where(or_(table.owner == WORLD, _described_by_owner()))
    if seen is not None:
        said = descriptions.c
        mine = exists().where(said.item == table.item, said.party.in_(seen))
        query = query.order_by(case((mine, 0), else_=1))
    query = query.order_by(table.item).limit(CANDIDATES_MAX)
    return list(connection.execute(query).scalars())


def scanned(connection: Connection, text: str, seen: Seen, *, all_seen: bool) -> list[int]:
    """Numbers of things whose code read so when it was scanned, as told by those whom the reader
    sees (``all_seen``: by anybody) or by the party on whose page the thing stands."""
    said, policy = descriptions.c, page_policies.c
    earlier = descriptions.alias()
    is_home = or_(
        said.party == items.c.owner,
        and_(
            items.c.owner == WORLD,
            ~exists().where(earlier.c.item == said.item, earlier.c.record < said.record),
        ),
    )
    closed = exists().where(
        policy.party == said.party,
        or_(policy.strangers == Strangers.NOTHING.value, policy.guessable.is_(False)),
    )
    own = said.party.in_(seen or ())
    query = (
        select(said.item)
        .join(items, items.c.item == said.item)
        .where(said.scanned == text)
        .group_by(said.item)
        .order_by(said.item)
        .limit(CANDIDATES_MAX)
    )
    if not all_seen:
        query = query.where(or_(own, and_(is_home, ~closed)))
    return list(connection.execute(query).scalars())


def _described_by_owner() -> Any:
    said = descriptions.c
    return exists().where(said.item == items.c.item, said.party == items.c.owner)
