"""Tags of labels: always the same, never guessed, never two for one thing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from xinlian.services.app.trace_links import Tags

TAGS = Tags(bytes(range(32)))
ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"


@given(st.integers(min_value=0, max_value=2**48 - 1))
def test_a_tag_gives_its_number_back_and_only_under_its_key(number: int) -> None:
    tag = TAGS.tag(number)
    assert len(tag) == 23
    assert TAGS.number(tag) == number
    assert Tags(bytes(32)).number(tag) is None


@given(st.integers(min_value=0, max_value=2**48 - 1), st.integers(0, 22), st.sampled_from(ALPHABET))
def test_a_changed_tag_opens_nothing(number: int, at: int, letter: str) -> None:
    tag = TAGS.tag(number)
    changed = tag[:at] + letter + tag[at + 1 :]
    assert TAGS.number(changed) == (number if changed == tag else None)


@given(st.text(max_size=40))
def test_any_text_is_answered(text: str) -> None:
    found = TAGS.number(text)
    assert found is None or TAGS.tag(found) == text


def test_neighbours_have_nothing_in_common() -> None:
    tags = [TAGS.tag(number) for number in range(200)]
    assert len(set(tags)) == 200
    assert (
        max(sum(a == b for a, b in zip(tags[i], tags[i + 1], strict=True)) for i in range(199)) < 9
    )


def test_a_short_key_is_refused() -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        Tags(b"short")
