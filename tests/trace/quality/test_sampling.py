"""Sampling plans against the standard's tables, curves against published points, switching."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from xinlian.trace.model.quality.errors import QualityError
from xinlian.trace.model.quality.sampling import (
    AQLS,
    LETTERS,
    LEVELS,
    SamplingPlan,
    Severity,
    acceptance,
    code_letter,
    letter_plan,
    sampling_plan,
    tighter_number,
)
from xinlian.trace.model.quality.switching import (
    Inspected,
    Switch,
    Switching,
    next_state,
    resume,
    start,
)
from xinlian.trace.model.quality.yields import line_yields, rate

from tests.trace.quality.published import MASTER_TABLES


@pytest.mark.parametrize(
    ("severity", "letter", "aql", "cell"),
    [
        (severity, letter, aql, cell)
        for (severity, letter), row in MASTER_TABLES.items()
        for aql, cell in row.items()
    ],
)
def test_cells_of_the_master_tables(severity: str, letter: str, aql: str, cell: str) -> None:
    plan = letter_plan(letter, aql, Severity(severity))
    assert f"{plan.letter} {plan.sample} {plan.accept}" == cell
    assert plan.reject == plan.accept + 1


def test_every_cell_of_every_table_leads_to_a_plan() -> None:
    for severity in Severity:
        for letter in LETTERS:
            for aql in AQLS:
                assert letter_plan(letter, aql, severity).sample >= 2


@pytest.mark.parametrize(
    ("lot", "level", "letter"),
    [
        (2, "II", "A"),
        (8, "III", "B"),
        (9, "II", "B"),
        (1_000, "II", "J"),
        (1_200, "II", "J"),
        (1_201, "II", "K"),
        (1_000, "I", "G"),
        (1_000, "S-1", "C"),
        (35_000, "S-3", "F"),
        (500_000, "II", "P"),
        (500_001, "III", "R"),
    ],
)
def test_code_letters_of_table_1(lot: int, level: str, letter: str) -> None:
    assert code_letter(lot, level) == letter


def test_code_letters_never_fall_with_the_lot_nor_with_the_level() -> None:
    for letters in LEVELS.values():
        assert list(letters) == sorted(letters)
    for low, high in zip(("S-1", "S-2", "S-3", "S-4", "I", "II"), list(LEVELS)[1:], strict=True):
        assert all(a <= b for a, b in zip(LEVELS[low], LEVELS[high], strict=True))


def test_a_sample_as_large_as_the_lot_means_every_item() -> None:
    plan = sampling_plan(10, aql="0.65")
    assert (plan.sample, plan.accept, plan.every) == (10, 0, True)


def test_an_operating_characteristic_of_the_handbook() -> None:
    """NIST/SEMATECH 6.2.3.2: the plan (52, 3), probabilities of acceptance as printed."""
    plan = SamplingPlan("-", "1.0", Severity.NORMAL, 52, 3, 4)
    printed = [0.998, 0.980, 0.930, 0.845, 0.739, 0.620, 0.502, 0.394, 0.300, 0.223, 0.162, 0.115]
    assert acceptance(plan, np.arange(1, 13)) == pytest.approx(printed, abs=1.1e-3)


@settings(max_examples=60, deadline=None)
@given(st.integers(2, 600), st.integers(0, 6), st.integers(1, 60), st.floats(0, 100))
def test_an_isolated_lot_is_judged_like_scipy_does(
    lot: int, accept: int, sample: int, percent: float
) -> None:
    sample = min(sample, lot)
    plan = SamplingPlan("-", "1.0", Severity.NORMAL, sample, accept, accept + 1)
    judge = stats.hypergeom.cdf(accept, lot, round(percent / 100 * lot), sample)
    assert acceptance(plan, percent, lot=lot)[0] == pytest.approx(judge, abs=1e-9)


def test_per_100_items_the_poisson_distribution_is_taken() -> None:
    plan = letter_plan("F", "40")
    assert acceptance(plan, 40)[0] == pytest.approx(stats.poisson.cdf(plan.accept, 8))
    with pytest.raises(QualityError, match="at most 100"):
        acceptance(letter_plan("F", "1.0"), 101)


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: code_letter(1), "at least 2"),
        (lambda: code_letter(10, "IV"), "not an inspection level"),
        (lambda: letter_plan("I", "1.0"), "not a code letter"),
        (lambda: letter_plan("J", "1.1"), "not an AQL"),
        (lambda: letter_plan("J", "x"), "not an AQL"),
    ],
)
def test_what_the_standard_does_not_have_is_refused(call: object, said: str) -> None:
    with pytest.raises(QualityError, match=said):
        call()  # type: ignore[operator]


def _inspect(state: Switching, found: list[int], **more: bool) -> tuple[Switching, list[Switch]]:
    changes = []
    for nonconforming in found:
        plan = letter_plan("J", "1.0", state.severity)
        state, change = next_state(state, Inspected(plan, nonconforming, **more))
        changes += [change] if change else []
    return state, changes


def test_two_rejected_of_five_tighten_and_five_accepted_relax() -> None:
    state, changes = _inspect(start(), [0, 9, 0, 0, 9])
    assert (state.severity, changes) == (Severity.TIGHTENED, [Switch.TO_TIGHTENED])
    state, changes = _inspect(state, [0, 9, 0, 0, 0, 0, 0])
    assert (state, changes) == (start(), [Switch.TO_NORMAL])


def test_two_rejected_too_far_apart_do_not_tighten() -> None:
    state, changes = _inspect(start(), [9, 0, 0, 0, 0, 9])
    assert (state.severity, changes) == (Severity.NORMAL, [])


def test_five_rejected_under_tightened_inspection_stop_it() -> None:
    state, _ = _inspect(start(), [9, 9])
    state, changes = _inspect(state, [9, 0, 9, 9, 0, 9, 9])
    assert (state.stopped, changes) == (True, [Switch.STOPPED])
    with pytest.raises(QualityError, match="discontinued"):
        _inspect(state, [0])
    assert resume(state) == (Switching(Severity.TIGHTENED), Switch.RESUMED)
    with pytest.raises(QualityError, match="not discontinued"):
        resume(start())


def test_the_switching_score_leads_to_reduced_inspection_where_it_is_approved() -> None:
    """Ac = 2 at letter J and AQL 1.0: 3 points for a lot that AQL 0.65 (Ac = 1) accepts too."""
    state, changes = _inspect(start(), [1] * 10)
    assert (state.severity, state.score, changes) == (Severity.NORMAL, 30, [])
    state, changes = _inspect(state, [1], approved=True)
    assert (state.severity, changes) == (Severity.REDUCED, [Switch.TO_REDUCED])
    calm, changes = _inspect(state, [0, 0])
    assert (calm.severity, changes) == (Severity.REDUCED, [])
    assert _inspect(calm, [2])[1] == [Switch.BACK_TO_NORMAL]
    assert _inspect(calm, [0], steady=False)[1] == [Switch.IRREGULAR]


def test_a_lot_that_a_tighter_aql_would_reject_sets_the_score_to_nothing() -> None:
    assert _inspect(start(), [1, 1, 2])[0].score == 0
    assert _inspect(start(), [1, 1])[0].score == 6


def test_small_acceptance_numbers_score_two() -> None:
    plan = letter_plan("J", "0.65")
    state, _ = next_state(start(), Inspected(plan, 1))
    assert state.score == 2
    assert tighter_number(letter_plan("J", "1.0")) == 1


def test_a_lot_submitted_again_changes_nothing() -> None:
    assert _inspect(start(), [9, 9, 9], original=False) == (start(), [])


def test_a_lot_inspected_under_the_wrong_severity_is_refused() -> None:
    with pytest.raises(QualityError, match="normal is in force"):
        next_state(start(), Inspected(letter_plan("J", "1.0", Severity.REDUCED), 0))


def test_yields_of_a_line() -> None:
    passes = [
        *[(f"u{unit}", "press", unit != 0) for unit in range(10)],
        ("u0", "press", True),
        *[(f"u{unit}", "test", unit > 1) for unit in range(10)],
        ("u1", "test", True),
    ]
    found = line_yields(passes)
    press, test = found.stations
    assert (press.first_pass.share, press.rework.share, press.scrap.share) == (0.9, 0.1, 0.0)
    assert (test.first_pass.share, test.scrap.count) == (0.8, 1)
    assert found.rolled == pytest.approx(0.72)
    assert (found.final.share, found.defective.ppm) == (0.9, 100_000)


@pytest.mark.parametrize(("count", "total"), [(0, 10), (3, 10), (10, 10), (1, 100_000)])
def test_the_interval_of_a_rate_is_the_exact_one(count: int, total: int) -> None:
    judge = stats.binomtest(count, total).proportion_ci(0.95, "exact")
    found = rate(count, total)
    assert (found.low, found.high) == pytest.approx((judge.low, judge.high))


def test_an_impossible_rate_is_refused() -> None:
    with pytest.raises(QualityError, match="3 of 2"):
        rate(3, 2)
    with pytest.raises(QualityError, match="no unit"):
        line_yields([])
