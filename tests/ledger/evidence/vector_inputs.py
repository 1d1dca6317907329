"""The inputs of docs/evidence-vectors.json."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any, Final

SUBJECTS: Final = ("LSVAA49J132047371", "车身-002", "BATCH/7~a", "cell 4")
EXTRAS: Final[Sequence[dict[str, Any]]] = (
    {"value": "24.31", "unit": "N·m", "passed": True},
    {"values": ["1.05", "1.06"], "limits": {"low": "1.00", "high": "1.10"}},
    {"note": None, "empty": {"object": {}, "list": []}, "count": -7},
    {"a/b": "slash", "m~n": "tilde", "": "no name", "\U0001f600": 1, "\uffee": 2},
    {"text": 'quotes " and \\ and \t and \u007f and 中文', "large": 9007199254740991},
)


def record(at: int) -> dict[str, Any]:
    """Record number ``at``."""
    return {
        "schema": f"inspection/{1 + at % 2}",
        "subject": SUBJECTS[at * at % 7 % len(SUBJECTS)],
        "event_time": f"2026-11-22T0{at % 10}:1{at % 6}:30.{at * 37 % 1000:03}Z",
        **EXTRAS[at % len(EXTRAS)],
    }


def secret(at: int) -> bytes:
    """Its secret, which in earnest is random."""
    return hashlib.sha256(b"secret %d" % at).digest()
