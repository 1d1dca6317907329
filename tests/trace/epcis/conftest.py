"""Gives these tests a store on each database."""

from tests.trace.store_fixtures import engine, plant

__all__ = ["engine", "plant"]
