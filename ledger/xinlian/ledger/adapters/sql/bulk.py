"""Many rows at once, through the driver itself: the ORM would cost more than the work.

Every statement is built from table definitions, never from data.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any, Final, Protocol

from sqlalchemy import BigInteger, Connection, Table
from xinlian.ledger.adapters.sql.tables import OPEN, piece_versions, roots

Row = Sequence[Any]
_KEYS_AT_ONCE: Final = 500


class Bulk(Protocol):
    """What the indexer needs of a database, whichever it is."""

    def insert(self, connection: Connection, table: Table, rows: Sequence[Row]) -> None:
        """Insert rows given in the order of the table's columns."""

    def close(
        self, connection: Connection, table: Table, closes: Sequence[tuple[int, Any, int]]
    ) -> None:
        """End versions: (to_block, key, from_block)."""

    def end_roots(self, connection: Connection, ends: Sequence[tuple[int, int, int]]) -> None:
        """Set (cancelled_block, dishonoured_block, root)."""

    def open_rows(self, connection: Connection, table: Table, keys: Sequence[Any]) -> Iterable[Row]:
        """The versions of the keys that hold now."""

    def open_pieces(self, connection: Connection, roots: Sequence[int]) -> Iterable[Row]:
        """The versions that hold now of all pieces of the roots."""

    def roots(self, connection: Connection, roots: Sequence[int]) -> Iterable[Row]:
        """The roots' rows."""


def bulk_for(connection: Connection) -> Bulk:
    """The way of the connection's database."""
    return _SQLITE if connection.dialect.name == "sqlite" else _POSTGRES


@lru_cache(maxsize=64)
def _columns(table: Table, prefix: str = "") -> str:
    return ", ".join(f'{prefix}"{column.name}"' for column in table.columns)


def _key(table: Table) -> str:
    return table.columns[0].name


def _driver(connection: Connection) -> Any:
    return connection.connection.driver_connection


class _Sqlite:
    def insert(self, connection: Connection, table: Table, rows: Sequence[Row]) -> None:
        marks = ", ".join("?" * len(table.columns))
        _driver(connection).executemany(
            f"INSERT INTO {table.name} ({_columns(table)}) VALUES ({marks})",  # noqa: S608
            rows,
        )

    def close(
        self, connection: Connection, table: Table, closes: Sequence[tuple[int, Any, int]]
    ) -> None:
        _driver(connection).executemany(
            f"UPDATE {table.name} SET to_block = ? WHERE {_key(table)} = ?"  # noqa: S608
            " AND from_block = ?",
            closes,
        )

    def end_roots(self, connection: Connection, ends: Sequence[tuple[int, int, int]]) -> None:
        _driver(connection).executemany(
            "UPDATE roots SET cancelled_block = ?, dishonoured_block = ? WHERE root = ?", ends
        )

    def open_rows(self, connection: Connection, table: Table, keys: Sequence[Any]) -> Iterable[Row]:
        driver = _driver(connection)
        key = _key(table)
        if isinstance(table.columns[0].type, BigInteger):
            sql = (
                f"SELECT {_columns(table, 't.')} FROM json_each(?) j"  # noqa: S608
                f" CROSS JOIN {table.name} t ON t.{key} = j.value WHERE t.to_block = {OPEN}"
            )
            yield from driver.execute(sql, (json.dumps(keys),))
            return
        for at in range(0, len(keys), _KEYS_AT_ONCE):
            part = keys[at : at + _KEYS_AT_ONCE]
            marks = ", ".join("?" * len(part))
            yield from driver.execute(
                f"SELECT {_columns(table)} FROM {table.name} WHERE {key} IN ({marks})"  # noqa: S608
                f" AND to_block = {OPEN}",
                part,
            )

    def open_pieces(self, connection: Connection, roots: Sequence[int]) -> Iterable[Row]:
        # CROSS JOIN fixes the order: for each root one range of the primary key.
        sql = (
            f"SELECT {_columns(piece_versions, 't.')} FROM json_each(?) j"  # noqa: S608
            " CROSS JOIN piece_versions t ON t.piece >= j.value * 65536"
            f" AND t.piece < (j.value + 1) * 65536 WHERE t.to_block = {OPEN}"
        )
        result: Iterable[Row] = _driver(connection).execute(sql, (json.dumps(roots),))
        return result

    def roots(self, connection: Connection, roots: Sequence[int]) -> Iterable[Row]:
        return _roots(_driver(connection), "IN (SELECT value FROM json_each(?))", json.dumps(roots))


class _Postgres:
    def insert(self, connection: Connection, table: Table, rows: Sequence[Row]) -> None:
        cursor = _driver(connection).cursor()
        with cursor.copy(f"COPY {table.name} ({_columns(table)}) FROM STDIN") as copy:
            write = copy.write_row
            for row in rows:
                write(row)

    def close(
        self, connection: Connection, table: Table, closes: Sequence[tuple[int, Any, int]]
    ) -> None:
        kind = "bigint" if isinstance(table.columns[0].type, BigInteger) else "bytea"
        to_blocks, keys, from_blocks = zip(*closes, strict=True)
        key = _key(table)
        _driver(connection).execute(
            f"UPDATE {table.name} t SET to_block = c.b FROM"  # noqa: S608
            f" (SELECT unnest(%s::bigint[]) b, unnest(%s::{kind}[]) k, unnest(%s::bigint[]) f) c"
            f" WHERE t.{key} = c.k AND t.from_block = c.f",
            (list(to_blocks), list(keys), list(from_blocks)),
        )

    def end_roots(self, connection: Connection, ends: Sequence[tuple[int, int, int]]) -> None:
        _driver(connection).cursor().executemany(
            "UPDATE roots SET cancelled_block = %s, dishonoured_block = %s WHERE root = %s", ends
        )

    def open_rows(self, connection: Connection, table: Table, keys: Sequence[Any]) -> Iterable[Row]:
        result: Iterable[Row] = _driver(connection).execute(
            f"SELECT {_columns(table)} FROM {table.name}"  # noqa: S608
            f" WHERE {_key(table)} = ANY(%s) AND to_block = {OPEN}",
            (list(keys),),
        )
        return result

    def open_pieces(self, connection: Connection, roots: Sequence[int]) -> Iterable[Row]:
        result: Iterable[Row] = _driver(connection).execute(
            f"SELECT {_columns(piece_versions, 't.')}"  # noqa: S608
            " FROM unnest(%s::bigint[]) j(root_wanted) JOIN piece_versions t"
            " ON t.piece >= j.root_wanted * 65536 AND t.piece < (j.root_wanted + 1) * 65536"
            f" WHERE t.to_block = {OPEN}",
            (list(roots),),
        )
        return result

    def roots(self, connection: Connection, roots: Sequence[int]) -> Iterable[Row]:
        return _roots(_driver(connection), "= ANY(%s)", list(roots))


def _roots(driver: Any, condition: str, keys: Any) -> Iterable[Row]:
    result: Iterable[Row] = driver.execute(
        f"SELECT {_columns(roots)} FROM roots WHERE root {condition}",  # noqa: S608
        (keys,),
    )
    return result


_SQLITE: Final = _Sqlite()
_POSTGRES: Final = _Postgres()
