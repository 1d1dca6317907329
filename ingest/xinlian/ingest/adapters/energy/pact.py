"""Footprints for partners: PACT Technical Specifications 3.0 and the Catena-X aspect PCF 7.0.0.

Decimals leave as text (PACT) or as JSON numbers of at most 15 significant digits (Catena-X), which
read back as written. The proof of what was measured travels in an extension (PACT) or in the
comment (Catena-X, whose aspect has no place for extensions).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final
from uuid import UUID

from xinlian.ingest.model.energy.carbon import Activity, Footprint
from xinlian.ingest.model.energy.exact import EnergyError

__all__ = ["EXTENSION_SCHEMA", "Publication", "catenax_pcf", "pact_footprint"]

EXTENSION_SCHEMA: Final = "urn:xinlian:schema:production-evidence:1.0.0"
PLACES: Final = Decimal("0.000001")
UNITS: Final = frozenset(
    {"liter", "kilogram", "cubic meter", "kilowatt hour", "megajoule", "ton kilometer",
     "square meter", "piece"}
)  # fmt: skip
"""Declared units that both forms know."""


@dataclass(frozen=True, kw_only=True)
class Publication:
    """What a footprint is published as. Ids are URNs; ``created`` is UTC."""

    id: UUID
    created: datetime
    company: str
    company_ids: Sequence[str]
    product: str
    product_ids: Sequence[str]
    description: str = ""
    mass_kg: Decimal = Decimal(0)
    """Mass of one declared unit; 0 for what has none."""
    carbon_kg: Decimal = Decimal(0)
    """Fossil carbon in one declared unit."""
    country: str = "CN"
    region: str = "Eastern Asia"
    preceding: Sequence[UUID] = field(default_factory=tuple)
    cpc: str = "011-99000"
    """UN product class; the default is the one that Catena-X names for none."""


def pact_footprint(footprint: Footprint, said: Publication) -> dict[str, Any]:
    """The footprint as a PACT 3.0 ``ProductFootprint``; ``EnergyError`` for what it cannot say."""
    _check(footprint, said)
    unit_kg = _text(footprint.unit_kg)
    out: dict[str, Any] = {
        "id": str(said.id),
        "specVersion": "3.0.0",
        "created": _time(said.created),
        "status": "Active",
        "companyName": said.company,
        "companyIds": list(said.company_ids),
        "productDescription": said.description,
        "productIds": list(said.product_ids),
        "productNameCompany": said.product,
        "pcf": {
            "declaredUnitOfMeasurement": footprint.unit,
            "declaredUnitAmount": "1",
            "productMassPerDeclaredUnit": _text(said.mass_kg),
            "referencePeriodStart": f"{footprint.start}T00:00:00Z",
            "referencePeriodEnd": f"{footprint.end}T00:00:00Z",
            "geographyCountry": said.country,
            "boundaryProcessesDescription": _boundary(footprint.activities),
            "pcfExcludingBiogenicUptake": unit_kg,
            "pcfIncludingBiogenicUptake": unit_kg,
            "fossilGhgEmissions": unit_kg,
            "fossilCarbonContent": _text(said.carbon_kg),
            "ipccCharacterizationFactors": ["AR6"],
            "crossSectoralStandards": ["ISO14067", "PACT-3.0"],
            "exemptedEmissionsPercent": "0",
            "exemptedEmissionsDescription": "",
            "packagingEmissionsIncluded": False,
            "allocationRulesDescription": "Shared energy by metered keys, in whole Wh.",
            "secondaryEmissionFactorSources": _sources(footprint.activities),
            "primaryDataShare": _text(footprint.primary_share, Decimal("0.01")),
        },
    }
    if said.preceding:
        out["precedingPfIds"] = [str(each) for each in said.preceding]
    proofs = _proofs(footprint.activities)
    if proofs:
        out["extensions"] = [
            {
                "specVersion": "2.0.0",
                "dataSchema": EXTENSION_SCHEMA,
                "data": {"measurements": proofs},
            }
        ]
    return out


def catenax_pcf(footprint: Footprint, said: Publication) -> dict[str, Any]:
    """The footprint as the Catena-X aspect ``io.catenax.pcf`` 7.0.0, cradle to gate."""
    _check(footprint, said)
    unit_kg = _number(footprint.unit_kg)
    proofs = "; ".join(
        f"{each['activity']}: {each['proof']}" for each in _proofs(footprint.activities)
    )
    return {
        "id": str(said.id),
        "specVersion": "urn:io.catenax.pcf:datamodel:version:7.0.0",
        "partialFullPcf": "Cradle-to-gate",
        "version": 0,
        "created": _time(said.created),
        "extWBCSD_pfStatus": "Active",
        "precedingPfIds": [{"id": str(each)} for each in said.preceding],
        "comment": f"Evidence: {proofs}" if proofs else "",
        "companyName": said.company,
        "companyIds": list(said.company_ids),
        "productDescription": said.description,
        "productIds": list(said.product_ids),
        "extWBCSD_productCodeCpc": said.cpc,
        "productName": said.product,
        "pcf": {
            "declaredUnit": footprint.unit,
            "unitaryProductAmount": 1,
            "productMassPerDeclaredUnit": _number(said.mass_kg),
            "exemptedEmissionsPercent": 0,
            "exemptedEmissionsDescription": "",
            "boundaryProcessesDescription": _boundary(footprint.activities),
            "geographyCountry": said.country,
            "geographyRegionOrSubregion": said.region,
            "referencePeriodStart": f"{footprint.start}T00:00:00Z",
            "referencePeriodEnd": f"{footprint.end}T00:00:00Z",
            "crossSectoralStandardsUsed": [{"crossSectoralStandard": "ISO Standard 14067"}],
            "productOrSectorSpecificRules": [
                {
                    "extWBCSD_operator": "Other",
                    "productOrSectorSpecificRules": [
                        {"ruleName": "Catena-X PCF Rulebook 3.0.0"}
                    ],
                    "extWBCSD_otherOperatorName": "Catena-X",
                }
            ],
            "extWBCSD_characterizationFactors": "AR6",
            "extWBCSD_allocationRulesDescription": "Shared energy by metered keys, in whole Wh.",
            "extTFS_allocationWasteIncineration": "cut-off",
            "primaryDataShare": _number(footprint.primary_share),
            "secondaryEmissionFactorSources": [
                {"secondaryEmissionFactorSource": f"{each['name']} ({each['version']})"}
                for each in _sources(footprint.activities)
            ],
            "extWBCSD_packagingEmissionsIncluded": False,
            "extWBCSD_fossilCarbonContent": _number(said.carbon_kg),
            "pcfExcludingBiogenic": unit_kg,
            "pcfIncludingBiogenic": unit_kg,
            "fossilGhgEmissions": unit_kg,
        },
    }  # fmt: skip


def _check(footprint: Footprint, said: Publication) -> None:
    if footprint.unit not in UNITS:
        raise EnergyError(
            f"no declared unit {footprint.unit!r}: one of {', '.join(sorted(UNITS))}",
            f"声明单位 {footprint.unit!r} 无效",
        )
    if not footprint.activities or footprint.total_kg < 0:
        raise EnergyError(
            f"{footprint.product}: a footprint to publish has activities and is not negative",
            f"{footprint.product}：要发布的碳足迹须有活动数据且不得为负",
        )
    for urn in (*said.company_ids, *said.product_ids):
        if not urn.lower().startswith("urn:"):
            raise EnergyError(f"{urn!r} is not a URN", f"{urn!r} 不是 URN")
    if not said.company_ids or not said.product_ids or not said.company or not said.product:
        raise EnergyError("company and product need names and ids", "企业与产品须有名称和标识")
    if said.created.utcoffset() is None:
        raise EnergyError("the time of creation needs a zone", "创建时间须带时区")


def _proofs(activities: Sequence[Activity]) -> list[dict[str, str]]:
    return [
        {
            "activity": each.name,
            "amount": f"{each.amount.normalize():f}",
            "unit": each.factor.unit,
            "proof": each.proof,
        }
        for each in activities
        if each.primary and each.proof
    ]


def _sources(activities: Sequence[Activity]) -> list[dict[str, str]]:
    found = {(each.factor.source, str(each.factor.year)): None for each in activities}
    return [{"name": name, "version": version} for name, version in found]


def _boundary(activities: Sequence[Activity]) -> str:
    return "; ".join(dict.fromkeys(each.name for each in activities))


def _text(value: Decimal, places: Decimal = PLACES) -> str:
    return f"{value.quantize(places, ROUND_HALF_UP).normalize():f}"


def _number(value: Decimal) -> float:
    rounded = value.quantize(PLACES, ROUND_HALF_UP)
    return float(f"{rounded:.15g}")


def _time(moment: datetime) -> str:
    return (moment - (moment.utcoffset() or moment - moment)).strftime("%Y-%m-%dT%H:%M:%SZ")
