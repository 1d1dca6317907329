"""Scene: due days, dishonour of those who pay late, redemption, and clearing of issuers. Pure."""

from __future__ import annotations

from typing import Final

from xinlian.ledger.model.days import Day
from xinlian.ledger.model.ids import PartyId, PieceId
from xinlian.ledger.model.items import Dishonour, Redeem, UnblockIssuer
from xinlian.ledger.model.vouchers import UNPAID_STATES, PieceState

from .cast import Part
from .credit import Credit
from .plan import Bank, Payment
from .stage import Act, Stage, evidence
from .timeline import Voucher

IN_PARTS_SHARE: Final = 0.04
"""Share of redeemed pieces that are paid in two parts."""


class Payday:
    """Watches due days and payments of the vouchers that stand on the chain."""

    def __init__(self, stage: Stage, bank: Bank, credit: Credit) -> None:
        self.stage = stage
        self.bank = bank
        self.credit = credit
        self.regulator = stage.cast.one(Part.REGULATOR).id
        self.due_after: dict[Day, list[Voucher]] = {}
        self.pay_on: dict[Day, list[Voucher]] = {}
        self.unpaid: dict[PartyId, set[int]] = {}
        """By issuer, the roots that are dishonoured and not yet paid."""
        self.redeemed = 0

    def watch(self, voucher: Voucher) -> None:
        """A voucher was issued: note its days."""
        if voucher.late:
            self.due_after.setdefault(Day(voucher.due + 1), []).append(voucher)
        self.pay_on.setdefault(voucher.pay_day, []).append(voucher)

    def dishonour(self, bank_of: dict[PartyId, PartyId]) -> None:
        """The paying banks state what was not paid when due; funders call on recourse."""
        vouchers = self.due_after.pop(self.stage.day, [])
        pieces = {voucher.root: self._open_pieces(voucher) for voucher in vouchers}
        acts: list[Act] = []
        for voucher in vouchers:
            issuer = voucher.invoice.buyer
            proof = evidence("unpaid", voucher.invoice.number, voucher.due)
            acts.append((bank_of[issuer], Dishonour(pieces[voucher.root][0], proof)))
            voucher.dishonoured = True
            self.unpaid.setdefault(issuer, set()).add(voucher.root)
        self.stage.play(acts)
        self.stage.counts["dishonoured"] += len(vouchers)
        self.credit.take_back([piece for mine in pieces.values() for piece in mine])

    def redeem(self, bank_of: dict[PartyId, PartyId]) -> None:
        """The issuers' banks pay whoever holds the pieces of the vouchers that are paid today."""
        by_bank: dict[PartyId, list[tuple[PieceId, Payment]]] = {}
        for voucher in self.pay_on.pop(self.stage.day, ()):
            issuer = voucher.invoice.buyer
            for piece in self._open_pieces(voucher):
                parts = by_bank.setdefault(bank_of[issuer], [])
                parts.extend((piece, payment) for payment in self._payments(issuer, piece))
            self.unpaid.get(issuer, set()).discard(voucher.root)
            self.stage.counts["settled"] += 1
        for bank, parts in sorted(by_bank.items()):
            payments = [payment for _, payment in parts]
            receipts = self.bank.pay(self.stage.day, bank, payments)
            self._redeem(bank, parts, receipts)

    def clear(self, urgent: set[PartyId]) -> None:
        """The regulator lets issuers issue again: those that paid, and urgent ones on security.

        An issuer that still owes gives security for it, so that an invoice whose last day for a
        voucher has come does not lose it.
        """
        acts: list[Act] = []
        for issuer in sorted(self.unpaid):
            if not self.stage.mirror.blocked(issuer):
                continue
            if not self.unpaid[issuer]:
                acts.append(
                    (
                        self.regulator,
                        UnblockIssuer(issuer, evidence("paid", issuer, self.stage.day)),
                    )
                )
            elif issuer in urgent:
                proof = evidence("security", issuer, self.stage.day)
                acts.append((self.regulator, UnblockIssuer(issuer, proof)))
                self.stage.counts["cleared_on_security"] += 1
        self.stage.play(acts)
        self.stage.counts["cleared"] += len(acts)

    def _open_pieces(self, voucher: Voucher) -> list[PieceId]:
        mirror = self.stage.mirror
        return [
            piece
            for piece in mirror.pieces_of(voucher.root)
            if mirror.piece(piece).state in UNPAID_STATES
        ]

    def _payments(self, issuer: PartyId, piece: PieceId) -> list[Payment]:
        view = self.stage.mirror.piece(piece)
        lien = view.state == PieceState.FINANCED and view.offeree
        payee = PartyId(view.offeree if lien else view.holder)
        amount = view.end - view.start
        first = amount // 2 if amount > 1 and self.stage.chance(IN_PARTS_SHARE) else 0
        return [
            Payment(issuer, payee, part, "redemption") for part in (first, amount - first) if part
        ]

    def _redeem(
        self, bank: PartyId, parts: list[tuple[PieceId, Payment]], receipts: list[bytes]
    ) -> None:
        """Redeem what was paid; second parts of pieces in orders after those of the first."""
        seen: set[PieceId] = set()
        rounds: tuple[list[Act], list[Act]] = ([], [])
        for (piece, payment), receipt in zip(parts, receipts, strict=True):
            rounds[piece in seen].append((bank, Redeem(piece, payment.amount, receipt)))
            seen.add(piece)
            self.redeemed += payment.amount
            self.credit.redeemed(piece)
        for acts in rounds:
            self.stage.play(acts)
        self.stage.counts["redemptions"] += len(parts)
        self.stage.counts["paid_in_parts"] += len(rounds[1])
