"""Wires traceability: everything that needs the database alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import Engine
from xinlian.ledger.adapters.sql.evidence.store import SqlEvidence
from xinlian.ledger.model.orders import Domain
from xinlian.ledger.usecases.evidence import EvidenceLogs
from xinlian.services.app.clock import Clock
from xinlian.services.app.custody import Custody
from xinlian.services.app.evidence import Evidence
from xinlian.services.app.idempotency import IdempotencyKeys
from xinlian.services.app.parties import Parties
from xinlian.services.app.task_worker import Task, TaskWorker
from xinlian.services.app.trace_bundle import Bundles
from xinlian.services.app.trace_capture import Captures
from xinlian.services.app.trace_dossier import Dossiers
from xinlian.services.app.trace_epcis import Events
from xinlian.services.app.trace_items import TraceItems
from xinlian.services.app.trace_links import Tags
from xinlian.services.app.trace_offers import Shares
from xinlian.services.app.trace_papers import Papers
from xinlian.services.app.trace_points import ControlPoints
from xinlian.services.app.trace_policy import PagePolicies
from xinlian.services.app.trace_proofs import Proofs
from xinlian.services.app.trace_quality import Quality
from xinlian.services.app.trace_recall import RecallDesk
from xinlian.services.app.trace_reviews import Reviews
from xinlian.services.app.trace_sharing import Sharing
from xinlian.services.app.trace_signals import Signals
from xinlian.services.app.trace_supervision import Supervision
from xinlian.services.settings import Settings
from xinlian.trace.adapters.quality.watch import QualityWatch
from xinlian.trace.adapters.sql.store import SqlTrace
from xinlian.trace.usecases.genealogy import Genealogy
from xinlian.trace.usecases.recall import Recalls
from xinlian.trace.usecases.vehicle_sets import keep_views

__all__ = ["TraceParts", "make_trace", "trace_parts"]

_JUDGE_SECONDS = 20
"""How often inspections are looked for that no look after a capture judged."""
_SUPERVISE_SECONDS = 30
"""How often the next 200 recognised control points are held against their terms."""
_SETS_SECONDS = 5
"""How often the sets of vehicles are brought forward."""


@dataclass(frozen=True)
class TraceParts:
    """What the services do with traceability."""

    items: TraceItems
    dossiers: Dossiers
    bundles: Bundles
    papers: Papers
    sharing: Sharing
    policies: PagePolicies
    signals: Signals
    quality: Quality
    events: Events
    genealogy: Genealogy
    proofs: Proofs


def make_trace(
    engine: Engine,
    clock: Clock,
    label_key: bytes,
    deadline_seconds: int,
    names: Callable[[Sequence[str]], dict[str, str]],
    page_url: str,
    called: Callable[[Iterable[int]], dict[int, str]] = lambda _parties: {},
) -> TraceParts:
    """The parts over a database; ``label_key`` makes the tags of labels, ``names`` gives names for
    the codes of makers and ``called`` for the numbers of parties, ``page_url`` is the address under
    which people reach the pages."""
    policies, sharing = PagePolicies(engine, clock), Sharing()
    items = TraceItems(engine, Tags(label_key), policies, sharing)
    logs = EvidenceLogs(SqlEvidence(), now_ms=lambda: 1000 * clock.now())
    proofs = Proofs(logs, deadline_seconds)
    genealogy = Genealogy(SqlTrace(engine), sharing)
    dossiers = Dossiers(engine, clock, genealogy, proofs, names, called)
    return TraceParts(
        items=items,
        dossiers=dossiers,
        bundles=Bundles(engine, genealogy, proofs, logs, sharing),
        papers=Papers(dossiers, page_url),
        sharing=sharing,
        policies=policies,
        signals=Signals(engine),
        quality=Quality(engine, sharing),
        events=Events(engine, items),
        genealogy=genealogy,
        proofs=proofs,
    )


class Wired(Protocol):
    """What is wired already."""

    settings: Settings
    engine: Engine
    clock: Clock
    keys: IdempotencyKeys
    parties: Parties
    custody: Custody
    trace: TraceParts


def trace_parts(store: Wired, evidence: Evidence, domain: Domain) -> dict[str, Any]:
    """The parts that write, and so need the evidence logs, and the worker of traceability.

    ``domain`` is that of the contract of the logs: signatures over steps count there alone.
    """
    engine, clock, keys, trace = store.engine, store.clock, store.keys, store.trace
    trace.bundles.prover = evidence.prove
    site = SqlTrace(engine)
    recalls = RecallDesk(
        engine,
        clock,
        keys,
        Recalls(site, trace.sharing, evidence),
        trace.items,
        trace.proofs,
        trace.bundles,
    )
    trace.dossiers.recalls_of = recalls.naming
    seconds = store.settings.evidence_deadline_seconds
    points = ControlPoints(engine, clock, keys, store.parties, store.custody, evidence, domain)
    supervision = Supervision(engine, clock, evidence)
    watch = QualityWatch(
        site, trace.sharing, lambda: 1000 * clock.now(), touched=supervision.review
    )
    captures = Captures(engine, clock, keys, evidence, seconds, watch.after_capture)
    reviews = Reviews(engine, clock, keys, store.parties, evidence)
    shares = Shares(engine, clock, trace.policies, evidence)
    return {
        "captures": captures,
        "recalls": recalls,
        "reviews": reviews,
        "points": points,
        "shares": shares,
        "trace_worker": TaskWorker(
            Task("signals", _JUDGE_SECONDS, watch.catch_up),
            Task("recognition", _SUPERVISE_SECONDS, supervision.round),
            Task("sets", _SETS_SECONDS, lambda: keep_views(site)),
        ),
    }
