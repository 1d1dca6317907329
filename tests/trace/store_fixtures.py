"""A store of traceability with real evidence logs, on both databases."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine
from xinlian.ledger.adapters.sql.engine import begin_write, make_engine
from xinlian.ledger.adapters.sql.evidence.store import SqlEvidence
from xinlian.ledger.model.ids import Address, PartyId
from xinlian.ledger.usecases.evidence import Appended, EvidenceLogs
from xinlian.services.migrations import upgrade

from tests.trace.plant import Plant


class Logs:
    """Evidence logs as the application keeps them, without a chain behind."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.logs = EvidenceLogs(SqlEvidence())
        self.records: list[Mapping[str, Any]] = []

    def ensure_log(self, party: PartyId, stream: str) -> bytes:
        with begin_write(self._engine) as connection:
            found = self.logs.find(connection, party, stream)
            if found is None:
                found = self.logs.create(
                    connection, chain_id=1, contract=Address(bytes(20)), party=party, stream=stream
                )
        return found.log_id

    def append(
        self, connection: Any, log_id: bytes, records: Sequence[Mapping[str, object]]
    ) -> list[Appended]:
        self.records += records
        return self.logs.append(connection, log_id, records)


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'trace.db'}"
    else:
        url = request.getfixturevalue("postgres_database")
    made = make_engine(url)
    upgrade(made)
    yield made
    made.dispose()


@pytest.fixture
def plant(engine: Engine) -> Plant:
    return Plant(engine, Logs(engine))
