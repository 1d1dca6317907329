"""Commitments to the fields of a record: each can be shown or hidden on its own.

For every leaf path p (JSON pointer, RFC 6901) of a record with its random 32-byte secret:

    salt_p = HMAC-SHA256(secret, p)
    c_p    = SHA-256(0x10 ‖ salt_p ‖ JCS([p, value]))
    field_root = RFC 9162 root over the c_p, sorted by the UTF-8 bytes of p
"""

from __future__ import annotations

import hmac
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

import orjson
from xinlian.ledger.model.evidence.canonical import SCALARS, check_text
from xinlian.ledger.model.evidence.errors import EvidenceError, Refusal

FIELDS_MAX: Final = 4096
PATH_CHARS_MAX: Final = 1_000
SECRET_BYTES: Final = 32
_INNER_PAD: Final = bytes(byte ^ 0x36 for byte in range(256))
_OUTER_PAD: Final = bytes(byte ^ 0x5C for byte in range(256))
_INNER_REST: Final = b"\x36" * SECRET_BYTES
_OUTER_REST: Final = b"\x5c" * SECRET_BYTES
_PLANS_MAX: Final = 4096


@dataclass(frozen=True, slots=True)
class Shown:
    """A field that is shown: pointer, value (scalar, ``{}`` or ``[]``) and salt."""

    path: str
    value: Any
    salt: bytes


@dataclass(frozen=True, slots=True)
class Plan:
    """What records of one shape share: their paths in order, ready to be hashed."""

    order: tuple[int, ...]
    """Place in the order of the record of the path that is next in the order of paths."""
    in_order: bool
    """Whether both orders are the same."""
    paths: tuple[str, ...]
    encoded: tuple[tuple[bytes, bytes], ...]
    """Per path in order: its bytes, and the beginning ``["path",`` of what is committed to."""


def flatten(record: dict[str, Any]) -> tuple[tuple[str, ...], list[Any]]:
    """Pointers and values of all scalars and empty objects and lists, in the record's order."""
    if record and SCALARS.issuperset(map(type, record.values())):
        return _flat_paths(tuple(record)), list(record.values())
    paths: list[str] = []
    values: list[Any] = []
    _walk("", record, paths, values)
    if len(paths) > FIELDS_MAX:
        raise EvidenceError(Refusal.TOO_LARGE, f"a record has at most {FIELDS_MAX} fields")
    return tuple(paths), values


def plan_of(paths: tuple[str, ...]) -> Plan:
    """The plan of a shape, made once."""
    plan = _PLANS.get(paths)
    if plan is None:
        plan = _make_plan(paths)
        if len(_PLANS) >= _PLANS_MAX:
            _PLANS.clear()
        _PLANS[paths] = plan
    return plan


def commitments(record: dict[str, Any], secret: bytes) -> list[bytes]:
    """The c_p of a record, in the order of paths."""
    plan, values = _in_order(record)
    inner, outer = _pads(secret)
    dumps = orjson.dumps
    return [
        sha256(
            b"\x10"
            + sha256(outer + sha256(inner + path).digest()).digest()
            + start
            + dumps(value)
            + b"]"
        ).digest()
        for value, (path, start) in zip(values, plan.encoded, strict=True)
    ]


def field_root(entries: Sequence[bytes]) -> bytes:
    """The RFC 9162 root over commitments."""
    level = [sha256(b"\0" + entry).digest() for entry in entries]
    count = len(level)
    if not count:
        return sha256().digest()
    while count > 1:
        above = 0
        for at in range(0, count - 1, 2):
            level[above] = sha256(b"\1" + level[at] + level[at + 1]).digest()
            above += 1
        if count & 1:
            level[above] = level[count - 1]
            above += 1
        count = above
    return level[0]


def salt(secret: bytes, path: str) -> bytes:
    """The salt of one field."""
    return hmac.digest(secret, path.encode(), "sha256")


def commitment(path: str, value: Any, salt: bytes) -> bytes:
    """The c_p of one field that is shown."""
    return sha256(b"\x10" + salt + orjson.dumps([path, value])).digest()


def disclose(
    record: dict[str, Any],
    secret: bytes,
    show: Collection[str] | None = None,
    hide: str | None = None,
) -> list[Shown | bytes]:
    """The fields in order of path, each shown or, if its path is not in ``show`` or is ``hide``,
    hidden.

    ``None`` shows everything. Without schema, subject and event time nobody can check the leaf, so
    whoever asks decides about these three as about the others.
    """
    plan, values = _in_order(record)
    inner, outer = _pads(secret)
    hidden = commitments(record, secret) if show is not None else ()
    found: list[Shown | bytes] = []
    each = zip(plan.paths, values, plan.encoded, strict=True)
    for at, (path, value, (encoded, _)) in enumerate(each):
        if show is not None and path not in show:
            found.append(hidden[at])
            continue
        salt = sha256(outer + sha256(inner + encoded).digest()).digest()
        found.append(commitment(path, value, salt) if path == hide else Shown(path, value, salt))
    return found


def root_of_disclosed(fields: Sequence[Shown | bytes]) -> bytes:
    """The field root that shown and hidden fields give together."""
    return field_root(
        [
            field if isinstance(field, bytes) else commitment(field.path, field.value, field.salt)
            for field in fields
        ]
    )


def _pads(secret: bytes) -> tuple[bytes, bytes]:
    """What HMAC (RFC 2104) hashes before path and inner hash; twice as fast as ``hmac.digest``."""
    return secret.translate(_INNER_PAD) + _INNER_REST, secret.translate(_OUTER_PAD) + _OUTER_REST


def _in_order(record: dict[str, Any]) -> tuple[Plan, list[Any]]:
    """The plan of a record and its values in order of path."""
    paths, values = flatten(record)
    plan = plan_of(paths)
    return plan, values if plan.in_order else [values[place] for place in plan.order]


_PLANS: Final[dict[tuple[str, ...], Plan]] = {}
_FLAT: Final[dict[tuple[str, ...], tuple[str, ...]]] = {}


def _flat_paths(keys: tuple[str, ...]) -> tuple[str, ...]:
    paths = _FLAT.get(keys)
    if paths is None:
        if len(keys) > FIELDS_MAX:
            raise EvidenceError(Refusal.TOO_LARGE, f"a record has at most {FIELDS_MAX} fields")
        paths = tuple("/" + _escape(key) for key in keys)
        if len(_FLAT) >= _PLANS_MAX:
            _FLAT.clear()
        _FLAT[keys] = paths
    return paths


def _make_plan(paths: tuple[str, ...]) -> Plan:
    if max(map(len, paths)) > PATH_CHARS_MAX:
        raise EvidenceError(
            Refusal.TOO_LARGE, f"the path of a field has at most {PATH_CHARS_MAX} characters"
        )
    encoded = [path.encode() for path in paths]
    order = tuple(sorted(range(len(paths)), key=encoded.__getitem__))
    return Plan(
        order,
        order == tuple(range(len(order))),
        tuple(paths[place] for place in order),
        tuple((encoded[place], b"[" + orjson.dumps(paths[place]) + b",") for place in order),
    )


def _escape(key: str) -> str:
    check_text(key)
    return key.replace("~", "~0").replace("/", "~1")


def _walk(path: str, value: Any, paths: list[str], values: list[Any]) -> None:
    if value and type(value) is dict:
        for key, item in value.items():
            _walk(f"{path}/{_escape(key)}", item, paths, values)
    elif value and type(value) is list:
        for at, item in enumerate(value):
            _walk(f"{path}/{at}", item, paths, values)
    else:
        paths.append(path)
        values.append(value)
