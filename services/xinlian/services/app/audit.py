"""The audit log: one row for every request that could write, whatever came of it.

Requests of strangers, and those beyond a token's rate, leave no row, or else anybody could fill the
disk: they are counted, and the count goes to the server's log.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Engine, insert, select
from xinlian.ledger.adapters.sql.engine import begin_write
from xinlian.services.app.clock import Clock
from xinlian.services.app.tables import audit_log

__all__ = ["AuditEntry", "AuditLog", "AuditRow", "Unkept"]

_COUNT_NS: Final = 10_000_000_000

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """A request and how it ended: HTTP status, and the problem's code if it was refused.

    ``detail`` says what else a later reader needs, such as the value that was replaced.
    """

    request_id: str
    token: str | None
    party: int | None
    method: str
    path: str
    operation: str | None
    status: int
    code: str | None
    key: str | None
    detail: str | None


@dataclass(frozen=True, slots=True)
class AuditRow(AuditEntry):
    """An entry as kept: its number and when it was written (Unix seconds)."""

    id: int
    at: int


class AuditLog:
    """Appends entries and reads them newest first."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock

    def append(self, entry: AuditEntry) -> None:
        """Write one entry."""
        row = {name: getattr(entry, name) for name in AuditEntry.__dataclass_fields__}
        row["path"] = entry.path[:200]
        row["detail"] = None if entry.detail is None else entry.detail[:200]
        with begin_write(self._engine) as connection:
            connection.execute(insert(audit_log).values(at=self._clock.now(), **row))

    def page(self, *, party: int | None, limit: int, after: int | None) -> list[AuditRow]:
        """Entries newest first, of one party or of all, older than number ``after``."""
        query = select(audit_log).order_by(audit_log.c.id.desc()).limit(limit)
        if party is not None:
            query = query.where(audit_log.c.party == party)
        if after is not None:
            query = query.where(audit_log.c.id < after)
        with self._engine.connect() as connection:
            return [AuditRow(**row._mapping) for row in connection.execute(query)]


class Unkept:
    """Counts requests without an entry; tells the log at most every 10 seconds.

    ``now_ns`` is a clock that never goes backwards.
    """

    def __init__(self, now_ns: Callable[[], int] = time.monotonic_ns) -> None:
        self._now_ns = now_ns
        self._told_ns = now_ns() - _COUNT_NS
        self._counts: Counter[int] = Counter()
        self._lock = threading.Lock()

    def count(self, status: int) -> None:
        """Count one, by the HTTP status it was answered with."""
        with self._lock:
            self._counts[status] += 1
            now = self._now_ns()
            if now - self._told_ns < _COUNT_NS:
                return
            counts, self._counts, self._told_ns = self._counts, Counter(), now
        text = ", ".join(f"{number} with {status}" for status, number in sorted(counts.items()))
        log.warning("writes by strangers or beyond the rate, not in the audit log: %s", text)
