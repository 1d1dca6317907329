"""The API's guards on their own: cursors, rates, entity tags, the lock of a data folder."""

import multiprocessing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from xinlian.services.api.etags import etag_of, matches
from xinlian.services.api.paging import Cursors, Position
from xinlian.services.api.ratelimit import RateLimit
from xinlian.services.app.errors import Code, RefusedError
from xinlian.services.workers.lock import DataLock, DataLockedError

CURSORS = Cursors(b"0123456789abcdef")
KEYS = st.one_of(
    st.integers(0, 2**53 - 1), st.text(max_size=64), st.lists(st.integers(0, 9), max_size=2)
)
FILTERS = st.dictionaries(
    st.sampled_from(["state", "root", "party"]), st.integers(0, 3) | st.none()
)


@given(after=KEYS, at=st.none() | st.integers(-1, 2**40), filters=FILTERS, owner=st.integers(0, 9))
def test_a_cursor_leads_back_to_its_place(
    after: Any, at: int | None, filters: dict[str, Any], owner: int
) -> None:
    text = CURSORS.make("pieces", owner, filters, Position(after, at))
    assert CURSORS.read(text, "pieces", owner, filters) == Position(after, at)


@given(data=st.data(), filters=FILTERS, owner=st.integers(0, 3))
def test_a_changed_cursor_leads_nowhere(
    data: st.DataObject, filters: dict[str, Any], owner: int
) -> None:
    text = CURSORS.make("pieces", owner, filters, Position(65_536, 12))
    place = data.draw(st.integers(0, len(text) - 2))
    char = data.draw(st.sampled_from("ABab01_-").filter(lambda each: each != text[place]))
    with pytest.raises(RefusedError) as refused:
        CURSORS.read(text[:place] + char + text[place + 1 :], "pieces", owner, filters)
    assert refused.value.code is Code.CURSOR


def test_a_cursor_is_bound_to_list_reader_filters_and_server() -> None:
    text = CURSORS.make("pieces", 1, {"state": "held"}, Position(65_536, 12))
    for cursors, listing, owner, filters in (
        (CURSORS, "vouchers", 1, {"state": "held"}),
        (CURSORS, "pieces", 2, {"state": "held"}),
        (CURSORS, "pieces", 1, {"state": "offered"}),
        (CURSORS, "pieces", 1, {}),
        (Cursors(b"another secret !"), "pieces", 1, {"state": "held"}),
    ):
        with pytest.raises(RefusedError):
            cursors.read(text, listing, owner, filters)


@given(st.text(max_size=450))
def test_no_text_at_all_upsets_the_reader_of_cursors(text: str) -> None:
    with pytest.raises(RefusedError):
        CURSORS.read(text, "pieces", 1, {})


def test_a_secret_that_is_too_short_is_refused() -> None:
    with pytest.raises(ValueError, match="16"):
        Cursors(b"short")


def test_a_burst_is_allowed_and_then_the_rate() -> None:
    now = [0]
    limit = RateLimit(per_second=4, burst=3, now_ns=lambda: now[0])
    assert [limit.take("a") for _ in range(4)] == [0, 0, 0, 1]
    assert limit.take("b") == 0
    now[0] += 250_000_000
    assert [limit.take("a") for _ in range(2)] == [0, 1]
    now[0] += 3_600_000_000_000
    assert [limit.take("a") for _ in range(4)] == [0, 0, 0, 1]


def test_a_dear_request_takes_several_and_never_more_than_a_burst() -> None:
    now = [0]
    limit = RateLimit(per_second=4, burst=8, now_ns=lambda: now[0])
    assert [limit.take("a", 5) for _ in range(2)] == [0, 1]
    assert [limit.take("a") for _ in range(4)] == [0, 0, 0, 1]
    now[0] += 2_000_000_000
    assert limit.take("a", 100) == 0
    assert limit.take("a", 100) == 2


@given(st.lists(st.integers(0, 400_000_000), max_size=60), st.integers(1, 20), st.integers(1, 9))
def test_nobody_gets_more_than_burst_and_rate(pauses: list[int], rate: int, burst: int) -> None:
    now = [0]
    limit = RateLimit(per_second=rate, burst=burst, now_ns=lambda: now[0])
    allowed = 0
    for pause in pauses:
        now[0] += pause
        allowed += limit.take("a") == 0
        assert allowed <= burst + now[0] * rate // 1_000_000_000


def test_entity_tags_tell_bodies_and_branches_apart() -> None:
    tag = etag_of(b"{}", None)
    assert tag == etag_of(b"{}", None)
    assert len({tag, etag_of(b"[]", None), etag_of(b"{}", "aa"), etag_of(b"{}", "bb")}) == 4
    for header in (tag, f"W/{tag}", f'"x", {tag}', "*", f'"x",W/{tag} ,"y"'):
        assert matches(header, tag)
    for header in ("", tag.strip('"'), '"x"', tag[:-2] + '"'):
        assert not matches(header, tag)


def _try_lock(folder: Path, answers: Any) -> None:
    try:
        with DataLock(folder):
            answers.put("taken")
    except DataLockedError as exc:
        answers.put(str(exc))


def test_one_process_at_a_time_has_a_data_folder(tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    answers = spawn.Queue()

    def other() -> str:
        process = spawn.Process(target=_try_lock, args=(tmp_path, answers))
        process.start()
        found = answers.get(timeout=60)
        process.join(60)
        return str(found)

    with DataLock(tmp_path):
        refusal = other()
        assert "in use by process" in refusal
        assert "XINLIAN_DATA" in refusal
    assert other() == "taken"
    answers.close()
