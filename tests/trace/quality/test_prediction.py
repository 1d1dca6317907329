"""Prediction: nothing from the future, nothing that tells the outcome, honest figures."""

import dataclasses
import json
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, stats
from scipy.special import expit
from xinlian.trace.adapters.quality.boosting import LightGbm
from xinlian.trace.adapters.quality.feature_table import read_table
from xinlian.trace.adapters.quality.model_file import load_model, save_model
from xinlian.trace.model.quality.errors import QualityError
from xinlian.trace.model.quality.prediction import (
    Derived,
    Features,
    Labelled,
    Logistic,
    Platt,
    auc,
    average_precision,
    calibration_table,
    judge,
    leaks,
    split_by_time,
)
from xinlian.trace.usecases.quality.predicting import AI4I, Model, Table, learn, predict

PUBLIC = Path(__file__).parents[4] / "shared" / "data" / "machines" / "ai4i2020.csv"
SPEC = Features(
    target="failed",
    numbers=("load", "wear", "noise"),
    categories=(("type", ("a", "b")),),
    derived=(Derived("strain", "product", "load", "wear"),),
    outcomes=("kind of failure",),
    id_column="id",
)


@pytest.fixture(scope="module")
def public() -> Path:
    if not PUBLIC.exists():
        pytest.skip("the public data set AI4I 2020 is not in ../shared/data")
    return PUBLIC


def _file(folder: Path, rows: int = 3_000, seed: int = 1) -> Path:
    """Failures where load times wear is high; a column that tells them, and one that does not."""
    generator = np.random.default_rng(seed)
    load, wear = generator.uniform(0, 10, rows), generator.uniform(0, 10, rows)
    failed = generator.random(rows) < expit(0.25 * (load * wear - 60))
    path = folder / "machines.csv"
    lines = ["id,type,load,wear,noise,failed,kind of failure"]
    for at in range(rows):
        word = "ab"[at % 2] if at % 50 else ""
        noise = f"{generator.random():.3f}" if at % 30 else ""
        told = int(failed[at])
        lines.append(f"m{at},{word},{load[at]:.3f},{wear[at]:.3f},{noise},{told},{told}")
    path.write_text("\ufeff" + "\n".join(lines) + "\n", encoding="utf-8")
    return path


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 6)), min_size=2, max_size=50))
def test_auc_is_the_rank_statistic(rows: list[tuple[bool, int]]) -> None:
    failed = np.array([row[0] for row in rows])
    scores = np.array([float(row[1]) for row in rows])
    if failed.all() or not failed.any():
        assert np.isnan(auc(failed, scores))
        return
    judge_u = stats.mannwhitneyu(scores[failed], scores[~failed]).statistic
    assert auc(failed, scores) == pytest.approx(judge_u / (failed.sum() * (~failed).sum()))


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 6)), min_size=2, max_size=40))
def test_average_precision_is_the_sum_over_thresholds(rows: list[tuple[bool, int]]) -> None:
    """Judged by its definition, threshold by threshold."""
    failed = np.array([row[0] for row in rows])
    scores = np.array([float(row[1]) for row in rows])
    if not failed.any():
        assert np.isnan(average_precision(failed, scores))
        return
    total = before = 0.0
    for threshold in sorted(set(scores.tolist()), reverse=True):
        named = scores >= threshold
        recall = (named & failed).sum() / failed.sum()
        total += (recall - before) * (named & failed).sum() / named.sum()
        before = recall
    assert average_precision(failed, scores) == pytest.approx(total)


def test_published_scores_of_scikit_learns_guide() -> None:
    """scikit-learn's documentation of roc_auc_score and average_precision_score: 0.75, 0.83."""
    failed, scores = np.array([0, 0, 1, 1], dtype=bool), np.array([0.1, 0.4, 0.35, 0.8])
    assert auc(failed, scores) == pytest.approx(0.75)
    assert average_precision(failed, scores) == pytest.approx(0.8333, abs=5e-5)


def test_logistic_regression_is_at_the_optimum_that_a_general_solver_finds() -> None:
    generator = np.random.default_rng(2)
    rows = generator.normal(size=(400, 3))
    failed = generator.random(400) < expit(rows @ [1.0, -2.0, 0.0] - 1)
    model = Logistic(Labelled(rows, failed), ridge=1.0)
    plain = np.hstack([np.ones((400, 1)), (rows - rows.mean(0)) / rows.std(0)])

    def loss(weights: np.ndarray) -> float:
        margin = plain @ weights
        return float(np.logaddexp(0, margin).sum() - margin[failed].sum()
                     + 0.5 * (weights[1:] ** 2).sum())  # fmt: skip

    best = optimize.minimize(loss, np.zeros(4), tol=1e-12).x
    assert model.weights == pytest.approx(best, abs=1e-4)


def test_calibration_of_chances_that_are_right() -> None:
    generator = np.random.default_rng(3)
    chances = generator.random(20_000)
    failed = generator.random(20_000) < chances
    for chance, share, count in calibration_table(failed, chances):
        assert count == 2_000
        assert chance == pytest.approx(share, abs=0.05)
    platt = Platt.fit(failed, np.log(chances / (1 - chances)))
    assert (platt.slope, platt.offset) == pytest.approx((1, 0), abs=0.06)
    scores = judge(failed, chances)
    assert scores.auc.low < scores.auc.value < scores.auc.high
    assert scores.brier == pytest.approx(1 / 6, abs=0.01)


def test_the_split_keeps_the_order_of_time() -> None:
    rows = np.arange(1_000, dtype=float)[:, None]
    failed = np.arange(1_000) % 5 == 0
    train, stop, test = split_by_time(Labelled(rows, failed))
    assert train.rows.max() < stop.rows.min() < stop.rows.max() < test.rows.min()
    with pytest.raises(QualityError, match="test rows hold 0 failures"):
        split_by_time(Labelled(rows, failed & (np.arange(1_000) < 800)))


def test_a_column_that_tells_the_outcome_is_found_and_refused(tmp_path: Path) -> None:
    told = dataclasses.replace(SPEC, outcomes=(), numbers=(*SPEC.numbers, "kind of failure"))
    table = read_table(_file(tmp_path), told)
    assert leaks(table.data, told.names) == ["kind of failure"]
    with pytest.raises(QualityError, match="kind of failure tells the outcome"):
        learn(table, told, LightGbm())
    with pytest.raises(QualityError, match="cannot be a feature"):
        dataclasses.replace(told, outcomes=("kind of failure",))


def test_the_kinds_of_failure_of_the_public_data_are_found_too(public: Path) -> None:
    """Four of the five kinds always mean failure; RNF does not, which only its name tells."""
    told = dataclasses.replace(AI4I, outcomes=(), numbers=(*AI4I.numbers, *AI4I.outcomes))
    table = read_table(public, told)
    assert leaks(table.data, told.names) == ["TWF", "HDF", "PWF", "OSF"]
    assert leaks(read_table(public, AI4I).data, AI4I.names) == []


def test_public_machines_beat_every_baseline(public: Path) -> None:
    table = read_table(public, AI4I)
    _, report = learn(table, AI4I, LightGbm())
    assert report.rows == (6_000, 2_000, 2_000)
    assert report.failures == (255, 45, 39)
    model = report.scores["lightgbm"]
    assert report.scores["prevalence"].auc.value == 0.5
    assert report.scores["prevalence"].average_precision.value == report.prevalence
    for name, score in report.scores.items():
        if name != "lightgbm":
            assert model.auc.value > score.auc.value, name
            assert model.average_precision.low > score.average_precision.value, name
            assert model.brier < score.brier, name
    assert model.auc.value > 0.95
    assert model.average_precision.value > 0.65
    assert json.loads(json.dumps(report.to_dict()))["scores"]["lightgbm"]["pr_auc"]["low"] > 0.5


def test_the_same_rows_give_the_same_model_and_factors_add_up(tmp_path: Path) -> None:
    table = read_table(_file(tmp_path), SPEC)
    model, report = learn(table, SPEC, LightGbm(), seed=4)
    again, second = learn(table, SPEC, LightGbm(), seed=4)
    assert model.text == again.text
    assert report.to_dict() == second.to_dict()
    assert report.influence[0][0] == "strain"
    shap = LightGbm().contributions(model.text, table.data.rows[:50])
    scores = LightGbm().scores(model.text, table.data.rows[:50])
    assert shap.sum(axis=1) == pytest.approx(scores, abs=1e-9)
    top = report.top[0]
    assert top.failed
    assert top.factors[0].name == "strain"
    assert abs(top.factors[0].contribution) >= abs(top.factors[1].contribution)


def test_a_model_file_comes_back_and_an_altered_one_does_not(tmp_path: Path) -> None:
    table = read_table(_file(tmp_path), SPEC)
    model, _ = learn(table, SPEC, LightGbm())
    path = tmp_path / "model.json"
    digest = save_model(path, model)
    back = load_model(path, digest)
    assert back == model
    chances = [one.chance for one in predict(back, table, LightGbm())[:100]]
    assert chances == [one.chance for one in predict(model, table, LightGbm())[:100]]
    text = path.read_text(encoding="utf-8")
    for at in range(0, len(text), max(1, len(text) // 300)):
        flipped = text[:at] + chr(ord(text[at]) ^ 1) + text[at + 1 :]
        path.write_text(flipped, encoding="utf-8")
        with pytest.raises(QualityError):
            load_model(path)
    path.write_text(text, encoding="utf-8")
    with pytest.raises(QualityError, match="another model"):
        load_model(path, "0" * 64)


def test_a_model_of_something_else_is_refused(tmp_path: Path) -> None:
    table = read_table(_file(tmp_path, 300), SPEC)
    nonsense = Model("lightgbm", "no trees", Platt(1, 0), SPEC)
    with pytest.raises(QualityError, match="no model of LightGBM"):
        predict(nonsense, table, LightGbm())
    with pytest.raises(QualityError, match="not of lightgbm"):
        predict(dataclasses.replace(nonsense, learner="other"), table, LightGbm())
    narrow = Table(Labelled(table.data.rows[:, :2], table.data.failed), table.ids)
    with pytest.raises(QualityError, match="other columns"):
        predict(nonsense, narrow, LightGbm())


def test_without_the_extra_the_message_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "lightgbm", None)
    with pytest.raises(QualityError, match=r"pip install 'xinlian\[analysis\]'"):
        learn(read_table(_file(tmp_path), SPEC), SPEC, LightGbm())


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("id,type,load,wear\n", "no column noise, failed"),
        ("id,type,load,wear,noise,failed\n", "has no row"),
        ("id,type,load,wear,noise,failed\n1,a,x,1,1,0\n", "line 2, load: 'x' is no number"),
        ("id,type,load,wear,noise,failed\n1,a,inf,1,1,0\n", "line 2, load: 'inf' is not finite"),
        ("id,type,load,wear,noise,failed\n1,a,1,1,1,2\n", "neither failed nor fine"),
        ("id,type,load,wear,noise,failed\n1,a,1\n", "neither failed nor fine"),
    ],
)
def test_bad_tables_name_line_and_field(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "bad.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(QualityError, match=said):
        read_table(path, SPEC)


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "bad.csv"
    path.write_bytes(b"id,type,load,wear,noise,failed\n1,a,\xff\xfe,1,1,0\n")
    with pytest.raises(QualityError, match="no CSV in UTF-8"):
        read_table(path, SPEC)


def test_missing_values_stay_missing(tmp_path: Path) -> None:
    table = read_table(_file(tmp_path, 200), SPEC)
    assert SPEC.names == ("type", "load", "wear", "noise", "strain")
    assert np.isnan(table.data.rows[0, 0])
    assert np.isnan(table.data.rows[0, 3])
    strain = table.data.rows[:, 1] * table.data.rows[:, 2]
    assert table.data.rows[:, 4] == pytest.approx(strain)
    assert table.ids[:2] == ("m0", "m1")
