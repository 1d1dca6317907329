"""Bodies of JSON: what is refused before it is parsed, and what reading deep ones would need."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from xinlian.services.api.json_body import DEPTH_MAX, VALUES_MAX, read_json
from xinlian.services.app.errors import Code, RefusedError

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(alphabet='a"\\[]{},é'),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text('k"[\\', max_size=3), inner)
    ),
    max_leaves=20,
)


def depth(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value
    return 1 + max(map(depth, inner), default=0) if isinstance(value, (dict, list)) else 0


@given(VALUES)
def test_what_is_not_too_deep_is_read_as_it_is(value: Any) -> None:
    body = json.dumps(value).encode()
    if depth(value) <= DEPTH_MAX:
        assert read_json(body) == value
    else:
        with pytest.raises(RefusedError):
            read_json(body)


@pytest.mark.parametrize("opening", [b"[", b'{"a":', b'[{"a":', b'["]]]]]]]]]",'])
def test_deep_bodies_are_refused_before_they_are_parsed(
    opening: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def parsed(*_: object, **__: object) -> None:
        raise AssertionError("the parser saw it")

    monkeypatch.setattr(json, "loads", parsed)
    with pytest.raises(RefusedError) as refused:
        read_json(opening * 100_000)
    assert refused.value.code in (Code.MALFORMED, Code.BODY_TOO_LARGE)


def test_the_bound_of_values_does_not_count_texts() -> None:
    most = b"[" + b"1," * (VALUES_MAX - 2) + b"1]"
    assert len(read_json(most)) == VALUES_MAX - 1
    assert read_json(b'["' + b",[{" * VALUES_MAX + b'"]') == [",[{" * VALUES_MAX]
    with pytest.raises(RefusedError) as refused:
        read_json(b"[" + b"1," * VALUES_MAX + b"1]")
    assert refused.value.code is Code.BODY_TOO_LARGE


@pytest.mark.parametrize("body", [b'["\\', b'"' + b'\\"' * 200_000, b"]" * 50 + b"[", b"", b"[}"])
def test_broken_bodies_are_malformed(body: bytes) -> None:
    with pytest.raises(RefusedError) as refused:
        read_json(body)
    assert refused.value.code is Code.MALFORMED


@pytest.mark.parametrize("module", ["services.api.main", "services.workers.up"])
def test_no_import_raises_the_recursion_limit(module: str) -> None:
    code = (
        "import sys; before = sys.getrecursionlimit(); import xinlian." + module + "; "
        "assert 'eth_keyfile' in sys.modules; sys.exit(sys.getrecursionlimit() != before)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
