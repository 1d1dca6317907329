"""What clients state of parts as JSON: one fact a row."""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import Field, StringConstraints
from xinlian.services.api.schemas.common import Body

__all__ = ["ROWS_MAX", "FactsBody", "Name", "Number", "PointBody"]

ROWS_MAX: Final = 5_000

Name = Annotated[
    str, StringConstraints(min_length=1, max_length=256, pattern=r"^[^\x00-\x1f\x7f]+$")
]
Number = Annotated[
    str,
    StringConstraints(pattern=r"^-?[0-9]{1,30}(\.[0-9]{1,30})?$"),
    Field(examples=["3.0125"], description="A decimal number as text."),
]
_FACT: Final[dict[str, Any]] = {
    "type": "inspection",
    "inspection_id": "LT-2609-0001",
    "item": {"id": "0HLPB080A10001G980000707", "type": "serial"},
    "characteristic": "leak rate",
    "result": "passed",
    "time": "2026-09-08T10:00:00.000+08:00",
    "value": "1.36",
    "unit": "mL/min",
    "upper": "3.00",
}
Fact = Annotated[
    dict[str, Any],
    Field(
        examples=[_FACT],
        description="One fact; `type` is item, link, inspection, process, claim, gap or "
        "correction. Things are {id, type} or a bare code, numbers decimal texts, times ISO 8601 "
        "with their offset. What is wrong with a fact is told in its row of the answer.",
    ),
]


class FactsBody(Body):
    """Facts that are taken in together, or not at all."""

    facts: Annotated[list[Fact], Field(min_length=1, max_length=ROWS_MAX)]


class PointBody(Body):
    """A part of the stream of a control point: inspections with rising sequence numbers. Sending a
    part again changes nothing."""

    control_point: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._\-/]{0,63}$")]
    rows: Annotated[list[Fact], Field(min_length=1, max_length=ROWS_MAX)]
