"""The store of traceability: one transaction, all its tables."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine
from xinlian.ledger.adapters.sql.engine import begin_read, begin_write
from xinlian.trace.adapters.sql import bulk
from xinlian.trace.adapters.sql.captures import CaptureTable
from xinlian.trace.adapters.sql.disclosing import DisclosureTable
from xinlian.trace.adapters.sql.factor_changes import Whereabout
from xinlian.trace.adapters.sql.factors import FactorTable
from xinlian.trace.adapters.sql.graph import Graph
from xinlian.trace.adapters.sql.items import ItemTable
from xinlian.trace.adapters.sql.reading import FactTable
from xinlian.trace.adapters.sql.recalls import RecallTable
from xinlian.trace.adapters.sql.signals import SignalTable
from xinlian.trace.adapters.sql.standings import StandingTable
from xinlian.trace.adapters.sql.views import SetViews
from xinlian.trace.adapters.sql.writer import FactWriter

__all__ = ["SqlTrace", "TraceStore"]


class TraceStore(
    CaptureTable,
    Graph,
    SignalTable,
    FactTable,
    FactorTable,
    SetViews,
    Whereabout,
    RecallTable,
    StandingTable,
    DisclosureTable,
):
    """Everything within one transaction; ``connection`` is it."""

    def __init__(self, connection: Connection) -> None:
        SetViews.__init__(self, connection)
        self.connection = connection
        self._numbered: set[int] = set()
        self.fresh = self._numbered
        self.items = ItemTable(connection)

    def writer(self, party: int) -> FactWriter:
        """A writer for one capture."""
        return FactWriter(self.connection, party, self._numbered)


class SqlTrace:
    """Transactions on the store. One writes at a time."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @contextmanager
    def write(self) -> Iterator[TraceStore]:
        """A transaction that writes: committed at the end, rolled back on any error."""
        with begin_write(self.engine) as connection:
            bulk.lock(connection)
            yield TraceStore(connection)

    @contextmanager
    def read(self) -> Iterator[TraceStore]:
        """A transaction in which every query sees the same moment."""
        with begin_read(self.engine) as connection:
            yield TraceStore(connection)
