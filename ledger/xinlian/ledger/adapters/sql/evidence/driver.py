"""Reading and writing many rows by the driver itself: SQLAlchemy would cost more than the work.

Every statement is built from table definitions, never from data.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Table


def rows_by_key(
    conn: Connection,
    table: Table,
    columns: str,
    fixed: Mapping[str, int],
    key: str,
    values: Sequence[int],
) -> Iterable[tuple[Any, ...]]:
    """The rows whose ``key`` is one of ``values`` and whose other columns are ``fixed``."""
    if not values:
        return ()
    driver = conn.connection.driver_connection
    assert driver is not None  # noqa: S101  a connection in a transaction has one
    if conn.dialect.name == "sqlite":
        where = "".join(f" AND t.{name} = ?" for name in fixed)
        sql = (
            f"SELECT {columns} FROM json_each(?) j CROSS JOIN {table.name} t"  # noqa: S608
            f" ON t.{key} = j.value{where}"
        )
        found: Iterable[tuple[Any, ...]] = driver.execute(
            sql, (json.dumps(list(values)), *fixed.values())
        )
        return found
    where = "".join(f" AND t.{name} = %s" for name in fixed)
    sql = f"SELECT {columns} FROM {table.name} t WHERE t.{key} = ANY(%s){where}"  # noqa: S608
    answer: Iterable[tuple[Any, ...]] = driver.execute(sql, (list(values), *fixed.values()))
    return answer


def put(conn: Connection, table: Table, rows: Sequence[Sequence[Any]]) -> None:
    """Insert rows in the order of the table's columns, or replace those with the same key."""
    if not rows:
        return
    driver = conn.connection.driver_connection
    assert driver is not None  # noqa: S101
    names = [column.name for column in table.columns]
    keys = [column.name for column in table.primary_key.columns]
    rest = ", ".join(f"{name} = excluded.{name}" for name in names if name not in keys)
    mark = "?" if conn.dialect.name == "sqlite" else "%s"
    marks = ", ".join([mark] * len(names))
    sql = (
        f"INSERT INTO {table.name} ({', '.join(names)}) VALUES ({marks})"  # noqa: S608
        f" ON CONFLICT ({', '.join(keys)}) DO UPDATE SET {rest}"
    )
    cursor = driver.cursor()
    cursor.executemany(sql, rows)
    cursor.close()
