"""Statistics over inspections on record, as the API answers and the terminal shows them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine
from xinlian.ledger.adapters.sql.engine import make_engine
from xinlian.services.api.chinese import in_chinese
from xinlian.services.api.schemas.spc_charts import CausesView, GaugeImpactView, SpcChartView
from xinlian.services.api.schemas.spc_yields import YieldsView
from xinlian.services.app.errors import Code, RefusedError
from xinlian.services.app.trace_quality import Quality
from xinlian.services.app.trace_sharing import EVERYONE, Sharing
from xinlian.services.cli.i18n import set_language
from xinlian.services.cli.spc_show import show_chart, show_factors, show_yields
from xinlian.services.migrations import upgrade
from xinlian.trace.model.facts import Claim, ClaimKind, Fact, Inspection, Result
from xinlian.trace.model.quality.yields import line_yields

from tests.trace.plant import NOW, OWNER, Plant, batch, item, link, serial, vehicle
from tests.trace.store_fixtures import Logs

CHART: dict[str, Any] = {
    "machine": "",
    "kind": None,
    "size": 1,
    "rules": "nelson",
    "learn": 25,
}


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    folder: Path = tmp_path_factory.mktemp("quality")
    made = make_engine(f"sqlite:///{folder / 'trace.db'}")
    upgrade(made)
    facts: list[Fact] = []
    for number in range(40):
        part, name = serial(f"p{number}"), "bad" if number >= 30 else f"b{number // 10}"
        value = "12.5" if number == 39 else f"10.{number % 3}"
        facts += [
            item(vehicle(f"VIN{number:02}")),
            link(part, vehicle(f"VIN{number:02}"), NOW - 50_000),
            link(batch(name), part, NOW - 90_000),
            Inspection(
                f"i{number}", part, "bore", Result.PASSED, NOW - 100_000 + number, value, "mm",
                lower="9", upper="13", gauge="G1",
            ),
        ]  # fmt: skip
    facts += [
        Claim(f"c{number}", vehicle(f"VIN{number}"), ClaimKind.FIELD, NOW - 10, "P0A7E")
        for number in range(30, 40)
    ]
    Plant(made, Logs(made)).must(*facts)
    yield made
    made.dispose()


@pytest.fixture
def quality(engine: Engine) -> Quality:
    return Quality(engine, Sharing())


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    set_language("en")
    yield
    set_language(None)


def test_a_chart_with_its_signal_and_capability(
    quality: Quality, capsys: pytest.CaptureFixture[str]
) -> None:
    view = SpcChartView.of(quality.chart(OWNER, "bore", **CHART))
    assert [panel.title.zh for panel in view.charts] == ["bore：单值", "bore：移动极差"]
    last = view.charts[0].points[-1]
    assert (last.value, last.rules, last.time_ms) == (12.5, ["nelson-1"], NOW - 100_000 + 39)
    assert view.charts[1].points[-1].time_ms == last.time_ms
    (signal,) = [one for one in view.signals if one.rule == "nelson-1"]
    assert signal.measured == ["p39"]
    assert [one.index for one in view.capability] == ["cp", "cpk", "pp", "ppk"]
    show_chart(view.model_dump(mode="json"))
    shown = capsys.readouterr().out
    assert "bore: value [mm]" in shown
    assert "nelson-1" in shown


def test_points_that_are_not_listed_are_counted(
    quality: Quality, capsys: pytest.CaptureFixture[str]
) -> None:
    body = SpcChartView.of(quality.chart(OWNER, "bore", **CHART)).model_dump(mode="json")
    for number, point in enumerate(body["charts"][0]["points"]):
        point["rules"] = ["nelson-2"] if number < 13 else []
    show_chart(body | {"signals": []})
    shown = capsys.readouterr().out
    assert shown.count("nelson-2") == 10
    assert "… and 3 more" in shown


def test_every_share_of_a_line_is_shown_in_per_cent(capsys: pytest.CaptureFixture[str]) -> None:
    tries = [(f"u{at}", "leak", at != 0) for at in range(40)] + [("u0", "leak", True)]
    tries += [(f"u{at}", "torque", at > 1) for at in range(40)]
    show_yields(YieldsView.of(line_yields(tries)).model_dump(mode="json"))
    shown = capsys.readouterr().out
    for words in ("97.5 %", "95 %", "2.5 %", "5 %", "92.625 %"):
        assert words in shown
    assert "0.975" not in shown


def test_causes_in_rows_and_sentences(quality: Quality, capsys: pytest.CaptureFixture[str]) -> None:
    view = CausesView.of(quality.causes(OWNER, "P0A7E", 0.05))
    assert [(one.cause, one.kind, one.name, one.failed) for one in view.items] == [
        (1, "batch", "bad", 10)
    ]
    show_factors(view.model_dump(mode="json"))
    assert "10/10" in capsys.readouterr().out


def test_a_wrong_gauge_and_its_vehicles(quality: Quality) -> None:
    report = quality.gauge_impact(OWNER, "G1", NOW - 100_000 + 36, NOW)
    view = GaugeImpactView.of(report)
    assert view.vehicles == ["VIN37", "VIN38", "VIN39"]
    assert (view.measured_count, view.passed_count) == (3, 3)


def test_who_may_see_nothing_is_told_so_in_both_languages(quality: Quality) -> None:
    assert quality.chart(EVERYONE, "bore", **CHART).signals
    with pytest.raises(RefusedError) as caught:
        quality.chart(OWNER + 1, "bore", **CHART)
    assert caught.value.code is Code.NOT_FOUND
    assert "there is no measurement of this characteristic" in str(caught.value)
    assert "无法由这些数据计算" in in_chinese(str(caught.value))
