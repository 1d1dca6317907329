"""One run of an economy through the real contracts and services."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

import numpy as np
from xinlian.ledger.chain.verify import verify
from xinlian.ledger.model.days import Day, iso_of, start_of
from xinlian.ledger.model.ids import PartyId
from xinlian.services.demo.books import read_books
from xinlian.services.demo.network import Network
from xinlian.services.demo.progress import Phase, Progress
from xinlian.services.demo.run import data_folder, log_in
from xinlian.services.demo.stage import BUSINESS_HOUR
from xinlian.services.economy.casting import Casting, cast_of
from xinlian.services.economy.life import Life
from xinlian.services.economy.model.economy import FIRST_DAY, Economy, make_economy, scale_of
from xinlian.services.economy.report import Outcome, outcome_of
from xinlian.services.economy.texts import Texts
from xinlian.services.economy.theatre import Theatre

__all__ = ["Options", "simulate"]


@dataclass(frozen=True, slots=True)
class Options:
    """What is asked of a run; without ``keep`` its data folder is removed at the end."""

    seed: int = 1
    scale: str = "small"
    years: int | None = None
    keep: Path | None = None
    lang: str = "en"


def simulate(options: Options, stream: TextIO) -> Outcome:
    """Make the economy and live through it; progress goes to the stream. Raises ``DemoError``."""
    texts, progress = Texts(options.lang), Progress(stream)
    seconds: dict[str, float] = {}
    with timed(progress, seconds, "make", texts("phase_make")) as phase:
        economy = make_economy(options.seed, scale_of(options.scale, options.years))
        phase.note = texts("made", **facts_of(economy))
    casting = cast_of(economy)
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(data_folder(options.keep))
        stack.enter_context(log_in(folder))
        start = start_of(Day(FIRST_DAY - 2)) + BUSINESS_HOUR
        network = stack.enter_context(Network(folder, start))
        with timed(progress, seconds, "network", texts("phase_network")):
            network.open()
        with timed(progress, seconds, "parties", texts("phase_parties")) as phase:
            network.admit(casting.cast, issuer_limits(economy, casting), casting.accounts())
            phase.note = f"{len(casting.cast.members)}"
        theatre = Theatre(economy, casting, network)
        life = Life(theatre)
        _live(life, progress, seconds, texts)
        return _close(life, theatre, progress, seconds, texts)


def _live(life: Life, progress: Progress, seconds: dict[str, float], texts: Texts) -> None:
    span = life.last_day - FIRST_DAY + 1
    with timed(progress, seconds, "days", texts("phase_days"), span, texts("unit_orders")) as phase:

        def told(day: Day, orders: int) -> None:
            phase.step(
                min(day - FIRST_DAY + 1, span) - phase.done, orders - phase.counted, iso_of(day)
            )

        life.run(told)


def _close(
    life: Life, theatre: Theatre, progress: Progress, seconds: dict[str, float], texts: Texts
) -> Outcome:
    app = theatre.app
    with timed(progress, seconds, "verify", texts("phase_verify")) as phase:
        report = verify(app.engine, app.rpc, theatre.network.contracts, app.deployment.chain_id)
        phase.note = texts("verified", events=f"{report.events:,}", blocks=f"{report.height:,}")
    with app.engine.connect() as connection:
        books = read_books(connection)
    return outcome_of(life, theatre, books, report, {**seconds, "total": progress.seconds})


@contextlib.contextmanager
def timed(
    progress: Progress,
    seconds: dict[str, float],
    name: str,
    title: str,
    total: int = 0,
    unit: str = "",
) -> Iterator[Phase]:
    """A phase whose time is noted."""
    with progress.phase(title, total, unit) as phase:
        yield phase
    seconds[name] = round(phase.seconds, 1)


def facts_of(economy: Economy) -> dict[str, str]:
    """How large an economy is, for people."""
    return {
        "companies": f"{len(economy.companies):,}",
        "invoices": f"{len(economy.invoices):,}",
        "cases": f"{len(economy.cases):,}",
    }


def issuer_limits(economy: Economy, casting: Casting) -> Counter[PartyId]:
    """What each company may have outstanding: no more than all that it ever buys."""
    invoices = economy.invoices
    bought = np.bincount(invoices.buyer, weights=invoices.amount)
    return Counter(
        {casting.party(number): int(total) for number, total in enumerate(bought) if total}
    )
