"""The one table from errors of databases and disks to ours."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from sqlalchemy.exc import DBAPIError


class StoreError(Exception):
    """The database did not do what it was asked: no space, no connection, a lock held too long.

    Nothing of the transaction was kept. Trying again later is right once the cause is gone.
    """


@contextmanager
def store_errors(doing: str) -> Iterator[None]:
    """Name errors of drivers, of SQLAlchemy and of the disk ``StoreError``; ``doing`` says when."""
    try:
        yield
    except (DBAPIError, sqlite3.Error, psycopg.Error, OSError) as exc:
        raise StoreError(f"{doing}: {str(exc).splitlines()[0]}") from exc
