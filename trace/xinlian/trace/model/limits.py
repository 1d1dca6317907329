"""Bounds of genealogy."""

from __future__ import annotations

from typing import Final

__all__ = ["DEPTH_MAX", "NODES_MAX"]

DEPTH_MAX: Final = 10_000
"""Levels of parts below one another; links that go deeper are refused."""
NODES_MAX: Final = 20_000
"""Nodes of a tree unless the caller says otherwise."""
