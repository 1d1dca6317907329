"""Statistics on this machine: a simulated network, and prediction from a file."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from xinlian.services.cli.failure import Exit
from xinlian.services.cli.i18n import set_language
from xinlian.services.cli.root import execute

SIMULATE = ["spc", "recognition", "--simulate", "--points", "60", "--suppliers", "4"]


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    set_language("en")
    yield
    set_language(None)


def _table(folder: Path) -> Path:
    generator = np.random.default_rng(1)
    load = generator.uniform(0, 10, 2_000)
    failed = generator.random(2_000) < 1 / (1 + np.exp(-3 * (load - 8)))
    path = folder / "machines.csv"
    lines = [f"m{at},{load[at]:.3f},{'ab'[at % 2]},{int(failed[at])}" for at in range(2_000)]
    path.write_text("\n".join(["id,load,kind,failed", *lines]) + "\n", encoding="utf-8")
    return path


def test_a_simulated_network_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(SIMULATE) == Exit.OK
    shown = capsys.readouterr().out
    assert "60 control points of 4 suppliers, 40 weeks" in shown
    assert "Why points were suspended" in shown
    assert execute([*SIMULATE, "--json"]) == Exit.OK
    report = json.loads(capsys.readouterr().out)
    assert sum(report["weeks"][-1].values()) == 60


def test_a_network_of_impossible_size_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert execute([*SIMULATE, "--weeks", "3"]) == Exit.USAGE
    assert "11 to 260 weeks" in capsys.readouterr().err
    assert execute(["spc", "recognition", "--help"]) == Exit.OK
    assert "11 to 260" in capsys.readouterr().out


def test_a_prediction_stands_beside_its_baselines(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    given = ["spc", "predict", str(_table(tmp_path)), "--target", "failed", "--id", "id"]
    given += ["--number", "load", "--category", "kind=a,b"]
    model = tmp_path / "model.json"
    assert execute([*given, "--save", str(model)]) == Exit.OK
    shown = capsys.readouterr().out
    for words in ("lightgbm", "prevalence", "logistic regression", "PR-AUC", "SHA-256"):
        assert words in shown
    assert model.is_file()
    assert execute([*given, "--json"]) == Exit.OK
    report = json.loads(capsys.readouterr().out)
    assert report["influence"][0]["name"] == "load"


@pytest.mark.parametrize(
    ("more", "code", "said"),
    [
        ([], Exit.USAGE, "has no column"),
        (["--target", "failed", "--number", "failed"], Exit.USAGE, "cannot be a feature"),
        (["--target", "failed", "--category", "kind"], Exit.USAGE, "NAME=A,B,C"),
    ],
)
def test_a_wrong_table_is_refused(
    more: list[str], code: Exit, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert execute(["spc", "predict", str(_table(tmp_path)), *more]) == code
    assert said in capsys.readouterr().err


def test_a_missing_file_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["spc", "predict", "nowhere.csv"]) == Exit.USAGE
    assert "nowhere.csv" in capsys.readouterr().err
