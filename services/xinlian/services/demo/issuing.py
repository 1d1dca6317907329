"""Scene: invoices become vouchers; those of a blocked issuer wait until it is cleared. Pure."""

from __future__ import annotations

from typing import Final

from xinlian.ledger.model.ids import PartyId, PieceId, root_of
from xinlian.ledger.model.items import Accept, Decline, Issue, RegisterDocument
from xinlian.services.demo.cast import Part
from xinlian.services.demo.stage import Act, Stage, evidence
from xinlian.services.demo.timeline import Voucher

INVOICE_KIND: Final = 4
DECLINE_SHARE: Final = 0.01
WRONG_TERMS: Final = 3
"""Reason code of a declined voucher: the terms are not those agreed."""


class Issuing:
    """Registers documents, issues, and has sellers accept."""

    def __init__(self, stage: Stage) -> None:
        self.stage = stage
        self.waiting: dict[PartyId, list[Voucher]] = {}
        self.banks = [member.id for member in stage.cast.all(Part.BANK)]

    def defer(self, fresh: list[Voucher]) -> list[Voucher]:
        """Put the vouchers of blocked issuers aside; the others."""
        free: list[Voucher] = []
        for voucher in fresh:
            buyer = voucher.invoice.buyer
            if self.stage.mirror.blocked(buyer):
                self.waiting.setdefault(buyer, []).append(voucher)
                self.stage.counts["deferred"] += 1
            else:
                free.append(voucher)
        return free

    def urgent(self) -> set[PartyId]:
        """Blocked issuers with a voucher that can only be issued today."""
        return {
            buyer
            for buyer, vouchers in self.waiting.items()
            if any(voucher.due <= self.stage.day for voucher in vouchers)
        }

    def released(self) -> list[Voucher]:
        """Those that waited for an issuer which is clear now."""
        clear = [buyer for buyer in self.waiting if not self.stage.mirror.blocked(buyer)]
        return [voucher for buyer in clear for voucher in self.waiting.pop(buyer)]

    def play(self, vouchers: list[Voucher]) -> list[PieceId]:
        """Issue these vouchers and have them accepted; the piece of each."""
        stage = self.stage
        stage.play([self._document(voucher) for voucher in vouchers])
        pieces = self._issue(vouchers)
        wrong = [place for place in range(len(vouchers)) if stage.chance(DECLINE_SHARE)]
        if wrong:
            stage.play(
                [(vouchers[at].invoice.seller, Decline(pieces[at], WRONG_TERMS)) for at in wrong]
            )
            stage.counts["vouchers_declined"] += len(wrong)
            for at, piece in zip(wrong, self._issue([vouchers[at] for at in wrong]), strict=True):
                pieces[at] = piece
        stage.play(
            [
                (voucher.invoice.seller, Accept(piece))
                for voucher, piece in zip(vouchers, pieces, strict=True)
            ]
        )
        for voucher, piece in zip(vouchers, pieces, strict=True):
            voucher.root = root_of(piece)
        stage.counts["vouchers"] += len(vouchers)
        return pieces

    def bank_of(self, issuer: PartyId) -> PartyId:
        """The bank through which an issuer pays."""
        return self.banks[issuer % len(self.banks)]

    def _document(self, voucher: Voucher) -> Act:
        invoice = voucher.invoice
        item = RegisterDocument(invoice.document, INVOICE_KIND, invoice.seller, invoice.amount)
        return invoice.buyer, item

    def _issue(self, vouchers: list[Voucher]) -> list[PieceId]:
        acts: list[Act] = []
        for voucher in vouchers:
            invoice = voucher.invoice
            terms = evidence("terms", invoice.number, invoice.amount, voucher.due)
            item = Issue(
                payee=invoice.seller,
                paying_bank=self.bank_of(invoice.buyer),
                face=invoice.amount,
                due_day=voucher.due,
                expiry=self.stage.until(1),
                document=invoice.document,
                terms=terms,
            )
            acts.append((invoice.buyer, item))
        return [PieceId(made) for made in self.stage.play(acts)]
