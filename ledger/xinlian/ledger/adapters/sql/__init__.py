"""The relational store of the ledger: SQLite (embedded) and PostgreSQL (consortium)."""
