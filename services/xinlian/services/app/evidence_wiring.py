"""The evidence logs of the parties, wired."""

from __future__ import annotations

from xinlian.ledger.adapters.sql.evidence.store import SqlEvidence
from xinlian.ledger.chain.deployment import Deployment
from xinlian.ledger.chain.submitter import Submitter
from xinlian.ledger.model.items import ContractName
from xinlian.ledger.usecases.evidence import EvidenceLogs, Preparer, helpers
from xinlian.services.app.evidence import Evidence
from xinlian.services.app.evidence_worker import Cadence, EvidenceWorker
from xinlian.services.app.evidence_writers import Writers
from xinlian.services.app.orders import Orders
from xinlian.services.app.trace_wiring import Wired

__all__ = ["make_evidence"]


def make_evidence(
    store: Wired, deployment: Deployment, orders: Orders, submitter: Submitter
) -> Evidence:
    """The evidence logs of the parties that this server keeps, and their worker."""
    logs = EvidenceLogs(SqlEvidence(), Preparer(helpers()), now_ms=lambda: 1000 * store.clock.now())
    writers = Writers(store.engine, store.custody)
    domain = deployment.domain(ContractName.EVIDENCE)
    worker = EvidenceWorker(
        engine=store.engine,
        logs=logs,
        writers=writers,
        orders=orders,
        carrier=submitter,
        domain=domain,
        cadence=Cadence(store.settings.evidence_leaves_max, store.settings.evidence_seconds_max),
    )
    return Evidence(
        engine=store.engine,
        logs=logs,
        writers=writers,
        worker=worker,
        domain=domain,
        deadline_seconds=store.settings.evidence_deadline_seconds,
    )
