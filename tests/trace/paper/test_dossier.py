"""The dossier on paper: everything is there, nothing shows as a box, and its length is bounded."""

from __future__ import annotations

from dataclasses import replace

import pypdfium2
import pytest
import zxingcpp
from xinlian.trace.model.dossier import (
    Dossier,
    Language,
    Recorded,
    Verdict,
)
from xinlian.trace.model.facts import Event, EventType, Inspection

from tests.trace.paper.reading import Paper
from tests.trace.sample.as_dossier import dossier, proof


@pytest.fixture(scope="module", params=list(Language))
def affected(request: pytest.FixtureRequest) -> tuple[Dossier, Paper]:
    given = dossier(13)
    return given, Paper(given, request.param)


def test_the_cover_says_what_it_is_and_leads_to_the_page(
    affected: tuple[Dossier, Paper],
) -> None:
    given, paper = affected
    first = paper.pages[0]
    assert given.item.id.id in first
    assert "受影响" in first
    assert "Affected" in first
    assert [found.text for found in zxingcpp.read_barcodes(paper.cover)] == [given.link]


def test_every_item_fact_and_certificate_is_there(affected: tuple[Dossier, Paper]) -> None:
    given, paper = affected
    for node in given.tree.nodes:
        code = node.item.id.id
        assert code.rsplit("/", 1)[-1] in paper.joined
    for record in given.facts:
        if isinstance(record.fact, Inspection):
            assert record.fact.inspection_id in paper.joined
            assert f"{record.fact.value} {record.fact.unit}" in paper.joined
    assert given.certificates[0].sha256 in paper.joined
    assert given.tree.gaps[0].what in paper.joined
    assert paper.report.missing == ()
    assert paper.report.left_out == 0
    assert paper.report.nodes_drawn == len(given.tree.nodes)


def test_every_font_is_embedded(affected: tuple[Dossier, Paper]) -> None:
    _, paper = affected
    fonts = paper.data.count(b"/Subtype /TrueType")
    assert fonts >= 1
    assert paper.data.count(b"/FontFile2") == fonts
    # reportlab names Helvetica in every document; no page may use it.
    document = pypdfium2.PdfDocument(paper.data)
    names = {
        item.get_font().get_base_name()
        for page in document
        for item in page.get_objects(filter=[1])
    }
    document.close()
    assert names
    assert all("NotoSansSC" in name for name in names), names


def test_a_removed_part_is_shown_as_such() -> None:
    paper = Paper(dossier(11))
    assert paper.text.count("2026-09-22 拆出") == 2


def test_names_stand_in_the_reader_s_language() -> None:
    given = dossier(13)
    assert "Anode electrode coil" in Paper(given, Language.EN).text
    assert "Anode electrode coil" not in Paper(given, Language.ZH).text


def test_events_stand_in_words() -> None:
    given = dossier(13)
    event = Event(
        "urn:uuid:1",
        "ni:1",
        EventType.OBJECT,
        1_790_000_000_000,
        {},
        (given.item.id,),
        "OBSERVE",
        "https://ref.gs1.org/cbv/BizStep-retail_selling",
        "urn:epcglobal:cbv:disp:retail_sold",
        "https://id.gs1.org/414/9521100000019/254/dock-2",
    )
    made = replace(given, facts=(Recorded(event, proof("event")),))
    assert "零售交付 · 已售出 · dock-2" in Paper(made, Language.ZH).text
    assert "retail selling · retail sold · dock-2" in Paper(made, Language.EN).text


def test_the_cause_is_marked_without_colour_too() -> None:
    given = dossier(13)
    bad = sum(node.item.id in given.suspects for node in given.tree.nodes)
    assert Paper(given, Language.ZH).text.count("◀ 起因") == bad > 0


def test_who_states_what_stands_in_the_tables() -> None:
    given = dossier(13)
    described = tuple(replace(each, stated_by="庚公司") for each in given.item_proofs)
    facts = tuple(replace(each, stated_by="辛公司") for each in given.facts)
    papers = tuple(replace(each, stated_by="壬公司") for each in given.certificates)
    made = replace(given, item_proofs=described, facts=facts, certificates=papers)
    text = Paper(made).joined
    assert text.count("庚公司") == len(described)
    # In the table of proofs, and beside what is said.
    assert text.count("辛公司") == 2 * len(facts)
    assert text.count("壬公司") == 2 * len(papers)
    own = Paper(replace(made, made_by="辛公司")).joined
    assert own.count("辛公司") == len(facts) + 1


def test_how_to_verify_is_told_as_it_is_typed() -> None:
    text = Paper(dossier(13)).joined
    assert "./xlverify文件" in text.replace(" ", "")
    assert "链20260（联盟链）" in text.replace(" ", "")


def test_a_candidate_is_shown_as_such() -> None:
    paper = Paper(dossier(17), Language.EN)
    assert "one of several" in paper.text


@pytest.mark.parametrize("verdict", list(Verdict))
def test_every_verdict_is_told(verdict: Verdict) -> None:
    paper = Paper(replace(dossier(20), verdict=verdict), Language.EN)
    words = {
        Verdict.AFFECTED: "Affected",
        Verdict.SUSPECT: "Possibly affected",
        Verdict.INCOMPLETE: "Incomplete",
        Verdict.CONFORMING: "Conforming",
    }
    assert words[verdict] in paper.pages[0]


def test_what_the_font_lacks_is_told() -> None:
    given = dossier(20)
    root = given.tree.nodes[0]
    odd = replace(root.item, attributes={}, name="电池🔋\u202e\U00020bb7包")
    tree = replace(given.tree, nodes=(root._replace(item=odd), *given.tree.nodes[1:]))
    paper = Paper(replace(given, tree=tree))
    assert paper.report.missing == ("🔋", "\U00020bb7")
    assert "[U+1F50B]" in paper.pages[0]
    assert "U+20BB7" in paper.pages[-1]


def test_markup_in_names_stays_text() -> None:
    given = dossier(20)
    reason = replace(given.reasons[0], zh="<b>&amp;</b> <img src='http://x/'/>")
    paper = Paper(replace(given, reasons=(reason,)))
    assert "<b>&amp;</b> <img src='http://x/'/>" in paper.joined
