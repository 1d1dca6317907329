"""Which batch, machine, shift, gauge or supplier stands behind failures, as far as data can say."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from pyroaring import BitMap
from xinlian.trace.model.quality.arrays import plain
from xinlian.trace.model.quality.enrichment import FactorKey, Finding, enrich
from xinlian.trace.model.quality.separation import Pair, groups, separate
from xinlian.trace.model.quality.words import RELATION_WORDS
from xinlian.trace.usecases.quality.ports import QualityReader

__all__ = ["KINDS", "RootCauseReport", "find_causes", "root_cause"]

KINDS: Final = ("batch", "machine", "shift", "gauge", "supplier", "station")
_SHOWN: Final = 100


@dataclass(frozen=True, slots=True)
class RootCauseReport:
    """``findings``: factors over-represented at the false-discovery rate ``fdr``, at most 100;
    ``causes``: what to look into, factors in one tuple cannot be told apart; ``pairs``: how the
    factors relate; ``unknown``: per kind, vehicles of which no factor is on record."""

    population: int
    failures: int
    tested: int
    fdr: float
    significant: int
    findings: tuple[Finding, ...]
    causes: tuple[tuple[FactorKey, ...], ...]
    pairs: tuple[Pair, ...]
    unknown: Mapping[str, int]
    seconds: float

    def sentences(self, language: str = "en") -> list[str]:
        """What the data say about the factors of each cause and those they explain."""
        column = 0 if language == "en" else 1
        return [
            RELATION_WORDS[pair.relation][column].format(
                first=_named(pair.first), second=_named(pair.second)
            )
            for pair in self.pairs
            if not pair.apart
        ]

    def to_dict(self) -> dict[str, Any]:
        """As JSON holds it."""
        findings = []
        for one in self.findings:
            values = asdict(one)
            values.pop("key")
            findings.append({**one.key._asdict(), **values})
        return dict(
            plain(
                {
                    "population": self.population,
                    "failures": self.failures,
                    "tested": self.tested,
                    "fdr": self.fdr,
                    "significant": self.significant,
                    "findings": findings,
                    "causes": [[key._asdict() for key in cause] for cause in self.causes],
                    "pairs": [
                        {
                            "first": pair.first._asdict(),
                            "second": pair.second._asdict(),
                            "overlap": pair.overlap,
                            "first_p": pair.first_p,
                            "second_p": pair.second_p,
                            "relation": pair.relation.value,
                        }
                        for pair in self.pairs
                        if not pair.apart
                    ],
                    "sentences": self.sentences(),
                    "sentences_zh": self.sentences("zh"),
                    "unknown": dict(self.unknown),
                    "seconds": round(self.seconds, 3),
                }
            )
        )


def _named(key: FactorKey) -> str:
    return f"{key.kind} {key.id}"


def root_cause(
    reader: QualityReader,
    owner: int,
    *,
    kinds: Collection[str] = KINDS,
    code: str = "",
    since_ms: int | None = None,
    until_ms: int | None = None,
    fdr: float = 0.05,
    among_known: bool = False,
) -> RootCauseReport:
    """Causes of the failures on record, of one failure code where given; see ``find_causes``."""
    return find_causes(
        reader.factors(owner, kinds),
        reader.failures(owner, code=code, since_ms=since_ms, until_ms=until_ms),
        reader.population(owner),
        fdr=fdr,
        among_known=among_known,
    )


def find_causes(
    factors: Mapping[FactorKey, BitMap],
    failures: BitMap,
    population: int,
    *,
    fdr: float = 0.05,
    alpha: float = 0.01,
    among_known: bool = False,
) -> RootCauseReport:
    """Causes by exact tests over bitmaps of vehicle ordinals.

    ``fdr``: share of false discoveries allowed among the findings; ``alpha``: at what probability a
    factor keeps its effect beside another one. ``among_known``: a kind that is on record for some
    vehicles only is judged among these, since an unknown shift is not another shift; without it a
    vehicle that never met a machine counts as one that did not.
    """
    begun = time.perf_counter()
    known, unknown = _known(factors, population)
    found = enrich(factors, failures, population, known=known if among_known else None)
    significant = [one for one in found if one.q <= fdr]
    keys = [one.key for one in significant]
    pairs = separate(keys, factors, failures, population, alpha=alpha)
    return RootCauseReport(
        population=population,
        failures=len(failures),
        tested=len(found),
        fdr=fdr,
        significant=len(significant),
        findings=tuple(significant[:_SHOWN]),
        causes=tuple(groups(keys, pairs)),
        pairs=tuple(pairs),
        unknown=unknown,
        seconds=time.perf_counter() - begun,
    )


def _known(
    factors: Mapping[FactorKey, BitMap], population: int
) -> tuple[dict[str, BitMap], dict[str, int]]:
    """Per kind that is not on record for all: the vehicles that have one, and how many do not."""
    by_kind: dict[str, list[BitMap]] = {}
    for key, vehicles in factors.items():
        by_kind.setdefault(key.kind, []).append(vehicles)
    unions = {kind: _union(all_of) for kind, all_of in by_kind.items()}
    some = {kind: seen for kind, seen in unions.items() if len(seen) < population}
    return some, {kind: population - len(seen) for kind, seen in some.items()}


def _union(bitmaps: Sequence[BitMap]) -> BitMap:
    return BitMap.union(*bitmaps) if len(bitmaps) > 1 else BitMap(bitmaps[0])
