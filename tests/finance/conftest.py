from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from sqlalchemy import Engine, create_engine
from sqlalchemy.orm import Session
from xinlian.finance.adapters.sql import metadata

from tests.finance.desk import Desk

# How long an example takes says something about the machine, nothing about the product.
settings.register_profile("finance", deadline=None)
settings.load_profile("finance")


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """An empty finance database, on each of the two kinds."""
    if request.param == "sqlite":
        made = create_engine("sqlite://")
    else:
        made = create_engine(request.getfixturevalue("postgres_database"))
    metadata.create_all(made)
    yield made
    made.dispose()


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    """A session of its own; the test commits."""
    with Session(engine) as made:
        yield made


@pytest.fixture
def light_session() -> Iterator[Session]:
    """A session on SQLite alone, where the kind of database doesn't matter."""
    made = create_engine("sqlite://")
    metadata.create_all(made)
    with Session(made) as session:
        yield session
    made.dispose()


@pytest.fixture
def desk(session: Session, tmp_path: Path) -> Desk:
    """Quotes, financings and a bank, on each kind of database."""
    return Desk(session, tmp_path)


@pytest.fixture
def light(light_session: Session, tmp_path: Path) -> Desk:
    """The same on SQLite alone."""
    return Desk(light_session, tmp_path)
