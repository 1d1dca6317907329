"""Control charts on paper: what the analysis found is what is printed."""

from __future__ import annotations

import io

import numpy as np
import pypdfium2
import pytest
from xinlian.trace.adapters.paper import drawn_charts, spc_pdf
from xinlian.trace.model.dossier import Language
from xinlian.trace.model.facts import Inspection, Result
from xinlian.trace.model.items import WORLD, ItemId, ItemType
from xinlian.trace.model.quality.charts import ChartKind
from xinlian.trace.usecases.quality.charting import ChartReport, chart_of, measured

from tests.trace.sample import measured as plant_measured
from tests.trace.sample import plant as p
from tests.trace.sample.as_dossier import RESULTS, parse


def _self_discharge(learn: int = 40) -> ChartReport:
    found = [
        Inspection(
            row[0],
            ItemId(WORLD, ItemType.SERIAL, row[1]),
            row[3],
            RESULTS[row[10]],
            parse(row[16]),
            row[4] or None,
            row[5],
            row[6] or None,
            row[7] or None,
            row[8] or None,
        )
        for row in plant_measured.inspections(p.build())
        if row[3] == plant_measured.K_VALUE[0]
    ]
    return chart_of(plant_measured.K_VALUE[0], measured(found), learn=learn)


def _counted() -> ChartReport:
    random = np.random.default_rng(3)
    found = [
        Inspection(
            f"A-{n}",
            ItemId(WORLD, ItemType.BATCH, f"B-{n}"),
            "外观",
            Result.PASSED,
            1_790_000_000_000 + n * 3_600_000,
            sample_size=int(random.integers(40, 200)),
            defects=int(random.integers(0, 9)) if n != 20 else 39,
        )
        for n in range(30)
    ]
    return chart_of("外观", measured(found), kind=ChartKind.P)


@pytest.mark.parametrize("language", list(Language))
def test_the_drift_of_the_sample_is_printed(language: Language) -> None:
    report = _self_discharge()
    assert report.signals
    out = io.BytesIO()
    made = spc_pdf(report, language, out)
    document = pypdfium2.PdfDocument(out.getvalue())
    text = "".join(page.get_textpage().get_text_range() for page in document)
    document.close()
    assert made.missing == ()
    assert report.characteristic in text
    assert {"en": "one point beyond 3 sigma", "zh": "一点超出 3σ"}[language] in text
    bad = {code for module in p.build().modules for code, lot in module.cells if lot == p.BAD_LOT}
    assert any(code in text.replace("\r\n", "") for code in bad)


def test_marked_points_are_those_that_complete_a_pattern() -> None:
    report = _self_discharge()
    charts = drawn_charts(report)
    for chart, panel in zip(charts, report.chart.panels, strict=True):
        marked = [n for n, point in enumerate(chart.points) if point.rules]
        found = {one.points[-1] for one in report.signals if one.panel == panel.name}
        assert marked == sorted(found)
        assert [point.value for point in chart.points] == panel.values.tolist()
    assert charts[0].upper_tolerance == 0.06
    assert charts[1].upper_tolerance is None
    # The first moving range belongs to the second value.
    assert charts[1].points[0].time_ms == charts[0].points[1].time_ms


def test_own_points_are_marked() -> None:
    report = _self_discharge()
    own = report.point_items[7]
    marked = [n for n, point in enumerate(drawn_charts(report, own)[0].points) if point.own]
    assert marked == [7]


def test_limits_that_change_with_the_sample_size_are_drawn_as_stairs() -> None:
    report = _counted()
    chart = drawn_charts(report)[0]
    assert chart.upper_limit is None
    limits = [point.limits for point in chart.points]
    assert None not in limits
    assert len({one[2] for one in limits if one}) > 10
    assert chart.points[20].rules
    assert spc_pdf(report, Language.ZH, io.BytesIO()).pages == 1
