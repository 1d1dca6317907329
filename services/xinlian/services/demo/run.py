"""One run of the demo, from a file to the books."""

from __future__ import annotations

import contextlib
import logging
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TextIO

from xinlian.finance.adapters.data_files import china_calendar
from xinlian.ledger.adapters.sql.engine import make_engine
from xinlian.ledger.chain.verify import verify
from xinlian.ledger.model.days import Day, iso_of, start_of
from xinlian.ledger.model.ids import PartyId
from xinlian.ledger.usecases.verify import VerifyReport
from xinlian.services.demo.books import read_books
from xinlian.services.demo.carrying import Carrier
from xinlian.services.demo.cast import Cast, make_cast
from xinlian.services.demo.failure import DemoError
from xinlian.services.demo.intake import (
    PROBLEMS_SHOWN,
    Intake,
    Source,
    find_source,
    invoices_of,
    problems,
    take_in,
)
from xinlian.services.demo.network import Network
from xinlian.services.demo.plan import Invoice
from xinlian.services.demo.planner import Planner, Task, bring_home
from xinlian.services.demo.progress import Phase, Progress
from xinlian.services.demo.report import Outcome, render
from xinlian.services.demo.stage import BUSINESS_HOUR
from xinlian.services.demo.texts import Texts
from xinlian.services.demo.timeline import Timeline, make_timeline
from xinlian.services.demo.tree import deepest_root, document_of, grow
from xinlian.services.migrations import upgrade
from xinlian.services.settings import Settings
from xinlian.services.workers.founding import first_policy

OFFICE_FILE: Final = "office.sqlite3"
FREE_BYTES_MIN: Final = 200 << 20


@dataclass(frozen=True, slots=True)
class Options:
    """What is asked of a run. Without ``keep`` its data folder is removed at the end."""

    receivables: Path | None = None
    mapping: Path | None = None
    keep: Path | None = None
    lang: str = "en"
    bad_rows: bool = False
    """Whether to show every row that was not accepted, or the first few."""


@dataclass(frozen=True, slots=True)
class _Script:
    """What follows from the file before anything starts."""

    source: Source
    intake: Intake
    cast: Cast
    invoices: tuple[Invoice, ...]
    timeline: Timeline
    limits: Counter[PartyId]
    eve: Day
    """The day before the first invoice, on which the network is founded."""


def run_demo(options: Options, stream: TextIO) -> Outcome:
    """Run it and write progress and report to a stream. Raises ``DemoError``.

    The outcome tells whether the books add up. Nothing that was started is left running, however
    this ends.
    """
    texts = Texts(options.lang)
    progress = Progress(stream)
    source = find_source(options.receivables, options.mapping)
    with data_folder(options.keep) as folder, log_in(folder):
        script = _read(options, source, folder, progress)
        start = start_of(script.eve) + BUSINESS_HOUR
        with contextlib.ExitStack() as stack:
            network = stack.enter_context(Network(folder, start))
            with progress.phase(texts("phase_network")):
                network.open()
            planner = stack.enter_context(Planner(_task(script, folder)))
            with progress.phase(texts("phase_parties")) as phase:
                network.admit(script.cast, script.limits)
                phase.note = f"{len(script.cast.members)}"
            carrier = Carrier(network)
            _live(script, network, planner, carrier, progress, texts)
            planner.close()
            bring_home(network.app.engine, folder / OFFICE_FILE)
            outcome = _close(options, script, network, planner, carrier, progress, texts)
    for line in render(outcome, script.cast, texts):
        progress.say(line)
    return outcome


def _read(options: Options, source: Source, folder: Path, progress: Progress) -> _Script:
    texts = Texts(options.lang)
    engine = make_engine(Settings(data=folder).sqlalchemy_url())
    try:
        with progress.phase(texts("phase_import")) as phase:
            upgrade(engine)
            intake = take_in(engine, source, _NoClock())
            phase.done = phase.total = len(intake.report.rows)
    finally:
        engine.dispose()
    rows = len(intake.report.rows)
    title = texts("title", name=source.path.name, rows=rows, mapping=source.mapping.name)
    progress.say(f"           {title}")
    progress.say("           " + texts("imported", **intake.report.counts))
    for line in problems(intake.report, rows if options.bad_rows else PROBLEMS_SHOWN):
        progress.say(f"             {line}")
    progress.say("           " + texts("cheap_keys"))
    told = texts("folder", folder=folder) if options.keep else texts("folder_gone")
    progress.say(f"           {told}")
    cast = make_cast(intake.buyers(), intake.sellers())
    invoices = tuple(invoices_of(intake, cast))
    limits: Counter[PartyId] = Counter()
    for invoice in invoices:
        limits[invoice.buyer] += invoice.amount
    eve = Day(min(invoice.issued for invoice in invoices) - 1)
    months = first_policy(eve).tenor_months_hard
    timeline = make_timeline(invoices, china_calendar(), months)
    if not timeline.by_day:
        raise DemoError(
            "no invoice of the file can become a voucher: "
            + "; ".join(f"{count} × {reason.value}" for reason, count in timeline.refused.items()),
            where=str(source.path),
            usage=True,
        )
    return _Script(source, intake, cast, invoices, timeline, limits, eve)


def _task(script: _Script, folder: Path) -> Task:
    return Task(
        database=f"sqlite:///{folder / OFFICE_FILE}",
        banks=folder / "banks",
        cast=script.cast,
        invoices=script.invoices,
        limits=dict(script.limits),
        first_day=script.eve,
        seed=script.intake.seed,
    )


def _live(
    script: _Script,
    network: Network,
    planner: Planner,
    carrier: Carrier,
    progress: Progress,
    texts: Texts,
) -> None:
    """Carry part after part; a part is final before the planner hears of it."""
    first = script.timeline.first
    days = script.timeline.last - first + 1
    with progress.phase(texts("phase_days"), days, texts("unit_orders")) as phase:
        for plan in planner:
            before = carrier.orders
            carrier.send(plan)
            network.settle()
            carrier.check()
            planner.final(plan.part)
            _show(phase, plan.day, first, carrier.orders - before)


def _show(phase: Phase, day: Day, first: Day, orders: int) -> None:
    passed = min(day - first + 1, phase.total)
    phase.step(passed - phase.done, orders, iso_of(day))


def _close(
    options: Options,
    script: _Script,
    network: Network,
    planner: Planner,
    carrier: Carrier,
    progress: Progress,
    texts: Texts,
) -> Outcome:
    app = network.app
    with progress.phase(texts("phase_verify")) as phase:
        report = verify(app.engine, app.rpc, network.contracts, app.deployment.chain_id)
        phase.note = texts("verified", events=f"{report.events:,}", blocks=f"{report.height:,}")
    for line in _findings(report):
        progress.say(f"           {line}")
    with app.engine.connect() as connection:
        books = read_books(connection)
        root = deepest_root(connection)
        tree = grow(connection, root) if root else None
        document = document_of(connection, root)
    numbers = {bytes(invoice.document): invoice.number for invoice in script.invoices}
    return Outcome(
        name=script.source.path.name,
        invoices=len(script.invoices),
        rows=script.intake.report.counts,
        refused=script.timeline.refused,
        counts=planner.counts,
        late_in_file=script.timeline.late_in_file,
        late_by_holiday=script.timeline.late_by_holiday,
        books=books,
        planned_orders=carrier.orders,
        conservation=report.conservation,
        rebuild_identical=report.rebuild_identical,
        root=root,
        tree=tree,
        tree_invoice=numbers.get(document, "?"),
        seconds=progress.seconds,
        folder=str(network.folder),
        kept=options.keep is not None,
    )


def _findings(report: VerifyReport) -> list[str]:
    """What a verification found wrong, the first few of each kind."""
    found = [str(difference) for difference in report.differences[:5]]
    return [*found, *report.breaks[:5], *report.chain_breaks[:5]]


@contextlib.contextmanager
def data_folder(keep: Path | None) -> Iterator[Path]:
    """The folder of a run: the one to be kept, which must be empty, or one that goes with it."""
    if keep is None:
        with tempfile.TemporaryDirectory(
            prefix="xinlian-demo-", ignore_cleanup_errors=True
        ) as name:
            yield Path(name)
        return
    try:
        keep.mkdir(mode=0o700, parents=True, exist_ok=True)
        empty = not any(keep.iterdir())
        free = shutil.disk_usage(keep).free
    except OSError as exc:
        raise DemoError(
            f"the folder can't be used: {exc.strerror}", where=str(keep), usage=True
        ) from exc
    if not empty:
        raise DemoError(
            "the folder holds something already", where=str(keep),
            todo="name a new or empty folder", usage=True,
        )  # fmt: skip
    if free < FREE_BYTES_MIN:
        raise DemoError(f"only {free >> 20} MiB are free there", where=str(keep), usage=True)
    yield keep.absolute()


@contextlib.contextmanager
def log_in(folder: Path) -> Iterator[None]:
    """Warnings and errors of the parts go to a file: the screen is for the report."""
    (folder / "logs").mkdir(mode=0o700, exist_ok=True)
    handler = logging.FileHandler(folder / "logs" / "demo.log", encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    root = logging.getLogger()
    root.addHandler(handler)
    try:
        yield
    finally:
        root.removeHandler(handler)
        handler.close()


class _NoClock:
    """The import's clock where dates are history: the start of time."""

    def now(self) -> int:
        """Unix seconds."""
        return 0
