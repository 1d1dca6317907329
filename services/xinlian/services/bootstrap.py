"""The one place that wires everything: from settings to a running application."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import Engine
from sqlalchemy.exc import DatabaseError
from xinlian.ledger.adapters.sql.engine import make_engine
from xinlian.ledger.chain.keystore import Kdf
from xinlian.ledger.chain.rpc import Rpc
from xinlian.ledger.model.errors import Failure, LedgerError
from xinlian.ledger.model.items import ContractName
from xinlian.ledger.model.statuses import Failed
from xinlian.ledger.model.statuses import Final as FinalStatus
from xinlian.services.app.audit import AuditLog
from xinlian.services.app.bank_accounts import BankAccounts
from xinlian.services.app.banking import Banking
from xinlian.services.app.books import Books
from xinlian.services.app.clock import Clock, FileClock, SystemClock
from xinlian.services.app.custody import Custody
from xinlian.services.app.energy_ledger import EnergyLedger
from xinlian.services.app.energy_meters import EnergyMeters
from xinlian.services.app.evidence import Evidence
from xinlian.services.app.evidence_reads import EvidenceReads
from xinlian.services.app.evidence_wiring import make_evidence
from xinlian.services.app.financing import FinancingDesk
from xinlian.services.app.follower import Follower
from xinlian.services.app.idempotency import IdempotencyKeys
from xinlian.services.app.imports import Imports
from xinlian.services.app.operator import Operator
from xinlian.services.app.orders import Orders
from xinlian.services.app.orders_read import OrderReads
from xinlian.services.app.page_sessions import PageSessions
from xinlian.services.app.parties import Parties
from xinlian.services.app.payments import Payments
from xinlian.services.app.reports import Reports
from xinlian.services.app.task_worker import TaskWorker
from xinlian.services.app.telemetry_flags import TelemetryFlags
from xinlian.services.app.telemetry_proofs import TelemetryProofs
from xinlian.services.app.telemetry_wiring import (
    TelemetryParts,
    make_telemetry,
    telemetry_parts,
)
from xinlian.services.app.tokens import Tokens
from xinlian.services.app.trace_capture import Captures
from xinlian.services.app.trace_offers import Shares
from xinlian.services.app.trace_points import ControlPoints
from xinlian.services.app.trace_recall import RecallDesk
from xinlian.services.app.trace_reviews import Reviews
from xinlian.services.app.trace_wiring import TraceParts, make_trace, trace_parts
from xinlian.services.migrations import upgrade
from xinlian.services.settings import Settings, keep_private, kept_secret

__all__ = ["App", "Store", "build", "build_store"]

# A node that hangs must not hold up who asks whether it hangs.
HEALTH_SECONDS: Final = 3.0

log = logging.getLogger(__name__)


@dataclass
class Store:
    """What needs the database alone: enough for tokens and keys, without a chain."""

    settings: Settings
    clock: Clock
    engine: Engine
    tokens: Tokens
    keys: IdempotencyKeys
    audit: AuditLog
    custody: Custody
    parties: Parties
    bank_accounts: BankAccounts
    books: Books
    reports: Reports
    order_reads: OrderReads
    page_sessions: PageSessions
    trace: TraceParts
    telemetry: TelemetryParts
    cursor_secret: bytes


@dataclass
class App(Store):
    """The whole application. ``start`` runs its workers, each in a thread.

    ``on_worker_failure`` is called when one of them ends by an error of its own.
    """

    rpc: Any
    deployment: Any
    submitter: Any
    indexer: Any
    orders: Orders
    operator: Operator
    desk: FinancingDesk
    imports: Imports
    payments: Payments
    banking: Banking
    follower: Follower
    evidence: Evidence
    captures: Captures
    reviews: Reviews
    points: ControlPoints
    recalls: RecallDesk
    shares: Shares
    trace_worker: TaskWorker
    telemetry_worker: TaskWorker
    telemetry_stores: TaskWorker
    telemetry_proofs: TelemetryProofs
    telemetry_flags: TelemetryFlags
    energy_meters: EnergyMeters
    energy_ledger: EnergyLedger
    health_rpc: Rpc
    on_worker_failure: Callable[[], None] = lambda: None
    _stop: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    @property
    def evidence_reads(self) -> EvidenceReads:
        """Reads of the evidence logs."""
        return EvidenceReads(self.engine, self.evidence)

    def start(self) -> None:
        """Run the workers; calling it again changes nothing."""
        if self._threads:
            return
        self._stop.clear()
        workers = {
            "submitter": self.submitter.run,
            "indexer": self.indexer.run,
            "follower": self.follower.run,
            "evidence": self.evidence.worker.run,
            "trace": self.trace_worker.run,
            "telemetry": self.telemetry_worker.run,
            "telemetry stores": self.telemetry_stores.run,
        }
        for name, run in workers.items():
            thread = threading.Thread(target=self._work, args=(name, run), name=name, daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self, seconds: int = 10) -> None:
        """End the workers; each finishes the step that it is in."""
        self._stop.set()
        for thread in self._threads:
            thread.join(seconds)
        self._threads.clear()

    def _work(self, name: str, run: Callable[[threading.Event], None]) -> None:
        try:
            run(self._stop)
        except Exception:
            log.exception("the worker %s ended by an error", name)
            self.on_worker_failure()

    @property
    def workers_alive(self) -> bool:
        """Whether every worker that was started still runs."""
        return bool(self._threads) and all(thread.is_alive() for thread in self._threads)

    def wait_final(self, digests: Iterable[bytes], seconds: int = 60) -> list[FinalStatus | Failed]:
        """Wait until every one of the orders is final or failed; ``TimeoutError`` otherwise."""
        wanted = list(digests)
        if not self.submitter.wait_settled(wanted, seconds):
            raise TimeoutError(f"not all of {len(wanted)} orders are final after {seconds} s")
        statuses = map(self.submitter.status, wanted)
        return [status for status in statuses if isinstance(status, (FinalStatus, Failed))]

    def close(self) -> None:
        """Stop the workers and let go of connections."""
        self.stop()
        self.evidence.logs.preparer.close()
        self.telemetry.sites.close()
        self.rpc.close()
        self.health_rpc.close()
        self.engine.dispose()


def build_store(settings: Settings, clock: Clock | None = None) -> Store:
    """The part of the application that needs no chain; brings its schema up to date.

    Raises ``SettingsError`` if others can look into the data folder, ``LedgerError`` (``STORAGE``)
    if the database cannot be used.
    """
    keep_private(settings.data)
    if clock is None:
        path = settings.clock_path
        clock = FileClock(path) if path else SystemClock()
    engine = _engine(settings)
    keys, parties = IdempotencyKeys(engine, clock), Parties(engine, clock)
    tokens = Tokens(engine, clock)
    return Store(
        settings=settings,
        clock=clock,
        engine=engine,
        tokens=tokens,
        keys=keys,
        audit=AuditLog(engine, clock),
        custody=Custody(
            settings.keys_dir / "custody",
            settings.secrets_dir / "custody.password",
            Kdf.TOY if settings.cheap_keystores else Kdf.LIGHT,
            settings.web3signer_url,
        ),
        parties=parties,
        bank_accounts=BankAccounts(engine, parties, keys),
        books=Books(engine),
        reports=Reports(engine),
        order_reads=OrderReads(engine),
        page_sessions=PageSessions(engine, clock, tokens),
        trace=make_trace(
            *(engine, clock, kept_secret(settings.secrets_dir / "labels.key")),
            settings.evidence_deadline_seconds,
            parties.names_of_codes,
            settings.pages,
            parties.names_of,
        ),
        telemetry=make_telemetry(settings, engine),
        cursor_secret=kept_secret(settings.secrets_dir / "cursors.key"),
    )


def build(settings: Settings, clock: Clock | None = None) -> App:
    """The application of a network whose node runs and whose contracts are deployed.

    Raises ``LedgerError`` (``NOT_DEPLOYED``, ``CHAIN_MISMATCH``, ``CHAIN_UNAVAILABLE``).
    """
    from xinlian.services.wiring import connect, node_rpc

    store = build_store(settings, clock)
    rpc, deployment, submitter, indexer = connect(settings, store.engine, store.clock)
    orders = Orders(
        submitter=submitter,
        parties=store.parties,
        custody=store.custody,
        keys=store.keys,
        domains={name: deployment.domain(name) for name in ContractName},
        clock=store.clock,
        order_seconds=settings.order_seconds,
    )
    desk = FinancingDesk(store.engine, store.books, store.clock)
    folder = settings.data / "banks"
    payments = Payments(
        store.engine, store.books, store.parties, desk, store.keys, store.clock, folder
    )
    evidence = make_evidence(store, deployment, orders, submitter)
    return App(
        **vars(store),
        rpc=rpc,
        health_rpc=node_rpc(settings, seconds=HEALTH_SECONDS),
        deployment=deployment,
        submitter=submitter,
        indexer=indexer,
        orders=orders,
        operator=Operator(submitter, store.parties, store.custody, store.keys),
        desk=desk,
        imports=Imports(store.engine, store.parties, store.keys, store.clock),
        payments=payments,
        banking=Banking(store.engine, store.books, orders, store.clock),
        follower=Follower(store.engine, submitter.status, payments.send, store.clock),
        evidence=evidence,
        **trace_parts(store, evidence, deployment.domain(ContractName.EVIDENCE)),
        **telemetry_parts(store, evidence),
    )


def _engine(settings: Settings) -> Engine:
    """The database with its schema up to date."""
    engine = make_engine(settings.sqlalchemy_url())
    try:
        upgrade(engine)
    except DatabaseError as exc:
        where = engine.url.render_as_string(hide_password=True)
        why = " ".join(str(exc.orig).split())[:200]
        raise LedgerError(
            Failure.STORAGE,
            f"the database {where} cannot be used ({why}): see that it runs and is readable; "
            "replace a damaged file by its backup",
        ) from exc
    return engine
