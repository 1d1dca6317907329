"""Gives these tests a store on each database, and traceability over it."""

import pytest
from sqlalchemy import Engine
from xinlian.services.app.clock import Clock
from xinlian.services.app.trace_wiring import TraceParts, make_trace

from tests.trace.store_fixtures import engine, plant, postgres_store, sqlite_template

__all__ = ["engine", "plant", "postgres_store", "sqlite_template"]


@pytest.fixture
def trace(engine: Engine, clock: Clock) -> TraceParts:
    return make_trace(engine, clock, bytes(range(32)), 60, lambda _: {}, "http://here.example")
