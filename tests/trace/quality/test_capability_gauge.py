"""Capability and gauge studies against published answers."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from xinlian.trace.model.quality.capability import capability, index_cp, index_cpk
from xinlian.trace.model.quality.charts import ChartKind, variable_baseline
from xinlian.trace.model.quality.errors import QualityError
from xinlian.trace.model.quality.gauge import GaugeMethod, Verdict, gauge_study

from tests.trace.quality.published import PISTON_RINGS, gauge_rows


def test_the_handbook_example_of_capability() -> None:
    """NIST/SEMATECH 6.1.6: limits 8 and 20, mean 16, s = 2: Cp = 1.0, Cpk = 0.6667."""
    assert index_cp(8, 20, 2, 50, 0.95).value == pytest.approx(1.0)
    assert index_cpk(16, 8, 20, 2, 51, 50, 0.95).value == pytest.approx(0.6667, abs=5e-5)


def test_piston_rings_are_capable() -> None:
    """Montgomery, section 6.2: tolerance 74.000 ± 0.05 mm, σ = 0.0099: Cp = 1.68 (he rounds
    the mean range to 0.023)."""
    baseline = variable_baseline(ChartKind.XBAR_R, PISTON_RINGS)
    found = capability(
        np.ravel(PISTON_RINGS), lower=73.95, upper=74.05, sigma_within=baseline.sigma
    )
    assert found.cp is not None
    assert found.cp.value == pytest.approx(1.68, abs=0.02)
    assert found.observed_ppm == 0
    assert found.cpk.low < found.cpk.value < found.cp.value


def test_the_interval_of_cp_is_the_chi_square_one() -> None:
    """NIST/SEMATECH 6.1.6: Cp √(χ²(α/2, ν)/ν) to Cp √(χ²(1-α/2, ν)/ν); judged by scipy."""
    index = index_cp(0, 6, 1, 19, 0.95)
    assert index.low == pytest.approx(np.sqrt(stats.chi2.ppf(0.025, 19) / 19))
    assert index.high == pytest.approx(np.sqrt(stats.chi2.ppf(0.975, 19) / 19))


def test_the_interval_of_ppk_covers_the_truth_about_as_often_as_it_says() -> None:
    generator = np.random.default_rng(7)
    hits = 0
    for _ in range(400):
        found = capability(generator.normal(1, 1, 50), lower=-3, upper=4)  # true Ppk = 1
        hits += found.ppk.low <= 1 <= found.ppk.high
    assert 0.92 <= hits / 400 <= 0.98


def test_one_limit_gives_cpk_alone() -> None:
    found = capability([1.0, 2.0, 3.0, 2.0], upper=10)
    assert found.cp is None
    assert found.pp is None
    assert found.ppk.value == pytest.approx((10 - 2) / (3 * np.std([1, 2, 3, 2], ddof=1)))


@pytest.mark.parametrize(
    ("values", "limits", "said"),
    [
        ([1.0, 1.0], {"lower": 0}, "do not vary"),
        ([1.0, 2.0], {}, "needs a lower or an upper limit"),
        ([1.0, 2.0], {"lower": 2, "upper": 1}, "does not lie below"),
        ([1.0], {"lower": 0}, "at least 2"),
    ],
)
def test_capability_refuses_what_has_none(
    values: list[float], limits: dict[str, float], said: str
) -> None:
    with pytest.raises(QualityError, match=said):
        capability(values, **limits)


def test_the_manuals_study_by_average_and_range() -> None:
    """AIAG MSA 4th ed., figure III-B 16: EV 0.20188, AV 0.22963, GRR 0.30575, PV 1.10456,
    TV 1.14610; 17.62, 20.04, 26.68 and 96.38 %; ndc 5."""
    study = gauge_study(gauge_rows(), method=GaugeMethod.RANGE)
    found = (study.repeatability, study.reproducibility, study.grr, study.part, study.total)
    assert found == pytest.approx((0.20188, 0.22963, 0.30575, 1.10456, 1.14610), abs=2e-4)
    assert study.grr_percent == pytest.approx(26.68, abs=0.01)
    assert study.categories == 5
    assert study.verdict is Verdict.MARGINAL
    assert study.fit


def test_the_manuals_study_by_anova() -> None:
    """AIAG MSA 4th ed., tables III-B 7 and 8: the table of squares, EV 0.199933, AV 0.226838,
    no interaction, GRR 0.302373, PV 1.042327; 27.9 % of the total variation."""
    study = gauge_study(gauge_rows())
    rows = {row.source: row for row in study.anova}
    assert rows["appraiser"].squares == pytest.approx(3.1673, abs=5e-5)
    assert rows["part"].squares == pytest.approx(88.3619, abs=5e-5)
    assert rows["interaction"].squares == pytest.approx(0.3590, abs=5e-5)
    assert rows["repeatability"].squares == pytest.approx(2.7589, abs=5e-5)
    assert rows["total"].squares == pytest.approx(94.6471, abs=5e-5)
    assert rows["interaction"].f == pytest.approx(0.434, abs=5e-4)
    assert [row.freedom for row in study.anova] == [9, 2, 18, 60, 89]
    assert study.pooled
    found = (study.repeatability, study.reproducibility, study.grr, study.part)
    assert found == pytest.approx((0.199933, 0.226838, 0.302373, 1.042327), abs=2e-6)
    assert study.grr_percent == pytest.approx(27.9, abs=0.05)
    assert study.categories == 4  # 4.861, cut
    assert not study.fit


def test_the_share_of_the_tolerance_decides_where_it_is_worse() -> None:
    study = gauge_study(gauge_rows(), tolerance=4.0)
    assert study.tolerance_percent == pytest.approx(100 * 6 * study.grr / 4.0)
    assert study.verdict is Verdict.UNACCEPTABLE
    assert not study.fit


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(2, 8), st.integers(2, 4), st.integers(2, 4))
def test_squares_add_up_and_shares_too(seed: int, parts: int, people: int, trials: int) -> None:
    generator = np.random.default_rng(seed)
    rows = [
        (f"p{part}", f"a{person}", float(generator.normal(part, 1)))
        for part in range(parts)
        for person in range(people)
        for _ in range(trials)
    ]
    for method in GaugeMethod:
        study = gauge_study(rows, method=method)
        assert study.grr**2 + study.part**2 == pytest.approx(study.total**2)
        if study.anova:
            *sources, total = (row.squares for row in study.anova)
            assert sum(sources) == pytest.approx(total)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([("1", "a", 1.0), ("1", "a", 2.0)], "2 parts and 2 appraisers"),
        ([(p, a, 1.0) for p in "12" for a in "ab"], "2 trials"),
        ([(p, a, 1.0) for p in "12" for a in "ab" for _ in "xy"] + [("1", "a", 1.0)], "others"),
        ([(p, a, 1.0) for p in "12" for a in "ab" for _ in "xy"], "resolves nothing"),
        ([("1", "a", float("nan"))], "not a finite number"),
    ],
)
def test_incomplete_studies_are_refused(rows: list[tuple[str, str, float]], said: str) -> None:
    with pytest.raises(QualityError, match=said):
        gauge_study(rows)
