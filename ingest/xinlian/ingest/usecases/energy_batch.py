"""The footprint of a batch from what it bears of shared energy, and the table that shows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from xinlian.ingest.model.energy.carbon import Activity, FactorTable, Footprint
from xinlian.ingest.model.energy.exact import EnergyError, decimal_text
from xinlian.ingest.usecases.energy_shown import Table, rounded, same
from xinlian.trace.model.dossier import Words

__all__ = ["Borne", "batch_footprint", "batch_table"]


@dataclass(frozen=True, slots=True)
class Borne:
    """What a batch bears of one posting."""

    device: str
    rest: bool
    start_us: int
    end_us: int
    wh: int
    proof: str


def batch_footprint(
    bearer: str,
    borne: Sequence[Borne],
    others: Sequence[Activity],
    factors: FactorTable,
    *,
    unit: str,
    amount: Decimal,
    region: str,
    zone: timedelta,
) -> Footprint:
    """Cradle to gate, of ``amount`` units that the batch is. ``EnergyError`` without energy."""
    if not borne:
        raise EnergyError(
            f"no energy was shared out to {bearer}: use `energy allocate` first",
            f"尚未向 {bearer} 分摊电量：请先用 `energy allocate`",
        )
    activities = [_activity(each, factors, region, zone) for each in borne]
    first = min(_day(each.start_us, zone) for each in borne)
    last = max(_day(each.end_us - 1, zone) for each in borne)
    return Footprint(bearer, unit, amount, first, last, (*activities, *others))


def _activity(each: Borne, factors: FactorTable, region: str, zone: timedelta) -> Activity:
    factor = factors.find("electricity", region, _day(each.start_us, zone), early=True)
    name = f"Electricity, {each.device}" + (" (rest)" if each.rest else "")
    return Activity(name, Decimal(decimal_text(each.wh, 3)), factor, primary=True, proof=each.proof)


def _day(time_us: int, zone: timedelta) -> date:
    return (datetime.fromtimestamp(time_us // 1_000_000, UTC) + zone).date()


def batch_table(footprint: Footprint) -> Table:
    """Activities, factors and their sum; what was not verified is said."""
    heads = (
        Words("Activity", "活动"), Words("Amount", "数量"), Words("Unit", "单位"),
        Words("kg CO2e a unit", "因子 kg CO2e"), Words("kg CO2e", "kg CO2e"),
        Words("Measured", "实测"), Words("Proof", "证明"),
    )  # fmt: skip
    rows = [
        (
            same(each.name),
            same(f"{each.amount:f}"),
            same(each.factor.unit),
            same(f"{each.factor.value:f}" + ("" if each.factor.verified else " *")),
            same(rounded(each.kg, 3)),
            Words("yes", "是") if each.primary else Words("no", "否"),
            same(each.proof or "–"),
        )
        for each in footprint.activities
    ]
    rows.append(
        (Words("Total", "合计"), same(""), same(""), same(""), same(rounded(footprint.total_kg, 3)),
         same(f"{rounded(footprint.primary_share, 1)} %"), same(""))
    )  # fmt: skip
    each_kg = rounded(footprint.unit_kg, 6)
    factors = {each.factor.name: each.factor for each in footprint.activities}
    sources = "; ".join(f"{name}: {each.source}" for name, each in factors.items())
    starred = any(not each.verified for each in factors.values())
    note = Words(
        f"{footprint.amount:f} {footprint.unit}: {each_kg} kg CO2e each. Factors: {sources}."
        + (" * not checked against its source." if starred else ""),
        f"{footprint.amount:f} {footprint.unit}：每单位 {each_kg} kg CO2e。因子：{sources}。"
        + ("* 未与来源核对。" if starred else ""),
    )
    title = Words(f"Footprint of {footprint.product}", f"{footprint.product} 碳足迹")
    return Table("footprint", title, heads, tuple(rows), frozenset({1, 3, 4}), note, total=True)
