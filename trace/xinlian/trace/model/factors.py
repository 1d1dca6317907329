"""Factors: what vehicles may have in common, each with the set of vehicles it touches."""

from __future__ import annotations

from enum import StrEnum

__all__ = ["FactorKind"]


class FactorKind(StrEnum):
    """Kinds of factors."""

    BATCH = "batch"
    """Named by the number of the batch in this database."""
    SUPPLIER = "supplier"
    """The maker of a part or batch in the vehicle."""
    MACHINE = "machine"
    STATION = "station"
    SHIFT = "shift"
    GAUGE = "gauge"
    PARTY = "party"
    """Named by the number of the party that spoke of the vehicle."""
    WHEREABOUTS = "whereabouts"
    WITHDRAWN = "withdrawn"
    """As ``BATCH``, where only links that were withdrawn lead from the vehicle to the batch."""
