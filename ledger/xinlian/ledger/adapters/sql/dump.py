"""The books as canonical bytes: the same for the same books, whichever database holds them.

A row is the JSON array of its values in the order of the columns (integers as numbers, bytes as
hex digits, text as text), followed by a line feed; rows stand in the order of the primary key.
"""

from __future__ import annotations

import hashlib
from collections.abc import Generator
from contextlib import closing
from itertools import zip_longest
from typing import Any

import orjson
from sqlalchemy import Connection, Table, select
from xinlian.ledger.usecases.verify import Difference, TableDigest

_ROWS_AT_ONCE = 5_000


def table_digest(connection: Connection, table: Table) -> TableDigest:
    """Number of rows and SHA-256 of a table's canonical bytes."""
    digest = hashlib.sha256()
    rows = 0
    for line in _lines(connection, table):
        digest.update(line)
        rows += 1
    return TableDigest(table.name, rows, digest.digest())


def differences(
    ours: Connection, theirs: Connection, table: Table, most: int = 5
) -> list[Difference]:
    """The first rows in which two databases differ."""
    keys = len(table.primary_key.columns)
    positions = [list(table.columns).index(column) for column in table.primary_key.columns]
    found: list[Difference] = []
    with closing(_lines(ours, table)) as mine, closing(_lines(theirs, table)) as other:
        for left, right in zip_longest(mine, other):
            if left == right:
                continue
            row = orjson.loads(left or right)
            key = [row[at] for at in positions[:keys]]
            found.append(Difference(table.name, str(key), _text(left), _text(right)))
            missing = left is None or right is None
            if missing or _key(left, positions) != _key(right, positions):
                # From a row that one side lacks the two lists are no longer in step.
                break
            if len(found) == most:
                break
    return found


def _key(line: bytes, positions: list[int]) -> list[Any]:
    row = orjson.loads(line)
    return [row[at] for at in positions]


def _text(line: bytes | None) -> str:
    return "missing" if line is None else line.decode().rstrip()


def _lines(connection: Connection, table: Table) -> Generator[bytes]:
    query = select(table).order_by(*table.primary_key.columns)
    with connection.execute(query.execution_options(yield_per=_ROWS_AT_ONCE)) as result:
        for part in result.partitions():
            for row in part:
                yield orjson.dumps(tuple(row), default=_hex, option=orjson.OPT_APPEND_NEWLINE)


def _hex(value: Any) -> str:
    if isinstance(value, bytes | memoryview):
        return bytes(value).hex()
    raise TypeError(f"a {type(value).__name__} has no canonical form")
