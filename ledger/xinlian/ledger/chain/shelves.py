"""The books of the things that a range of blocks touches, in memory.

Rows are loaded in bulk before a range is applied and kept for the next ones, up to a bound.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final, Protocol

from sqlalchemy import Table
from xinlian.ledger.adapters.sql import tables
from xinlian.ledger.adapters.sql.tables import OPEN
from xinlian.ledger.chain.decoder import Event
from xinlian.ledger.chain.events import NUMBER, SHAPES
from xinlian.ledger.chain.versions import FROM, VersionedRows
from xinlian.ledger.model.keccak import keccak256
from xinlian.ledger.model.vouchers import StoredState, pack_piece_word, pack_root_word

ROOTS_MAX: Final = 20_000
ROWS_MAX: Final = 40_000

Row = Sequence[Any]


class BooksReader(Protocol):
    """Reads the rows that hold now, in the order of their table's columns."""

    def open_rows(self, table: Table, keys: Sequence[Any]) -> Iterable[Row]:
        """The open versions of the keys."""

    def open_pieces(self, roots: Sequence[int]) -> Iterable[Row]:
        """The open versions of all pieces of the roots."""

    def roots(self, roots: Sequence[int]) -> Iterable[Row]:
        """The roots."""


def _positions(*wanted: str) -> tuple[tuple[int, ...], ...]:
    return tuple(
        tuple(at for at, field in enumerate(shape.fields) if field.name in wanted)
        for shape in SHAPES
    )


def _only(positions: tuple[tuple[int, ...], ...], *contracts: str) -> tuple[tuple[int, ...], ...]:
    return tuple(
        at if shape.contract in contracts else ()
        for shape, at in zip(SHAPES, positions, strict=True)
    )


_NEW_ROOT = NUMBER["VoucherOffered"]
_PIECES = tuple(
    at if number != _NEW_ROOT else ()
    for number, at in enumerate(_only(_positions("piece"), "vouchers"))
)
_ISSUERS = _only(_positions("issuer"), "vouchers")
_DOCUMENTS = _only(_positions("document", "source", "target"), "documents")
_FINANCINGS = _only(_positions("financing"), "desk")
_PARTIES = _only(_positions("party"), "registry")
_ACCOUNTS = _only(_positions("account"), "registry")
_LOGS = _only(_positions("log"), "evidence")


class Shelves:
    """Rows in memory by table, and lists of rows that a range adds."""

    def __init__(self) -> None:
        self.pieces = VersionedRows()
        self.issuers = VersionedRows()
        self.documents = VersionedRows()
        self.financings = VersionedRows()
        self.parties = VersionedRows()
        self.accounts = VersionedRows()
        self.logs = VersionedRows()
        self._versioned = {
            tables.piece_versions: self.pieces,
            tables.issuer_versions: self.issuers,
            tables.document_versions: self.documents,
            tables.financing_versions: self.financings,
            tables.party_versions: self.parties,
            tables.account_versions: self.accounts,
            tables.log_versions: self.logs,
        }
        self._roots: dict[int, list[Any]] = {}
        self._counts: dict[int, int] = {}
        self.begin(0)

    def begin(self, first_block: int) -> None:
        """Start a range that begins with ``first_block``; forget what the last one changed."""
        self._first = first_block
        self.touched: set[int] = set()
        self.events: list[Row] = []
        self.orders: list[Row] = []
        self.sources: list[Row] = []
        self.policies: list[Row] = []
        self.heads: list[Row] = []
        self._new_roots: list[list[Any]] = []
        self._ended: dict[int, list[Any]] = {}
        for rows in self._versioned.values():
            rows.begin(first_block)

    def clear(self) -> None:
        """Forget everything, after a range that was not written."""
        for rows in self._versioned.values():
            rows.open.clear()
        self._roots.clear()
        self._counts.clear()
        self.begin(0)

    def load(self, events: Sequence[Event], reader: BooksReader) -> None:
        """Read the rows that the events will need and that are not in memory."""
        keys: dict[Table, set[Any]] = {table: set() for table in self._versioned}
        needed = set()
        for event in events:
            number, values = event[3], event[4]
            for at in _PIECES[number]:
                needed.add(values[at] >> 16)
            for positions, table in _LOADS:
                for at in positions[number]:
                    keys[table].add(values[at])
        self.load_roots(needed, reader)
        for root in needed:
            if root in self._roots:
                keys[tables.issuer_versions].add(self._roots[root][2])
        for table, wanted in keys.items():
            missing = self._versioned[table].missing(wanted)
            if missing:
                self._versioned[table].load(reader.open_rows(table, missing))

    def load_roots(self, wanted: Iterable[int], reader: BooksReader) -> None:
        """Read the roots and their pieces that are not in memory."""
        roots, needed = self._roots, set(wanted)
        for root in needed:
            known = roots.pop(root, None)
            if known is not None:
                roots[root] = known  # last used goes to the end
        missing = sorted(needed.difference(roots))
        if not missing:
            return
        for row in reader.roots(missing):
            roots[row[0]] = list(row)
            self._counts[row[0]] = 0
        pieces = self.pieces.open
        for row in reader.open_pieces(missing):
            pieces[row[0]] = list(row)
            self._counts[row[0] >> 16] += 1

    def shrink(self) -> None:
        """Keep memory bounded once a range is written."""
        for root in list(self._roots)[: max(0, len(self._roots) - ROOTS_MAX)]:
            del self._roots[root]
            for index in range(self._counts.pop(root)):
                del self.pieces.open[root << 16 | index]
        for rows in (self.documents, self.financings, self.parties, self.accounts, self.logs):
            rows.shrink(ROWS_MAX)

    # Rows to change

    def piece(self, piece: int, block: int) -> list[Any]:
        """A piece, ready to be changed; its root counts as touched."""
        self.touched.add(piece >> 16)
        return self.pieces.touch(piece, block)

    def issuer(self, issuer: int, block: int) -> list[Any]:
        """An issuer's row, made at its first use."""
        if issuer in self.issuers.open:
            return self.issuers.touch(issuer, block)
        return self.issuers.add(issuer, block, 0, 0, 0, 0, 0, 0, 0, 0)

    def account(self, account: bytes, block: int) -> list[Any]:
        """An account's row, made at its first use; party 0 stands for nobody's any more."""
        if account in self.accounts.open:
            return self.accounts.touch(account, block)
        return self.accounts.add(account, block, 0)

    def add_root(self, row: list[Any]) -> None:
        """A new root with its first piece."""
        root = row[0]
        self._roots[root] = row
        self._counts[root] = 1
        self._new_roots.append(row)
        self.touched.add(root)

    def count_piece(self, piece: int) -> None:
        """A piece was cut; its index must be the next of its root."""
        root, index = piece >> 16, piece & 0xFFFF
        if index != self._counts[root]:
            raise ValueError(f"piece {piece} is number {index}, expected {self._counts[root]}")
        self._counts[root] = index + 1

    def end_root(self, root: int, column: int, block: int) -> None:
        """Note the block in which a root was cancelled or dishonoured."""
        row = self._roots[root]
        row[column] = block
        self.touched.add(root)
        if row[FROM] < self._first:
            self._ended[root] = row

    def issuer_of(self, root: int) -> int:
        """The issuer of a root."""
        issuer: int = self._roots[root][2]
        return issuer

    # Results of a range

    def inserts(self) -> list[tuple[Table, Sequence[Row]]]:
        """New rows by table."""
        found: list[tuple[Table, Sequence[Row]]] = [
            (tables.events, self.events),
            (tables.order_results, self.orders),
            (tables.document_sources, self.sources),
            (tables.policies, self.policies),
            (tables.anchored_heads, self.heads),
            (tables.roots, self._new_roots),
        ]
        found += [(table, rows.inserts) for table, rows in self._versioned.items()]
        return [(table, rows) for table, rows in found if rows]

    def closes(self) -> list[tuple[Table, Sequence[tuple[int, Any, int]]]]:
        """Versions that ended, by table: (to_block, key, from_block)."""
        return [(table, rows.closes) for table, rows in self._versioned.items() if rows.closes]

    def ended_roots(self) -> list[tuple[int, int, int]]:
        """Roots of earlier ranges that ended: (cancelled_block, dishonoured_block, root)."""
        return [(row[11], row[12], row[0]) for row in self._ended.values()]

    def ranges(self, root: int) -> tuple[int, list[tuple[int, int, int]]]:
        """Face of a root in memory and (start, end, state) of its pieces."""
        pieces = self.pieces.open
        base = root << 16
        rows = [pieces[base | index] for index in range(self._counts[root])]
        return self._roots[root][5], [(row[6], row[7], row[9]) for row in rows]

    def digest(self, root: int) -> bytes:
        """The digest of a root in memory, as ``rootDigests`` reckons it on the chain."""
        facts, count = self._roots[root], self._counts[root]
        if facts[11] != OPEN:
            state = StoredState.CANCELLED
        elif facts[12] != OPEN:
            state = StoredState.DISHONOURED
        else:
            state = StoredState.OPEN
        _, _, issuer, _, bank, face, due, issued, policy, document = facts[:10]
        parts = [pack_root_word(policy, state, count, issued, due, face, bank, issuer), document]
        pieces = self.pieces.open
        for index in range(count):
            (_, _, _, _, holder, offeree, start, end, expiry, stands, depth, parent, _) = pieces[
                root << 16 | index
            ]
            parts.append(
                pack_piece_word(parent, depth, stands, expiry, end, start, offeree, holder)
            )
        return keccak256(b"".join(parts))


_LOADS: Final = (
    (_ISSUERS, tables.issuer_versions),
    (_DOCUMENTS, tables.document_versions),
    (_FINANCINGS, tables.financing_versions),
    (_PARTIES, tables.party_versions),
    (_ACCOUNTS, tables.account_versions),
    (_LOGS, tables.log_versions),
)
