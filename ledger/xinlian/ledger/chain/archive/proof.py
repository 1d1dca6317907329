"""What an archive proves of the chain's length, without opening it for writing."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from xinlian.ledger.chain.archive import file
from xinlian.ledger.chain.errors import ArchiveDamagedError


def proven_height(path: Path, genesis: bytes) -> int:
    """The highest block of the archive of this genesis, if its row is sound; else 0."""
    try:
        connection = file.connect(path, write=False)
    except sqlite3.Error:
        return 0
    try:
        if connection.execute("SELECT genesis FROM meta").fetchall() != [(genesis,)]:
            return 0
        row = connection.execute("SELECT * FROM blocks ORDER BY height DESC LIMIT 1").fetchone()
        if row is None:
            return 0
        file.check_row(row)
        return int(row[0])
    except (sqlite3.Error, ArchiveDamagedError, TypeError, ValueError):
        return 0  # it proves nothing
    finally:
        connection.close()
