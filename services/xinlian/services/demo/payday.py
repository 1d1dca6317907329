"""Scene: due days, dishonour of those who pay late, redemption, and clearing of issuers. Pure."""

from __future__ import annotations

from typing import Final

from xinlian.ledger.model.days import Day
from xinlian.ledger.model.ids import PartyId, PieceId
from xinlian.ledger.model.items import Dishonour, UnblockIssuer
from xinlian.ledger.model.vouchers import UNPAID_STATES, PieceState
from xinlian.services.demo.cast import Part
from xinlian.services.demo.credit import Credit
from xinlian.services.demo.plan import BackOffice, Due
from xinlian.services.demo.stage import Act, Stage, evidence
from xinlian.services.demo.timeline import Voucher

IN_PARTS_SHARE: Final = 0.04
"""Share of redeemed pieces that are paid in two parts."""


class Payday:
    """Watches due days and payments of the vouchers that stand on the chain."""

    def __init__(self, stage: Stage, office: BackOffice, credit: Credit) -> None:
        self.stage = stage
        self.office = office
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
            after = self.stage.calendar.next_business_day(Day(voucher.due + 1)).day
            self.due_after.setdefault(after, []).append(voucher)
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
        by_bank: dict[PartyId, list[Due]] = {}
        for voucher in self.pay_on.pop(self.stage.day, ()):
            issuer = voucher.invoice.buyer
            dues = [self._due(issuer, piece) for piece in self._open_pieces(voucher)]
            by_bank.setdefault(bank_of[issuer], []).extend(dues)
            self.unpaid.get(issuer, set()).discard(voucher.root)
            self.stage.counts["settled"] += 1
        for bank, dues in sorted(by_bank.items()):
            first, rest = self._in_parts(dues)
            self._redeem(bank, first)
            self._redeem(bank, rest)
            for due in dues:
                self.credit.redeemed(due.piece)
            self.stage.counts["paid_in_parts"] += len(rest)

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

    def _due(self, issuer: PartyId, piece: PieceId) -> Due:
        view = self.stage.mirror.piece(piece)
        lien = view.state == PieceState.FINANCED and view.offeree
        payee = view.offeree if lien else view.holder
        return Due(issuer, piece, view.amount, PartyId(payee))

    def _in_parts(self, dues: list[Due]) -> tuple[list[Due], list[Due]]:
        """What is paid first, and the second parts of those that are paid in two."""
        first: list[Due] = []
        rest: list[Due] = []
        for due in dues:
            part = due.amount // 2 if self.stage.chance(IN_PARTS_SHARE) else 0
            if part:
                rest.append(Due(due.issuer, due.piece, due.amount - part, due.payee))
            first.append(Due(due.issuer, due.piece, part or due.amount, due.payee))
        return first, rest

    def _redeem(self, bank: PartyId, dues: list[Due]) -> None:
        if not dues:
            return
        self.stage.require_final(due.piece for due in dues)
        items = self.office.redeem(self.stage.day, bank, dues)
        self.stage.play([(bank, item) for item in items])
        self.redeemed += sum(due.amount for due in dues)
        self.stage.counts["redemptions"] += len(dues)
