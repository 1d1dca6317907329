"""A store of traceability with real evidence logs, on both databases."""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import Engine, inspect
from xinlian.ledger.adapters.sql.engine import begin_write, make_engine
from xinlian.ledger.adapters.sql.evidence.store import SqlEvidence
from xinlian.ledger.model.ids import Address, PartyId
from xinlian.ledger.usecases.evidence import Appended, EvidenceLogs, Prepared, Records
from xinlian.services.migrations import VERSION_TABLE, upgrade

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

    def prepare(self, records: Sequence[Mapping[str, Any]]) -> Prepared:
        return self.logs.prepare(records)

    def append(
        self,
        connection: Any,
        log_id: bytes,
        records: Records,
        also: Sequence[Sequence[str]] = (),
    ) -> list[Appended]:
        if isinstance(records, Prepared):
            self.records += [orjson.loads(payload[32:]) for payload in records.payloads]
        else:
            self.records += records
        return self.logs.append(connection, log_id, records, also)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty store, made once by the steps of the schema."""
    path: Path = tmp_path_factory.mktemp("template") / "trace.db"
    made = make_engine(f"sqlite:///{path}")
    upgrade(made)
    with made.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").all()
    made.dispose()
    return path


@pytest.fixture(scope="session")
def postgres_store(postgres_url: str) -> Iterator[Engine]:
    """A store that lasts for the session; each test finds it empty."""
    made = make_engine(postgres_url)
    upgrade(made)
    yield made
    made.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(
    request: pytest.FixtureRequest, tmp_path: Path, sqlite_template: Path
) -> Iterator[Engine]:
    """An empty store."""
    if request.param == "sqlite":
        shutil.copy(sqlite_template, tmp_path / "trace.db")
        made = make_engine(f"sqlite:///{tmp_path / 'trace.db'}")
        yield made
        made.dispose()
        return
    store: Engine = request.getfixturevalue("postgres_store")
    with store.begin() as connection:
        names = inspect(connection).get_table_names()
        listed = ", ".join(name for name in names if name != VERSION_TABLE)
        connection.exec_driver_sql(f"TRUNCATE {listed}")
    yield store


@pytest.fixture
def plant(engine: Engine) -> Plant:
    return Plant(engine, Logs(engine))
