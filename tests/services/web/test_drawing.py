"""Charts and pages from dossiers: every text escaped, every bound kept."""

from __future__ import annotations

import re
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest
from starlette.requests import Request
from xinlian.services.api.web.charts import draw_chart
from xinlian.services.api.web.curves import curve_facts, curve_name, draw_curve
from xinlian.services.api.web.engine import page
from xinlian.services.api.web.shown import item_values
from xinlian.services.api.web.texts import TEXTS, Lang, language_of
from xinlian.services.api.web.times import clock_ms, moment_ms
from xinlian.trace.model.dossier import Chart, ChartPoint, Recorded, TelemetryChannel, Words
from xinlian.trace.model.facts import Event, EventType

from tests.trace.sample.as_dossier import dossier, proof

EVIL = '<script>alert("1")</script>'


def chart(*values: float, title: str = "t") -> Chart:
    points = tuple(ChartPoint(1000 * at, value) for at, value in enumerate(values))
    return Chart(Words(title, title), "mm", points, 2.0, 3.0, 1.0, 4.0, 0.0)


def rendered(lang: Lang = "zh", **changes: object) -> str:
    found = replace(dossier(13), **changes)  # type: ignore[arg-type]
    scope = {
        "type": "http", "method": "GET", "path": "/t/x", "headers": [], "scheme": "http",
        "query_string": f"lang={lang}".encode(), "server": ("localhost", 80),
    }  # fmt: skip
    values = item_values(
        found,
        None,
        base="/t/x",
        at="",
        lang=lang,
        address=lambda item: "/t/y",
    )
    rights = {"all": True, "tree": True}
    answer = page(Request(scope), "item.html", {**values, "rights": rights}, visitor="甲")
    return bytes(answer.body).decode()


@pytest.mark.parametrize("values", [(1.0,), (2.0, 2.0), (1e-300, 1e300), (-5.0, 0.0, 5.0)])
def test_a_chart_is_well_formed_whatever_its_range(values: tuple[float, ...]) -> None:
    drawn = ET.fromstring(str(draw_chart(chart(*values), "en")))
    numbers = [float(n) for c in drawn.iter() for k in ("cx", "cy") if (n := c.get(k))]
    assert len(numbers) == 2 * len(values)
    assert all(0 <= number <= 480 for number in numbers)


def test_texts_in_charts_are_escaped() -> None:
    assert "<script" not in draw_chart(chart(1.0, title=EVIL), "en")
    evil = TelemetryChannel(EVIL, EVIL, ((0, 1.0), (9, 2.0)), name_zh=EVIL)
    assert "<script" not in draw_curve(evil, (0, 9), "en") + draw_curve(evil, (0, 9), "zh")
    assert draw_chart(chart(), "en") == ""


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_page_tells_the_dossier_in_its_language(lang: Lang) -> None:
    text = rendered(lang)
    assert f'lang="{"zh-CN" if lang == "zh" else "en"}"' in text
    assert "LXLBE2A00TH100114" in text
    assert ("受影响" if lang == "zh" else "Affected") in text
    assert not re.search(r'(?:src|href)="(?!/|\?|#)', text)
    assert not re.search(r"<[^>]+ (?:on\w+|style)=", text)


def test_events_are_told_in_words_and_by_whom() -> None:
    given = dossier(13)
    event = Event(
        "urn:uuid:e", "ni:///e", EventType.OBJECT, 1_789_092_000_000, {}, (given.item.id,),
        "OBSERVE", "https://ref.gs1.org/cbv/BizStep-retail_selling",
        "urn:epcglobal:cbv:disp:retail_sold", "https://id.gs1.org/414/9521100000019/254/dock-2",
    )  # fmt: skip
    facts = (
        Recorded(event, proof("a"), "乙公司"),
        Recorded(replace(event, biz_step="", disposition=""), proof("b"), "甲公司"),
    )
    chinese = rendered("zh", facts=facts, made_by="甲公司")
    for words in ("零售交付 · 已售出", "对象事件 · 观察", "dock-2", "2026-09-11 10:00:00 UTC+8"):
        assert words in chinese, words
    for raw in ("ObjectEvent", "OBSERVE", "retail_selling", "id.gs1.org/414"):
        assert raw not in chinese, raw
    # What the reader itself says needs no name.
    assert "乙公司 提供" in chinese
    assert "甲公司 提供" not in chinese
    english = rendered("en", facts=facts)
    assert "retail selling · retail sold" in english
    assert "stated by 乙公司" in english
    assert "stated by 甲公司" in english


def test_no_text_of_a_record_becomes_markup() -> None:
    assert "<script>alert" not in rendered(affected_by=(EVIL,), reasons=(Words(EVIL, EVIL),))


def test_the_language_is_the_one_asked_for_or_the_browsers() -> None:
    assert language_of("en", "zh-CN") == "en"
    assert language_of(None, "fr, en;q=0.8, zh;q=0.5") == "en"
    assert language_of("xx", "") == "zh"


def test_times_that_no_calendar_has_stay_numbers() -> None:
    assert clock_ms(1_789_092_000_000) == "2026-09-11 10:00:00"
    assert moment_ms(1_789_092_000_000) == "2026-09-11 10:00:00 UTC+8"
    assert moment_ms(10**18) == str(10**18)
    assert moment_ms(None) == "–"


def test_every_text_is_in_both_languages() -> None:
    for key, (english, chinese) in TEXTS.items():
        assert english, key
        assert re.search(r"[\u4e00-\u9fff]", chinese), key
        assert english.count("{}") == chinese.count("{}"), key


def curve(**changes: object) -> TelemetryChannel:
    bands = tuple((1000 * at, 10.0 + at % 3, 12.0 + at % 3) for at in range(60) if not 20 < at < 40)
    made = TelemetryChannel(
        "m1 torque", "N.m", (), name_zh="m1 扭矩", bands=bands, hole_ms=5_000, low=0.0, high=14.0
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def test_a_curve_is_a_band_with_its_holes_unit_and_range() -> None:
    drawn = draw_curve(curve(), (0, 60_000), "en")
    picture = ET.fromstring(drawn)
    assert len(picture.findall("polygon")) == 2, "nothing is drawn where nothing was read"
    (hole,) = picture.findall("rect[@class='hole']")
    assert "no reading from 1970-01-01 08:00:20" in (hole.findtext("title") or "")
    assert len(picture.findall("line[@class='limit']")) == 1, "the other lies outside the picture"
    told = "least 10, greatest 14, last 14 Nm · range 0 to 14 · yellow: no readings"
    assert curve_facts(curve(), (0, 60_000), "en") == told
    assert told in drawn
    assert "最小 10" in draw_curve(curve(), (0, 60_000), "zh")
    assert curve_name(curve(), "zh") == "m1 扭矩 [Nm]"
    assert len(drawn) < 8_000


def test_a_curve_says_that_a_record_ran_on_after_its_readings() -> None:
    picture = ET.fromstring(draw_curve(curve(), (0, 600_000), "en"))
    assert len(picture.findall("rect[@class='hole']")) == 2
    assert not ET.fromstring(draw_curve(curve(hole_ms=0), (0, 600_000), "en")).findall("rect")


@pytest.mark.parametrize("value", [float("inf"), float("nan"), 1e308, -1e308, 5e-324, 0.0])
def test_odd_values_break_no_picture(value: float) -> None:
    for bands in (((5, value, value),), ((5, value, value), (9, 1.0, 2.0))):
        drawn = draw_curve(curve(bands=bands, low=None), (0, 10), "en")
        assert not drawn or ET.fromstring(drawn) is not None
        assert "nan" not in drawn
