"""Databases: what writes or reads in its own way is tested on both."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine
from xinlian.ledger.adapters.sql.base import metadata
from xinlian.ledger.adapters.sql.engine import make_engine


def _made(url: str) -> Iterator[Engine]:
    made = make_engine(url)
    metadata.create_all(made)
    yield made
    made.dispose()


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Engine]:
    """An empty SQLite database with every table of the ledger."""
    yield from _made(f"sqlite:///{tmp_path / 'evidence.db'}")


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    """The same, and then an empty PostgreSQL database with every table of the ledger."""
    url = f"sqlite:///{tmp_path / 'evidence.db'}"
    if request.param == "postgresql":
        url = request.getfixturevalue("postgres_database")
    yield from _made(url)
