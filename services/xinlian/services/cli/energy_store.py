"""The energy report of a stored meter: quarter hours from the running network, reckoned here."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click
from xinlian.services.cli.failure import CliError, Exit
from xinlian.services.cli.i18n import language, pick

if TYPE_CHECKING:
    from xinlian.ingest.model.energy.load import LoadSeries
    from xinlian.ingest.usecases.energy_tables import Table
    from xinlian.ingest.usecases.energy_year import YearReport

__all__ = ["Stored", "beside", "fetch", "offset_of", "options"]

_OFFSET: Final = re.compile(r"([+-])(\d{1,2})(?::?([0-5]\d))?")
DAYS_MAX: Final = 366


@dataclass(frozen=True)
class Stored:
    """A meter as the network keeps it."""

    load: LoadSeries
    balances: list[Any]
    contract_kw: Decimal | None
    factor_least: Decimal | None


def options() -> list[click.Parameter]:
    """What may be said of a stored meter."""
    day = click.DateTime(["%Y-%m-%d"])
    return [
        click.Option(["--from-store"], is_flag=True,
                     help=pick("the top of the metering tree, from the running network",
                               "取运行网络中计量树顶端的电表")),
        click.Option(["--meter"], help=pick("this meter, from the running network",
                                            "取运行网络中的该电表")),
        click.Option(["--since"], type=day, help=pick("first day", "起始日")),
        click.Option(["--until"], type=day, help=pick("last day", "末日")),
        click.Option(["--zone"], default="+08:00", show_default=True,
                     help=pick("clock of the place: +08:00, or a name", "当地时区：+08:00 或名称")),
        click.Option(["--multiplier"], help=pick("instead of the plant file's", "电表倍率")),
        click.Option(["--rollover-kwh"],
                     help=pick("where the counter begins anew", "计数器翻转值 kWh")),
        click.Option(["--least-coverage"], type=click.FloatRange(0, 100), default=95,
                     show_default=True,
                     help=pick("percent of quarter hours that must have data", "数据完整率下限 %")),
    ]  # fmt: skip


def offset_of(zone: str, since: date, until: date) -> timedelta:
    """The clock's distance from UTC, the same over all days; ``CliError`` otherwise."""
    found = _OFFSET.fullmatch(zone)
    if found is not None:
        minutes = 60 * int(found[2]) + int(found[3] or 0)
        offset = timedelta(minutes=minutes if found[1] == "+" else -minutes)
        if minutes <= 14 * 60 and not minutes % 15:
            return offset
    try:
        place = ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as exc:
        raise CliError(
            pick(f"no time zone {zone!r}: such as +08:00 or Asia/Shanghai",
                 f"没有时区 {zone!r}：如 +08:00 或 Asia/Shanghai"),
            where="--zone", code=Exit.USAGE,
        ) from exc  # fmt: skip
    days = [since + timedelta(day) for day in range((until - since).days + 2)]
    offsets = {datetime(d.year, d.month, d.day, tzinfo=place).utcoffset() for d in days}
    if len(offsets) != 1:
        raise CliError(
            pick("clocks change in this time: a bill needs days of 24 hours; choose days before "
                 "or after, or an offset such as +01:00",
                 "该时段内时钟有调整：账单须为 24 小时的整日，请分段，或给出固定时差如 +01:00"),
            where="--zone", code=Exit.USAGE,
        )  # fmt: skip
    return offsets.pop() or timedelta()


def fetch(values: dict[str, Any]) -> Stored:
    """Ask the running network for a meter; ``EnergyError`` where too little is known."""
    from xinlian.ingest.usecases.energy_meter import NodeBalance
    from xinlian.ingest.usecases.energy_stored import Counter, stored_series
    from xinlian.services.cli.client import Api

    given = click.get_current_context().find_object(dict) or {}
    api = Api(given.get("api"), given.get("token_file"))
    known = api.call("GET", "/telemetry/meters", lang=language()).body["items"]
    meter = _chosen(known, values["meter"])
    since, until = _days(meter, values)
    zone = offset_of(values["zone"], since, until)
    start = _midnight_ms(since, zone)
    span = {"since_ms": start, "until_ms": _midnight_ms(until + timedelta(1), zone)}
    query = {"device": meter["device"], **span}
    changed = {name: values[name] for name in ("multiplier", "rollover_kwh") if values[name]}
    told = api.call(
        "GET", "/telemetry/load", query={**query, **changed}, lang=language()
    ).body  # fmt: skip
    tree = api.call("GET", "/telemetry/balances", query=query, lang=language()).body["items"]

    def counter(part: Any) -> Counter:
        return Counter(part["steps_wh"], part["gaps_wh"], part["rollovers"], part["resets"])

    load = stored_series(
        meter["device"], 1_000 * told["first_ms"], zone, counter(told["active"]),
        None if told["reactive"] is None else counter(told["reactive"]),
        Fraction(str(values["least_coverage"])) / 100,
    )  # fmt: skip
    nodes = [
        NodeBalance(each["device"], each["depth"], each["measured_wh"], each["children_wh"],
                    each["quarters"], each["common"])
        for each in tree
    ]  # fmt: skip
    return Stored(load, nodes, _decimal(told["contract_kw"]), _decimal(told["factor_least"]))


def beside(report: YearReport, stored: Stored) -> list[Table]:
    """Tables that a stored meter has beside those of every report."""
    from xinlian.ingest.usecases.energy_stored import alarm_table, balance_table

    tree = [balance_table(stored.balances)] if stored.balances else []
    return [alarm_table(report, stored.contract_kw, stored.factor_least), *tree]


def _chosen(known: list[Any], name: str | None) -> Any:
    listed = ", ".join(each["device"] for each in known[:20])
    if name is not None:
        for each in known:
            if each["device"] == name:
                return each
        raise CliError(
            pick(f"no meter {name!r}; there are: {listed}", f"没有电表 {name!r}；现有：{listed}"),
            where="--meter", code=Exit.USAGE,
        )  # fmt: skip
    parents = {each["parent"] for each in known if each["parent"]}
    tops = [each for each in known if not each["parent"] and each["device"] in parents]
    tops = tops or known
    if len(tops) != 1:
        raise CliError(
            pick(f"one of {len(tops)} meters is meant: {listed}", f"有 {len(tops)} 块：{listed}"),
            where="--from-store", todo=pick("name one with --meter", "请用 --meter 指定"),
            code=Exit.USAGE,
        )  # fmt: skip
    return tops[0]


def _days(meter: Any, values: dict[str, Any]) -> tuple[date, date]:
    """From the meter's first day, at most a year ago, to today, unless days are named."""
    today = datetime.now(UTC).date() + timedelta(1)
    last = values["until"].date() if values["until"] else today
    begun = datetime.fromtimestamp(meter["first_ms"] / 1000, UTC).date()
    if (last - begun).days > 1:
        begun += timedelta(1)  # the first whole day
    first = max(begun, last - timedelta(DAYS_MAX - 1))
    first = values["since"].date() if values["since"] else first
    if not 0 <= (last - first).days < DAYS_MAX:
        raise CliError(
            pick(f"a report has 1 to {DAYS_MAX} days, not {first} to {last}",
                 f"报告须为 1 至 {DAYS_MAX} 天，而非 {first} 至 {last}"),
            where="--since", code=Exit.USAGE,
        )  # fmt: skip
    return first, last


def _midnight_ms(day: date, zone: timedelta) -> int:
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC) - zone
    return int(midnight.timestamp()) * 1000


def _decimal(text: str) -> Decimal | None:
    return Decimal(text) if text else None
