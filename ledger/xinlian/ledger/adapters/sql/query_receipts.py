"""Receipts of banks, as the chain shows them."""

from __future__ import annotations

import json
from collections.abc import Sequence

from sqlalchemy import Connection, select
from xinlian.ledger.adapters.sql.tables import events
from xinlian.ledger.model.ids import PIECES_PER_ROOT

__all__ = ["receipts"]


def receipts(connection: Connection, roots: Sequence[int]) -> set[bytes]:
    """The receipts (32 bytes) under which pieces of these roots were paid."""
    e = events.c
    found = set()
    for root in roots:
        first = root << 16
        query = select(e.args).where(
            e.piece.between(first, first + PIECES_PER_ROOT - 1), e.name == "PieceRedeemed"
        )
        for args in connection.scalars(query):
            found.add(bytes.fromhex(json.loads(args)["receipt"].removeprefix("0x")))
    return found
