"""What the analysis of quality needs from outside."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from pyroaring import BitMap
from xinlian.trace.model.facts import Inspection
from xinlian.trace.model.items import ItemId
from xinlian.trace.model.quality.arrays import Floats
from xinlian.trace.model.quality.enrichment import FactorKey
from xinlian.trace.model.quality.prediction import Features, Labelled
from xinlian.trace.model.quality.recognition import Recognition, State

__all__ = [
    "INSPECTIONS_MAX",
    "Learner",
    "PointKey",
    "QualityReader",
    "RecognitionStore",
    "RecordSink",
    "Signatures",
]

INSPECTIONS_MAX = 100_000
"""Rows that one question reads at most."""


class QualityReader(Protocol):
    """Inspections and factors of a party's items, corrections applied.

    ``owner`` is the party that asks; an empty text means any; times are Unix milliseconds,
    ``since_ms`` included and ``until_ms`` not.
    """

    def inspections(
        self,
        owner: int,
        *,
        characteristic: str = "",
        gauge: str = "",
        station: str = "",
        machine: str = "",
        since_ms: int | None = None,
        until_ms: int | None = None,
        limit: int = INSPECTIONS_MAX,
    ) -> Iterable[Inspection]:
        """Inspections in the order of time; with more than ``limit`` the latest ones."""

    def factors(self, owner: int, kinds: Collection[str]) -> Mapping[FactorKey, BitMap]:
        """Vehicle ordinals per batch, machine, shift, gauge, supplier or station."""

    def failures(
        self,
        owner: int,
        *,
        code: str = "",
        since_ms: int | None = None,
        until_ms: int | None = None,
    ) -> BitMap:
        """Ordinals of vehicles with a claim (of a failure code) or a failed inspection."""

    def population(self, owner: int) -> int:
        """How many vehicles have an ordinal."""

    def vehicles(self, owner: int, ordinals: Sequence[int]) -> Sequence[str]:
        """Ids of vehicles by ordinal."""

    def vehicles_of(self, owner: int, items: Sequence[ItemId]) -> Mapping[ItemId, Sequence[str]]:
        """Ids of the vehicles that hold each item; a vehicle holds itself."""


class PointKey(NamedTuple):
    """A control point between a supplier and a customer."""

    supplier: int
    customer: int
    point: str


class RecognitionStore(Protocol):
    """Where recognitions are kept, within one transaction of the caller."""

    def find(self, key: PointKey) -> Recognition | None:
        """Where a point stands."""

    def listed(self, party: int, state: State | None = None) -> Sequence[Recognition]:
        """Points that a party is a side of."""

    def next_ones(self, state: State, after: PointKey | None, limit: int) -> Sequence[Recognition]:
        """Points of all parties in a state, by supplier, customer and id, beyond ``after``."""

    def proposed(self, supplier: int, customer: int) -> int:
        """How many points between a supplier and a customer are proposed and not agreed on."""

    def add(self, after: Recognition, record: Mapping[str, Any]) -> None:
        """Write a point's first step; ``QualityError`` if it is there."""

    def move(self, after: Recognition, record: Mapping[str, Any]) -> None:
        """Write the next step; ``QualityError`` if another one came first."""

    def steps(self, key: PointKey) -> Sequence[Mapping[str, Any]]:
        """Every record of a point, the oldest first."""


class Signatures(Protocol):
    """Who signed what."""

    def signed(self, party: int, preimage: bytes, signatures: Sequence[bytes]) -> bool:
        """Whether ``party`` signed ``preimage``, with as many accounts as it signs orders with."""


class RecordSink(Protocol):
    """Takes records for the evidence log, within the caller's transaction."""

    def __call__(self, party: int, record: Mapping[str, Any]) -> None:
        """Append ``record`` to the log of ``party``."""


class Learner(Protocol):
    """Gradient boosting: learns from rows, gives scores and what drove each of them.

    Rows are arrays (rows, features), not-a-number where a value is missing; categories are small
    whole numbers. A model is text that executes nothing.
    """

    name: str

    def fit(self, train: Labelled, stop: Labelled, spec: Features, seed: int) -> str:
        """Learn from ``train``; ``stop`` tells when to stop adding trees."""

    def scores(self, model: str, rows: Floats) -> Floats:
        """Log odds of failure per row."""

    def contributions(self, model: str, rows: Floats) -> Floats:
        """Shapley values in log odds, (rows, features + 1), the last being the base value."""
