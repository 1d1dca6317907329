"""Certificates of items, as a reader may see them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import Connection
from xinlian.trace.adapters.sql import bulk
from xinlian.trace.adapters.sql.items import ItemTable
from xinlian.trace.adapters.sql.tables import records
from xinlian.trace.adapters.sql.tables_facts import certificates
from xinlian.trace.model.stored import Certificate, CertificateState
from xinlian.trace.usecases.ports import Seen

__all__ = ["STATES", "certificates_of"]

STATES: Final = tuple(CertificateState)
"""A state's number in SQL is its place here."""
_COLUMNS: Final = (
    "item certificate party sha256 name media_type header attached_ms state reason reviewed_by"
    " reviewed_ms record"
)


def certificates_of(
    connection: Connection, wanted: Sequence[int], seen: Seen, reader: int = 0
) -> tuple[Certificate, ...]:
    """Certificates of items (by number), in order of time.

    A review counts where it was made by a party of ``seen``, or for ``reader``, who handed the
    paper in: a friend's approval is none, and the paper waits. A paper from outside ``seen`` shows
    once it was approved, so that strangers put nothing on an item, neither by handing it in nor by
    its being rejected.
    """
    rows = [
        row
        for row in bulk.by_keys(connection, certificates, _COLUMNS, "item", wanted)
        if seen is None
        or row[2] in seen
        or (_receiver(row[6]) in seen and STATES[row[8]] is CertificateState.APPROVED)
    ]
    if not rows:
        return ()
    ids = ItemTable(connection).ids({row[0] for row in rows})
    kept = {row[12] for row in rows if row[12] is not None}
    leaves = {
        row[0]: (row[1], bytes(row[2]).hex())
        for row in bulk.by_keys(connection, records, "record leaf leaf_hash", "record", kept)
    }
    made = []
    for row in rows:
        counts = seen is None or row[2] == reader or _receiver(row[6]) in seen
        made.append(
            Certificate(
                number=row[1],
                party=row[2],
                item=ids[row[0]],
                sha256=row[3],
                name=row[4],
                media_type=row[5],
                header=row[6],
                attached_ms=row[7],
                state=STATES[row[8]] if counts else CertificateState.WAITING,
                reason=row[9] if counts else "",
                reviewed_by=row[10] if counts else "",
                reviewed_ms=row[11] if counts else None,
                leaf=leaves.get(row[12], (None, ""))[0],
                leaf_hash=leaves.get(row[12], (None, ""))[1],
            )
        )
    return tuple(sorted(made, key=lambda each: (each.attached_ms, each.number)))


def _receiver(header: str) -> Any:
    return json.loads(header).get("to_party")
