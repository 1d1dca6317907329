"""What each event changes in the books.

The books of the touched things are held in memory as rows of their tables (see ``versions``);
events change the rows, and the changed rows are written at the end of a range of blocks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from xinlian.ledger.adapters.sql.tables import OPEN
from xinlian.ledger.chain import columns as at
from xinlian.ledger.chain.decoder import Event
from xinlian.ledger.chain.events import SHAPES
from xinlian.ledger.chain.facts import (
    ARGUMENTS,
    FINANCING_AT,
    NAMES,
    ORDER_EXECUTED,
    ORDER_FAILED,
    PIECE_AT,
)
from xinlian.ledger.chain.projection_logs import HEAD_APPENDED, LogProjection, head_row
from xinlian.ledger.chain.shelves import Shelves
from xinlian.ledger.model.vouchers import FinancingState, OfferEnd, PieceState

_ENDS: Final = {
    OfferEnd.DECLINED: at.DECLINED,
    OfferEnd.WITHDRAWN: at.WITHDRAWN,
    OfferEnd.EXPIRED: at.EXPIRED,
}
_ISSUED, _HELD, _OFFERED = int(PieceState.ISSUED), int(PieceState.HELD), int(PieceState.OFFERED)
_LOCKED, _FINANCED = int(PieceState.LOCKED), int(PieceState.FINANCED)
_REDEEMED, _CANCELLED = int(PieceState.REDEEMED), int(PieceState.CANCELLED)
_MERGED = int(PieceState.MERGED)

Handler = Callable[[Any, int, int, tuple[Any, ...]], None]


class Projection(LogProjection):
    """Applies events to the rows on ``shelves``. The caller loads what the events need before."""

    def __init__(self, shelves: Shelves) -> None:
        super().__init__(shelves)
        self._handlers: tuple[Handler | None, ...] = tuple(
            getattr(type(self), f"_{_snake(shape.name)}", None) for shape in SHAPES
        )

    def apply(self, events: Sequence[Event]) -> None:
        """Apply the events of a range in their order (block, log index)."""
        shelves = self._shelves
        facts, handlers = shelves.events, self._handlers
        arguments, names = ARGUMENTS, NAMES
        for block, index, contract, number, values, place, transaction in events:
            write = arguments[number]
            if write is not None:
                piece_at, financing_at = PIECE_AT[number], FINANCING_AT[number]
                if piece_at >= 0:
                    piece = values[piece_at]
                elif financing_at >= 0:
                    piece = shelves.financings.open[values[financing_at]][at.F_PIECE]
                else:
                    piece = 0
                facts.append((block, index, place, contract, names[number], piece, write(values)))
            elif number == ORDER_EXECUTED:
                digest, *rest = values
                tx_hash = bytes.fromhex(transaction[2:])
                shelves.orders.append(
                    (block, index, digest, place, tx_hash, contract, *rest, 1, 1, b"")
                )
            elif number == ORDER_FAILED:
                digest, party, nonce, kind, *rest = values
                tx_hash = bytes.fromhex(transaction[2:])
                shelves.orders.append(
                    (block, index, digest, place, tx_hash, contract, party, nonce, kind, 0, *rest)
                )
            if number == HEAD_APPENDED:
                shelves.heads.append(head_row(block, index, values, transaction))
            handler = handlers[number]
            if handler is not None:
                handler(self, block, index, values)

    # Vouchers

    def _voucher_offered(self, block: int, _index: int, values: tuple[Any, ...]) -> None:
        piece, issuer, payee, bank, face, due, issued, expiry, policy, document, terms = values
        root = piece >> 16
        shelves = self._shelves
        row = [root, block, issuer, payee, bank, face, due, issued, policy, document, terms]
        shelves.add_root([*row, OPEN, OPEN])
        shelves.pieces.add(piece, block, root, issuer, payee, 0, face, expiry, _ISSUED, 0, 0, 0)
        row = shelves.issuer(issuer, block)
        row[at.OUTSTANDING] += face
        row[at.OFFERED] += 1

    def _piece_offered(self, block: int, _index: int, values: tuple[Any, ...]) -> None:
        piece, _sender, to, expiry, _purpose = values
        row = self._shelves.piece(piece, block)
        row[at.STATE] = _OFFERED
        row[at.OFFEREE] = to
        row[at.EXPIRY] = expiry

    def _offer_accepted(self, block: int, _index: int, values: tuple[Any, ...]) -> None:
        piece, sender, to = values
        row = self._shelves.piece(piece, block)
        if row[at.STATE] == _ISSUED:
            self._shelves.issuer(sender, block)[at.ACCEPTED] += 1
        row[at.STATE] = _HELD
        row[at.HOLDER] = to
        row[at.OFFEREE] = row[at.EXPIRY] = 0
        row[at.HOPS] += 1

    def _offer_ended(self, block: int, _index: int, values: tuple[Any, ...]) -> None:
        piece, sender, _to, how, _reason = values
        shelves = self._shelves
        row = shelves.piece(piece, block)
        if row[at.STATE] == _ISSUED:
            row[at.STATE] = _CANCELLED
            shelves.end_root(piece >> 16, at.R_CANCELLED, block)
            issuer = shelves.issuer(sender, block)
            issuer[at.OUTSTANDING] -= row[at.END] - row[at.START]
            issuer[_ENDS[how]] += 1
        else:
            row[at.STATE] = _HELD
        row[at.OFFEREE] = row[at.EXPIRY] = 0

    def _piece_split(self, block: int, _index: int, values: tuple[Any, ...]) -> None:
        piece, child, start, end, depth, _policy = values
        shelves = self._shelves
        row = shelves.piece(piece, block)
        if start == row[at.START]:
            row[at.START] = end
        else:
            row[at.END] = start
        shelves.pieces.add(
            child, block, piece >> 16, row[at.HOLDER], 0, start, end, 0, row[at.STATE], depth,
            piece & 0xFFFF, row[at.HOPS],
        )  # fmt: skip
        shelves.count_piece(child)

    def _pieces_merged(self, block: int, _index: int, values: tuple[Any, ...]) -> None:
        piece, other, start, end, depth = values
        row, gone = self._shelves.piece(piece, block), self._shelves.piece(other, block)
        row[at.START], row[at.END], row[at.DEPTH] = start, end, depth
        row[at.HOPS] = max(row[at.HOPS], gone[at.HOPS])
        gone[at.STATE] = _MERGED
        gone[at.END] = gone[at.START]

    def _piece_locked(self, block: int, _index: int, values: tuple[Any, ...]) -> None:
        piece, _holder, funder, expiry = values
        row = self._shelves.piece(piece, block)
        row[at.STATE] = _LOCKED
        row[at.OFFEREE] = funder
        row[at.EXPIRY] = expiry

    def _piece_unlocked(self, block: int, _index: int, values: tuple[Any, ...]) -> None:
        row = self._shelves.piece(values[0], block)
        row[at.STATE] = _HELD
        row[at.OFFEREE] = row[at.EXPIRY] = 0

    def _piece_financed(self, block: int, _index: int, values: tuple[Any, ...]) -> None:
        piece, _sender, funder, sale = values
        row = self._shelves.piece(piece, block)
        row[at.STATE] = _FINANCED
        row[at.EXPIRY] = 0
        if sale:
            row[at.HOLDER] = funder
            row[at.OFFEREE] = 0
            row[at.HOPS] += 1

    def _piece_released(self, block: int, _index: int, values: tuple[Any, ...]) -> None:
        piece, _sender, to = values
        row = self._shelves.piece(piece, block)
        if row[at.HOLDER] != to:
            row[at.HOPS] += 1
        row[at.STATE] = _HELD
        row[at.HOLDER] = to
        row[at.OFFEREE] = row[at.EXPIRY] = 0

    def _piece_redeemed(self, block: int, _index: int, values: tuple[Any, ...]) -> None:
        piece, payee, _bank, _amount, _receipt = values
        row = self._end_piece(piece, block, _REDEEMED)
        # A payee other than the holder is the lien holder, whom the piece goes on to name.
        if payee != row[at.HOLDER]:
            row[at.OFFEREE] = payee

    def _piece_written_off(self, block: int, _index: int, values: tuple[Any, ...]) -> None:
        self._end_piece(values[0], block, _CANCELLED)

    def _end_piece(self, piece: int, block: int, state: int) -> list[Any]:
        row = self._shelves.piece(piece, block)
        row[at.STATE] = state
        row[at.OFFEREE] = row[at.EXPIRY] = 0
        issuer = self._shelves.issuer_of(piece >> 16)
        self._shelves.issuer(issuer, block)[at.OUTSTANDING] -= row[at.END] - row[at.START]
        return row

    def _voucher_dishonoured(self, block: int, _index: int, values: tuple[Any, ...]) -> None:
        self._shelves.end_root(values[0] >> 16, at.R_DISHONOURED, block)

    def _issuer_blocked(self, block: int, _index: int, values: tuple[Any, ...]) -> None:
        self._shelves.issuer(values[0], block)[at.BLOCKED] = 1

    def _issuer_unblocked(self, block: int, _index: int, values: tuple[Any, ...]) -> None:
        self._shelves.issuer(values[0], block)[at.BLOCKED] = 0

    def _issuer_limit_set(self, block: int, _index: int, values: tuple[Any, ...]) -> None:
        self._shelves.issuer(values[0], block)[at.LIMIT] = values[1]

    def _policy_added(self, block: int, _index: int, values: tuple[Any, ...]) -> None:
        self._shelves.policies.append((values[0], block, *values[1:]))

    # Documents

    def _document_registered(self, block: int, _index: int, values: tuple[Any, ...]) -> None:
        document, buyer, seller, kind, amount = values
        self._shelves.documents.add(document, block, buyer, seller, kind, amount, 0, 0)

    def _credit_note_applied(self, block: int, _index: int, values: tuple[Any, ...]) -> None:
        document, _note, _by, amount, shortfall = values
        row = self._shelves.documents.touch(document, block)
        row[at.USABLE] -= amount - shortfall
        row[at.SHORTFALL] += shortfall

    def _documents_combined(self, block: int, index: int, values: tuple[Any, ...]) -> None:
        target, source, amount = values
        documents = self._shelves.documents
        documents.touch(source, block)[at.USABLE] -= amount
        documents.touch(target, block)[at.USABLE] += amount
        self._shelves.sources.append((target, block, index, source, amount))

    def _document_used(self, block: int, _index: int, values: tuple[Any, ...]) -> None:
        self._shelves.documents.touch(values[0], block)[at.USED] += values[1]

    def _document_restored(self, block: int, _index: int, values: tuple[Any, ...]) -> None:
        document, amount = values
        row = self._shelves.documents.touch(document, block)
        row[at.USED] -= amount
        # What a credit note could not take back while vouchers stood on it, it takes back now.
        taken = min(amount, row[at.SHORTFALL])
        row[at.SHORTFALL] -= taken
        row[at.USABLE] -= taken

    # Financing

    def _financing_opened(self, block: int, _index: int, values: tuple[Any, ...]) -> None:
        financing, piece, seller, funder, bank, sale, recourse, price, maturity, expiry, terms = (
            values
        )
        self._shelves.financings.add(
            financing, block, piece, seller, funder, bank, expiry, int(FinancingState.LOCKED),
            sale, recourse, price, maturity, terms, bytes(32),
        )  # fmt: skip

    def _financing_registered(self, block: int, _index: int, values: tuple[Any, ...]) -> None:
        row = self._financing(values[0], block, FinancingState.REGISTERED)
        row[at.F_REGISTRATION] = values[1]

    def _financing_released(self, block: int, _index: int, values: tuple[Any, ...]) -> None:
        self._financing(values[0], block, FinancingState.RELEASED)

    def _financing_disbursed(self, block: int, _index: int, values: tuple[Any, ...]) -> None:
        self._financing(values[0], block, FinancingState.DISBURSED)

    def _financing_repaid(self, block: int, _index: int, values: tuple[Any, ...]) -> None:
        self._financing(values[0], block, FinancingState.REPAID)

    def _financing(self, financing: int, block: int, state: FinancingState) -> list[Any]:
        row = self._shelves.financings.touch(financing, block)
        row[at.F_STATE] = int(state)
        return row

    # Parties

    def _party_registered(self, block: int, _index: int, values: tuple[Any, ...]) -> None:
        party, id_hash, roles, threshold = values
        self._shelves.parties.add(party, block, id_hash, roles, 1, threshold)

    def _party_roles_set(self, block: int, _index: int, values: tuple[Any, ...]) -> None:
        self._shelves.parties.touch(values[0], block)[at.ROLES] = values[1]

    def _party_status_set(self, block: int, _index: int, values: tuple[Any, ...]) -> None:
        self._shelves.parties.touch(values[0], block)[at.STATUS] = values[1]

    def _party_threshold_set(self, block: int, _index: int, values: tuple[Any, ...]) -> None:
        self._shelves.parties.touch(values[0], block)[at.THRESHOLD] = values[1]

    def _account_added(self, block: int, _index: int, values: tuple[Any, ...]) -> None:
        self._shelves.account(values[1], block)[3] = values[0]

    def _account_removed(self, block: int, _index: int, values: tuple[Any, ...]) -> None:
        self._shelves.account(values[1], block)[3] = 0


def _snake(name: str) -> str:
    return "".join(f"_{char.lower()}" if char.isupper() else char for char in name).lstrip("_")
