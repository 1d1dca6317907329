"""The energy report as tables of texts: the same for paper, screen and API."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Final

from xinlian.ingest.model.energy.profile import Anomaly, OddKind
from xinlian.ingest.model.energy.tariff import Period
from xinlian.ingest.usecases.energy_shown import (
    PERIOD_WORDS,
    WEEKDAYS,
    Table,
    kilo,
    rounded,
    same,
    tonnes,
    yuan,
)
from xinlian.ingest.usecases.energy_year import BaselineReport, MonthRow, YearReport
from xinlian.trace.model.dossier import Words

__all__ = ["Table", "report_tables"]

ODD_WORDS: Final = {
    OddKind.HIGH: Words("used more than usual", "用电偏高"),
    OddKind.LOW: Words("used less than usual", "用电偏低"),
    OddKind.DATA: Words("data fault: 0 kWh", "数据异常：读数为 0"),
}
DRIVER_WORDS: Final = {
    "constant": Words("Each day (constant)", "每日固定部分"),
    "production_hours": Words("Hour of production", "每生产小时"),
    "saturday": Words("Saturday", "周六"),
    "sunday": Words("Sunday", "周日"),
}


def report_tables(report: YearReport) -> list[Table]:
    """All tables of the report, in the order in which they are shown."""
    made = [_overview(report), _months(report), _periods(report), _peaks(report)]
    if report.baseline is not None:
        made.append(_baseline(report.baseline))
    return [*made, _anomalies(report.anomalies), _carbon(report)]


def _overview(report: YearReport) -> Table:
    load, mean = report.load, report.factor_mean
    cents = Decimal(report.total_fen) * 10 / report.energy_wh if report.energy_wh else Decimal(0)
    share = Decimal(report.standstill_wh) * 100 / report.energy_wh if report.energy_wh else 0
    peak, hour = report.peaks[0], report.sliding_peak
    rows: list[tuple[Words, Words]] = [
        (Words("Days", "日期"), same(f"{load.first} – {load.last}")),
        (Words("Energy", "用电量"), same(f"{kilo(report.energy_wh, 2)} kWh")),
        (Words("Cost", "电费"), same(f"¥ {yuan(report.total_fen)}")),
        (Words("Mean price", "平均电价"), same(f"¥ {rounded(cents, 4)} / kWh")),
        (
            Words("Highest demand, 15 min", "最大需量（15 分钟）"),
            same(f"{kilo(peak.power_w, 1)} kW, {peak.at:%Y-%m-%d %H:%M}"),
        ),
    ]
    if hour is not None:
        rows.append(
            (
                Words("Highest demand, sliding hour", "最大需量（滑差 1 小时）"),
                same(f"{kilo(hour.power_w, 1)} kW, {hour.at:%Y-%m-%d %H:%M}"),
            )
        )
    rows += [
        (Words("Load factor", "负荷率"), same(f"{report.load_factor:.1%}")),
        (
            Words("Base load (95 % of the time)", "基础负荷（95% 时间）"),
            same(f"{kilo(report.base_load_w, 1)} kW"),
        ),
        (
            Words("Outside production", "非生产时段用电"),
            Words(
                f"{kilo(report.standstill_wh)} kWh ({rounded(Decimal(share), 1)} %) in "
                f"{report.standstill_hours:,.0f} h",
                f"{report.standstill_hours:,.0f} 小时共 {kilo(report.standstill_wh)} kWh"
                f"（{rounded(Decimal(share), 1)}%）",
            ),
        ),
    ]
    if mean is not None:
        rows.append((Words("Mean power factor", "平均功率因数"), same(rounded(mean, 3))))
    rows.append(
        (
            Words("Quarter hours above the alarm limit", "超过告警限值的次数"),
            Words(
                f"{len(report.alarms)} alarms above {kilo(report.alarm_limit.power_w)} kW",
                f"超过 {kilo(report.alarm_limit.power_w)} kW 告警 {len(report.alarms)} 次",
            ),
        )
    )
    heads = (Words("Figure", "指标"), Words("Value", "数值"))
    notes = load.notes or ((("The source has no gaps."), "数据完整无缺。"),)
    note = Words(" ".join(each for each, _ in notes), "".join(each for _, each in notes))
    return Table("overview", Words("Overview", "概览"), heads, tuple(rows), note=note)


def _months(report: YearReport) -> Table:
    heads = (
        Words("Month", "月份"),
        Words("Energy kWh", "电量 kWh"),
        Words("Demand kW", "需量 kW"),
        Words("Factor", "功率因数"),
        Words("Energy ¥", "电度电费 ¥"),
        Words("Demand ¥", "需量电费 ¥"),
        Words("Factor ¥", "力调电费 ¥"),
        Words("Cost ¥", "合计 ¥"),
        Words("CO2 t", "CO2 t"),
    )
    rows = [_month(row) for row in report.months]
    whole = report.months
    rows.append(
        (
            Words("Total", "合计"),
            same(kilo(report.energy_wh, 2)),
            same(kilo(max(row.demand_w for row in whole), 1)),
            same("" if report.factor_mean is None else rounded(report.factor_mean, 3)),
            same(yuan(sum(row.energy_fen for row in whole))),
            same(yuan(sum(row.demand_fen for row in whole))),
            same(yuan(sum(row.adjustment_fen for row in whole))),
            same(yuan(report.total_fen)),
            same(tonnes(report.co2_g)),
        )
    )
    tariff = report.tariff
    dates = ", ".join(str(version.since) for version in tariff.versions)
    note = Words(
        f"{tariff.label}; prices from {dates}. Each line of a bill is rounded to the fen once.",
        f"{tariff.label_zh}；价格生效日：{dates}。账单每一行只四舍五入一次到分。",
    )
    return Table(
        "months", Words("Months", "分月"), heads, tuple(rows), frozenset(range(1, 9)), note, True
    )


def _month(row: MonthRow) -> tuple[Words, ...]:
    return (
        same(row.month),
        same(kilo(row.energy_wh, 2)),
        same(kilo(row.demand_w, 1)),
        same("" if row.factor is None else rounded(row.factor, 3)),
        same(yuan(row.energy_fen)),
        same(yuan(row.demand_fen)),
        same(yuan(row.adjustment_fen)),
        same(yuan(row.total_fen)),
        same(tonnes(row.co2_g)),
    )


def _periods(report: YearReport) -> Table:
    heads = (
        Words("Period", "时段"),
        Words("Energy kWh", "电量 kWh"),
        Words("Share", "占比"),
        Words("Cost ¥", "电费 ¥"),
        Words("¥ / kWh", "元/kWh"),
    )
    rows: list[tuple[Words, ...]] = []
    for period in Period:
        used = sum(dict(row.by_period_wh)[period] for row in report.months)
        fen = report.bill.kind_fen(period.value)
        if used:
            rows.append(
                (
                    PERIOD_WORDS[period],
                    same(kilo(used, 2)),
                    same(f"{used / report.energy_wh:.1%}"),
                    same(yuan(fen)),
                    same(rounded(Decimal(fen) * 10 / used, 4)),
                )
            )
    title = Words("Energy by time of use", "分时用电")
    return Table("periods", title, heads, tuple(rows), frozenset(range(1, 5)))


def _peaks(report: YearReport) -> Table:
    heads = (
        Words("Day", "日期"),
        Words("Weekday", "星期"),
        Words("From", "起始"),
        Words("kW", "kW"),
    )
    rows = tuple(
        (
            same(f"{peak.at:%Y-%m-%d}"),
            WEEKDAYS[peak.at.weekday()],
            same(f"{peak.at:%H:%M}"),
            same(kilo(peak.power_w, 1)),
        )
        for peak in report.peaks
    )
    return Table("peaks", Words("Highest demands", "最大需量"), heads, rows, frozenset({3}))


def _baseline(baseline: BaselineReport) -> Table:
    model = baseline.model
    heads = (
        Words("Driver", "驱动因素"),
        Words("kWh", "kWh"),
        Words("Std. error", "标准误"),
        Words("t", "t"),
    )
    rows = tuple(
        (
            DRIVER_WORDS.get(term.name, same(term.name)),
            same(f"{term.value:,.1f}"),
            same(f"{term.error:,.1f}"),
            same(f"{term.t:.1f}"),
        )
        for term in model.terms
    )
    saved = float(baseline.savings_wh[-1]) / 1_000
    fits = Words("it may carry savings", "可用于节能量评估") if model.valid else Words(
        "it is too loose for savings", "精度不足以评估节能量"
    )  # fmt: skip
    note = Words(
        f"Daily kWh, {model.observations} days to {baseline.trained_to}: R² {model.r2:.3f}, "
        f"CV(RMSE) {model.cv_rmse:.1%}, F {model.f:.0f}; {fits.en} (R² ≥ 0.75, CV ≤ 25 %). After "
        f"that, {abs(saved):,.0f} kWh {'less' if saved > 0 else 'more'} than expected. Hours of "
        "production are quarter hours above a tenth of the highest power, taken from the meter.",
        f"按日电量回归，{model.observations} 天（至 {baseline.trained_to}）：R² {model.r2:.3f}，"
        f"CV(RMSE) {model.cv_rmse:.1%}，F {model.f:.0f}；{fits.zh}（R² ≥ 0.75 且 CV ≤ 25%）。"
        f"此后比预期{'少' if saved > 0 else '多'}用 {abs(saved):,.0f} kWh。"
        "生产小时取自电表：功率高于最大值十分之一的时段。",
    )
    title = Words("Baseline (EnPI)", "能源基准（EnPI）")
    return Table("baseline", title, heads, rows, frozenset({1, 2, 3}), note)


def _anomalies(odd: Sequence[Anomaly]) -> Table:
    heads = (
        Words("Day", "日期"),
        Words("Weekday", "星期"),
        Words("What", "现象"),
        Words("kWh", "kWh"),
        Words("Usual kWh", "通常 kWh"),
        Words("Score", "偏离"),
        Words("Look at", "重点时段"),
    )
    note = Words(
        "Score: robust standard deviations (median absolute deviation) from the median of the same "
        "weekday; above 3.5 a day is odd.",
        "偏离：与同星期日中位数之差，以稳健标准差（中位数绝对偏差）计；超过 3.5 视为异常。",
    )
    title = Words("Odd days", "异常日")
    return Table("anomalies", title, heads, tuple(_odd(odd)), frozenset({3, 4, 5}), note)


def _odd(odd: Sequence[Anomaly]) -> Iterator[tuple[Words, ...]]:
    for each in odd:
        yield (
            same(each.day),
            WEEKDAYS[each.day.weekday()],
            ODD_WORDS[each.kind],
            same(kilo(each.energy_wh)),
            same(kilo(each.usual_wh)),
            same(f"{each.score:+.1f}"),
            same(", ".join(f"{hour:02d}h" for hour in each.hours)),
        )


def _carbon(report: YearReport) -> Table:
    factor = report.factor
    heads = (Words("Reckoning", "核算口径"), Words("Factor", "因子"), Words("t CO2", "t CO2"))
    rows = [
        (
            Words(
                f"Grid factor {factor.region} {factor.year} ({factor.calibre})",
                f"电网因子 {factor.region} {factor.year}（{factor.calibre}）",
            ),
            same(f"{factor.value} kg/kWh"),
            same(tonnes(report.co2_g)),
        )
    ]
    if report.recorded_co2_g is not None:
        mean = Decimal(report.recorded_co2_g) / report.energy_wh if report.energy_wh else Decimal(0)
        rows.append(
            (
                Words("As the source records it", "数据源自带记录"),
                same(f"{rounded(mean, 4)} kg/kWh"),
                same(tonnes(report.recorded_co2_g)),
            )
        )
    early = report.load.first.year < factor.year
    note = Words(
        f"Source of the factor: {factor.source}."
        + ("" if factor.verified else " It was not checked against that source.")
        + (" The load is older than the factor's year." if early else ""),
        f"因子来源：{factor.source}。"
        + ("" if factor.verified else "该值未与来源核对。")
        + ("负荷数据早于因子年份。" if early else ""),
    )
    return Table("carbon", Words("Carbon", "碳排放"), heads, tuple(rows), frozenset({1, 2}), note)
