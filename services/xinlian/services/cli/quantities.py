"""Numbers and units of readings as people write them; files and the API keep UCUM."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Final

__all__ = ["number_text", "unit_text"]

_UNITS: Final = {"1": "", "Cel": "°C", "%": "%", "deg": "°", "K": "K", "Ohm": "Ω", "uS": "µS"}
_NOTE: Final = re.compile(r"\{([^}]*)\}")
_WHOLE_MAX: Final = 10**15
_LARGE: Final = 1_000


def number_text(value: float | Decimal | None) -> str:
    """Whole numbers whole, large ones to two places, small ones to six digits."""
    if value is None:
        return "-"
    number = float(value)
    if number.is_integer() and abs(number) < _WHOLE_MAX:
        return f"{int(number):,}"
    return f"{number:,.2f}" if _LARGE <= abs(number) < _WHOLE_MAX else f"{number:.6g}"


def unit_text(ucum: str) -> str:
    """A UCUM unit for reading: ``kW.h`` is kWh, ``{piece}`` piece, ``Cel`` °C."""
    if ucum == "kV.A{reactive}":
        return "kvar"
    if ucum == "kV.A.h{reactive}":
        return "kvarh"
    known = _UNITS.get(ucum)
    return known if known is not None else _NOTE.sub(r"\1", ucum).replace(".", "")
