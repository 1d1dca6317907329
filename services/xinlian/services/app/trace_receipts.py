"""Signed receipts of captures: what a client keeps against whoever lost or withheld its records."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Engine, select
from xinlian.ledger.adapters.sql.engine import begin_read
from xinlian.services.app.errors import Code, RefusedError
from xinlian.services.app.evidence import Evidence
from xinlian.trace.adapters.sql.tables import captures, records, rows

__all__ = ["LEAVES_MAX", "Signed", "signed_receipt"]

LEAVES_MAX: Final = 10_000
"""Most records of one receipt; those beyond have a further one."""


@dataclass(frozen=True, slots=True)
class Signed:
    """A receipt ``xinlian-receipt/1``. ``after`` is the place of its last record where more of the
    capture come behind it: the next receipt begins there."""

    content: dict[str, Any]
    after: int | None


def signed_receipt(
    engine: Engine, evidence: Evidence, party: int, capture: str, after: int = -1
) -> Signed | None:
    """The receipt of a capture's records that lie beyond a place in the log: those that it brought
    and those that were known. None if there are none, or nobody here can sign for the log.

    The same question gives the same receipt, byte for byte, however often it is asked.
    """
    of_capture = (captures.c.capture == capture, captures.c.party == party)
    leaves = (
        select(records.c.leaf, records.c.leaf_hash)
        .distinct()
        .join(rows, rows.c.record == records.c.record)
        .where(rows.c.capture == capture, records.c.party == party, records.c.leaf > after)
        .order_by(records.c.leaf)
        .limit(LEAVES_MAX + 1)
    )
    with begin_read(engine) as connection:
        head = connection.execute(select(captures).where(*of_capture)).one_or_none()
        if head is None:
            raise RefusedError(Code.NOT_FOUND, f"there is no capture {capture} of yours")
        if not head.taken:
            return None
        found = [(row.leaf, bytes(row.leaf_hash)) for row in connection.execute(leaves)]
    if not found:
        return None
    told = found[:LEAVES_MAX]
    log = bytes.fromhex(head.log_id)
    content = evidence.promise(log, told, head.made_ms, head.included_by_ms)
    if content is None:
        return None
    return Signed(content, told[-1][0] if len(found) > len(told) else None)
