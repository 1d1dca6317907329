"""Queries of blocks, vouchers and pieces; see ``queries``."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from sqlalchemy import ColumnElement, Connection, Row, func, or_, select
from xinlian.ledger.adapters.sql import tables
from xinlian.ledger.adapters.sql.books import read_state
from xinlian.ledger.adapters.sql.rows import (
    as_of,
    day_as_of,
    page,
    piece_view,
)
from xinlian.ledger.model.ids import DocumentKey, PartyId, RootId
from xinlian.ledger.model.views import (
    BlockView,
    HeadView,
    PieceView,
    VoucherView,
)
from xinlian.ledger.model.vouchers import Piece as ModelPiece
from xinlian.ledger.model.vouchers import (
    PieceState,
    Root,
    StoredState,
    shown_state,
)

_PIECES = tables.piece_versions
_ROOTS = tables.roots


# Blocks


def head(connection: Connection) -> HeadView | None:
    """The last block of the books; None before the first."""
    state = read_state(connection)
    if state is None:
        return None
    block = block_at(connection, state.height)
    if block is None:
        return None
    return HeadView(block, state.checked_height, state.halted)


def block_at(connection: Connection, height: int) -> BlockView | None:
    """A block of the books."""
    blocks = tables.blocks
    row = connection.execute(select(blocks).where(blocks.c.height == height)).one_or_none()
    return None if row is None else BlockView(row.height, bytes(row.hash), row.time)


# Pieces and vouchers


def piece(connection: Connection, number: int, at: int | None = None) -> PieceView | None:
    """One piece; None if it did not exist."""
    row = connection.execute(
        select(_PIECES).where(_PIECES.c.piece == number, as_of(_PIECES, at))
    ).one_or_none()
    return None if row is None else piece_view(row)


def pieces_of(connection: Connection, root: int, at: int | None = None) -> list[PieceView]:
    """All pieces of a root in the order of their numbers; at most 65,536."""
    rows = connection.execute(
        select(_PIECES).where(_in_root(root), as_of(_PIECES, at)).order_by(_PIECES.c.piece)
    )
    return [piece_view(row) for row in rows]


def holdings(
    connection: Connection,
    party: int,
    at: int | None = None,
    *,
    states: Iterable[PieceState] = (),
    limit: int = 100,
    after: int = 0,
) -> list[PieceView]:
    """Pieces that a party holds, in any of the states (none given: in every state)."""
    query = select(_PIECES).where(
        _PIECES.c.holder == party, as_of(_PIECES, at), _PIECES.c.piece > after
    )
    wanted = [int(state) for state in states]
    if wanted:
        query = query.where(_PIECES.c.state.in_(wanted))
    rows = connection.execute(query.order_by(_PIECES.c.piece).limit(page(limit)))
    return [piece_view(row) for row in rows]


def offers_to(
    connection: Connection,
    party: int,
    at: int | None = None,
    *,
    limit: int = 100,
    after: int = 0,
) -> list[PieceView]:
    """Pieces that wait for a party's acceptance."""
    offers = (int(PieceState.ISSUED), int(PieceState.OFFERED))
    rows = connection.execute(
        select(_PIECES)
        .where(
            _PIECES.c.offeree == party,
            _PIECES.c.offeree != 0,
            as_of(_PIECES, at),
            _PIECES.c.piece > after,
            _PIECES.c.state.in_(offers),
        )
        .order_by(_PIECES.c.piece)
        .limit(page(limit))
    )
    return [piece_view(row) for row in rows]


def concerned(connection: Connection, root: int) -> set[PartyId]:
    """Every party that ever had to do with a voucher: issuer, bank, holders, offerees, funders."""
    found: set[int] = set()
    facts = connection.execute(select(_ROOTS).where(_ROOTS.c.root == root)).one_or_none()
    if facts is None:
        return set()
    found |= {facts.issuer, facts.payee, facts.paying_bank}
    rows = connection.execute(
        select(_PIECES.c.holder, _PIECES.c.offeree).where(_in_root(root)).distinct()
    )
    for holder, offeree in rows:
        found |= {holder, offeree}
    financings = tables.financing_versions.c
    parties = connection.execute(
        select(financings.seller, financings.funder, financings.bank)
        .where(financings.piece >= root << 16, financings.piece < (root + 1) << 16)
        .distinct()
    )
    for seller, funder, bank in parties:
        found |= {seller, funder, bank}
    return {PartyId(party) for party in found if party}


def voucher(connection: Connection, root: int, at: int | None = None) -> VoucherView | None:
    """One root with its state and its fen by state of the pieces."""
    found = vouchers(connection, [root], at)
    return found[0] if found else None


def vouchers(
    connection: Connection, numbers: Sequence[int], at: int | None = None
) -> list[VoucherView]:
    """The roots of these numbers that existed, in order."""
    query = select(_ROOTS).where(_ROOTS.c.root.in_(list(numbers)))
    if at is not None:
        query = query.where(_ROOTS.c.block <= at)
    return _with_pieces(connection, connection.execute(query.order_by(_ROOTS.c.root)).all(), at)


def list_vouchers(
    connection: Connection,
    at: int | None = None,
    *,
    issuer: int | None = None,
    document: bytes | None = None,
    limit: int = 100,
    after: int = 0,
) -> list[VoucherView]:
    """Roots by number, of one issuer or on one document if asked for."""
    query = select(_ROOTS).where(_ROOTS.c.root > after)
    if at is not None:
        query = query.where(_ROOTS.c.block <= at)
    if issuer is not None:
        query = query.where(_ROOTS.c.issuer == issuer)
    if document is not None:
        query = query.where(_ROOTS.c.document == document)
    rows = connection.execute(query.order_by(_ROOTS.c.root).limit(page(limit))).all()
    return _with_pieces(connection, rows, at)


def _with_pieces(
    connection: Connection, rows: Sequence[Row[tuple[object, ...]]], at: int | None
) -> list[VoucherView]:
    if not rows:
        return []
    today = day_as_of(connection, at)
    pieces: dict[int, list[PieceView]] = defaultdict(list)
    wanted = or_(*(_in_root(row.root) for row in rows)) if len(rows) == 1 else None
    query = select(_PIECES).where(as_of(_PIECES, at)).order_by(_PIECES.c.piece)
    if wanted is not None:
        query = query.where(wanted)
    else:
        numbers = select(_ROOTS.c.root).where(_ROOTS.c.root.in_([row.root for row in rows]))
        named = numbers.subquery()
        query = query.join(
            named,
            (_PIECES.c.piece >= named.c.root * 65_536)
            & (_PIECES.c.piece < (named.c.root + 1) * 65_536),
        )
    for row in connection.execute(query):
        pieces[row.root].append(piece_view(row))
    return [_voucher_view(row, pieces[row.root], at, today) for row in rows]


def _voucher_view(
    row: Row[tuple[object, ...]], pieces: list[PieceView], at: int | None, today: int
) -> VoucherView:
    limit = tables.OPEN - 1 if at is None else at
    stored = StoredState.OPEN
    if row.cancelled_block <= limit:
        stored = StoredState.CANCELLED
    elif row.dishonoured_block <= limit:
        stored = StoredState.DISHONOURED
    document = DocumentKey(bytes(row.document))
    root = Root(
        PartyId(row.issuer),
        PartyId(row.paying_bank),
        row.face,
        row.due_day,
        row.issued_day,
        len(pieces),
        stored,
        row.policy,
        document,
    )
    by_state: dict[PieceState, int] = defaultdict(int)
    for piece_ in pieces:
        by_state[piece_.state] += piece_.amount
    models = [
        ModelPiece(p.holder, p.offeree, p.start, p.end, p.expiry, p.state, p.depth, p.parent)
        for p in pieces
    ]
    return VoucherView(
        RootId(row.root),
        row.block,
        root.issuer,
        PartyId(row.payee),
        root.paying_bank,
        root.face,
        root.due_day,
        root.issued_day,
        root.policy,
        document,
        bytes(row.terms),
        shown_state(root, models, today),
        len(pieces),
        dict(by_state),
    )


def _in_root(root: int) -> ColumnElement[bool]:
    return (_PIECES.c.piece >= root << 16) & (_PIECES.c.piece < (root + 1) << 16)


def counts(connection: Connection) -> dict[str, int]:
    """How many roots, pieces and financings there are."""
    pieces, financings_ = _PIECES, tables.financing_versions
    queries = {
        "roots": select(func.count()).select_from(_ROOTS),
        "pieces": select(func.count()).select_from(pieces).where(as_of(pieces, None)),
        "financings": select(func.count()).select_from(financings_).where(as_of(financings_, None)),
    }
    return {name: connection.execute(query).scalar_one() for name, query in queries.items()}
