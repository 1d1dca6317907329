"""The worker of evidence over PostgreSQL: the same tests as over SQLite."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy.engine import make_url
from xinlian.services.settings import write_secret

from tests.services.evidence.test_worker import (  # noqa: F401  collected here as well
    test_a_bundle_is_made_against_an_anchored_head,
    test_a_head_sent_again_is_the_same_call,
    test_a_receipt_is_kept,
    test_heads_of_a_suspended_party_wait_and_go_on,
    test_records_come_to_stand_under_heads_on_chain,
)
from tests.support.api import ApiNetwork
from tests.support.postgres import PostgresServer


@pytest.fixture(scope="module")
def net(
    tmp_path_factory: pytest.TempPathFactory, postgres_server: PostgresServer
) -> Iterator[ApiNetwork]:
    folder = tmp_path_factory.mktemp("evidence")
    name = postgres_server.create_database()
    url = make_url(postgres_server.url(name))
    password = folder / "secrets" / "database.password"
    write_secret(password, str(url.password))
    made = ApiNetwork(
        folder,
        database_url=f"{url.drivername}://{url.username}@{url.host}:{url.port}/{url.database}",
        database_password_file=password,
        evidence_seconds_max=3600,
    ).found()
    made.join("supplier", ["supplier"])
    made.join("other", ["supplier"])
    assert made.app.engine.dialect.name == "postgresql"
    yield made
    made.stop()
    postgres_server.drop_database(name)
