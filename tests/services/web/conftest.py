"""Gives these tests a store on each database."""

from tests.trace.store_fixtures import engine, plant, postgres_store, sqlite_template

__all__ = ["engine", "plant", "postgres_store", "sqlite_template"]
