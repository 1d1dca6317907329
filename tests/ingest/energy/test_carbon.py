"""Emission factors by year and region, footprints with their primary share, and what partners get:
checked against schemas written from the published data models."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from importlib.resources import files
from typing import Any
from uuid import UUID

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from xinlian.ingest.adapters.energy.pact import (
    EXTENSION_SCHEMA,
    Publication,
    catenax_pcf,
    pact_footprint,
)
from xinlian.ingest.adapters.energy.rows import factor_table, parse_factors
from xinlian.ingest.model.energy.carbon import Activity, FactorTable, Footprint, grams
from xinlian.ingest.model.energy.exact import EnergyError

TABLE = factor_table()
PROOF = "urn:xinlian:evidence:7:telemetry:12345"


def _validator(name: str) -> Any:
    text = (files("xinlian.ingest.data") / "schemas" / name).read_text(encoding="utf-8")
    return jsonschema_rs.validator_for(json.loads(text), validate_formats=True)


PACT = _validator("pact-3.0.schema.json")
CATENAX = _validator("catenax-pcf-7.0.schema.json")


def _footprint(**changes: Any) -> Footprint:
    day = date(2024, 5, 1)
    power = TABLE.find("electricity", "CN-east", day)
    gas = TABLE.find("natural_gas", "CN", day, "default")
    activities = (
        Activity("Electricity, casting", Decimal("1234.567"), power, True, PROOF),
        Activity("Natural gas, holding", Decimal("12.5"), gas, False),
    )
    values: dict[str, Any] = {
        "product": "Gearbox housing",
        "unit": "piece",
        "amount": Decimal(480),
        "start": date(2024, 5, 1),
        "end": date(2024, 6, 1),
        "activities": activities,
    }
    return Footprint(**values | changes)


def _said(**changes: Any) -> Publication:
    values: dict[str, Any] = {
        "id": UUID("3f0e4a3c-6f5d-4c55-9a53-0d5be0d6a111"),
        "created": datetime(2024, 6, 2, 8, 30, tzinfo=UTC),
        "company": "Sample Casting",
        "company_ids": ["urn:bpn:id:BPNL000000000XX0"],
        "product": "Gearbox housing",
        "product_ids": ["urn:gtin:06901234567892"],
        "mass_kg": Decimal("7.25"),
    }
    return Publication(**values | changes)


def test_factors_are_found_by_day_and_region() -> None:
    find = TABLE.find
    assert find("electricity", "CN", date(2022, 6, 1)).value == Decimal("0.5366")
    assert find("electricity", "CN", date(2023, 6, 1)).value == Decimal("0.5306")
    assert find("electricity", "CN", date(2031, 6, 1)).year == 2023
    assert find("electricity", "CN-southwest", date(2023, 1, 1)).value == Decimal("0.2472")
    with pytest.raises(EnergyError, match="2018"):
        find("electricity", "CN", date(2018, 1, 1))
    assert find("electricity", "CN", date(2018, 1, 1), early=True).year == 2022
    assert len([row for row in TABLE.rows if row.kind == "electricity"]) == 11
    assert [row.kind for row in TABLE.rows if not row.verified] == ["heat"]


@pytest.mark.parametrize(
    ("kind", "mj", "carbon", "oxidised"),
    [("natural_gas", "38.931", "15.3", "0.99"), ("diesel", "42.652", "20.2", "0.98")],
)
def test_factors_of_fuels_follow_from_heat_carbon_and_oxidation(
    kind: str, mj: str, carbon: str, oxidised: str
) -> None:
    exact = Decimal(mj) / 1_000 * Decimal(carbon) * Decimal(oxidised) * 44 / 12
    found = TABLE.find(kind, "CN", date(2020, 1, 1), "default")
    assert found.value == exact.quantize(Decimal("0.0001"))


def test_bad_factor_rows_are_named() -> None:
    head = "kind,region,year,calibre,value,unit,source\n"
    row = "electricity,CN,2022,average,0.5,kW.h,x\n"
    for broken in (
        "electricity,CN,x,average,1,kW.h,x\n",
        "electricity,CN,2022,average,NaN,kW.h,x\n",
    ):
        with pytest.raises(EnergyError, match="line 3"):
            parse_factors(head + row + broken, "mine.csv")
    with pytest.raises(EnergyError, match="twice"):
        FactorTable(parse_factors(head + row + row, "mine.csv"))


def test_a_footprint_is_exact_and_knows_its_primary_share() -> None:
    footprint = _footprint()
    power, gas = Decimal("1234.567") * Decimal("0.55"), Decimal("12.5") * Decimal("2.1622")
    assert footprint.total_kg == power + gas
    assert footprint.primary_share == power / (power + gas) * 100
    assert grams(1_500, footprint.activities[0].factor) == Decimal("825.0000")
    with pytest.raises(EnergyError):
        _footprint(amount=Decimal(0))


def test_pact_form() -> None:
    made = pact_footprint(_footprint(), _said(preceding=[UUID(int=5)]))
    PACT.validate(made)
    pcf = made["pcf"]
    total = Decimal("679.01185") + Decimal("27.0275")
    assert Decimal(pcf["pcfExcludingBiogenicUptake"]) == (total / 480).quantize(Decimal("0.000001"))
    assert pcf["primaryDataShare"] == "96.17"
    (extension,) = made["extensions"]
    assert extension["dataSchema"] == EXTENSION_SCHEMA
    assert extension["data"]["measurements"] == [
        {"activity": "Electricity, casting", "amount": "1234.567", "unit": "kW.h", "proof": PROOF}
    ]
    for name in ("id", "pcf", "companyIds", "specVersion"):
        broken = {key: value for key, value in made.items() if key != name}
        assert not PACT.is_valid(broken)
    assert not PACT.is_valid(made | {"pcf": pcf | {"pcfExcludingBiogenicUptake": 1.5}})
    assert not PACT.is_valid(made | {"pcf": pcf | {"geographyRegionOrSubregion": "Asia"}})


def test_catenax_form() -> None:
    made = json.loads(json.dumps(catenax_pcf(_footprint(), _said())))
    CATENAX.validate(made)
    assert PROOF in made["comment"]
    assert made["pcf"]["pcfExcludingBiogenic"] == 1.470915
    assert not CATENAX.is_valid(made | {"partialFullPcf": "gate"})
    zone = timezone(timedelta(hours=8))
    local = catenax_pcf(_footprint(), _said(created=datetime(2024, 6, 2, 16, 30, tzinfo=zone)))
    assert local["created"] == made["created"] == "2024-06-02T08:30:00Z"


@given(st.decimals(0, 10**9, places=4), st.decimals("0.001", 10**6, places=3), st.booleans())
def test_every_footprint_fits_both_schemas(amount: Decimal, units: Decimal, primary: bool) -> None:
    factor = TABLE.find("electricity", "CN", date(2024, 1, 1))
    activity = Activity("Electricity", amount, factor, primary, PROOF if primary else "")
    footprint = _footprint(activities=(activity,), amount=units)
    PACT.validate(pact_footprint(footprint, _said()))
    CATENAX.validate(catenax_pcf(footprint, _said()))


@pytest.mark.parametrize(
    ("footprint", "said"),
    [
        ({"unit": "dozen"}, {}),
        ({"activities": ()}, {}),
        ({}, {"company_ids": ["BPNL1"]}),
        ({}, {"product_ids": []}),
        ({}, {"created": datetime(2024, 6, 2)}),  # noqa: DTZ001 - a zone is what is asked for
    ],
)
def test_what_cannot_be_said_is_refused(footprint: dict[str, Any], said: dict[str, Any]) -> None:
    with pytest.raises(EnergyError):
        pact_footprint(_footprint(**footprint), _said(**said))
