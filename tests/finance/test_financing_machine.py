"""The life cycle as a state machine: random steps against what the rules of the market demand."""

import hashlib
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from xinlian.finance.adapters.data_files import china_calendar, market_rules
from xinlian.finance.adapters.financing.financing_json import (
    progress_from_json,
    progress_to_json,
    quote_from_json,
    quote_to_json,
)
from xinlian.finance.model.financing.life import (
    ENDED,
    Financing,
    FinancingError,
    FinancingReason,
    Payer,
    Rechecks,
    Repayment,
    Stage,
    registration_hash,
)
from xinlian.finance.model.financing.quotes import (
    FinancingKind,
    Quote,
    QuoteRequest,
    QuoteTerms,
    price_quote,
    terms_hash,
)
from xinlian.finance.model.rates import PPM, Basis, RatePpm
from xinlian.finance.model.rules import RuleSet
from xinlian.ledger.model.days import day_from_iso, start_of
from xinlian.ledger.model.ids import FinancingId, PartyId, PieceId
from xinlian.ledger.model.items import ZERO32
from xinlian.ledger.model.money import Fen

MONDAY = day_from_iso("2025-07-07")
RULES = market_rules().at(MONDAY)
NO_RULES = RuleSet(MONDAY, "none", ())
FOUND = Rechecks(True, True)
PIECE = PieceId(65537)


def financing(
    kind: FinancingKind = FinancingKind.SALE, recourse: bool = False, reason: str = ""
) -> Financing:
    now = start_of(MONDAY)
    due = day_from_iso("2025-10-10")
    request = QuoteRequest(
        "r", PartyId(3), PieceId(65536), Fen(1_000_000), True, MONDAY, due, now, now + 60
    )
    advance = PPM if kind is FinancingKind.SALE else 900_000
    terms = QuoteTerms(
        kind, recourse, RatePpm(40_000), Basis.ACT_360, MONDAY, PartyId(9), (), advance, reason
    )
    pricing = price_quote(request, terms, china_calendar())
    quote = Quote("q" * 64, "r", PartyId(5), terms, pricing, RULES.version, now, now + 600)
    return Financing(request, quote)


def disbursed(kind: FinancingKind = FinancingKind.SALE, recourse: bool = False) -> Financing:
    registered = financing(kind, recourse).lock(FinancingId(7), PIECE).register("0123456789")
    paying = registered.instruct("D1", FOUND, RULES)
    return paying.disburse(b"d" * 32, paying.quote.pricing.price)


def reason_of(work: Callable[[], object]) -> FinancingReason:
    with pytest.raises(FinancingError) as caught:
        work()
    return caught.value.reason


def test_the_straight_way() -> None:
    start = financing()
    opening = start.opening()
    assert (opening.piece, opening.amount, opening.back) == (65536, 1_000_000, True)
    assert (opening.sale, opening.recourse, opening.funder, opening.bank) == (True, False, 5, 9)
    assert opening.price == 1_000_000 - 10_556  # 4 % for 95 days over 360
    assert opening.maturity_day == day_from_iso("2025-10-10")
    assert opening.terms == terms_hash(start.request, start.quote)
    assert opening.expiry > start_of(MONDAY) + 7 * 86_400
    done = disbursed()
    assert (done.stage, done.outstanding) == (Stage.DISBURSED, 1_000_000)
    part = done.repay(Repayment(b"1" * 32, Fen(400_000), Payer.ISSUER))
    assert (part.stage, part.outstanding) == (Stage.DISBURSED, 600_000)
    whole = part.repay(Repayment(b"2" * 32, Fen(600_000), Payer.ISSUER))
    assert (whole.stage, whole.outstanding, whole.repaid) == (Stage.SETTLED, 0, 1_000_000)


def test_nothing_is_paid_out_without_a_registration_number() -> None:
    for start in (financing(), financing().lock(FinancingId(7), PIECE)):
        assert reason_of(partial(start.instruct, "D1", FOUND, RULES)) is (
            FinancingReason.REGISTRATION_MISSING
        )
    locked = financing().lock(FinancingId(7), PIECE)
    assert reason_of(locked.registering) is FinancingReason.REGISTRATION_MISSING
    # Before the rule was in force there was no register to ask.
    assert locked.instruct("D1", FOUND, NO_RULES).stage is Stage.PAYING


def test_registry_and_documents_are_looked_up_again_before_paying() -> None:
    registered = financing().lock(FinancingId(7), PIECE).register("0123456789")
    for rechecks in (Rechecks(False, True), Rechecks(True, False)):
        assert reason_of(partial(registered.instruct, "D1", rechecks, RULES)) is (
            FinancingReason.NOT_RECHECKED
        )


def test_registration_goes_on_chain_as_hashes() -> None:
    plain = financing().lock(FinancingId(7), PIECE).register("0123456789").registering()
    assert plain.registration == registration_hash("0123456789")
    assert (plain.financing, plain.tenor_reason) == (7, ZERO32)
    reason = "设备定制周期长"
    long = financing(reason=reason).lock(FinancingId(7), PIECE).register("0123456789")
    assert long.registering().tenor_reason == hashlib.sha256(reason.encode()).digest()


@pytest.mark.parametrize("number", ["", "123", "12345678 ", "abcdefgh", "1" * 41, "登记12345678"])
def test_registration_numbers_have_a_form(number: str) -> None:
    locked = financing().lock(FinancingId(7), PIECE)
    assert reason_of(lambda: locked.register(number)) is FinancingReason.REGISTRATION_INVALID


def test_steps_made_again_change_nothing_and_other_ones_name_the_field() -> None:
    done = disbursed()
    assert done.lock(FinancingId(7), PIECE) is done
    assert done.register("0123456789") is done
    assert done.instruct("D1", FOUND, RULES) is done
    assert done.disburse(b"d" * 32, done.quote.pricing.price) is done
    paid = done.repay(Repayment(b"1" * 32, Fen(5), Payer.ISSUER))
    assert paid.repay(Repayment(b"1" * 32, Fen(5), Payer.ISSUER)) is paid
    others: list[tuple[Callable[[], Financing], str]] = [
        (lambda: done.lock(FinancingId(8), PIECE), "chain_id"),
        (lambda: done.lock(FinancingId(7), PieceId(1)), "piece"),
        (lambda: done.register("9876543210"), "registration"),
        (lambda: done.instruct("D2", FOUND, RULES), "payment_id"),
        (lambda: done.disburse(b"e" * 32, done.quote.pricing.price), "receipt"),
        (lambda: paid.repay(Repayment(b"1" * 32, Fen(6), Payer.ISSUER)), "repayment"),
    ]
    for work, field in others:
        with pytest.raises(FinancingError) as caught:
            work()
        assert (caught.value.reason, caught.value.field) == (FinancingReason.DIFFERENT, field)


def test_a_returned_payment_may_be_tried_again_or_the_piece_released() -> None:
    registered = financing().lock(FinancingId(7), PIECE).register("0123456789")
    paying = registered.instruct("D1", FOUND, RULES)
    assert reason_of(lambda: paying.release("too late")) is FinancingReason.WRONG_STAGE
    assert reason_of(lambda: paying.payment_refused("D9", "x")) is FinancingReason.DIFFERENT
    back = paying.payment_refused("D1", "AC04")
    assert (back.stage, back.attempts, back.note) == (Stage.REGISTERED, 1, "AC04")
    assert back.instruct("D2", FOUND, RULES).attempts == 2
    assert back.release("account closed").stage is Stage.RELEASED


def test_the_bank_pays_what_was_agreed() -> None:
    paying = financing().lock(FinancingId(7), PIECE).register("0123456789")
    paying = paying.instruct("D1", FOUND, RULES)
    wrong = paying.quote.pricing.price + Fen(1)
    assert reason_of(lambda: paying.disburse(b"d" * 32, wrong)) is FinancingReason.AMOUNT_WRONG
    assert (
        reason_of(lambda: disbursed().repay(Repayment(b"1" * 32, Fen(1_000_001), Payer.ISSUER)))
        is FinancingReason.AMOUNT_WRONG
    )


def test_recourse_only_where_agreed() -> None:
    sold = disbursed()
    assert reason_of(lambda: sold.claim_recourse("unpaid")) is FinancingReason.RECOURSE_NOT_AGREED
    claimed = disbursed(recourse=True).claim_recourse("issuer did not pay")
    assert claimed.stage is Stage.RECOURSE
    settled = claimed.repay(Repayment(b"1" * 32, claimed.outstanding, Payer.SELLER))
    assert settled.stage is Stage.SETTLED
    # A loan is the borrower's own debt.
    assert disbursed(FinancingKind.PLEDGE).claim_recourse("unpaid").stage is Stage.RECOURSE
    assert sold.write_off("insolvent").stage is Stage.WRITTEN_OFF
    assert reason_of(lambda: sold.write_off("  ")) is FinancingReason.REASON_MISSING


def test_a_loan_is_settled_by_its_debt() -> None:
    loan = disbursed(FinancingKind.PLEDGE)
    pricing = loan.quote.pricing
    assert (pricing.price, pricing.owed) == (900_000, 909_500)
    assert loan.repay(Repayment(b"1" * 32, pricing.owed, Payer.SELLER)).stage is Stage.SETTLED


def test_texts_for_sql_read_back() -> None:
    for made in (disbursed(), disbursed(FinancingKind.PLEDGE, True).claim_recourse("x")):
        quote = made.quote
        text = quote_to_json(quote.terms, quote.pricing, quote.rules_version)
        assert quote_from_json(text) == (quote.terms, quote.pricing, quote.rules_version)
        steps = progress_from_json(progress_to_json(made))
        assert replace(made, **steps) == made


class FinancingLife(RuleBasedStateMachine):
    """Any step at any time: it works exactly where the life cycle says so."""

    receipts = st.integers(0, 3).map(lambda number: bytes([number]) * 32)

    @initialize(kind=st.sampled_from(FinancingKind), recourse=st.booleans())
    def begin(self, kind: FinancingKind, recourse: bool) -> None:
        self.now = financing(kind, recourse)
        self.seen = [self.now.stage]

    def attempt(self, work: Callable[[], Financing], *allowed: Stage) -> None:
        before = self.now
        try:
            self.now = work()
        except FinancingError:
            assert self.now is before
        else:
            assert self.now is before or before.stage in allowed
            if self.now.stage is not before.stage:
                self.seen.append(self.now.stage)

    @rule(chain=st.integers(1, 2))
    def lock(self, chain: int) -> None:
        self.attempt(lambda: self.now.lock(FinancingId(chain), PIECE), Stage.ACCEPTED)

    @rule(number=st.sampled_from(["0123456789", "9876543210", "x"]))
    def register(self, number: str) -> None:
        self.attempt(lambda: self.now.register(number), Stage.LOCKED)

    @rule(payment=st.sampled_from(["D1", "D2"]), found=st.booleans())
    def instruct(self, payment: str, found: bool) -> None:
        checks = Rechecks(found, True)
        self.attempt(lambda: self.now.instruct(payment, checks, RULES), Stage.REGISTERED)

    @rule(payment=st.sampled_from(["D1", "D2"]))
    def refuse(self, payment: str) -> None:
        self.attempt(lambda: self.now.payment_refused(payment, "AC04"), Stage.PAYING)

    @rule(receipt=receipts, short=st.booleans())
    def disburse(self, receipt: bytes, short: bool) -> None:
        amount = self.now.quote.pricing.price - Fen(int(short))
        self.attempt(lambda: self.now.disburse(receipt, amount), Stage.PAYING)

    @rule(receipt=receipts, amount=st.sampled_from([1, 400_000, 909_500, 1_000_000]))
    def repay(self, receipt: bytes, amount: int) -> None:
        paid = Repayment(receipt, Fen(amount), Payer.SELLER)
        self.attempt(lambda: self.now.repay(paid), Stage.DISBURSED, Stage.RECOURSE)

    @rule()
    def repay_the_rest(self) -> None:
        paid = Repayment(b"rest" * 8, self.now.outstanding, Payer.ISSUER)
        self.attempt(lambda: self.now.repay(paid), Stage.DISBURSED, Stage.RECOURSE)

    @rule(why=st.sampled_from(["unpaid", " "]))
    def claim(self, why: str) -> None:
        self.attempt(lambda: self.now.claim_recourse(why), Stage.DISBURSED)

    @rule(why=st.sampled_from(["gone", ""]))
    def write_off(self, why: str) -> None:
        self.attempt(lambda: self.now.write_off(why), Stage.DISBURSED, Stage.RECOURSE)

    @rule(why=st.sampled_from(["no", ""]))
    def release(self, why: str) -> None:
        self.attempt(lambda: self.now.release(why), Stage.ACCEPTED, Stage.LOCKED, Stage.REGISTERED)

    @invariant()
    def money_flows_in_order(self) -> None:
        now = self.now
        if now.disbursement is not None:
            assert now.registration is not None
            assert now.chain_id is not None
            assert now.payment_id is not None
            assert now.stage not in (Stage.ACCEPTED, Stage.LOCKED, Stage.REGISTERED, Stage.RELEASED)
        else:
            assert not now.repayments
        assert now.repaid <= now.quote.pricing.owed
        assert (now.stage is Stage.SETTLED) == (now.repaid == now.quote.pricing.owed)
        receipts = [item.receipt for item in now.repayments]
        assert len(set(receipts)) == len(receipts)

    @invariant()
    def an_end_is_an_end(self) -> None:
        assert not any(stage in ENDED for stage in self.seen[:-1])
        money = [stage for stage in self.seen if stage is Stage.DISBURSED]
        assert len(money) <= 1
        if Stage.RECOURSE in self.seen:
            terms = self.now.quote.terms
            assert terms.recourse or terms.kind is FinancingKind.PLEDGE


TestFinancingLife = FinancingLife.TestCase
TestFinancingLife.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)
