from collections.abc import Callable, Iterable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from xinlian.trace.model.capture import Row
from xinlian.trace.model.facts import Correction, Gap, GapKind, Inspection
from xinlian.trace.model.fields import MAKERS
from xinlian.trace.model.items import Item
from xinlian.trace.model.json_rows import control_point_rows, rows_from_json, rows_from_json_file
from xinlian.trace.model.json_text import dump_json, load_json
from xinlian.trace.model.links import Link
from xinlian.trace.model.sources import SourceError

WHEN = "2026-03-01T08:00:00+08:00"
CAR = {"id": "LGBH52E08DY076543", "type": "vehicle"}
LINK = {"type": "link", "child": {"id": "a", "type": "serial"}, "parent": CAR, "kind": "assembled"}


def read(*facts: Any) -> list[Row]:
    return list(rows_from_json({"facts": list(facts)}, 7))


def test_facts_are_read_with_numbers_as_texts() -> None:
    data = (
        b'{"facts": [{"type": "inspection", "inspection_id": "1", "item": "P",'
        b' "item_type": "serial",'
        b' "characteristic": "d", "time": "2026-03-01T00:00:00Z", "value": 1.10, "upper": "1.2"}]}'
    )
    row = next(rows_from_json(load_json(data), 7))
    made = row.facts[0]
    assert isinstance(made, Inspection)
    assert (made.value, made.upper, made.result.value) == ("1.10", "1.2", "passed")
    assert '"value":1.10' in row.source


def test_every_kind_of_fact_has_its_form() -> None:
    gap = {"type": "gap", "item": CAR, "kind": "missing-child", "what": "BMS"}
    correction = {"type": "correction", "target": "1", "kind": "claim", "reason": "x", "time": WHEN}
    link, missing, corrected = read({**LINK, "quantity": 2, "valid_from": WHEN}, gap, correction)
    assert isinstance(link.facts[0], Link)
    assert (link.facts[0].quantity, link.facts[0].valid_from_ms) == ("2", 1_772_323_200_000)
    assert isinstance(missing.facts[0], Gap)
    assert missing.facts[0].kind is GapKind.MISSING_CHILD
    assert isinstance(corrected.facts[0], Correction)


def test_a_code_may_be_of_another_partys_number_space() -> None:
    own, theirs, world = read(
        {"type": "item", "item": {"id": "L-1", "type": "batch"}},
        {"type": "item", "item": {"id": "L-1", "type": "batch", "owner": 9}},
        {"type": "item", "item": {**CAR, "owner": 9}},
    )
    owners = []
    for row in (own, theirs, world):
        made = row.facts[0]
        assert isinstance(made, Item)
        owners.append(made.id.owner)
    assert owners == [7, 9, 0]


@pytest.mark.parametrize(
    ("fact", "place"),
    [
        (7, "facts[0]"),
        ({}, "facts[0].type"),
        ({"type": "thing"}, "facts[0].type"),
        ({**LINK, "kind": None}, "facts[0].kind"),
        ({**LINK, "kind": "glued"}, "facts[0].kind"),
        ({**LINK, "colour": "red"}, "facts[0].colour"),
        ({**LINK, "parent": {"id": "x", "type": "vehicle", "z": 1}}, "facts[0].parent.z"),
        ({**LINK, "parent": {}}, "facts[0].parent"),
        ({**LINK, "child": CAR}, "facts[0].child"),
        ({**LINK, "parent": {**CAR, "owner": "x"}}, "facts[0].owner"),
        ({**LINK, "quantity": 1.5}, "facts[0].quantity"),
        ({**LINK, "quantity": True}, "facts[0].quantity"),
        ({**LINK, "valid_from": "2026-03-01"}, "facts[0].valid_from"),
        ({**LINK, "valid_from": "1960-01-01T00:00:00Z"}, "facts[0].valid_from"),
    ],
)
def test_a_bad_fact_is_named(fact: Any, place: str) -> None:
    row = read(fact)[0]
    assert row.problem is not None
    assert row.problem.field == place
    assert row.problem.why_zh


@pytest.mark.parametrize("value", [None, [], {}, {"facts": []}, {"facts": [LINK], "x": 1}])
def test_another_form_is_refused_whole(value: Any) -> None:
    with pytest.raises(SourceError):
        list(rows_from_json(value, 7))


def measured(sequence: Any, value: str = "1.0") -> dict[str, Any]:
    return {
        "sequence": sequence,
        "item": {"id": "P-1", "type": "serial"},
        "characteristic": "torque",
        "time": WHEN,
        "value": value,
        "lower": "0.9",
    }


def test_a_control_point_streams_with_sequence_numbers() -> None:
    value = {"control_point": "OP-40/7", "rows": [measured(11), measured(12, "0.5")]}
    one, two = control_point_rows(value, 7)
    first, second = one.facts[0], two.facts[0]
    assert isinstance(first, Inspection)
    assert isinstance(second, Inspection)
    assert (first.inspection_id, second.inspection_id) == ("OP-40/7:11", "OP-40/7:12")
    assert second.attributes == {"control_point": "OP-40/7", "sequence": "12"}
    assert (first.result.value, second.result.value) == ("passed", "failed")
    assert list(control_point_rows(value, 7)) == [one, two]


@pytest.mark.parametrize("sequence", [10, 11, -1, "x", None, 1.5, True])
def test_sequence_numbers_rise(sequence: Any) -> None:
    rows = list(
        control_point_rows({"control_point": "P", "rows": [measured(11), measured(sequence)]}, 7)
    )
    assert rows[0].problem is None
    assert rows[1].problem is not None
    assert rows[1].problem.field == "rows[1].sequence"


@pytest.mark.parametrize("point", [None, "", 7, "a b", "x" * 65])
def test_a_control_point_needs_its_name(point: Any) -> None:
    with pytest.raises(SourceError, match="control_point"):
        list(control_point_rows({"control_point": point, "rows": [measured(1)]}, 7))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=8,
)

NAMES = st.sampled_from(
    ["item", "kind", "time", "value", "attributes", "child", "parent", "reason"]
)


@given(JSON)
def test_json_text_says_the_same(value: Any) -> None:
    back = load_json(dump_json({"a": value}).encode())
    assert dump_json(back) == dump_json({"a": value})


@given(st.sampled_from(sorted(MAKERS)), st.dictionaries(NAMES, JSON, max_size=5))
@settings(deadline=None)
def test_no_fact_breaks_the_reader(kind: str, fields: dict[str, Any]) -> None:
    row = read({"type": kind, **fields})[0]
    assert (row.problem is None) == bool(row.facts)


@pytest.mark.parametrize(
    ("maker", "kept"),
    [
        ("919900008C1403U661", "919900008C1403U661"),
        ("９19900008c1403u661", "919900008C1403U661"),
        ("BPNL00000003B2OM", "BPNL00000003B2OM"),
        ("宁德一厂", "宁德一厂"),
        ("919900008C1403U662", None),
        ("919900008C14О3U661", None),
    ],
)
def test_makers_by_social_credit_code_are_checked(maker: str, kept: str | None) -> None:
    row = read({"type": "item", "item": CAR, "maker": maker})[0]
    if kept is None:
        assert row.problem is not None
        assert row.problem.field == "facts[0].maker"
    else:
        assert isinstance(row.facts[0], Item)
        assert row.facts[0].maker == kept


@pytest.mark.parametrize(
    "text",
    [
        '{"facts": []}', '{"facts": {}}', '{"facts": [1], "x": 2}', "{}", "[1]",
        '{"facts": [{"type": "item", "item": {"id": "A", "type": "serial"}}, {"type": "x"}, 7]}',
    ],
)  # fmt: skip
def test_a_file_is_read_as_the_same_in_memory(text: str) -> None:
    def told(read: Callable[[], Iterable[Row]]) -> object:
        try:
            return list(read())
        except SourceError as exc:
            return exc.why

    here = told(lambda: rows_from_json(load_json(text.encode()), 7))
    there = told(lambda: rows_from_json_file(text.encode(), 7))
    assert here == there or (text == "[1]" and isinstance(there, str))
