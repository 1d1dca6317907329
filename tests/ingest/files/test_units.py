"""Units are UCUM, and those of their role."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from xinlian.ingest.adapters.files.units import check_unit
from xinlian.ingest.model.tags import Role, Tag, TagError


def tag(unit: str, role: Role = Role.NONE) -> Tag:
    return Tag(name="t", address="1", unit=unit, role=role)


@pytest.mark.parametrize(
    "unit",
    ["", "1", "kW.h", "Cel", "%", "{piece}", "/min", "1/min", "m3/h", "mg/m3", "kV.A{reactive}",
     "Pa.m3/s", "[pH]", "uS/cm", "m/s2", "dB", "10*3/ul", "cm[H2O]", "[degF]", "{#}/min", "MOhm",
     "kPa/m{head}"],
)  # fmt: skip
def test_units_of_industry_are_known(unit: str) -> None:
    assert check_unit(tag(unit)).unit == unit


@pytest.mark.parametrize(
    ("unit", "meant"),
    [("kWh", "kW.h"), ("°C", "Cel"), ("℃", "Cel"), ("rpm", "/min"), ("m³/h", "m3/h"),
     ("KW", "kW"), ("kvar", "kV.A{reactive}"), ("度", "kW.h")],
)  # fmt: skip
def test_what_people_write_is_answered_with_the_unit(unit: str, meant: str) -> None:
    with pytest.raises(TagError, match="UCUM") as refused:
        check_unit(tag(unit))
    assert str(refused.value).endswith(f"write {meant}")
    check_unit(tag(meant))


@pytest.mark.parametrize("unit", ["gibberish", "kW h", "kW..h", "{", "m3/", "x" * 5_000, "(" * 99])
def test_what_is_no_unit_is_refused(unit: str) -> None:
    with pytest.raises(TagError, match="UCUM"):
        check_unit(tag(unit))


def test_a_role_has_its_units() -> None:
    check_unit(tag("MW.h", Role.ENERGY_IMPORT))
    with pytest.raises(TagError, match=r"active_energy_import is in one of W\.h.*, not in V"):
        check_unit(tag("V", Role.ENERGY_IMPORT))


@given(st.text("kWmhV.A/{}[]%1-3 °'", max_size=70))
def test_any_text_is_a_unit_or_refused(text: str) -> None:
    with contextlib.suppress(TagError):
        assert check_unit(tag(text)).unit == text
