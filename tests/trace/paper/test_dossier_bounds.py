"""Whatever a dossier holds, its document is bounded, and what is left out is told."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given as given_texts
from hypothesis import settings
from hypothesis import strategies as st
from xinlian.trace.adapters.paper.tree_picture import OVERVIEW_ROWS, choose_rows
from xinlian.trace.adapters.paper.words import TEXT, words_of
from xinlian.trace.model.dossier import (
    CertificateStatus,
    ChartPoint,
    Dossier,
    ItemProof,
    Language,
    ProofState,
    Recorded,
    Verdict,
    Words,
)
from xinlian.trace.model.facts import ClaimKind, Gap, GapKind, Inspection, Result
from xinlian.trace.model.items import WORLD, Item, ItemId, ItemType, Scheme
from xinlian.trace.model.links import Certainty, Link, LinkKind
from xinlian.trace.model.tree import Direction, Node, Tree, Truncation

from tests.trace.paper.reading import Paper
from tests.trace.sample.as_dossier import dossier, proof


def _big(nodes: int, fan: int) -> Tree:
    made: list[Node] = []
    for index in range(nodes):
        parent = (index - 1) // fan if index else -1
        kind = ItemType.SERIAL if index else ItemType.VEHICLE
        item = Item(ItemId(WORLD, kind, f"N-{index:06d}"), "", Scheme.MAKER, f"件{index}")
        depth = made[parent].depth + 1 if index else 0
        link = Link(item.id, made[parent].item.id) if index else None
        made.append(Node(item, parent, depth, link))
    order: list[Node] = []
    places: dict[int, int] = {}
    children: dict[int, list[int]] = {}
    for index, node in enumerate(made):
        children.setdefault(node.parent, []).append(index)
    stack = [0]
    while stack:
        index = stack.pop()
        node = made[index]
        places[index] = len(order)
        order.append(node._replace(parent=places.get(node.parent, -1)))
        stack += reversed(children.get(index, []))
    return Tree(Direction.DOWN, None, tuple(order), (), ((Truncation.DEPTH, 3),))


@pytest.mark.parametrize(("nodes", "fan"), [(2_000, 1), (5_000, 70), (5_000, 4_999)])
def test_a_large_tree_is_bounded_and_nothing_is_lost_silently(nodes: int, fan: int) -> None:
    tree = _big(nodes, fan)
    rows, shown = choose_rows(tree)
    assert len(shown) <= OVERVIEW_ROWS
    assert len(rows) <= 2 * OVERVIEW_ROWS
    assert 0 in shown
    given = replace(dossier(20), tree=tree, facts=(), item_proofs=(), suspects=())
    paper = Paper(given)
    assert paper.report.pages <= 60
    left = nodes - paper.report.nodes_drawn
    listed = [node.item.id.id for node in tree.nodes if node.item.id.id in paper.joined]
    assert len(listed) == paper.report.nodes_drawn
    if left:
        assert f"树中另有 {left} 个节点未印出" in paper.joined


def test_the_bad_part_is_drawn_however_deep_and_late_it_is() -> None:
    tree = _big(5_000, 9)
    deepest = max(tree.nodes, key=lambda node: (node.depth, node.item.id.id)).item.id
    rows, shown = choose_rows(tree, suspects={deepest})
    drawn = {tree.nodes[index].item.id for index in shown}
    assert deepest in drawn
    for index in shown - {0}:
        assert tree.nodes[index].parent in shown
    hidden = sum(row.more + row.below for row in rows)
    assert hidden + len(shown) == 5_000


def test_many_facts_make_no_endless_document() -> None:
    given = dossier(20)
    item = given.item.id
    facts = tuple(
        Recorded(
            Inspection(f"I-{n}", item, "尺寸", Result.PASSED, 1_790_000_000_000 + n, str(n), "mm"),
            proof(str(n)),
        )
        for n in range(3_000)
    )
    failed = Inspection("I-F", item, "尺寸", Result.FAILED, 1_799_000_000_000, "9999", "mm")
    facts += (Recorded(failed, proof("failed", ProofState.MISSED)),)
    gaps = tuple(Gap(item, GapKind.MISSING_CHILD, f"缺{n}") for n in range(900))
    points = tuple(ChartPoint(n * 1000, float(n % 17)) for n in range(100_000))
    chart = replace(given.charts[0], points=points)
    paper = Paper(
        replace(
            given,
            facts=facts,
            tree=replace(given.tree, gaps=gaps),
            charts=(chart,) * 60,
        )
    )
    assert paper.report.pages <= 70
    assert paper.report.left_out > 3_000
    assert "另有" in paper.text
    # What failed stands first however much there is.
    assert "9999 mm" in paper.text
    assert "I-F" in paper.text


def test_an_empty_dossier_says_so() -> None:
    given = dossier(20)
    root = given.tree.nodes[0]
    bare = Dossier(given.link, 0, "", Verdict.INCOMPLETE, (), Tree(Direction.DOWN, None, (root,)))
    paper = Paper(bare, Language.EN)
    assert "Nothing is recorded." in paper.text
    assert "No gap is known." in paper.text


def test_times_and_numbers_out_of_range_do_not_break_it() -> None:
    given = dossier(20)
    points = (
        ChartPoint(-(10**18), float("nan")),
        ChartPoint(10**18, float("inf")),
        ChartPoint(0, 1e300),
        ChartPoint(1, -1e300),
    )
    chart = replace(given.charts[0], points=points)
    lone = replace(given.charts[0], points=(ChartPoint(0, 5.0),), center=5.0)
    empty = replace(given.charts[0], points=())
    proofs = (ItemProof(given.item.id, replace(proof("x"), fixed_ms=10**17)),)
    paper = Paper(
        replace(given, made_at_ms=10**17, charts=(chart, lone, empty), item_proofs=proofs)
    )
    assert "100000000000000000 ms" in paper.text
    assert "无数值" in paper.text


def test_every_fixed_text_stands_in_both_languages() -> None:
    field = re.compile(r"{(\w+)}")
    for name, words in TEXT.items():
        assert words.en, name
        assert words.zh, name
        assert sorted(field.findall(words.en)) == sorted(field.findall(words.zh)), name
    for kind in (Verdict, ProofState, CertificateStatus, Result, ItemType, LinkKind, Certainty):
        for value in kind:
            assert words_of(value) != Words(value.value, value.value)
    for other in (ClaimKind, GapKind, Direction, Truncation):
        for member in other:
            assert words_of(member).zh != member.value


_ANY = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


@settings(max_examples=15, deadline=None)
@given_texts(name=_ANY, maker=_ANY, value=_ANY, reason=_ANY, code=_ANY.filter(bool))
def test_any_text_of_a_source_can_be_printed(
    name: str, maker: str, value: str, reason: str, code: str
) -> None:
    base = dossier(20)
    root = replace(base.tree.nodes[0].item, name=name, maker=maker, attributes={})
    item = ItemId(7, ItemType.SERIAL, code)
    part = Item(item, code, Scheme.MAKER, name, maker)
    nodes = (Node(root, -1, 0, None), Node(part, 0, 1, Link(item, root.id)))
    fact = Inspection(code, item, name, Result.FAILED, 0, value, maker, gauge=name, station=reason)
    made = replace(
        base,
        tree=Tree(Direction.DOWN, None, nodes, (Gap(item, GapKind.MISSING_CHILD, reason),)),
        facts=(Recorded(fact, proof(code)),),
        reasons=(Words(reason, reason),),
        charts=(),
        telemetry=(),
    )
    assert Paper(made).report.pages >= 2


def test_endless_texts_are_cut_in_reasonable_time() -> None:
    base = dossier(20)
    long = "长" * 200_000
    root = replace(base.tree.nodes[0].item, name=long, attributes={})
    nodes = (Node(root, -1, 0, None),)
    gap = Gap(root.id, GapKind.MISSING_CHILD, long)
    made = replace(
        base,
        tree=Tree(Direction.DOWN, None, nodes, (gap,)),
        reasons=(Words(long, long),),
        facts=(),
    )
    assert Paper(made).report.pages <= 8
