"""Reports from stored meters: the load as a series of whole days, and tables beside the report."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Final

import numpy as np
from xinlian.ingest.model.energy.exact import EnergyError
from xinlian.ingest.model.energy.load import LoadSeries
from xinlian.ingest.usecases.energy_meter import NodeBalance
from xinlian.ingest.usecases.energy_shown import Table, kilo, rounded, same
from xinlian.ingest.usecases.energy_year import YearReport
from xinlian.trace.model.dossier import Words

__all__ = ["Counter", "alarm_table", "balance_table", "stored_series"]

_DAY: Final = 96
_NEAR: Final = Decimal("0.9")
_MOST: Final = 50


@dataclass(frozen=True, slots=True)
class Counter:
    """Quarter hours of one counter, ``None`` where nothing is known."""

    steps_wh: Sequence[int | None]
    gaps_wh: int = 0
    rollovers: int = 0
    resets: int = 0


def stored_series(
    name: str,
    first_us: int,
    zone: timedelta,
    active: Counter,
    reactive: Counter | None,
    coverage_least: Fraction,
) -> LoadSeries:
    """The load from a midnight of the zone on, filled up to whole days.

    ``EnergyError`` if fewer quarter hours than ``coverage_least`` have data: what is missing
    stands as 0 and is told, never made up.
    """
    asked = len(active.steps_wh)
    known = np.array([each is not None for each in active.steps_wh], np.bool_)
    share = Fraction(int(known.sum()), max(1, asked))
    start = datetime.fromtimestamp(first_us // 1_000_000, UTC) + zone
    if share < coverage_least or not known.any():
        holes = _holes(known, start)
        raise EnergyError(
            f"{name}: {_percent(share)} of {asked} quarter hours have data, "
            f"{_percent(coverage_least)} are wanted; nothing is known of {holes}. Choose other "
            "days, or accept less with --least-coverage",
            f"{name}：{asked} 个 15 分钟中 {_percent(share)} 有数据，要求 "
            f"{_percent(coverage_least)}；缺 {holes}。请改选日期，或用 --least-coverage 放宽",
        )
    whole = -(-asked // _DAY) * _DAY
    energy = np.zeros(whole, np.int64)
    energy[:asked] = [each or 0 for each in active.steps_wh]
    notes = [
        (
            f"{_percent(share)} of {asked} quarter hours have data; nothing is interpolated.",
            f"{asked} 个 15 分钟中 {_percent(share)} 有数据，未做插补。",
        )
    ]
    if asked - int(known.sum()):
        notes.append(
            (
                f"Nothing is known of {_holes(known, start)}: these stand as 0, and the counter "
                f"gained {kilo(active.gaps_wh, 2)} kWh meanwhile, which is in no figure here.",
                f"缺 {_holes(known, start)}：以 0 计；其间计数器增加 "
                f"{kilo(active.gaps_wh, 2)} kWh，未计入本报告。",
            )
        )
    if whole > asked:
        notes.append(("The last day is not over yet.", "最后一天尚未结束。"))
    if active.rollovers:
        notes.append(
            (f"Times the counter rolled over: {active.rollovers}.",
             f"计数器翻转 {active.rollovers} 次。")
        )  # fmt: skip
    if active.resets:
        notes.append(
            (f"Times the counter went back, without data there: {active.resets}.",
             f"计数器回退 {active.resets} 次，该处无数据。")
        )  # fmt: skip
    varh = _reactive(reactive, known, whole, notes)
    unknown = np.ones(whole, np.bool_)
    unknown[:asked] = ~known
    return LoadSeries(name, start.date(), energy, varh, unknown=unknown, notes=tuple(notes))


def _reactive(
    counter: Counter | None,
    known: np.typing.NDArray[np.bool_],
    whole: int,
    notes: list[tuple[str, str]],
) -> np.typing.NDArray[np.int64] | None:
    """Reactive energy, if it is known wherever the active energy is."""
    if counter is None:
        return None
    steps = list(counter.steps_wh)
    if any(each is None and sure for each, sure in zip(steps, known.tolist(), strict=True)):
        notes.append(
            ("Reactive energy has other gaps: no power factor.", "无功电量另有缺口：不计功率因数。")
        )
        return None
    made = np.zeros(whole, np.int64)
    made[: len(steps)] = [
        each if each is not None and sure else 0
        for each, sure in zip(steps, known.tolist(), strict=True)
    ]
    return made


def _holes(known: np.typing.NDArray[np.bool_], start: datetime) -> str:
    """The first stretches without data, as times of the place."""
    edges = np.flatnonzero(np.diff(np.concatenate(([False], ~known, [False])).astype(np.int8)))
    told = []
    for low, high in zip(edges[::2][:3], edges[1::2][:3], strict=True):
        since, until = (start + timedelta(minutes=15 * int(each)) for each in (low, high))
        told.append(f"{since:%Y-%m-%d %H:%M} – {until:%Y-%m-%d %H:%M}")
    more = len(edges) // 2 - len(told)
    return "; ".join(told) + (f" (+{more})" if more > 0 else "")


def _percent(share: Fraction) -> str:
    # Down, so that 99.99 % is not shown as whole.
    return f"{Decimal(int(share * 10_000)) / 100} %"


def balance_table(found: Sequence[NodeBalance]) -> Table:
    """What each meter measured, those below it, and what none accounts for."""
    heads = (
        Words("Meter", "电表"), Words("Measured kWh", "计量 kWh"),
        Words("Below kWh", "下级合计 kWh"), Words("Unaccounted kWh", "未计量 kWh"),
        Words("Share", "占比"), Words("Quarter hours", "共同 15 分钟"),
    )  # fmt: skip
    rows = []
    for each in found:
        share = (
            rounded(Decimal(each.unaccounted_wh) * 100 / each.measured_wh, 2)
            if each.measured_wh
            else Decimal(0)
        )
        rows.append(
            (
                same("  " * each.depth + each.device),
                same(kilo(each.measured_wh, 2)),
                same(kilo(each.children_wh, 2)),
                same(kilo(each.unaccounted_wh, 2)),
                same(f"{share} %" if each.common else "–"),
                same(f"{each.common} / {each.quarters}"),
            )
        )
    note = Words(
        "Over the quarter hours that a meter and all right below it know. Unaccounted: losses, "
        "loads without a meter; below 0 the meters below exceed it.",
        "仅计本级与全部下级均有数据的 15 分钟。未计量：损耗与无表负荷；为负表示下级之和超过本级。",
    )
    return Table(
        "balances", Words("Metering tree", "计量树"), heads, tuple(rows),
        frozenset(range(1, 6)), note,
    )  # fmt: skip


def alarm_table(
    report: YearReport, contract_kw: Decimal | None, factor_least: Decimal | None
) -> Table:
    """Alarms of the time: demand near the contract or above, highs above the limit, months with a
    low power factor."""
    heads = (Words("From", "起始"), Words("What", "告警"), Words("Value", "数值"),
             Words("Limit", "限值"))  # fmt: skip
    midnight = datetime.combine(report.load.first, datetime.min.time())
    above, limit = Words("demand above the limit", "需量超过限值"), report.alarm_limit.power_w
    rows: list[tuple[Words, ...]] = [
        (
            same(f"{midnight + timedelta(minutes=15 * each.start):%Y-%m-%d %H:%M}"),
            above,
            same(f"{kilo(each.power_w, 1)} kW"),
            same(f"{kilo(limit, 1)} kW"),
        )
        for each in report.alarms
    ]
    for month in report.months:
        peak = Decimal(month.demand_w) / 1_000
        if contract_kw is not None and peak >= _NEAR * contract_kw:
            words = (
                Words("demand above the contract", "需量超过合同值")
                if peak > contract_kw
                else Words("demand near the contract", "需量接近合同值")
            )
            rows.append((same(month.month), words, same(f"{kilo(month.demand_w, 1)} kW"),
                         same(f"{contract_kw} kW")))  # fmt: skip
        if factor_least is not None and month.factor is not None and month.factor < factor_least:
            rows.append((same(month.month), Words("low power factor", "功率因数偏低"),
                         same(rounded(month.factor, 3)), same(factor_least)))  # fmt: skip
    more = len(rows) - _MOST
    note = Words(f"{more} more are not shown.", f"另有 {more} 条未列出。") if more > 0 else None
    return Table(
        "alarms", Words("Alarms", "告警"), heads, tuple(rows[:_MOST]), frozenset({2, 3}), note
    )
