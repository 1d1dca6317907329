"""What is claimed from readings, reckoned exactly, and the file that proves it.

A claim is one number from the good readings of one tag in a span of time: the difference of a
counter (last less first), sum, mean, least, greatest, or the integral over time of a power or flow,
where each reading holds until the next one, at most for ``hold_us``. Raw values, scales and offsets
are exact (a float is the binary fraction that it is); the result is rounded once, half to even, to
twelve places after the point. Verifiers reckon it again (docs/evidence.md, step 16).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from hashlib import sha256
from typing import Any, Final

import numpy as np
import orjson
from xinlian.ingest.model.quality import BAD_MIN
from xinlian.ingest.model.tags import Tag, TagTable
from xinlian.ledger.model.evidence.canonical import canonical

__all__ = [
    "FORMAT",
    "LATE_US",
    "Claim",
    "ClaimError",
    "ClaimKind",
    "Reading",
    "Reckoned",
    "column_values",
    "header_of",
    "reckon",
    "sealed",
]

FORMAT: Final = "xinlian-telemetry-proof/1"
FILE_BYTES_MAX: Final = 64 << 20
"""More than this no verifier reads."""
LATE_US: Final = 3_600_000_000
"""A segment lasts no longer: windows that begin earlier hold no reading of a span."""
PLACES: Final = 12


class ClaimError(ValueError):
    """A claim cannot be made of the readings. ``zh`` says it in Chinese."""

    def __init__(self, message: str, zh: str) -> None:
        super().__init__(message)
        self.zh = zh


class ClaimKind(StrEnum):
    """How the number comes about."""

    DELTA = "delta"
    """Last less first of a counter that never goes back."""
    SUM = "sum"
    MEAN = "mean"
    MIN = "min"
    MAX = "max"
    INTEGRAL = "integral"
    """Over time in hours: kW gives kW.h."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What shall be claimed; ``hold_us`` for integrals alone."""

    kind: ClaimKind
    device: str
    tag: str
    hold_us: int | None = None

    def __post_init__(self) -> None:
        if (self.hold_us is not None) != (self.kind is ClaimKind.INTEGRAL):
            raise ClaimError(
                "an integral needs how long a reading holds (--hold 5s, or hold_ms); other claims "
                "have no such time",
                "时间积分须给出读数的保持时长（--hold 5s 或 hold_ms），其他主张不得给出",
            )


@dataclass(frozen=True, slots=True)
class Reading:
    """A reading, exactly; ``value`` is ``None`` where its quality is bad."""

    time_us: int
    value: Fraction | None
    unit: str


@dataclass(frozen=True, slots=True)
class Reckoned:
    """A claim with its number, unit (UCUM), good readings, and the time an integral covers."""

    claim: Claim
    value: str
    unit: str
    rows: int
    covered_us: int | None = None

    def to_json(self) -> dict[str, Any]:
        """The member of a proof."""
        made = {
            "kind": self.claim.kind.value,
            "device": self.claim.device,
            "tag": self.claim.tag,
            "value": self.value,
            "unit": self.unit,
            "rows": self.rows,
            "hold_us": self.claim.hold_us,
            "covered_us": self.covered_us,
        }
        return {name: value for name, value in made.items() if value is not None}


def reckon(claim: Claim, readings: Sequence[Reading], span: tuple[int, int]) -> Reckoned:
    """The number of a claim from all readings of its tag in a span, [start, end) in microseconds.
    ``ClaimError`` without a good reading, with two units, or for a counter that goes back."""
    start, end = span
    inside = sorted(
        (each for each in readings if start <= each.time_us < end), key=lambda each: each.time_us
    )
    good = [(each.time_us, each.value) for each in inside if each.value is not None]
    units = {each.unit for each in inside if each.value is not None}
    name = f"{claim.device}/{claim.tag}"
    if not good:
        raise ClaimError(f"{name} has no good reading in the span", f"{name} 在该时段没有有效读数")
    if len(units) != 1:
        raise ClaimError(f"{name} changes its unit in the span", f"{name} 在该时段内单位有变化")
    values = [value for _, value in good]
    unit, covered = units.pop(), None
    if claim.kind is ClaimKind.DELTA:
        if values != sorted(values):
            raise ClaimError(f"the counter {name} goes backwards", f"计数器 {name} 倒退")
        total = values[-1] - values[0]
    elif claim.kind is ClaimKind.INTEGRAL:
        ends = [time for time, _ in good[1:]] + [end]
        hold = claim.hold_us or 0
        held = [min(until - time, hold) for (time, _), until in zip(good, ends, strict=True)]
        whole = sum((value * us for value, us in zip(values, held, strict=True)), Fraction(0))
        total, covered, unit = whole / 3_600_000_000, sum(held), f"{unit}.h"
    elif claim.kind is ClaimKind.MIN:
        total = min(values)
    elif claim.kind is ClaimKind.MAX:
        total = max(values)
    else:
        total = sum(values, Fraction(0))
        total = total / len(values) if claim.kind is ClaimKind.MEAN else total
    return Reckoned(claim, decimal_text(total), unit, len(good), covered)


def decimal_text(value: Fraction) -> str:
    """A number rounded half to even to 12 places, without zeros at its end."""
    whole = round(value * 10**PLACES)
    digits = f"{abs(whole):0{PLACES + 1}}"
    text = f"{digits[:-PLACES]}.{digits[-PLACES:]}".rstrip("0").rstrip(".")
    return f"-{text}" if whole < 0 else text


def header_of(body: bytes) -> dict[str, Any] | None:
    """The header that a leaf holds; ``None`` for a column."""
    return orjson.loads(body[1:]) if body[:1] == b"\x01" else None


def column_values(times: bytes, body: bytes, tag: Tag) -> list[Reading]:
    """The readings in two leaves of a block: ``@received`` and the tag's column."""
    rows = int.from_bytes(body[4:8], "little")
    flagged = body[2]
    at = np.frombuffer(times, "<i8", rows, 8).tolist()
    codes = body[8 : 8 + rows] if flagged else bytes(rows)
    raw = np.frombuffer(body, tag.type.dtype, rows, 8 + rows * flagged)
    finite = np.isfinite(raw) if tag.type.is_float else np.ones(rows, np.bool_)
    scale, offset = Fraction(tag.scale), Fraction(tag.offset)
    return [
        Reading(time, Fraction(value) * scale + offset if usable and code < BAD_MIN else None,
                tag.unit)
        for time, value, usable, code in zip(at, raw.tolist(), finite, codes, strict=True)
    ]  # fmt: skip


def sealed(
    bundle: Mapping[str, Any],
    span: Mapping[str, Any],
    windows: Sequence[Mapping[str, Any]],
    tables: Sequence[TagTable],
    claims: Sequence[Reckoned],
    gaps: Mapping[str, Any] | None = None,
) -> bytes:
    """The bytes of the file; ``ClaimError`` if no verifier would read so many. ``gaps``: what is
    missing, if anything is."""
    texts = {table.digest: canonical(table.to_json()).decode() for table in tables}
    made: dict[str, Any] = {
        "format": FORMAT,
        "proof": bundle,
        "span": span,
        "tables": [texts[digest] for digest in sorted(texts)],
        "windows": windows,
        "claims": [each.to_json() for each in claims],
        **({"gaps": gaps} if gaps else {}),
    }
    options = orjson.OPT_SORT_KEYS | orjson.OPT_STRICT_INTEGER
    made["digest"] = sha256(orjson.dumps(made, option=options)).hexdigest()
    data = orjson.dumps(made, option=options) + b"\n"
    if len(data) > FILE_BYTES_MAX:
        raise ClaimError(
            f"the proof would have {len(data)} bytes: ask for a shorter time, fewer tags, or, of "
            "counters, the short form (--short)",
            f"证明文件将达 {len(data)} 字节：请缩短时段、减少点位，或对计数器用简短形式（--short）",
        )
    return data
