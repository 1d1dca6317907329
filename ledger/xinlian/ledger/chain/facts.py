"""Events as rows of the ``events`` table: name, piece concerned, arguments as canonical JSON."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from xinlian.ledger.chain.events import NUMBER, SHAPES, EventShape

ORDER_EXECUTED: Final = NUMBER["OrderExecuted"]
ORDER_FAILED: Final = NUMBER["OrderFailed"]
# An ERC-721 Transfer repeats what the events beside it say; explorers read it from the chain.
LEFT_OUT: Final = frozenset({ORDER_EXECUTED, ORDER_FAILED, NUMBER["Transfer"]})

_BOOL: Final = ("false", "true")
_MARKS: Final = {
    "bool": "%s",
    "bytes32": '"0x%s"',
    "address": '"0x%s"',
    "uint256": '"%s"',
}


def _hex(value: bytes) -> str:
    return value.hex()


def _decimal(value: bytes) -> str:
    # Numbers above 2**53 are text, as in every JSON that the network writes.
    return str(int.from_bytes(value))


def _bool(value: int) -> str:
    return _BOOL[value]


_CONVERTERS: Final[dict[str, Callable[[Any], str]]] = {
    "bytes32": _hex,
    "address": _hex,
    "uint256": _decimal,
    "bool": _bool,
}


def _writer(shape: EventShape) -> Callable[[tuple[Any, ...]], str]:
    template = (
        "{"
        + ",".join(f'"{field.name}":{_MARKS.get(field.type, "%d")}' for field in shape.fields)
        + "}"
    )
    special = [
        (position, _CONVERTERS[field.type])
        for position, field in enumerate(shape.fields)
        if field.type in _CONVERTERS
    ]
    if not special:
        return template.__mod__

    def write(values: tuple[Any, ...]) -> str:
        row = list(values)
        for position, convert in special:
            row[position] = convert(row[position])
        return template % tuple(row)

    return write


NAMES: Final = tuple(shape.name for shape in SHAPES)
"""Name of an event by number."""

ARGUMENTS: Final = tuple(
    _writer(shape) if shape.number not in LEFT_OUT else None for shape in SHAPES
)
"""Writer of an event's arguments by number; None for those that are no rows of ``events``."""

PIECE_AT: Final = tuple(
    next((at for at, field in enumerate(shape.fields) if field.name == "piece"), -1)
    for shape in SHAPES
)
"""Position of the piece among an event's values, -1 if it names none."""

FINANCING_AT: Final = tuple(
    next((at for at, field in enumerate(shape.fields) if field.name == "financing"), -1)
    for shape in SHAPES
)
"""Position of the financing among an event's values, -1 if it names none."""
