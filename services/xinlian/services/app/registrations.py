"""Numbers of the national registry (中登网); the chain has only their hashes."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Engine, select
from sqlalchemy.orm import Session
from xinlian.finance.adapters.sql import FinancingRow
from xinlian.ledger.model.ids import FinancingId

__all__ = ["registration_numbers"]


def registration_numbers(engine: Engine, financings: Sequence[int]) -> dict[int, str]:
    """The registration number of each financing (by its number on chain) that has one here."""
    wanted = [FinancingId(each) for each in financings]
    row = FinancingRow
    query = select(row.chain_id, row.registration).where(
        row.chain_id.in_(wanted), row.registration.is_not(None)
    )
    with Session(engine) as session:
        return {
            int(chain_id): number
            for chain_id, number in session.execute(query)
            if chain_id is not None and number is not None
        }
