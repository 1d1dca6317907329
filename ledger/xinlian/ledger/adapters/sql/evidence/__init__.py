"""The evidence log's tables and what reads and writes them: SQLite and PostgreSQL."""
