"""Canonical JSON equals RFC 8785 as another library writes it, and what is no record is refused."""

import datetime as dt
import math
import unicodedata
import uuid
from typing import Any

import pytest
import rfc8785
from hypothesis import given
from xinlian.ledger.model.evidence.canonical import (
    DEPTH_MAX,
    canonical,
    canonical_record,
    event_time_ms,
    time_text,
)
from xinlian.ledger.model.evidence.errors import EvidenceError, Refusal
from xinlian.ledger.usecases.evidence.preparing import Preparer

from tests.ledger.evidence.values import times, values
from tests.support import rfc9162_plain as plain

GOOD: dict[str, Any] = {
    "schema": "inspection/1",
    "subject": "VIN-A",
    "event_time": "2026-09-01T08:00:00.000Z",
}


@given(values)
def test_equals_another_library(value: Any) -> None:
    assert canonical(value) == rfc8785.dumps(value)


@pytest.mark.parametrize("low", range(0, 0x10000, 0x1000))
def test_every_character_of_the_first_plane(low: int) -> None:
    points = [chr(point) for point in range(low, low + 0x1000) if not 0xD800 <= point < 0xE000]
    points = [char for char in points if plain_nfc(char)]
    assert canonical(points) == rfc8785.dumps(points)
    assert canonical(dict.fromkeys(points, 1)) == rfc8785.dumps(dict.fromkeys(points, 1))


def plain_nfc(char: str) -> bool:
    return unicodedata.is_normalized("NFC", char)


def test_names_are_sorted_by_utf_16_units() -> None:
    assert canonical({"\U0001f600": 1, "\uffee": 2}) == '{"😀":1,"\uffee":2}'.encode()


def deep(levels: int) -> Any:
    value: Any = "x"
    for _ in range(levels):
        value = [value]
    return value


BAD: dict[str, dict[Any, Any]] = {
    "a fraction": {"v": 0.5},
    "a whole number as float": {"v": 1.0},
    "not a number": {"v": math.nan},
    "infinity": {"v": [math.inf]},
    "too large a number": {"v": 2**53},
    "too small a number": {"v": {"w": -(2**53)}},
    "text that is not NFC": {"v": "e\u0301"},
    "a name that is not NFC": {"e\u0301": "v"},
    "half a character": {"v": "\ud800"},
    "a date": {"v": dt.datetime(2026, 1, 1, tzinfo=dt.UTC)},
    "a uuid": {"v": uuid.UUID(int=1)},
    "bytes": {"v": b"x"},
    "a tuple": {"v": (1, 2)},
    "a name that is a number": {7: "v"},
    "too deep": {"v": deep(DEPTH_MAX)},
    "no schema": {"schema": None},
    "an empty subject": {"subject": ""},
    "a time without milliseconds": {"event_time": "2026-09-01T08:00:00Z"},
    "a time with a zone": {"event_time": "2026-09-01T08:00:00.000+08:00"},
    "a time that is a number": {"event_time": 5},
    "a day that is none": {"event_time": "2026-02-29T08:00:00.000Z"},
    "an hour that is none": {"event_time": "2026-02-28T24:00:00.000Z"},
    "a leap second": {"event_time": "2016-12-31T23:59:60.000Z"},
    "before 1970": {"event_time": "1969-12-31T23:59:59.999Z"},
    "digits that are not ASCII": {"event_time": "2026-09-0１T08:00:00.000Z"},
    "too long a path": {"v": {"n" * 998: 1}},
    "too many bytes": {"v": "x" * (1 << 20)},
    "too many fields": {f"f{n}": n for n in range(4097)},
}


@pytest.mark.parametrize("name", BAD)
def test_refused_with_its_place_however_often_the_shape_was_seen(name: str) -> None:
    bad = GOOD | BAD[name]
    preparer = Preparer()
    same_shape = {key: GOOD.get(key, "x") for key in bad if type(key) is str}
    if len(same_shape) < 100 and plain_nfc("".join(same_shape)):
        preparer.prepare([same_shape])
    with pytest.raises(EvidenceError) as refused:
        preparer.prepare([GOOD, GOOD, bad, GOOD]).wait()
    assert refused.value.at == 2
    assert refused.value.refusal in (Refusal.RECORD, Refusal.TOO_LARGE)


def test_a_record_is_written_the_same_on_the_quick_way() -> None:
    record = GOOD | {"value": "24.5", "unit": "N·m", "passed": True, "note": None, "n": -7}
    preparer = Preparer()
    for _ in range(2):
        prepared = preparer.prepare([record])
        assert prepared.payloads[0][32:] == canonical_record(record) == rfc8785.dumps(record)


@given(times)
def test_times_go_there_and_back(ms: int) -> None:
    text = time_text(ms)
    assert event_time_ms(text) == ms == plain.time_ms(text)
