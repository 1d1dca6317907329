"""Bitmaps of vehicles per factor, of what a reader may see: those kept, or reckoned.

While no view of the reader is kept, or it is far behind, they are reckoned from the vehicles of
which the reader's parties spoke, up to some thousands; larger plants wait until their view is made.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final

from pyroaring import BitMap
from sqlalchemy import Connection
from xinlian.trace.adapters.sql.factors import Key
from xinlian.trace.adapters.sql.items import ItemTable
from xinlian.trace.adapters.sql.views import SetViews
from xinlian.trace.model.factors import FactorKind
from xinlian.trace.model.quality.enrichment import FactorKey
from xinlian.trace.model.quality.errors import QualityError
from xinlian.trace.usecases.ports import Seen

__all__ = ["RECKONED_MAX", "factor_sets"]

RECKONED_MAX: Final = 10_000
"""Vehicles from which sets are reckoned at once, at some thousand per second."""
_KINDS: Final = (
    *(FactorKind.BATCH, FactorKind.MACHINE, FactorKind.SHIFT, FactorKind.GAUGE),
    *(FactorKind.SUPPLIER, FactorKind.STATION),
)


def factor_sets(
    connection: Connection, kinds: Collection[str], seen: Seen
) -> dict[FactorKey, BitMap]:
    """The bitmaps of factors of ``kinds``; factors that no vehicle met are left out. Raises
    ``QualityError`` for other kinds, and while the sets of a large plant are being made."""
    for kind in kinds:
        if kind not in _KINDS:
            raise QualityError(f"{kind!r} is no kind of factor: {', '.join(_KINDS)}")
    wanted = [FactorKind(kind) for kind in kinds]
    views = SetViews(connection)
    kept = views.fresh_all_sets(seen, wanted)
    if kept is None:
        kept = views.reckoned_sets(seen, wanted, RECKONED_MAX)
    if kept is None:
        raise QualityError("the sets of vehicles are still being made: ask again in some minutes")
    return _named(connection, kept)


def _named(connection: Connection, kept: Mapping[Key, BitMap]) -> dict[FactorKey, BitMap]:
    """Batches by their ids; the store names them by number."""
    numbers = [int(name) for kind, name in kept if kind is FactorKind.BATCH]
    names = ItemTable(connection).ids(numbers)
    found: dict[FactorKey, BitMap] = {}
    for (kind, name), held in kept.items():
        key = FactorKey(kind.value, names[int(name)].id if kind is FactorKind.BATCH else name)
        # Batches of several owners may go by one id.
        found[key] = found[key] | held if key in found else held
    return found
