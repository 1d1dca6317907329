"""Commands about stored energy: meters, quarter hours, balances, energy shared out to batches."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

import click
from xinlian.ingest.model.energy.allocation import Key
from xinlian.services.cli.i18n import pick
from xinlian.services.cli.rows_telemetry import Past
from xinlian.services.cli.verbs import Arg, In, Verb

__all__ = ["ROWS", "Quarter"]

_QUARTER_MS: Final = 900_000


class Quarter(Past):
    """A moment, moved back to its quarter hour."""

    def convert(self, value: Any, param: Any, ctx: Any) -> int:
        """Read what was typed."""
        return super().convert(value, param, ctx) // _QUARTER_MS * _QUARTER_MS


class Weight(click.ParamType[dict[str, str]]):
    """A batch and what it weighs: ``BATCH-1=1200``; alone it weighs 1."""

    name = "batch=weight"

    def convert(self, value: Any, param: Any, ctx: Any) -> dict[str, str]:
        """Read what was typed."""
        if isinstance(value, dict):
            return value
        bearer, _, weight = str(value).rpartition("=") if "=" in value else (str(value), "", "1")
        if not bearer or not weight.replace(".", "", 1).isdigit():
            self.fail(
                pick(
                    f"BATCH=WEIGHT with a number is wanted, not {value!r}",
                    f"需为 批次=权重（数字），而非 {value!r}",
                ),
                param,
                ctx,
            )
        return {"bearer": bearer, "weight": weight}


_METER: Final = Arg("device", "name of the meter", "电表名称", In.QUERY, positional=True)
_SPAN: Final = (
    Arg("since", "from then on: a time, or 10m, 2h, 7d ago", "起点：时间，或 10m、2h、7d 前",
        In.QUERY, Quarter(begins=True), required=False, default="1d", field="since_ms"),
    Arg("until", "before then", "终点", In.QUERY, Quarter(), required=False, default="now",
        field="until_ms"),
)  # fmt: skip
_EXACT: Final = (
    replace(_SPAN[0], place=In.BODY, type=Past(begins=True), default=None, required=True),
    replace(_SPAN[1], place=In.BODY, type=Past(), default=None, required=True),
)


def _allocation(values: dict[str, Any]) -> dict[str, Any]:
    """The body of an allocation."""
    return {"rest": False, **{n: v for n, v in values.items() if n != "share"},
            "shares": values["share"]}  # fmt: skip


ROWS: Final = (
    Verb("energy", "meters", "list_energy_meters", "GET", "/telemetry/meters",
         "Devices that count energy, and the metering tree of the plant file.",
         "计量电能的设备及工厂文件中的计量树。",
         columns=("device", "parent", "tag", "multiplier", "rollover_kwh", "contract_kw",
                  "factor_least", "first_ms", "last_ms")),
    Verb("energy", "load", "get_energy_load", "GET", "/telemetry/load",
         "What a meter measured in each quarter hour; nothing is interpolated.",
         "电表各 15 分钟电量，不做插补。", (_METER, *_SPAN,
          Arg("multiplier", "instead of the plant file's", "倍率，代替工厂文件", In.QUERY,
              required=False),
          Arg("rollover_kwh", "where the counter begins anew", "计数器翻转值 kWh", In.QUERY,
              required=False))),
    Verb("energy", "balances", "list_energy_balances", "GET", "/telemetry/balances",
         "A meter and all below it: what no meter accounts for.",
         "计量树各级的未计量电量。", (_METER, *_SPAN),
         ("device", "depth", "measured_wh", "children_wh", "unaccounted_wh", "common", "quarters")),
    Verb("energy", "allocate", "share_energy_out", "POST", "/telemetry/allocations",
         "Share what a meter counted out to batches or work orders, to the Wh, once.",
         "将电表电量分摊到批次或工单，精确到瓦时，且只分摊一次。",
         (Arg("posting", "your name for it: the same again changes nothing", "凭证编号，可重复提交",
              positional=True),
          Arg("device", "name of the meter", "电表名称", positional=True),
          Arg("share", "BATCH=WEIGHT, or one BATCH alone", "批次=权重，或单个批次", type=Weight(),
              many=True),
          Arg("by", "what the weights are", "分摊依据", type=click.Choice(
              [each.value for each in Key]), required=False, default="direct"),
          Arg("rest", "only what the meters right below did not count", "仅下级电表未计量的部分",
              flag=True, required=False), *_EXACT),
         shape=_allocation),
    Verb("energy", "reverse", "reverse_energy_posting", "POST",
         "/telemetry/allocations/{posting}/reverse",
         "Take a posting back: its energy may be shared out anew.", "冲销分摊凭证，可重新分摊。",
         (Arg("posting", "name of the posting", "凭证编号", In.PATH),
          Arg("reason", "why", "原因"))),
    Verb("energy", "postings", "list_energy_postings", "GET", "/telemetry/allocations",
         "Energy that was shared out.", "已分摊的电量。",
         (Arg("bearer", "of this batch or work order", "仅此批次或工单", In.QUERY, required=False),
          Arg("device", "of this meter", "仅此电表", In.QUERY, required=False)),
         ("posting", "device", "rest", "start_ms", "end_ms", "energy_wh", "by", "shares",
          "reversed_by", "proof")),
)  # fmt: skip
