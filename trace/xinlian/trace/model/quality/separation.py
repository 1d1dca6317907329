"""Can two suspected factors be told apart? Explicitly yes, no, or one explains the other.

Two factors are held against each other: does either keep its effect among vehicles alike in the
other one (exact test in two strata)? Where neither does, the data cannot separate them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from pyroaring import BitMap
from xinlian.trace.model.quality.enrichment import FactorKey
from xinlian.trace.model.quality.hypergeometric import strata_tail

__all__ = ["LEADERS", "PAIRS_OF", "SUSPECTS_MAX", "Pair", "Relation", "groups", "separate"]

PAIRS_OF: Final = 40
"""This many of the strongest factors are held against each other: 780 pairs."""
LEADERS: Final = 10
"""Weaker ones are held against this many of the strongest only."""
SUSPECTS_MAX: Final = 500
"""Factors beyond this many are not held against any other."""
SAME: Final = 0.98


class Relation(StrEnum):
    """What the data say about two factors."""

    SAME = "same-vehicles"
    """They met the same vehicles, or nearly so: nothing can tell them apart."""
    INSEPARABLE = "inseparable"
    """Neither keeps an effect once the other is held fixed."""
    FIRST = "first-explains-second"
    SECOND = "second-explains-first"
    BOTH = "both"
    """Each keeps an effect of its own."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two factors. ``overlap``: vehicles of both over vehicles of either; ``first_p``: exact
    probability of the first one's failures with the second held fixed, ``second_p`` likewise."""

    first: FactorKey
    second: FactorKey
    overlap: float
    first_p: float
    second_p: float
    relation: Relation

    @property
    def apart(self) -> bool:
        """The data can tell them apart."""
        return self.relation not in {Relation.SAME, Relation.INSEPARABLE}


def _given(one: BitMap, other: BitMap, failures: BitMap, population: int) -> float:
    """Exact probability of the failures among ``one``, strata with and without ``other``."""
    both, failed = one & other, failures
    exposed, shared = len(one), len(both)
    hit, hit_shared = one.intersection_cardinality(failed), both.intersection_cardinality(failed)
    inside, failed_inside = len(other), other.intersection_cardinality(failed)
    return strata_tail(
        [
            (hit_shared, inside, shared, failed_inside),
            (hit - hit_shared, population - inside, exposed - shared, len(failed) - failed_inside),
        ]
    )


def _relation(overlap: float, first: float, second: float, alpha: float) -> Relation:
    if overlap >= SAME:
        return Relation.SAME
    if first <= alpha and second <= alpha:
        return Relation.BOTH
    if first <= alpha:
        return Relation.FIRST
    return Relation.SECOND if second <= alpha else Relation.INSEPARABLE


def separate(
    keys: Sequence[FactorKey],
    factors: Mapping[FactorKey, BitMap],
    failures: BitMap,
    population: int,
    *,
    alpha: float = 0.01,
) -> list[Pair]:
    """Pairs of ``keys`` (the strongest first): all of the first ``PAIRS_OF``, and each weaker one
    with the first ``LEADERS``.

    Failing to keep an effect is a statement about these data: with more failures a pair may come
    apart.
    """
    pairs = []
    for at, second in enumerate(keys[:SUSPECTS_MAX]):
        for first in keys[: at if at < PAIRS_OF else LEADERS]:
            one, other = factors[first], factors[second]
            shared = one.intersection_cardinality(other)
            overlap = shared / max(1, len(one) + len(other) - shared)
            first_p = _given(one, other, failures, population)
            second_p = _given(other, one, failures, population)
            relation = _relation(overlap, first_p, second_p, alpha)
            pairs.append(Pair(first, second, overlap, first_p, second_p, relation))
    return pairs


def groups(keys: Iterable[FactorKey], pairs: Iterable[Pair]) -> list[tuple[FactorKey, ...]]:
    """Suspects in order: factors that another one explains are left out, and those that cannot be
    told apart stand together. Each tuple is one cause to look into."""
    kept = list(keys)
    listed = list(pairs)
    explained = {pair.second for pair in listed if pair.relation is Relation.FIRST}
    explained |= {pair.first for pair in listed if pair.relation is Relation.SECOND}
    parents = {key: key for key in kept}

    def root(key: FactorKey) -> FactorKey:
        while parents[key] != key:
            key = parents[key]
        return key

    for pair in listed:
        if not pair.apart and not {pair.first, pair.second} & explained:
            parents[root(pair.second)] = root(pair.first)
    found: dict[FactorKey, list[FactorKey]] = {}
    for key in kept:
        if key not in explained:
            found.setdefault(root(key), []).append(key)
    return [tuple(members) for members in found.values()]
