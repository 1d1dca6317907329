"""The invariants of the domain that hold in the plain model after every operation."""

from collections import defaultdict

from xinlian.ledger.model.book_state import Books
from xinlian.ledger.model.vouchers import UNPAID_STATES, PieceState, StoredState
from xinlian.ledger.usecases.conservation import broken


def check(books: Books) -> None:
    """Raise AssertionError where an invariant of a single state is broken."""
    owed: dict[int, int] = defaultdict(int)
    on_document: dict[bytes, int] = defaultdict(int)
    for number, root in books.roots.items():
        pieces = books.pieces_of(number)
        assert broken(root.face, [(p.start, p.end, p.state) for p in pieces]) is None  # 1
        by_state: dict[PieceState, int] = defaultdict(int)
        for piece in pieces:
            by_state[piece.state] += piece.amount
        assert sum(by_state.values()) == root.face  # 2
        owed[root.issuer] += sum(by_state[state] for state in UNPAID_STATES)
        if root.state != StoredState.CANCELLED:
            on_document[root.document] += root.face
    for party, issuer in books.issuers.items():
        assert issuer.outstanding == owed[party]  # 2, per issuer
    for key, document in books.documents.items():
        assert on_document[key] <= document.used <= document.usable  # 4
        assert document.shortfall <= document.used


def check_forward(before: Books, after: Books) -> None:
    """No ended fen comes back, and no root reopens (3)."""
    for number, root in before.roots.items():
        assert after.roots[number].state >= root.state
        for ended in (PieceState.REDEEMED, PieceState.CANCELLED):
            old = _fens(before, number, ended)
            new = _fens(after, number, ended)
            assert all(any(s <= start and end <= e for s, e in new) for start, end in old)


def _fens(books: Books, root: int, state: PieceState) -> list[tuple[int, int]]:
    return [(p.start, p.end) for p in books.pieces_of(root) if p.state == state and p.amount]
