"""Stores of each kind: tests that take ``opener`` or ``fresh`` run on all of them."""

import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path

import pytest
from xinlian.ingest.adapters.store.clickhouse import open_clickhouse
from xinlian.ingest.adapters.store.duckdb import open_duckdb
from xinlian.ingest.usecases.store_ports import TelemetryStore

from tests.support.clickhouse_shim import clickhouse_server

__all__ = ["clickhouse_server"]

Opener = Callable[[], TelemetryStore]
"""Opens the same store; what it opened before is closed."""


@pytest.fixture(params=["duckdb", "clickhouse"])
def fresh(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Opener]]:
    """Makes openers of empty stores."""
    numbers = count()
    url = request.getfixturevalue("clickhouse_server") if request.param == "clickhouse" else ""
    stem = f"test_{secrets.token_hex(4)}"
    with ExitStack() as stack:
        last = ExitStack()
        stack.callback(last.close)

        def make() -> Opener:
            last.close()
            name = f"{stem}_{next(numbers)}"

            def open_again() -> TelemetryStore:
                last.close()
                store: TelemetryStore
                if url:
                    store = open_clickhouse(url, database=name, durable=False)
                else:
                    store = open_duckdb(tmp_path / name, memory_mb=512, threads=1, part_rows=5)
                last.callback(store.close)
                return store

            return open_again

        yield make


@pytest.fixture
def opener(fresh: Callable[[], Opener]) -> Opener:
    """One empty store."""
    return fresh()
