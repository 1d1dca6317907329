"""Numbers and units of readings as people read them."""

from decimal import Decimal

import pytest
from xinlian.services.cli.quantities import number_text, unit_text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "-"),
        (0.0, "0"),
        (1_796_480.0, "1,796,480"),
        (Decimal("234522.31"), "234,522.31"),
        (0.000123456789, "0.000123457"),
        (-15.10049, "-15.1005"),
        (1e300, "1e+300"),
    ],
)
def test_numbers(value: float | Decimal | None, text: str) -> None:
    assert number_text(value) == text


@pytest.mark.parametrize(
    ("ucum", "text"),
    [("kW.h", "kWh"), ("{piece}", "piece"), ("Cel", "°C"), ("1", ""), ("kV.A{reactive}", "kvar")],
)
def test_units(ucum: str, text: str) -> None:
    assert unit_text(ucum) == text
