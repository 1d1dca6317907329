"""Canonical JSON (RFC 8785) of records and proofs, and what a record may hold.

No floats: decimals are strings. Whole numbers stay below 2**53, text is NFC, times are
``YYYY-MM-DDTHH:MM:SS.sssZ``.
"""

from __future__ import annotations

import datetime as dt
import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

import orjson
from xinlian.ledger.model.evidence.errors import EvidenceError, Refusal

INTEGER_MAX: Final = (1 << 53) - 1
DEPTH_MAX: Final = 32
RECORD_BYTES_MAX: Final = 1 << 20
TEXT_MEMBERS: Final = ("schema", "subject", "event_time")
SCALARS: Final = frozenset({str, int, bool, type(None)})

_OPTIONS: Final = (
    orjson.OPT_SORT_KEYS
    | orjson.OPT_STRICT_INTEGER
    | orjson.OPT_PASSTHROUGH_DATACLASS
    | orjson.OPT_PASSTHROUGH_DATETIME
    | orjson.OPT_PASSTHROUGH_SUBCLASS
)
# Below the surrogates, UTF-8 bytes sort as the UTF-16 units that RFC 8785 asks for.
_FIRST_SURROGATE: Final = "\ud800"
_MINUTE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:")
_SECONDS: Final = {f"{second:02}.": second * 1000 for second in range(60)}
_MILLISECONDS: Final = {f"{ms:03}Z": ms for ms in range(1000)}
_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_DAY_MS: Final = 86_400_000


def canonical(value: Any) -> bytes:
    """The bytes of RFC 8785; ``EvidenceError`` for anything a record may not hold."""
    return _encode(value) if check(value) else _dumps(value)


def canonical_record(record: Mapping[str, Any]) -> bytes:
    """The bytes of a record whose three text members are there; bounded in size."""
    data = canonical(record)
    check_members(record, len(data))
    return data


def check_members(record: Mapping[str, Any], size: int) -> None:
    """Refuse a record of too many bytes or without its three texts."""
    if size > RECORD_BYTES_MAX:
        raise EvidenceError(
            Refusal.TOO_LARGE, f"a record has at most {RECORD_BYTES_MAX} bytes, not {size}"
        )
    for name in TEXT_MEMBERS:
        if type(record.get(name)) is not str or not record[name]:
            raise EvidenceError(Refusal.RECORD, f"the text {name} is missing")


def check(value: Any, depth: int = 0) -> bool:
    """Refuse what a record may not hold; True if a key needs sorting by UTF-16 units."""
    kind = type(value)
    if kind is str:
        check_text(value)
    elif kind is int:
        if not -INTEGER_MAX <= value <= INTEGER_MAX:
            raise EvidenceError(Refusal.RECORD, "a whole number is below 2^53; write it as text")
    elif kind is dict or kind is list:
        if depth == DEPTH_MAX:
            raise EvidenceError(Refusal.TOO_LARGE, f"a record has at most {DEPTH_MAX} levels")
        if kind is list:
            return sum([check(item, depth + 1) for item in value]) > 0
        odd = False
        for key, item in value.items():
            if type(key) is not str:
                raise EvidenceError(Refusal.RECORD, "the name of a member is text")
            check_text(key)
            odd |= not key.isascii() and max(key) >= _FIRST_SURROGATE
            odd |= check(item, depth + 1)
        return odd
    elif kind is float:
        raise EvidenceError(Refusal.RECORD, "a number with a fraction is written as text")
    elif kind is not bool and value is not None:
        raise EvidenceError(Refusal.RECORD, f"{kind.__name__} is no JSON value")
    return False


def check_text(text: str) -> None:
    """Refuse text that is not NFC or that no UTF-8 can hold."""
    if text.isascii():
        return
    if not unicodedata.is_normalized("NFC", text):
        raise EvidenceError(Refusal.RECORD, f"text is not in normal form C: {text[:60]!r}")
    try:
        text.encode()
    except UnicodeEncodeError:
        raise EvidenceError(
            Refusal.RECORD, f"text holds half of a character: {text[:60]!r}"
        ) from None


def parse(data: bytes) -> Any:
    """Read JSON that was written by ``canonical``; ``EvidenceError`` if it is not JSON."""
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError as exc:
        raise EvidenceError(Refusal.RECORD, f"this is no JSON: {exc}") from exc


def event_time_ms(text: str) -> int:
    """Milliseconds since 1970 of ``YYYY-MM-DDTHH:MM:SS.sssZ``; earlier times are refused."""
    try:
        return _minute_ms(text[:17]) + _SECONDS[text[17:20]] + _MILLISECONDS[text[20:]]
    except KeyError:
        raise EvidenceError(
            Refusal.RECORD, f"event_time is YYYY-MM-DDTHH:MM:SS.sssZ, not {text[:40]!r}"
        ) from None


def time_text(ms: int) -> str:
    """The text of milliseconds since 1970; the reverse of ``event_time_ms``."""
    moment = _EPOCH + dt.timedelta(milliseconds=ms)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{ms % 1000:03d}Z"


@lru_cache(maxsize=16_384)
def _minute_ms(text: str) -> int:
    """Milliseconds since 1970 of ``YYYY-MM-DDTHH:MM:``."""
    if not _MINUTE.fullmatch(text):
        raise KeyError
    try:
        minute = dt.datetime.fromisoformat(text[:16]).replace(tzinfo=dt.UTC)
    except ValueError as exc:
        raise EvidenceError(Refusal.RECORD, f"there is no time {text[:16]}") from exc
    since = minute - _EPOCH
    if since.days < 0:
        raise EvidenceError(Refusal.RECORD, f"event_time is before 1970: {text[:16]}")
    return since.days * _DAY_MS + since.seconds * 1000


def _dumps(value: Any) -> bytes:
    return orjson.dumps(value, option=_OPTIONS)


def _encode(value: Any) -> bytes:
    if type(value) is dict:
        keys = sorted(value, key=lambda key: key.encode("utf-16-be"))
        return b"{%b}" % b",".join(_dumps(key) + b":" + _encode(value[key]) for key in keys)
    if type(value) is list:
        return b"[%b]" % b",".join(map(_encode, value))
    return _dumps(value)
