"""Many keys and many rows per statement, through the driver itself.

Statements are built from table definitions, never from data.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache, partial
from itertools import chain
from typing import Any, Final

from sqlalchemy import BigInteger, Connection, Table
from xinlian.ledger.adapters.sql.bulk import bulk_for

__all__ = [
    "TRACE_LOCK",
    "array",
    "by_keys",
    "by_pairs",
    "driver",
    "insert",
    "is_sqlite",
    "lock",
    "run",
]

TRACE_LOCK: Final = 7_201_955_009
"""Advisory lock of whoever writes traceability on PostgreSQL: one at a time, as on SQLite."""
_KEYS_AT_ONCE: Final = 20_000
_ROWS_AT_ONCE: Final = 10_000


def is_sqlite(connection: Connection) -> bool:
    """Whether the connection's database is SQLite."""
    return connection.dialect.name == "sqlite"


def driver(connection: Connection) -> Any:
    """The driver's own connection; its work belongs to the running transaction."""
    return connection.connection.driver_connection


def run(connection: Connection, sql: str, *values: Any) -> list[tuple[Any, ...]]:
    """Rows of a statement with ``?`` marks."""
    found: list[tuple[Any, ...]]
    if is_sqlite(connection):
        found = driver(connection).execute(sql, values).fetchall()
    else:
        found = driver(connection).execute(sql.replace("?", "%s"), values, binary=True).fetchall()
    return found


def array(values: Sequence[Any]) -> str:
    """Numbers or texts as PostgreSQL writes an array: the driver takes a list apart far slower."""
    if not values or isinstance(values[0], int):
        return "{" + ",".join(map(str, values)) + "}"
    texts = '","'.join(each.replace("\\", r"\\").replace('"', r"\"") for each in values)
    return '{"' + texts + '"}'


def lock(connection: Connection) -> None:
    """Wait until nobody else writes traceability; until the end of the transaction."""
    if not is_sqlite(connection):
        run(connection, "SELECT pg_advisory_xact_lock(?)", TRACE_LOCK)


def insert(connection: Connection, table: Table, rows: Sequence[Sequence[Any]]) -> None:
    """Insert rows given in the order of the table's columns."""
    if rows:
        bulk_for(connection).insert(connection, table, rows)


def _all(cursor: Any) -> Iterator[tuple[Any, ...]]:
    # No step of Python per row: a tree has thousands.
    return chain.from_iterable(iter(partial(cursor.fetchmany, _ROWS_AT_ONCE), []))


@lru_cache(maxsize=512)
def _by_keys(sqlite: bool, table: Table, columns: str, key: str, where: str) -> str:
    condition = f" AND ({where})" if where else ""
    listed = ", ".join(f't."{name}"' for name in columns.split())
    if sqlite:
        return (
            f"SELECT {listed} FROM json_each(?) j"  # noqa: S608
            f' CROSS JOIN {table.name} t ON t."{key}" = j.value{condition}'
        )
    kind = "bigint" if isinstance(table.c[key].type, BigInteger) else "text"
    return (
        f"SELECT {listed} FROM {table.name} t"  # noqa: S608
        f' WHERE t."{key}" = ANY(?::{kind}[]){condition}'
    ).replace("?", "%s")


def by_keys(
    connection: Connection,
    table: Table,
    columns: str,
    key: str,
    keys: Iterable[Any],
    where: str = "",
    values: Sequence[Any] = (),
) -> Iterator[tuple[Any, ...]]:
    """Rows whose ``key`` is among ``keys``: ``columns`` named with spaces between; ``where`` is a
    further condition on ``t`` with ``?`` marks."""
    sqlite = is_sqlite(connection)
    sql = _by_keys(sqlite, table, columns, key, where)
    execute = driver(connection).execute
    wanted = list(keys)

    def part(at: int) -> Iterable[tuple[Any, ...]]:
        some = wanted[at : at + _KEYS_AT_ONCE]
        if sqlite:
            found: Iterable[tuple[Any, ...]] = execute(sql, (json.dumps(some), *values))
            return found
        return _all(execute(sql, (array(some), *values), binary=True))

    return chain.from_iterable(map(part, range(0, len(wanted), _KEYS_AT_ONCE)))


@lru_cache(maxsize=64)
def _by_pairs(sqlite: bool, table: Table, columns: str, keys: str, where: str) -> str:
    condition = f" AND ({where})" if where else ""
    listed = ", ".join(f't."{name}"' for name in columns.split())
    one, two = keys.split()
    if sqlite:
        return (
            f"SELECT {listed} FROM json_each(?) j CROSS JOIN {table.name} t"  # noqa: S608
            f" ON t.\"{one}\" = json_extract(j.value, '$[0]')"
            f" AND t.\"{two}\" = json_extract(j.value, '$[1]'){condition}"
        )
    return (
        f"SELECT {listed} FROM (SELECT unnest(?::bigint[]) a, unnest(?::bigint[]) b) j"  # noqa: S608
        f' JOIN {table.name} t ON t."{one}" = j.a AND t."{two}" = j.b{condition}'
    ).replace("?", "%s")


def by_pairs(
    connection: Connection,
    table: Table,
    columns: str,
    keys: str,
    pairs: Iterable[tuple[int, int]],
    where: str = "",
    values: Sequence[Any] = (),
) -> Iterator[tuple[Any, ...]]:
    """As ``by_keys`` for pairs of numbers under the two columns named in ``keys``."""
    sqlite = is_sqlite(connection)
    sql = _by_pairs(sqlite, table, columns, keys, where)
    execute = driver(connection).execute
    wanted = list(pairs)
    for at in range(0, len(wanted), _KEYS_AT_ONCE):
        part = wanted[at : at + _KEYS_AT_ONCE]
        if sqlite:
            yield from execute(sql, (json.dumps(part), *values))
        else:
            ones, twos = array([p[0] for p in part]), array([p[1] for p in part])
            yield from _all(execute(sql, (ones, twos, *values), binary=True))
