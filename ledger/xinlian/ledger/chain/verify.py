"""Verification of the books against the chain, from block 0.

Steps (the numbers stand at the code):
1. read all blocks again up to the height of the books, into an empty database;
2. compare every table, as canonical bytes;
3. check that every root conserves its face, and every issuer's outstanding its unpaid pieces;
4. read on to the head and compare every root with the contract's own digest;
5. compare limits, outstanding, numbers of things and heads of evidence logs with what the
   contracts answer.
"""

from __future__ import annotations

import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from sqlalchemy import Connection, Engine, func, select
from xinlian.ledger.adapters.sql import tables
from xinlian.ledger.adapters.sql.base import metadata
from xinlian.ledger.adapters.sql.books import read_state
from xinlian.ledger.adapters.sql.dump import differences, table_digest
from xinlian.ledger.adapters.sql.engine import make_engine
from xinlian.ledger.adapters.sql.query_logs import newest_head
from xinlian.ledger.adapters.sql.rows import as_of
from xinlian.ledger.adapters.sql.tables import PROJECTION
from xinlian.ledger.chain.errors import StateGoneError
from xinlian.ledger.chain.indexer import Indexer
from xinlian.ledger.chain.rpc import Rpc
from xinlian.ledger.chain.views import ChainViews
from xinlian.ledger.model.errors import Failure, LedgerError
from xinlian.ledger.model.vouchers import UNPAID_STATES
from xinlian.ledger.usecases.conservation import broken
from xinlian.ledger.usecases.verify import Difference, TableDigest, VerifyReport

COMPARE_TRIES: Final = 20
DIFFERENCES_MAX: Final = 20


@dataclass(frozen=True, slots=True)
class _Books:
    height: int
    block_hash: bytes
    tables: tuple[TableDigest, ...]
    differences: tuple[Difference, ...]


def verify(engine: Engine, rpc: Rpc, contracts: Mapping[str, str], chain_id: int) -> VerifyReport:
    """Rebuild the books from the chain and compare; nothing in them is changed.

    ``contracts`` maps addresses to names as for the ``Indexer``. Works while blocks go on being
    read. Raises ``LedgerError``: NOT_FOUND if there are no books, CHAIN_MISMATCH for another chain.
    """
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="xinlian-verify-") as folder:
        copy = make_engine(f"sqlite:///{Path(folder) / 'rebuilt.db'}")
        try:
            metadata.create_all(copy, tables=[*PROJECTION, tables.ledger_state])
            indexer = Indexer(
                copy, rpc, dict(contracts), chain_id, alarm=_no_alarm, reorganises=True
            )
            stands = _compare_tables(engine, copy, indexer)  # 1, 2
            with copy.connect() as connection:
                breaks = [*_conservation(connection), *_outstanding(connection)]  # 3
                roots = connection.execute(
                    select(func.count()).select_from(tables.roots)
                ).scalar_one()
            chain_height, chain_breaks = _compare_chain(copy, indexer, rpc, contracts)  # 4, 5
        finally:
            copy.dispose()
    return VerifyReport(
        stands.height,
        stands.block_hash,
        stands.tables,
        stands.differences,
        roots,
        tuple(breaks),
        chain_height,
        tuple(chain_breaks),
        indexer.events_read,
        time.monotonic() - began,
    )


def _compare_tables(engine: Engine, copy: Engine, indexer: Indexer) -> _Books:
    snapshot = engine.execution_options(
        isolation_level="REPEATABLE READ" if engine.dialect.name != "sqlite" else "SERIALIZABLE"
    )
    with snapshot.connect() as ours:
        state = read_state(ours)
        if state is None:
            raise LedgerError(
                Failure.NOT_FOUND, "There are no books yet: nothing was ever read from the chain."
            )
        indexer.catch_up(state.height, compare=False)
        found: list[Difference] = []
        digests: list[TableDigest] = []
        with copy.connect() as theirs:
            for table in PROJECTION:
                digests.append(table_digest(ours, table))
                if digests[-1] != table_digest(theirs, table):
                    room = DIFFERENCES_MAX - len(found)
                    found += differences(ours, theirs, table)[:room]
    return _Books(state.height, state.hash, tuple(digests), tuple(found))


def _conservation(connection: Connection) -> Iterator[str]:
    roots = tables.roots.c
    faces = dict(iter(connection.execute(select(roots.root, roots.face))))
    pieces = tables.piece_versions
    ranges: dict[int, list[tuple[int, int, int]]] = defaultdict(list)
    rows = connection.execute(
        select(pieces.c.root, pieces.c.range_start, pieces.c.range_end, pieces.c.state).where(
            as_of(pieces, None)
        )
    )
    for root, start, end, state in rows:
        ranges[root].append((start, end, state))
    for root, face in faces.items():
        reason = broken(face, ranges.pop(root, []))
        if reason is not None:
            yield f"root {root}: {reason}"
    for root in ranges:
        yield f"root {root}: it has pieces and was never issued"


def _outstanding(connection: Connection) -> Iterator[str]:
    pieces, roots, issuers = tables.piece_versions, tables.roots, tables.issuer_versions
    unpaid = [int(state) for state in UNPAID_STATES]
    sums = connection.execute(
        select(roots.c.issuer, func.sum(pieces.c.range_end - pieces.c.range_start))
        .select_from(pieces.join(roots, roots.c.root == pieces.c.root))
        .where(as_of(pieces, None), pieces.c.state.in_(unpaid))
        .group_by(roots.c.issuer)
    )
    owed = {issuer: int(amount) for issuer, amount in sums}
    rows = connection.execute(
        select(issuers.c.issuer, issuers.c.outstanding).where(as_of(issuers, None))
    )
    for issuer, outstanding in rows:
        if owed.get(issuer, 0) != outstanding:
            yield f"issuer {issuer}: outstanding {outstanding}, pieces {owed.get(issuer, 0)}"


def _compare_chain(
    copy: Engine, indexer: Indexer, rpc: Rpc, contracts: Mapping[str, str]
) -> tuple[int, list[str]]:
    """Height of the comparison and what differs; height -1 if the chain moved on every time."""
    addresses = {name: address for address, name in contracts.items()}
    views = ChainViews(rpc, addresses["vouchers"])
    for _ in range(COMPARE_TRIES):
        try:
            height = indexer.catch_up()
            with copy.connect() as connection:
                state = read_state(connection)
                if state is None or state.checked_height != height:
                    continue
                breaks = [
                    *_counters(connection, views, addresses, height),
                    *_heads(connection, views, addresses["evidence"], height),
                ]
                return height, breaks
        except StateGoneError:
            continue
        except LedgerError as error:
            if error.code is not Failure.HALTED:
                raise
            return indexer.height, [error.message]
    return -1, []


def _counters(
    connection: Connection, views: ChainViews, addresses: Mapping[str, str], height: int
) -> Iterator[str]:
    issuers = tables.issuer_versions
    rows = connection.execute(select(issuers).where(as_of(issuers, None))).all()
    theirs = views.issuers([row.issuer for row in rows], height)
    for row in rows:
        ours = (row.credit_limit, row.outstanding, row.blocked)
        if ours != theirs[row.issuer]:
            yield f"issuer {row.issuer}: books {ours}, contract {theirs[row.issuer]}"
    counted = (
        ("vouchers", "rootCount()", tables.roots.c.root),
        ("desk", "financingCount()", tables.financing_versions.c.financing),
        ("registry", "partyCount()", tables.party_versions.c.party),
    )
    for name, signature, column in counted:
        ours_count = connection.execute(select(func.max(column))).scalar() or 0
        count = views.number(addresses[name], signature, height)
        if count != ours_count:
            yield f"{name}.{signature} is {count}, the books have {ours_count}"


def _heads(connection: Connection, views: ChainViews, contract: str, height: int) -> Iterator[str]:
    logs = connection.execute(
        select(tables.log_versions.c.log).where(as_of(tables.log_versions, None))
    )
    names = [bytes(log) for (log,) in logs]
    theirs = views.heads(contract, names, height)
    for log in names:
        newest = newest_head(connection, log)
        ours = (0, bytes(32)) if newest is None else (newest.size, newest.root)
        if ours != theirs[log]:
            yield (
                f"evidence log {log.hex()}: the books have a head of {ours[0]} records, "
                f"the contract one of {theirs[log][0]}"
            )


def _no_alarm(_reason: str) -> None:
    """The report says what broke; the books themselves are not at fault here."""
