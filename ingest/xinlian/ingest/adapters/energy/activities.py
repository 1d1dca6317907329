"""Activities of a footprint beside the energy that was measured: material, freight, gas, as CSV.

Columns ``name,amount,unit,kg_per_unit,year,source`` and, where they say something, ``region``,
``primary`` (yes or no) and ``proof``.
"""

from __future__ import annotations

import csv
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Final

from xinlian.ingest.model.energy.carbon import Activity, Factor
from xinlian.ingest.model.energy.exact import EnergyError

__all__ = ["read_activities"]

ROWS_MAX: Final = 1_000
_BYTES_MAX: Final = 1 << 20


def read_activities(path: Path) -> list[Activity]:
    """``EnergyError`` names file and line."""
    number = 1
    try:
        if path.stat().st_size > _BYTES_MAX:
            raise ValueError(f"more than {_BYTES_MAX} bytes")
        with path.open(encoding="utf-8-sig", newline="") as text:
            made: list[Activity] = []
            for number, row in enumerate(csv.DictReader(text), 2):  # noqa: B007 - told on failure
                if len(made) == ROWS_MAX:
                    raise ValueError(f"more than {ROWS_MAX} rows")
                made.append(_activity(row))
            return made
    except (KeyError, TypeError, ValueError, InvalidOperation, OSError, csv.Error) as exc:
        raise EnergyError(
            f"{path.name}, line {number}: {exc!r}", f"{path.name} 第 {number} 行无效：{exc!r}"
        ) from exc


def _activity(row: dict[str, str]) -> Activity:
    amount, value = Decimal(row["amount"]), Decimal(row["kg_per_unit"])
    if not (amount.is_finite() and value.is_finite()) or value < 0 or not row["source"].strip():
        raise ValueError("amount and kg_per_unit are numbers, kg_per_unit from 0, with a source")
    primary = (row.get("primary") or "no").strip().lower()
    if primary not in ("yes", "no"):
        raise ValueError("primary is yes or no")
    factor = Factor(
        kind=row["name"], region=row.get("region") or "", year=int(row["year"]),
        calibre="given", value=value, unit=row["unit"], source=row["source"],
    )  # fmt: skip
    return Activity(row["name"], amount, factor, primary == "yes", row.get("proof") or "")
