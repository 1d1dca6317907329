"""The numbered steps of the schema give exactly the tables that the code defines."""

import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, MetaData, inspect, text
from xinlian.ledger.adapters.sql.engine import begin_write, make_engine
from xinlian.services.migrations import VERSION_TABLE, configuration, current, targets, upgrade


@pytest.fixture(params=["sqlite", "postgresql"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'empty.db'}"
    else:
        url = request.getfixturevalue("postgres_database")
    made = make_engine(url)
    yield made
    made.dispose()


def heads(engine: Engine) -> list[str]:
    with engine.connect() as connection:
        return list(ScriptDirectory.from_config(configuration(connection)).get_heads())


def test_steps_give_the_tables_of_the_code(engine: Engine) -> None:
    upgrade(engine)
    with engine.connect() as connection:
        options = {"compare_type": True, "version_table": VERSION_TABLE}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, cast(MetaData, targets())) == []
    names = {name for metadata in targets() for name in metadata.tables}
    assert set(inspect(engine).get_table_names()) == names | {VERSION_TABLE}


def test_steps_give_the_very_same_definitions_on_sqlite(tmp_path: Path) -> None:
    stepped = make_engine(f"sqlite:///{tmp_path / 'stepped.db'}")
    upgrade(stepped)
    direct = make_engine(f"sqlite:///{tmp_path / 'direct.db'}")
    for metadata in targets():
        metadata.create_all(direct)
    assert _definitions(stepped) == _definitions(direct)
    stepped.dispose()
    direct.dispose()


def _definitions(engine: Engine) -> dict[str, list[str]]:
    with engine.connect() as connection:
        rows = connection.execute(
            text("SELECT name, sql FROM sqlite_master WHERE name <> :own AND sql IS NOT NULL"),
            {"own": VERSION_TABLE},
        ).all()
    plain = {name: re.sub(r"\s+", " ", sql.replace('"', "")).rstrip(" )") for name, sql in rows}
    # The order of constraints has no meaning.
    return {name: sorted(re.split(r"\)*,\s", sql)) for name, sql in plain.items()}


def test_there_is_one_line_of_steps_and_a_second_upgrade_does_nothing(engine: Engine) -> None:
    assert current(engine) is None
    upgrade(engine)
    assert [current(engine)] == heads(engine)
    upgrade(engine)
    assert [current(engine)] == heads(engine)


def test_processes_that_upgrade_at_once_do_not_disturb_each_other(engine: Engine) -> None:
    errors: list[BaseException] = []

    def run() -> None:
        try:
            upgrade(engine)
        except BaseException as error:  # noqa: BLE001
            errors.append(error)

    threads = [threading.Thread(target=run) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    assert [current(engine)] == heads(engine)


def test_the_first_step_can_be_undone(engine: Engine) -> None:
    upgrade(engine)
    with begin_write(engine) as connection:
        command.downgrade(configuration(connection), "base")
    assert set(inspect(engine).get_table_names()) <= {VERSION_TABLE}
