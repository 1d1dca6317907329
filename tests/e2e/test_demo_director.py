"""The demo's director against the ledger's own plain model and finance's real back office.

No chain here: the days are planned, and what they come to is judged in the plain model.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from xinlian.finance.adapters.data_files import china_calendar, market_rules
from xinlian.finance.usecases.financing.quoting import Market
from xinlian.ledger.adapters.sql.engine import make_engine
from xinlian.ledger.model.days import Day, day_from_iso
from xinlian.ledger.model.items import Disburse, Dishonour, Issue, Redeem, Repay
from xinlian.ledger.model.vouchers import PieceState
from xinlian.services.demo.cast import Cast, Part, make_cast
from xinlian.services.demo.director import Director
from xinlian.services.demo.failure import DemoError
from xinlian.services.demo.intake import find_source, invoices_of, take_in
from xinlian.services.demo.mirror import BookMirror
from xinlian.services.demo.office import Office
from xinlian.services.demo.plan import DayPlan, Invoice, PlannedOrder
from xinlian.services.demo.timeline import Refused, make_timeline
from xinlian.services.migrations import upgrade
from xinlian.services.workers.founding import first_policy

MONEY = (Disburse, Redeem, Repay)


class NoClock:
    def now(self) -> int:
        return 0


@dataclass
class Run:
    """A whole run: its parts, and by part the last one that was waited for before it was put."""

    director: Director
    mirror: BookMirror
    invoices: list[Invoice]
    parts: list[DayPlan] = field(default_factory=list)
    waited: list[int] = field(default_factory=list)
    _last: int = 0

    def put(self, plan: DayPlan) -> None:
        self.parts.append(plan)
        self.waited.append(self._last)

    def wait_final(self, part: int) -> None:
        assert part <= len(self.parts), "it waits for what it did not send"
        self._last = max(self._last, part)

    def digest(self) -> str:
        return hashlib.sha256(repr(self.parts).encode()).hexdigest()


def live(folder: Path, invoices: list[Invoice] | None = None) -> Run:
    engine = make_engine(f"sqlite:///{folder / 'office.sqlite3'}")
    upgrade(engine)
    intake = take_in(engine, find_source(None, None), NoClock())
    cast = make_cast(intake.buyers(), intake.sellers())
    chosen = invoices_of(intake, cast) if invoices is None else invoices
    run = directed(folder, engine, cast, chosen, intake.seed)
    run.director.run()
    engine.dispose()
    return run


def directed(folder: Path, engine: object, cast: Cast, invoices: list[Invoice], seed: int) -> Run:
    limits: Counter[object] = Counter()
    for invoice in invoices:
        limits[invoice.buyer] += invoice.amount
    calendar = china_calendar()
    policy = first_policy(Day(min(invoice.issued for invoice in invoices)))
    mirror = BookMirror(cast, policy, dict(limits))  # type: ignore[arg-type]
    market = Market(calendar, market_rules())
    office = Office(engine, cast, market, folder / "banks", mirror.document_stands)  # type: ignore[arg-type]
    timeline = make_timeline(invoices, calendar, policy.tenor_months_hard)
    run = Run(None, mirror, invoices)  # type: ignore[arg-type]
    run.director = Director(cast, timeline, mirror, office, calendar, run, seed)
    return run


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return live(tmp_path_factory.mktemp("run"))


def orders(run: Run) -> list[tuple[DayPlan, PlannedOrder]]:
    return [
        (part, order)
        for part in run.parts
        for order in part.orders
        if isinstance(order, PlannedOrder)
    ]


def test_every_invoice_is_paid_in_full(run: Run) -> None:
    amounts = Counter[PieceState]()
    for piece in run.mirror.book.books.pieces.values():
        amounts[piece.state] += piece.amount
    assert amounts[PieceState.REDEEMED] == sum(invoice.amount for invoice in run.invoices)
    assert {state for state, amount in amounts.items() if amount} <= {
        PieceState.REDEEMED,
        PieceState.CANCELLED,
    }


def test_a_third_is_financed_and_parts_go_down_three_tiers(run: Run) -> None:
    books = run.mirror.book.books
    paid = [item for _, order in orders(run) for item in order.items if isinstance(item, Disburse)]
    assert len(paid) == run.director.stage.counts["financings"] > 0
    assert run.director.credit.missing() <= 0
    cast = run.director.stage.cast
    tiers = {cast.by_id[piece.holder].tier for piece in books.pieces.values()}
    assert {1, 2, 3, 4} <= tiers
    counts = run.director.stage.counts
    assert counts["quotes"] >= 2 * counts["financings"]
    assert counts["sale"] > 0 < counts["pledge"]
    for name in ("offers_declined", "offers_withdrawn", "offers_expired", "merges", "recourse"):
        assert counts[name] > 0, name


def test_those_who_paid_late_are_dishonoured_first(run: Run) -> None:
    calendar = china_calendar()
    late = [
        invoice
        for invoice in run.invoices
        if invoice.settled is not None
        and invoice.settled > calendar.next_business_day(invoice.due).day
    ]
    assert run.director.stage.counts["dishonoured"] == len(late) > 0
    assert run.director.stage.counts["deferred"] > 0


def test_two_signatures_and_shared_signatures_occur(run: Run) -> None:
    cast = run.director.stage.cast
    assert any(cast.by_id[order.party].threshold == 2 for _, order in orders(run))
    assert any(len(order.items) > 1 for _, order in orders(run))
    assert any(len(order.items) == 1 for _, order in orders(run))


def test_money_moves_only_for_what_is_final(run: Run) -> None:
    """Before a payment, everything ordered earlier about its voucher was waited for."""
    books = run.mirror.book.books
    last_part: dict[int, int] = {}
    for part, waited in zip(run.parts, run.waited, strict=True):
        touched: set[int] = set()
        for order in part.orders:
            for item in order.items if isinstance(order, PlannedOrder) else ():
                number = getattr(item, "financing", None)
                piece = books.financings[number].piece if number else getattr(item, "piece", None)
                if piece is None:
                    continue
                if isinstance(item, MONEY):
                    assert last_part.get(piece >> 16, 0) <= waited
                # Neither changes who is to be paid for what is left of a voucher.
                if not isinstance(item, (Dishonour, Redeem)):
                    touched.add(piece >> 16)
        last_part |= dict.fromkeys(touched, part.part)


def test_the_same_file_gives_the_same_run(run: Run, tmp_path: Path) -> None:
    assert live(tmp_path).digest() == run.digest()


def test_odd_terms_are_accounted_for(run: Run, tmp_path: Path) -> None:
    first = run.invoices[0]
    same_day = replace(first, due=first.issued, settled=None)
    long = replace(run.invoices[1], due=Day(run.invoices[1].issued + 400), settled=None)
    late = replace(run.invoices[2], settled=Day(run.invoices[2].due + 3))
    odd = live(tmp_path, [same_day, long, late])
    issued = [item for _, order in orders(odd) for item in order.items if isinstance(item, Issue)]
    assert odd.director.timeline.refused == {Refused.TERM_TOO_LONG: 1}
    assert {item.document for item in issued} == {first.document, run.invoices[2].document}
    assert odd.director.payday.redeemed == first.amount + run.invoices[2].amount


def test_the_cast_is_the_same_whatever_the_order_of_the_file() -> None:
    buyers = {("a" * 18, "A"), ("b" * 18, "B")}
    sellers = {("b" * 18, "B"), ("c" * 18, "C")}
    cast = make_cast(buyers, sellers)
    assert cast == make_cast(sorted(buyers), sorted(sellers, reverse=True))
    assert [member.code for member in cast.all(Part.SELLER)] == ["b" * 18, "c" * 18]
    assert [member.code for member in cast.all(Part.BUYER)] == ["a" * 18]
    assert cast.by_code["b" * 18].roles.name == "ISSUER|SUPPLIER"


def test_the_sample_reads_as_its_own_days() -> None:
    with pytest.raises(DemoError, match="go together"):
        find_source(Path("file.csv"), None)
    assert find_source(None, None).mapping.historic
    assert day_from_iso("2025-01-09") < day_from_iso("2025-01-10")
