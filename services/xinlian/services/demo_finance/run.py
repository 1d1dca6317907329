"""One run of the demo of finance, from the cast to the checks."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import TextIO

from rich.console import Console
from rich.table import Table
from xinlian.ledger.chain.verify import verify
from xinlian.ledger.model.days import Day, iso_of, start_of
from xinlian.services.demo.books import read_books
from xinlian.services.demo.network import Network
from xinlian.services.demo.progress import Phase, Progress
from xinlian.services.demo.proving import Outcome
from xinlian.services.demo.report import yuan
from xinlian.services.demo.run import data_folder, log_in
from xinlian.services.demo.stage import BUSINESS_HOUR
from xinlian.services.demo_finance.teller import Teller
from xinlian.services.demo_finance.texts import Texts
from xinlian.services.economy.casting import cast_of
from xinlian.services.economy.life import Life
from xinlian.services.economy.model.economy import FIRST_DAY, SMALL, make_economy
from xinlian.services.economy.report import Outcome as Result
from xinlian.services.economy.report import outcome_of
from xinlian.services.economy.run import issuer_limits
from xinlian.services.economy.theatre import Theatre

__all__ = ["Options", "run_demo_finance"]


@dataclass(frozen=True, slots=True)
class Options:
    """What is asked of a run."""

    seed: int = 1
    lang: str = "en"


def run_demo_finance(options: Options, stream: TextIO) -> Outcome:
    """Run it, telling what happens on the stream. Raises ``DemoError``."""
    texts, progress = Texts(options.lang), Progress(stream)
    economy = make_economy(options.seed, SMALL)
    casting = cast_of(economy)
    progress.say(texts("intro", seed=options.seed))
    with ExitStack() as stack:
        folder = stack.enter_context(data_folder(None))
        stack.enter_context(log_in(folder))
        network = stack.enter_context(Network(folder, start_of(Day(FIRST_DAY - 2)) + BUSINESS_HOUR))
        with progress.phase(texts("network")):
            network.open()
        with progress.phase(texts("parties")):
            network.admit(casting.cast, issuer_limits(economy, casting), casting.accounts())
        theatre = Theatre(economy, casting, network)
        life = Life(theatre)
        teller = Teller(theatre, life, texts, stream)
        teller.cast()
        with progress.phase(texts("days"), unit=texts("orders")) as phase:
            _live(life, teller, phase)
        teller.end()
        app = theatre.app
        with progress.phase(texts("verify")):
            report = verify(app.engine, app.rpc, network.contracts, app.deployment.chain_id)
        with app.engine.connect() as connection:
            books = read_books(connection)
        result = outcome_of(life, theatre, books, report, {})
    return _end(result, teller, texts, progress, stream)


def _live(life: Life, teller: Teller, phase: Phase) -> None:
    def told(day: Day, orders: int) -> None:
        phase.counted, phase.note = orders, iso_of(day)
        teller.after(day)

    life.run(told)


def _end(
    result: Result, teller: Teller, texts: Texts, progress: Progress, stream: TextIO
) -> Outcome:
    console, books = Console(file=stream, highlight=False, width=110), result.books
    sums = {
        "sum_issued": sum(line.face for line in books.issuers),
        "sum_redeemed": books.redeemed,
        "sum_written": sum(line.written_off for line in books.issuers),
        "sum_open": sum(line.open for line in books.issuers),
        "sum_financed": books.financed,
        "sum_stopped": sum(result.stopped.values()),
    }
    table = Table(title=texts("sums"), title_justify="left", box=None, show_header=False)
    table.add_column()
    table.add_column(justify="right")
    for key, amount in sums.items():
        table.add_row(texts(key), yuan(amount))
    console.print(table)
    checks = {
        "conservation": result.conservation and not books.breaks,
        "rebuild": result.rebuild_identical,
        "orders": books.orders_failed == 0,
    }
    console.print(texts("checks"))
    for key, good in checks.items():
        text = texts(f"check_{key}", orders=f"{books.orders:,}")
        console.print(f"  {'✓' if good else '✗'} {text}", markup=False)
    console.print(texts("next"), markup=False)
    return Outcome(
        checks=checks,
        facts={
            **{key.removeprefix("sum_") + "_fen": amount for key, amount in sums.items()},
            "vouchers": books.vouchers,
            "financings": books.financings,
            "dishonoured": books.dishonoured,
            "scenes": teller.scenes,
            "seconds": round(progress.seconds, 1),
        },
    )
