"""Tariffs and emission factors as files: in the package, or a plant's own."""

from __future__ import annotations

import csv
import io
from datetime import date
from decimal import Decimal, InvalidOperation
from importlib.resources import files
from typing import Any, Final

import yaml
from xinlian.ingest.model.energy.carbon import Factor, FactorTable
from xinlian.ingest.model.energy.exact import EnergyError
from xinlian.ingest.model.energy.tariff import (
    Days,
    DemandBase,
    DemandCharge,
    FactorRule,
    Period,
    Rule,
    Tariff,
    TariffVersion,
)

__all__ = ["factor_table", "parse_factors", "parse_tariff", "tariff"]

TEXT_MAX: Final = 1 << 20
ROWS_MAX: Final = 10_000


def tariff(name: str) -> Tariff:
    """A tariff that ships with the product; ``EnergyError`` for an unknown name."""
    source = files("xinlian.ingest.data") / "tariffs" / f"{name}.yaml"
    if not name.replace("-", "").isalnum() or not source.is_file():
        raise EnergyError(f"no tariff {name!r}", f"没有电价方案 {name!r}")
    return parse_tariff(source.read_text(encoding="utf-8"), f"{name}.yaml")


def factor_table() -> FactorTable:
    """The emission factors that ship with the product."""
    source = files("xinlian.ingest.data") / "factors" / "factors.csv"
    return FactorTable(parse_factors(source.read_text(encoding="utf-8"), "factors.csv"))


def parse_factors(text: str, source: str) -> list[Factor]:
    """Rows ``kind,region,year,calibre,value,unit,source`` and perhaps ``verified`` (yes or no);
    ``EnergyError`` names file and line."""
    reader = csv.DictReader(io.StringIO(text[:TEXT_MAX]))
    rows: list[Factor] = []
    for number, row in enumerate(reader, 2):
        try:
            value = Decimal(row["value"])
            if not value.is_finite() or number > ROWS_MAX:
                raise ValueError(f"not a finite number, or more than {ROWS_MAX} rows")
            rows.append(
                Factor(
                    kind=row["kind"],
                    region=row["region"],
                    year=int(row["year"]),
                    calibre=row["calibre"],
                    value=value,
                    unit=row["unit"],
                    source=row["source"],
                    verified=(row.get("verified") or "no") == "yes",
                )
            )
        except (KeyError, TypeError, ValueError, InvalidOperation) as exc:
            raise EnergyError(
                f"{source}, line {number}: {exc!r}", f"{source} 第 {number} 行无效：{exc!r}"
            ) from exc
    return rows


def parse_tariff(text: str, source: str) -> Tariff:
    """A tariff from YAML: dated versions with prices (yuan/kWh as text) and rules by months, days
    and hours. ``EnergyError`` names the file."""
    try:
        members = yaml.safe_load(text[:TEXT_MAX])
        return Tariff(
            str(members["name"]),
            str(members["label"]),
            str(members["label_zh"]),
            tuple(_version(each) for each in members["versions"]),
            frozenset(_day(day) for day in members.get("holidays", ())),
            frozenset(_day(day) for day in members.get("workdays", ())),
        )
    except EnergyError as exc:
        raise EnergyError(f"{source}: {exc}", f"{source}：{exc.zh}") from exc
    except (
        yaml.YAMLError, KeyError, TypeError, ValueError, AttributeError, InvalidOperation,
    ) as exc:  # fmt: skip
        raise EnergyError(f"{source}: {exc!r}", f"{source}：内容无效：{exc!r}") from exc


def _version(members: dict[str, Any]) -> TariffVersion:
    demand, factor = members.get("demand"), members.get("factor")
    return TariffVersion(
        since=_day(members["since"]),
        prices={Period(name): Decimal(str(price)) for name, price in members["prices"].items()},
        rules=tuple(_rule(each) for each in members["rules"]),
        demand=None
        if demand is None
        else DemandCharge(
            DemandBase(demand["base"]),
            Decimal(str(demand["price"])),
            int(demand.get("window_min", 15)),
        ),
        factor=None
        if factor is None
        else FactorRule(
            Decimal(str(factor["norm"])),
            Decimal(str(factor["bonus"])),
            Decimal(str(factor["bonus_most"])),
            tuple((Decimal(str(low)), Decimal(str(by))) for low, by in factor["steps"]),
        ),
        source=str(members.get("source", "")),
    )


def _rule(members: dict[str, Any]) -> Rule:
    return Rule(
        Period(members["period"]),
        _minute(members["from"]),
        _minute(members["to"]),
        frozenset(int(month) for month in members.get("months", range(1, 13))),
        Days(members.get("days", "all")),
    )


def _minute(clock: str) -> int:
    hours, minutes = str(clock).split(":")
    return int(hours) * 60 + int(minutes)


def _day(value: Any) -> date:
    return value if isinstance(value, date) else date.fromisoformat(str(value))
