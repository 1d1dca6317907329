"""Over-representation against scipy's exact tests; what can be told apart is, the rest is said."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyroaring import BitMap
from scipy import stats
from xinlian.trace.model.quality.enrichment import FactorKey, adjusted, enrich
from xinlian.trace.model.quality.errors import QualityError
from xinlian.trace.model.quality.hypergeometric import log_tail, strata_tail
from xinlian.trace.model.quality.separation import Relation, groups, separate


@st.composite
def _tables(draw: st.DrawFn) -> tuple[int, int, int, int]:
    population = draw(st.integers(1, 3_000))
    exposed, failed = draw(st.integers(0, population)), draw(st.integers(0, population))
    low, high = max(0, exposed + failed - population), min(exposed, failed)
    return draw(st.integers(low, high)), population, exposed, failed


@settings(max_examples=200, deadline=None)
@given(_tables())
def test_tails_are_those_of_fishers_exact_test(table: tuple[int, int, int, int]) -> None:
    found, population, exposed, failed = table
    cells = [
        [found, exposed - found],
        [failed - found, population - exposed - failed + found],
    ]
    judge = stats.fisher_exact(cells, alternative="greater").pvalue
    mine = np.exp(log_tail(*(np.array([value]) for value in table)))[0]
    assert mine == pytest.approx(judge, rel=1e-7, abs=1e-300)
    assert strata_tail([table]) == pytest.approx(judge, abs=1e-10)


def test_a_tail_far_below_what_a_float_holds_keeps_its_logarithm() -> None:
    """900 of 1,000 exposed failed, 1,100 of a million at all."""
    logs = log_tail(*(np.array([value]) for value in (900, 1_000_000, 1_000, 1_100)))
    judge = stats.hypergeom.logsf(899, 1_000_000, 1_000, 1_100)
    assert logs[0] == pytest.approx(judge, rel=1e-9)
    assert logs[0] < -5_000


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(1e-12, 1), min_size=1, max_size=60))
def test_false_discovery_control_is_that_of_benjamini_and_hochberg(ps: list[float]) -> None:
    assert adjusted(np.log(ps)) == pytest.approx(stats.false_discovery_control(ps), rel=1e-9)


def test_strata_are_added_by_convolution() -> None:
    """Judged by enumeration of all pairs of outcomes."""
    one, two = (3, 40, 10, 6), (2, 30, 8, 5)
    first, second = stats.hypergeom(40, 10, 6), stats.hypergeom(30, 8, 5)
    judge = sum(first.pmf(a) * second.pmf(b) for a in range(7) for b in range(6) if a + b >= 3 + 2)
    assert strata_tail([one, two]) == pytest.approx(judge)


def _plant(seed: int = 3) -> tuple[dict[FactorKey, BitMap], BitMap, int]:
    """100,000 vehicles; batch ``bad`` of 2,000 fails ten times as often as the rest."""
    population, generator = 100_000, np.random.default_rng(seed)
    factors = {
        FactorKey("batch", f"b{number}"): BitMap(range(number * 2_000, number * 2_000 + 2_000))
        for number in range(50)
    }
    factors[FactorKey("batch", "bad")] = factors.pop(FactorKey("batch", "b7"))
    for number in range(20):
        chosen = np.flatnonzero(generator.random(population) < 0.05)
        factors[FactorKey("machine", f"m{number}")] = BitMap(chosen.astype(np.uint32))
    failed = generator.random(population) < 0.003
    failed[14_000:16_000] |= generator.random(2_000) < 0.03
    return factors, BitMap(np.flatnonzero(failed).astype(np.uint32)), population


def test_the_bad_batch_stands_first_with_its_effect() -> None:
    factors, failures, population = _plant()
    first, second, *_ = enrich(factors, failures, population)
    assert first.key == FactorKey("batch", "bad")
    assert first.q < 1e-12
    assert first.low < first.relative_risk < first.high
    assert first.low > 5
    assert first.excess == pytest.approx(60, abs=20)
    assert first.failed + first.others_failed == len(failures)
    assert second.q > 0.01


def test_without_a_cause_false_discoveries_stay_rare() -> None:
    """At q ≤ 0.05 and no true cause, at most about one run in twenty may name anything."""
    named = 0
    for seed in range(60):
        generator = np.random.default_rng(seed)
        factors = {
            FactorKey("machine", str(number)): BitMap(
                np.flatnonzero(generator.random(3_000) < 0.1).astype(np.uint32)
            )
            for number in range(30)
        }
        failures = BitMap(np.flatnonzero(generator.random(3_000) < 0.02).astype(np.uint32))
        named += enrich(factors, failures, 3_000)[0].q <= 0.05
    assert named <= 7


def test_what_met_the_same_vehicles_cannot_be_separated() -> None:
    factors, failures, population = _plant()
    bad, gauge = FactorKey("batch", "bad"), FactorKey("gauge", "g1")
    factors[gauge] = BitMap(factors[bad])
    suspects = [one.key for one in enrich(factors, failures, population) if one.q <= 0.01]
    assert suspects == [bad, gauge]
    (pair,) = separate(suspects, factors, failures, population)
    assert (pair.relation, pair.overlap, pair.apart) == (Relation.SAME, 1.0, False)
    assert (pair.first_p, pair.second_p) == (1.0, 1.0)
    assert groups(suspects, [pair]) == [(bad, gauge)]


def test_a_larger_set_around_the_cause_is_explained_by_it() -> None:
    """The shift that mounted the bad batch, and another batch, is not a second cause."""
    factors, failures, population = _plant()
    bad, shift = FactorKey("batch", "bad"), FactorKey("shift", "night")
    factors[shift] = BitMap(range(14_000, 20_000))
    suspects = [one.key for one in enrich(factors, failures, population) if one.q <= 0.01]
    assert suspects == [bad, shift]
    (pair,) = separate(suspects, factors, failures, population)
    assert pair.relation is Relation.FIRST
    assert pair.first_p < 1e-6 < 0.01 < pair.second_p
    assert groups(suspects, [pair]) == [(bad,)]


def test_too_few_failures_cannot_tell_overlapping_factors_apart() -> None:
    one, two = FactorKey("batch", "1"), FactorKey("machine", "2")
    factors = {one: BitMap(range(100)), two: BitMap(range(10, 110))}
    failures = BitMap([20, 40, 60, 80])
    (pair,) = separate([one, two], factors, failures, 10_000)
    assert pair.relation is Relation.INSEPARABLE
    assert groups([one, two], [pair]) == [(one, two)]


def test_two_causes_keep_their_effects() -> None:
    one, two = FactorKey("batch", "1"), FactorKey("machine", "2")
    factors = {one: BitMap(range(1_000)), two: BitMap(range(5_000, 6_000))}
    failures = BitMap([*range(0, 1_000, 20), *range(5_000, 6_000, 25), *range(7_000, 99_000, 900)])
    (pair,) = separate([one, two], factors, failures, 100_000)
    assert pair.relation is Relation.BOTH
    assert groups([one, two], [pair]) == [(one,), (two,)]


def test_an_unknown_shift_is_not_another_shift() -> None:
    """Half the vehicles have no shift on record; all failures lie among them."""
    key, factors = FactorKey("shift", "night"), {}
    factors[key] = BitMap(range(250))
    failures = BitMap(range(500, 560))
    known = {"shift": BitMap(range(500))}
    (blind,) = enrich(factors, failures, 1_000)
    (seen,) = enrich(factors, failures, 1_000, known=known)
    assert (blind.others, seen.others) == (750, 250)
    assert (blind.others_failed, seen.others_failed) == (60, 0)


def test_numbers_that_do_not_fit_are_refused() -> None:
    with pytest.raises(QualityError, match="3 failures among 2 vehicles"):
        enrich({}, BitMap([1, 2, 3]), 2)
    with pytest.raises(QualityError, match="batch x names 3 vehicles of 2"):
        enrich({FactorKey("batch", "x"): BitMap([1, 2, 3])}, BitMap([1]), 2)
    assert enrich({}, BitMap(), 5) == []


def test_no_failure_accuses_no_one() -> None:
    findings = enrich({FactorKey("batch", "x"): BitMap(range(10))}, BitMap(), 100)
    assert [(one.p, one.q) for one in findings] == [(1.0, 1.0)]
