"""The same random operations through the API and through the plain model: equal throughout."""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import rule, run_state_machine_as_test
from xinlian.ledger.model.days import day_at
from xinlian.ledger.model.errors import LedgerError
from xinlian.ledger.model.ids import FinancingId, PartyId, PieceId
from xinlian.ledger.model.items import (
    Accept,
    Disburse,
    Issue,
    OpenFinancing,
    Redeem,
    RegisterDocument,
    RegisterFinancing,
    Transfer,
)
from xinlian.ledger.model.parties import PartyStatus
from xinlian.ledger.model.vouchers import PieceState

from tests.ledger.book import network as model
from tests.ledger.book.network import LIMIT, NOON
from tests.ledger.book.test_book_machine import SMALL
from tests.support.api_machine import ApiSide

STEPS = 2_000
EXAMPLES = 8


class ApiMachine(ApiSide):
    """Anyone tries anything, on both sides."""

    # Business that mostly succeeds, so that there is always something to do it with.

    @rule(face=st.sampled_from([100, 500, 1000]), payee=st.integers(3, 5), due=st.integers(5, 200))
    def new_voucher(self, face: int, payee: int, due: int) -> None:
        document = model.key("fresh", next(self.net.numbers))
        self.attempt(1, RegisterDocument(document, 4, PartyId(payee), face))
        expiry, day = self.net.now + 5 * 86_400, day_at(self.net.now) + due
        item = Issue(PartyId(payee), self.net.bank, face, day, expiry, document, model.key("t"))
        offered = self.attempt(1, item)
        if offered is not None:
            self.attempt(payee, Accept(PieceId(offered[0])))

    @rule(pick=SMALL, share=st.integers(1, 4), back=st.booleans(), to=st.integers(2, 5))
    def pass_on(self, pick: int, share: int, back: bool, to: int) -> None:
        piece = self.a_piece(pick, PieceState.HELD)
        found = self.books.pieces[piece]
        expiry = self.net.now + 5 * 86_400
        item = Transfer(piece, found.amount // share, back, PartyId(to), expiry, 1)
        offered = self.attempt(found.holder, item)
        if offered is not None:
            self.attempt(to, Accept(PieceId(offered[0])))

    @rule(pick=SMALL, share=st.integers(1, 3), sale=st.booleans())
    def finance(self, pick: int, share: int, sale: bool) -> None:
        piece = self.a_piece(pick, PieceState.HELD)
        found = self.books.pieces[piece]
        amount = found.amount // share
        price = max(0, amount - 1)
        expiry, maturity = self.net.now + 5 * 86_400, day_at(self.net.now) + 300
        opening = OpenFinancing(
            piece, amount, False, self.net.funder, self.net.bank, sale, True, price, maturity,
            expiry, model.key("quote"),
        )  # fmt: skip
        opened = self.attempt(found.holder, opening)
        if opened is None:
            return
        number = FinancingId(opened[0])
        proof = model.key("registration", number)
        self.attempt(self.net.funder, RegisterFinancing(number, proof, model.key("long")))
        self.attempt(self.net.bank, Disburse(number, price, model.key("paid", number)))

    @rule(pick=SMALL, part=st.integers(1, 2))
    def pay(self, pick: int, part: int) -> None:
        piece = self.a_piece(pick, PieceState.HELD, PieceState.FINANCED)
        amount = self.books.pieces[piece].amount // part
        self.attempt(self.net.bank, Redeem(piece, amount, model.key("receipt", pick)))

    @rule(party=st.integers(1, 6), rarely=st.integers(0, 3))
    def suspend(self, party: int, rarely: int) -> None:
        """Suspends a party and, sooner or later, reinstates whoever is."""
        suspended = [p.id for p in self.books.parties.values() if p.status != PartyStatus.ACTIVE]
        if suspended:
            self.set_status(suspended[0], PartyStatus.ACTIVE)
        elif not rarely:
            self.set_status(PartyId(party), PartyStatus.SUSPENDED)

    def set_status(self, party: PartyId, status: PartyStatus) -> None:
        self.net.book.set_status(party, status)
        body = {"status": status.name.lower(), "evidence": "0x" + "22" * 32}
        assert self.call(f"/parties/{party}/status", body)["state"] == "final"

    @rule(issuer=st.sampled_from([1, 2]), limit=st.sampled_from([0, LIMIT, LIMIT, LIMIT]))
    def limit(self, issuer: int, limit: int) -> None:
        self.net.book.set_issuer_limit(issuer, limit)
        assert self.call(f"/parties/{issuer}/limit", {"limit_fen": limit})["state"] == "final"

    @rule(days=st.sampled_from([0, 0, 1, 1, 2, 5, 30]))
    def wait(self, days: int) -> None:
        if self.net.now + days * 86_400 > NOON + 300 * 86_400:
            return  # The tokens live a year.
        self.settle()
        self.net.now += days * 86_400
        self.api.set_time(self.net.now)

    @rule(pick=SMALL)
    def expire(self, pick: int) -> None:
        piece = self.a_piece(pick)
        refusal = None
        try:
            self.net.book.expire([piece], self.net.now)
        except LedgerError as error:
            refusal = error
        found = self.call("/offers/expire", {"pieces": [piece]})
        assert found["state"] == ("final" if refusal is None else "failed"), found
        if refusal is not None:
            assert found["failure"]["code"] == refusal.code, found


def test_api_and_model_agree_throughout() -> None:
    run_state_machine_as_test(
        ApiMachine,
        settings=settings(
            max_examples=EXAMPLES,
            stateful_step_count=STEPS // EXAMPLES + 50,
            deadline=None,
            database=None,
            derandomize=True,
            phases=(Phase.explicit, Phase.generate),
            suppress_health_check=tuple(HealthCheck),
        ),
    )
    counted = ApiMachine.counted
    assert counted["steps"] >= STEPS, counted
    assert counted["orders"] > STEPS // 2, counted
    # Both kinds of outcome in earnest numbers, and many different refusals.
    assert STEPS // 10 < counted["refused"] < counted["orders"] * 9 // 10, counted
    assert len(counted) > 20, counted
