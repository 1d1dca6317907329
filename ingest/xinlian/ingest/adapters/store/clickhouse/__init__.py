"""The store in ClickHouse, for a consortium: a server or a cluster (extra ``cluster``)."""

from xinlian.ingest.adapters.store.clickhouse.store import ClickStore, open_clickhouse

__all__ = ["ClickStore", "open_clickhouse"]
