"""The director in a process of its own: it plans ahead while the chain works.

It waits for the chain only where it must: before money moves for something that has to be final.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import signal
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final, Self

from sqlalchemy import Engine
from xinlian.finance.adapters.sql import metadata as finance_metadata
from xinlian.ledger.model.ids import PartyId
from xinlian.services.demo.cast import Cast
from xinlian.services.demo.failure import DemoError
from xinlian.services.demo.plan import DayPlan, Invoice

AHEAD_MAX: Final = 12
"""Parts that may be planned and not final."""
STOP_SECONDS: Final = 10.0


@dataclass(frozen=True)
class Task:
    """All that the director needs to know.

    ``database`` is the back office's own while the run lasts: SQLite has one writer at a time, and
    two processes that write all the time would mostly wait for each other. See ``bring_home``.
    """

    database: str
    banks: Path
    cast: Cast
    invoices: tuple[Invoice, ...]
    limits: dict[PartyId, int]
    first_day: int
    seed: int


class PipeOutlet:
    """Sends parts through a pipe and hears through it what is final."""

    def __init__(self, pipe: Connection) -> None:
        self._pipe = pipe
        self._final = 0

    def put(self, plan: DayPlan) -> None:
        """Send a part; waits while too many before it are not final."""
        self.wait_final(plan.part - AHEAD_MAX)
        self._pipe.send(plan)

    def wait_final(self, part: int) -> None:
        """Wait for the word that a part is final."""
        while self._final < part:
            self._final = self._pipe.recv()


class Planner:
    """The parts of a run, one after the other; tell it what is final with ``final``."""

    def __init__(self, task: Task) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_work, args=(theirs, task), daemon=True)
        self._process.start()
        theirs.close()
        self.counts: Counter[str] = Counter()

    def __iter__(self) -> Iterator[DayPlan]:
        while True:
            try:
                message = self._pipe.recv()
            except EOFError as exc:
                raise DemoError("the planning process ended before its work was done") from exc
            if isinstance(message, DayPlan):
                yield message
            elif isinstance(message, DemoError):
                raise message
            else:
                self.counts = message
                return

    def final(self, part: int) -> None:
        """Every order of this part and of those before is final and took effect."""
        # A process that has told its last part hears no more.
        with contextlib.suppress(OSError):
            self._pipe.send(part)

    def close(self) -> None:
        """End the process."""
        self._pipe.close()
        self._process.join(STOP_SECONDS if self._process.exitcode is None and self.counts else 0.2)
        if self._process.is_alive():
            self._process.terminate()
            self._process.join(STOP_SECONDS)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def bring_home(engine: Engine, office: Path) -> None:
    """Bring what the back office wrote into the network's database (SQLite), whole or not at all.

    Tables that hold rows there already (imports, documents) stay as they are.
    """
    with engine.connect() as connection:
        raw = connection.connection.dbapi_connection
        assert raw is not None  # noqa: S101 - the connection is open
        cursor = raw.cursor()
        cursor.execute("ATTACH DATABASE ? AS office", (str(office),))
        try:
            cursor.execute("BEGIN IMMEDIATE")
            for table in finance_metadata.sorted_tables:
                name, columns = table.name, ", ".join(column.name for column in table.columns)
                if cursor.execute(f"SELECT 1 FROM main.{name} LIMIT 1").fetchone() is None:  # noqa: S608
                    cursor.execute(
                        f"INSERT INTO main.{name} ({columns}) SELECT {columns} FROM office.{name}"  # noqa: S608
                    )
            cursor.execute("COMMIT")
        except BaseException:
            raw.rollback()
            raise
        finally:
            cursor.execute("DETACH DATABASE office")


def _work(pipe: Connection, task: Task) -> None:
    """The process: direct the run and say what came of it."""
    # Ctrl-C is the parent's to handle; it ends us.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        counts = _direct(pipe, task)
    except (EOFError, BrokenPipeError):
        return
    except DemoError as exc:
        pipe.send(exc)
    except Exception as exc:
        pipe.send(DemoError(f"planning failed: {type(exc).__name__}: {exc}"))
        raise
    else:
        pipe.send(counts)


def _direct(pipe: Connection, task: Task) -> Counter[str]:
    from xinlian.finance.adapters.data_files import china_calendar, market_rules
    from xinlian.finance.usecases.financing.quoting import Market
    from xinlian.ledger.adapters.sql.engine import make_engine
    from xinlian.ledger.model.days import Day
    from xinlian.services.demo.director import Director
    from xinlian.services.demo.mirror import BookMirror
    from xinlian.services.demo.office import Office
    from xinlian.services.demo.timeline import make_timeline
    from xinlian.services.workers.founding import first_policy

    calendar = china_calendar()
    policy = first_policy(Day(task.first_day))
    mirror = BookMirror(task.cast, policy, task.limits)
    market = Market(calendar, market_rules())
    engine = make_engine(task.database)
    finance_metadata.create_all(engine)
    office = Office(engine, task.cast, market, task.banks, mirror.document_stands)
    timeline = make_timeline(task.invoices, calendar, policy.tenor_months_hard)
    outlet = PipeOutlet(pipe)
    director = Director(task.cast, timeline, mirror, office, calendar, outlet, task.seed)
    director.run()
    engine.dispose()
    return director.stage.counts
