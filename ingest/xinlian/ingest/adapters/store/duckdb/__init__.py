"""The store in one DuckDB file: no server, one process writes."""

from xinlian.ingest.adapters.store.duckdb.store import DuckStore, open_duckdb

__all__ = ["DuckStore", "open_duckdb"]
