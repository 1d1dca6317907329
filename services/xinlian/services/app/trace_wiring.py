"""Wires traceability: everything that needs the database alone."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Engine
from xinlian.services.app.clock import Clock
from xinlian.services.app.trace_epcis import Events
from xinlian.services.app.trace_items import TraceItems
from xinlian.services.app.trace_links import Tags
from xinlian.services.app.trace_policy import PagePolicies
from xinlian.services.app.trace_signals import Signals
from xinlian.trace.usecases.ports import OnlyOwn

__all__ = ["TraceParts", "make_trace"]


@dataclass(frozen=True)
class TraceParts:
    """What the services do with traceability."""

    items: TraceItems
    policies: PagePolicies
    signals: Signals
    events: Events


def make_trace(engine: Engine, clock: Clock, label_key: bytes) -> TraceParts:
    """The parts over a database; ``label_key`` makes the tags of labels."""
    policies = PagePolicies(engine, clock)
    items = TraceItems(engine, Tags(label_key), policies, OnlyOwn())
    return TraceParts(
        items=items,
        events=Events(engine, items),
        policies=policies,
        signals=Signals(engine),
    )
