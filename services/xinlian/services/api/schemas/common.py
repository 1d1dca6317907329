"""Types and bases that all shapes share."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Final, Generic, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints
from pydantic import WithJsonSchema as Schema
from xinlian.ledger.model.days import Day, DayError, day_from_iso, iso_of

__all__ = [
    "AmountFen",
    "Body",
    "CursorText",
    "DayText",
    "DigestText",
    "FinancingNo",
    "GoesWithError",
    "Hex32",
    "LimitNo",
    "Note",
    "Page",
    "PartyNo",
    "PieceNo",
    "RootNo",
    "TotalFen",
    "UnixSeconds",
    "View",
]

SAFE_MAX: Final = 2**53 - 1
AMOUNT_MAX: Final = 2**48 - 1


class Body(BaseModel):
    """Base of what clients send: nothing unknown, nothing converted."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class GoesWithError(ValueError):
    """``field`` was left out though ``other``, with which it goes, was given."""

    def __init__(self, field: str, other: str) -> None:
        super().__init__(f"{field} goes with {other}")
        self.field = field
        self.other = other


class View(BaseModel):
    """Base of what is answered."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _day(text: str) -> str:
    try:
        day_from_iso(text)
    except DayError as exc:
        raise ValueError(str(exc)) from exc
    return text


PartyNo = Annotated[int, Field(ge=1, le=2**32 - 1, examples=[7])]
RootNo = Annotated[int, Field(ge=1, le=2**37 - 1, examples=[12])]
PieceNo = Annotated[int, Field(ge=2**16, le=SAFE_MAX, examples=[786432])]
FinancingNo = Annotated[int, Field(ge=1, le=SAFE_MAX, examples=[3])]
AmountFen = Annotated[int, Field(ge=1, le=AMOUNT_MAX, examples=[1_000_000])]
TotalFen = Annotated[int, Field(ge=0, le=SAFE_MAX, examples=[1_000_000])]
UnixSeconds = Annotated[int, Field(ge=0, le=2**32 - 1, examples=[1_764_547_200])]
BlockNo = Annotated[int, Field(ge=0, le=SAFE_MAX, examples=[1024])]
Hex32 = Annotated[
    str, StringConstraints(pattern=r"^0x[0-9a-f]{64}$"), Field(examples=["0x" + "5a" * 32])
]
DigestText = Hex32
DayText = Annotated[
    str,
    AfterValidator(_day),
    Schema(
        {
            "type": "string",
            "format": "date",
            "pattern": r"^(19[7-9][0-9]|[2-9][0-9]{3})-[0-9]{2}-[0-9]{2}$",
            "examples": ["2026-03-31"],
        }
    ),
]
Note = Annotated[
    str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")
]
CursorText = Annotated[
    str, StringConstraints(min_length=1, max_length=400, pattern=r"^[A-Za-z0-9_\-]+$")
]
LimitNo = Annotated[int, Field(ge=1, le=500)]

Element = TypeVar("Element")


class Page(View, Generic[Element]):
    """One page of a list; ``next`` is the cursor of the page after it, absent on the last."""

    items: list[Element]
    next: CursorText | None = None


def hex32(value: bytes) -> str:
    """Bytes as 0x and hex digits."""
    return "0x" + value.hex()


def unhex(text: str) -> bytes:
    """The bytes in 0x and hex digits."""
    return bytes.fromhex(text[2:])


def told(values: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments of an event or a failure as the API names them: snake case, days as ISO dates."""
    return {_snake(name): _iso(_snake(name), value) for name, value in values.items()}


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)([A-Z])", r"_\1", name).lower()


def _iso(name: str, value: Any) -> Any:
    if (name.endswith("_day") or name in _DAYS) and type(value) is int:
        try:
            return iso_of(Day(value))
        except (DayError, ValueError, OverflowError):
            return value
    return value


_DAYS: Final = frozenset({"day", "today", "last", "valid_from"})


def fields_of(value: Any, *names: str) -> dict[str, Any]:
    """The named attributes of an object."""
    return {name: getattr(value, name) for name in names}
