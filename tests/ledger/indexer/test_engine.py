"""Engines: a commit is durable, a writer holds the lock from the beginning, errors undo all."""

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import Engine, insert, select, text
from xinlian.ledger.adapters.sql import tables
from xinlian.ledger.adapters.sql.base import metadata
from xinlian.ledger.adapters.sql.engine import begin_write, make_engine

Make = Callable[[], Engine]
BLOCK = {"height": 1, "hash": b"h", "parent_hash": b"p", "time": 5}


def heights(engine: Engine) -> list[int]:
    with engine.connect() as connection:
        return list(connection.execute(select(tables.blocks.c.height)).scalars())


def test_sqlite_is_durable_and_strict(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'a.db'}")
    with engine.connect() as connection:
        pragma = {
            name: connection.execute(text(f"PRAGMA {name}")).scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert pragma == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
    engine.dispose()


def test_an_error_undoes_the_whole_transaction(make_engine: Make) -> None:
    engine = make_engine()

    def fail() -> None:
        with begin_write(engine) as connection:
            connection.execute(insert(tables.blocks).values(BLOCK))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert heights(engine) == []
    with begin_write(engine) as connection:
        connection.execute(insert(tables.blocks).values(BLOCK))
    assert heights(engine) == [1]


def test_a_second_writer_of_sqlite_waits_for_the_first_and_readers_do_not(tmp_path: Path) -> None:
    engine = make_engine(f"sqlite:///{tmp_path / 'b.db'}")
    metadata.create_all(engine)
    order: list[str] = []
    entered, leave = threading.Event(), threading.Event()

    def second() -> None:
        entered.wait()
        with begin_write(engine) as connection:
            order.append("second")
            connection.execute(insert(tables.blocks).values({**BLOCK, "height": 2}))

    thread = threading.Thread(target=second)
    thread.start()
    with begin_write(engine) as connection:
        entered.set()
        connection.execute(insert(tables.blocks).values(BLOCK))
        assert heights(engine) == []
        leave.wait(0.05)
        order.append("first")
    thread.join()
    assert order == ["first", "second"]
    assert heights(engine) == [1, 2]
    engine.dispose()
