"""Each test of the books runs on both databases."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine
from xinlian.ledger.adapters.sql.base import metadata
from xinlian.ledger.adapters.sql.engine import make_engine as engine_for

from tests.support.postgres import PostgresServer


@pytest.fixture(params=["sqlite", "postgresql"])
def make_engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Engine]]:
    """Makes engines of empty databases with every table of the ledger."""
    engines: list[Engine] = []
    names: list[str] = []
    server: PostgresServer | None = None
    if request.param == "postgresql":
        server = request.getfixturevalue("postgres_server")

    def make() -> Engine:
        if server is None:
            url = f"sqlite:///{tmp_path}/books{len(engines)}.db"
        else:
            names.append(server.create_database())
            url = server.url(names[-1])
        engine = engine_for(url)
        metadata.create_all(engine)
        engines.append(engine)
        return engine

    yield make
    for engine in engines:
        engine.dispose()
    if server is not None:
        for name in names:
            server.drop_database(name)
