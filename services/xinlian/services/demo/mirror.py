"""The director's copy of the books: the ledger's own plain model, fed with what is sent."""

from __future__ import annotations

from collections.abc import Sequence

from xinlian.ledger.model.book import VoucherBook
from xinlian.ledger.model.ids import (
    Address,
    FinancingId,
    PartyId,
    PieceId,
    RootId,
    piece_id,
    root_of,
)
from xinlian.ledger.model.items import Item
from xinlian.ledger.model.parties import Role
from xinlian.ledger.model.vouchers import Piece, Policy
from xinlian.services.demo.cast import Cast
from xinlian.services.demo.stage import evidence


class BookMirror:
    """A ``VoucherBook`` in the form that the director asks for."""

    def __init__(self, cast: Cast, policy: Policy, limits: dict[PartyId, int]) -> None:
        self.book = VoucherBook()
        self.book.add_policy(policy)
        for member in cast:
            # Who signs is decided elsewhere: here an account is only a place holder.
            accounts = [bytes([place]) + int(member.id).to_bytes(19, "big") for place in (1, 2)]
            self.book.register(
                evidence("party", member.code),
                Role(member.roles),
                [Address(account) for account in accounts],
                member.threshold,
            )
        for issuer, limit in limits.items():
            self.book.set_issuer_limit(issuer, limit)

    def run(self, time: int, party: PartyId, items: Sequence[Item]) -> list[int]:
        """Apply an order; see ``Mirror``."""
        return self.book.run(party, items, time)

    def expire(self, time: int, pieces: Sequence[PieceId]) -> None:
        """End offers that ran out."""
        self.book.expire(pieces, time)

    def piece(self, piece: PieceId) -> Piece:
        """One piece."""
        return self.book.books.pieces[piece]

    def pieces_of(self, root: RootId) -> Sequence[PieceId]:
        """Every piece of a root, in order of its index."""
        return [piece_id(root, index) for index in range(self.book.books.roots[root].pieces)]

    def financed_piece(self, financing: FinancingId) -> PieceId:
        """The piece that a financing locked."""
        return PieceId(self.book.books.financings[financing].piece)

    def blocked(self, issuer: PartyId) -> bool:
        """Whether an issuer may not issue."""
        return self.book.books.issuer(issuer).blocked

    def document_stands(self, piece: PieceId) -> bool:
        """Whether no credit note took back what the voucher of a piece stands on."""
        root = self.book.books.roots[root_of(piece)]
        return self.book.books.documents[root.document].shortfall == 0
