import json
import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from xinlian.trace.model.json_stream import VALUES_MAX, outline
from xinlian.trace.model.json_text import load_json
from xinlian.trace.model.sources import SourceError

PATH = ("body", "list")
VALUES = st.recursive(
    st.none() | st.booleans() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["body", "list", "a", '"', "é"]), inner, max_size=3)
    ),
    max_leaves=8,
)


def whole(data: bytes) -> Any:
    found = outline(data, PATH, 100)
    table = found.table
    entries = list(found.entries())
    if found.count:
        table["body"]["list"] = entries
    return table


@given(
    st.dictionaries(st.sampled_from(["a", "b"]), VALUES, max_size=2),
    st.lists(VALUES, max_size=4),
    st.sampled_from([None, 2]),
)
def test_the_streamed_document_is_the_document(
    around: dict[str, Any], entries: list[Any], indent: int | None
) -> None:
    body = {"x": 1, "list": entries, "y": [{"list": [2]}]}
    data = json.dumps({**around, "body": body, "z": {"list": [1]}}, indent=indent).encode()
    assert whole(data) == load_json(data)


@given(VALUES)
def test_any_document_is_read_or_refused_as_the_parser_does(value: Any) -> None:
    data = json.dumps(value).encode()
    if isinstance(value, dict):
        assert whole(data) == load_json(data)
    else:
        with pytest.raises(SourceError, match="no object"):
            outline(data, PATH, 100)


@given(st.binary(max_size=40) | st.text('{}[]",:ab1 ', max_size=30).map(str.encode))
def test_broken_documents_are_refused_before_the_first_entry(data: bytes) -> None:
    try:
        wanted = load_json(data)
    except SourceError:
        with pytest.raises(SourceError):
            outline(data, PATH, 100)
        return
    if isinstance(wanted, dict):
        assert whole(data) == wanted


@pytest.mark.parametrize(
    "text",
    [
        '{"body": {"list": [1, 2}}',
        '{"body": {"list": [1 2]}}',
        '{"body": {"list": [1, ]}}',
        '{"body": {"list": [1]}} x',
        '{"body": {"list": [1], "list": [2]}}',
        '{"body": {"list": [NaN]}}',
        '{"body": {"list": [' + "[" * 100_000,
    ],
)
def test_what_is_wrong_in_the_list_refuses_the_whole(text: str) -> None:
    with pytest.raises(SourceError):
        outline(text.encode(), PATH, 1_000_000)


def test_memory_holds_one_entry_at_a_time() -> None:
    entry = {"name": "x" * 50, "parts": [{"n": str(n)} for n in range(20)]}
    data = json.dumps({"body": {"list": [entry] * 5_000}}).encode()
    tracemalloc.start()
    found = outline(data, PATH, 5_000)
    count = sum(1 for _ in found.entries())
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (count, found.count) == (5_000, 5_000)
    # The text itself and little beside; parsed as a whole it would be a dozen times as much.
    assert peak < 2 * len(data) + 1_000_000


@pytest.mark.parametrize(
    "form",
    [
        '{"body": {"list": [[%s]]}}',
        '{"body": {"list": [{"a": [%s]}]}}',
        '{"x": [%s], "body": {"list": []}}',
        '{"body": {"list": [], "x": [%s]}}',
        '{"body": {"list": [%s]}}',
        "[%s]",
    ],
)
def test_values_are_counted_before_they_are_made(form: str) -> None:
    data = (form % ",".join(["{}"] * (VALUES_MAX + 1))).encode()
    tracemalloc.start()
    with pytest.raises(SourceError, match="more than"):
        outline(data, PATH, 1_000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2 * len(data) + 1_000_000


def test_many_small_values_beside_the_list_count_together() -> None:
    small = json.dumps([[]] * 1_000)
    text = ", ".join(f'"n{n}": {small}' for n in range(VALUES_MAX // 1_000 + 1))
    with pytest.raises(SourceError, match="more than"):
        outline(f"{{{text}}}".encode(), PATH, 1)


def test_long_entries_with_brackets_in_texts_are_read() -> None:
    entry = {"a": ['[{,"' * 9] * 4_000, "b": "\\" * 9_001, "c": {"d": [1] * 4_000}}
    data = json.dumps({"body": {"list": [entry, entry]}}).encode()
    assert whole(data) == load_json(data)
