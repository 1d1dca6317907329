"""The core of the API over PostgreSQL: the same tests as over SQLite."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy.engine import make_url
from xinlian.services.settings import write_secret

from tests.e2e.test_api_financing import (  # noqa: F401  collected here as well
    test_competing_quotes_are_taken_to_disbursement_and_redemption,
)
from tests.e2e.test_api_imports import (  # noqa: F401
    test_every_row_ends_with_its_outcome,
    test_the_same_file_again_is_the_same_import,
)
from tests.e2e.test_api_isolation import (  # noqa: F401
    secrets,
    test_each_side_sees_its_own_and_no_more,
    test_no_list_shows_what_is_others,
    test_what_is_others_is_answered_like_what_does_not_exist,
)
from tests.e2e.test_api_requests import (  # noqa: F401
    piece,
    pieces,
    test_a_key_used_for_other_content_names_the_field,
    test_a_list_shows_one_block_on_all_its_pages,
    test_declining_is_free_and_counted,
    test_many_at_once_under_one_key_make_one_order,
    test_reads_as_of_a_block_show_what_was,
    test_reports_add_up,
    test_the_same_write_again_gives_the_same_outcome,
    test_writes_are_in_the_audit_log_and_reads_are_not,
)
from tests.support.api import ApiNetwork
from tests.support.postgres import PostgresServer


@pytest.fixture(scope="module")
def api(
    tmp_path_factory: pytest.TempPathFactory, postgres_server: PostgresServer
) -> Iterator[ApiNetwork]:
    """A network whose relational store is a PostgreSQL database of its own."""
    folder = tmp_path_factory.mktemp("network")
    name = postgres_server.create_database()
    url = make_url(postgres_server.url(name))
    password = folder / "secrets" / "database.password"
    write_secret(password, str(url.password))
    without = f"{url.drivername}://{url.username}@{url.host}:{url.port}/{url.database}"
    network = ApiNetwork(folder, database_url=without, database_password_file=password).start()
    assert network.app.engine.dialect.name == "postgresql"
    yield network
    network.stop()
    postgres_server.drop_database(name)
