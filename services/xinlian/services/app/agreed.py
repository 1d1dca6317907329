"""Which lock on chain is the one that was agreed.

The hash of the terms is the seller's to give: whoever holds it can put it on a lock of another
piece or at another price. So every fact of the lock is compared with what the quote says.
"""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session
from xinlian.finance.model.financing.life import Financing
from xinlian.ledger.adapters.sql.tables import OPEN, financing_versions, piece_versions
from xinlian.ledger.model.ids import FinancingId, PieceId, index_of, root_of
from xinlian.ledger.model.items import OpenFinancing

__all__ = ["agreed_lock"]


def agreed_lock(session: Session, financing: Financing) -> tuple[FinancingId, PieceId] | None:
    """The first financing on chain that locks what was agreed, as agreed; ``None`` if none does."""
    agreed = financing.opening()
    f = financing_versions.c
    query = (
        select(f.financing, f.piece)
        .where(
            f.to_block == OPEN,
            f.seller == financing.request.supplier,
            f.funder == agreed.funder,
            f.bank == agreed.bank,
            f.sale == int(agreed.sale),
            f.recourse == int(agreed.recourse),
            f.price == agreed.price,
            f.maturity_day == agreed.maturity_day,
            f.expiry == agreed.expiry,
            f.terms == agreed.terms,
        )
        .order_by(f.financing)
    )
    for row in session.execute(query).all():
        if _locks_what_was_asked(session, row.financing, row.piece, agreed):
            return FinancingId(row.financing), PieceId(row.piece)
    return None


def _locks_what_was_asked(
    session: Session, financing: int, piece: int, agreed: OpenFinancing
) -> bool:
    """Whether the piece was, when it was locked, the one of the request or a cut of it, and of the
    amount agreed."""
    f, p = financing_versions.c, piece_versions.c
    opened = select(func.min(f.from_block)).where(f.financing == financing).scalar_subquery()
    row = session.execute(
        select(p.parent, p.range_start, p.range_end).where(
            p.piece == piece, p.from_block <= opened, p.to_block > opened
        )
    ).one()
    cut = root_of(piece) == root_of(agreed.piece) and row.parent == index_of(agreed.piece)
    amount: int = row.range_end - row.range_start
    return (piece == agreed.piece or cut) and amount == agreed.amount
