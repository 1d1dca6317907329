"""Traceability in SQL: SQLite and PostgreSQL."""
