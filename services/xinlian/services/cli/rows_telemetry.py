"""Commands about stored telemetry: devices, newest values, windows, steps, files, live values."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from typing import Any, Final

import click
from xinlian.ingest.model.query import Aggregate
from xinlian.ingest.model.telemetry_proof import ClaimKind
from xinlian.services.cli.i18n import pick
from xinlian.services.cli.rows_items import Moment
from xinlian.services.cli.verbs import Arg, In, Verb

__all__ = ["ROWS"]

_AGO: Final = re.compile(r"([0-9]{1,9})(ms|s|m|h|d)")
_MS: Final = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}


class Past(Moment):
    """A moment, or how long ago it was: ``10m``, ``2h``, ``now``."""

    name = "when"

    def convert(self, value: Any, param: Any, ctx: Any) -> int:
        """Read what was typed."""
        now = time.time_ns() // 1_000_000
        if value == "now":
            return now
        found = _AGO.fullmatch(str(value))
        if found is not None:
            return max(0, now - int(found[1]) * _MS[found[2]])
        if isinstance(value, int):
            return value
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter:
            self.fail(
                pick(
                    f"a time (2026-09-30, 2026-09-30T08:00+08:00), how long ago (10m, 2h, 7d) or "
                    f"now is wanted, not {value!r}",
                    f"需为时间（2026-09-30、2026-09-30T08:00+08:00）、距今时长（10m、2h、7d）或 "
                    f"now，而非 {value!r}",
                ),
                param,
                ctx,
            )


class Length(click.ParamType[int]):
    """A length of time in milliseconds: ``500ms``, ``10s``, ``15m``, ``1h``."""

    name = "length"

    def convert(self, value: Any, param: Any, ctx: Any) -> int:
        """Read what was typed."""
        if isinstance(value, int):
            return value
        found = _AGO.fullmatch(str(value))
        if found is None or int(found[1]) == 0:
            self.fail(
                pick(
                    f"a length such as 10s, 15m or 1h is wanted, not {value!r}",
                    f"需为时长（如 10s、15m、1h），而非 {value!r}",
                ),
                param,
                ctx,
            )
        return int(found[1]) * _MS[found[2]]


_DEVICE: Final = Arg("device", "name of the device", "设备名称", In.QUERY, positional=True)
_DEVICES: Final = Arg("device", "a device; all if left out", "设备；默认全部", In.QUERY, many=True,
                      required=False)  # fmt: skip
_TAGS: Final = Arg("tag", "a tag; all if left out", "点位；默认全部", In.QUERY, many=True,
                   required=False)  # fmt: skip
_SPAN: Final = (
    Arg("since", "from then on: a time, or 10m, 2h, 7d ago", "起点：时间，或 10m、2h、7d 前",
        In.QUERY, Past(begins=True), required=False, default="15m", field="since_ms"),
    Arg("until", "before then", "终点", In.QUERY, Past(), required=False, default="now",
        field="until_ms"),
)  # fmt: skip
_DAY: Final = (replace(_SPAN[0], default="1d"), _SPAN[1])
_GROUP: Final = Arg("group", "of this device group alone", "仅此设备组", In.QUERY, required=False)


def _claims(values: dict[str, Any]) -> dict[str, Any]:
    """The body of a proof of one claim."""
    claim = {"kind": values["claim"], "device": values["device"], "tag": values["tag"]}
    if values.get("hold"):
        claim["hold_ms"] = values["hold"]
    body = {"since_ms": values["since"], "until_ms": values["until"], "claims": [claim]}
    if values.get("short"):
        body["short"] = True
    return {**body, "group": values["group"]} if values.get("group") else body


ROWS: Final = (
    Verb("telemetry", "devices", "list_telemetry_devices", "GET", "/telemetry/devices",
         "Devices that told something, with their tags.", "有数据的设备及其点位。",
         columns=("device", "table", "first_ms", "last_ms", "tags"), view="show_devices"),
    Verb("telemetry", "latest", "get_latest_readings", "GET", "/telemetry/latest",
         "The newest reading of each tag.", "各点位最新读数。", (_DEVICES, _TAGS),
         ("device", "tag", "time_ms", "reading", "unit", "quality")),
    Verb("telemetry", "query", "get_readings", "GET", "/telemetry/readings",
         "Readings of a device as they were taken.", "设备的原始读数。",
         (_DEVICE, _TAGS, *_SPAN,
          Arg("limit", "rows of a tag at most", "每点位最多行数", In.QUERY, int, required=False)),
         view="show_readings"),
    Verb("telemetry", "steps", "get_reading_steps", "GET", "/telemetry/steps",
         "Aggregates per step of tags of one or many devices.", "按步长聚合，可跨设备。",
         (Arg("device", "a device", "设备", In.QUERY, many=True),
          Arg("tag", "a tag", "点位", In.QUERY, many=True), *_SPAN,
          Arg("step", "length of a step: 10s, 15m, 1h", "步长：10s、15m、1h", In.QUERY, Length(),
              required=False, default="1m", field="step_ms"),
          Arg("aggregate", "what is told of a step", "聚合方式", In.QUERY,
              click.Choice([each.value for each in Aggregate]), required=False, many=True)),
         ("time_ms", "device", "tag", "aggregates")),
    Verb("telemetry", "export", "export_readings", "GET", "/telemetry/export",
         "Write readings of a device to a file, CSV or Parquet.",
         "导出设备读数为 CSV 或 Parquet。",
         (_DEVICE, _TAGS, *_SPAN,
          Arg("form", "form of the file", "文件格式", In.QUERY, click.Choice(["csv", "parquet"]),
              required=False)), file=True),
    Verb("telemetry", "windows", "list_telemetry_windows", "GET", "/telemetry/windows",
         "Windows of readings that were recorded as evidence.", "已存证的读数窗口。",
         (*_DAY, _GROUP, Arg("limit", "rows at most", "最多行数", In.QUERY, int, required=False)),
         ("group", "start_ms", "end_ms", "record", "device_count", "root")),
    Verb("telemetry", "service", "get_telemetry_service", "GET", "/telemetry/service",
         "How devices were served: availability, latency, loss, jitter.",
         "采集服务指标：可用率、时延、丢失、抖动。", (*_DAY, _GROUP), view="show_service"),
    Verb("telemetry", "flags", "list_telemetry_flags", "GET", "/telemetry/flags",
         "Readings that do not add up.", "不合常理的读数。",
         (*_DAY, Arg("device", "of this device alone", "仅此设备", In.QUERY, required=False)),
         ("severity", "machine", "start_ms", "end_ms", "kind", "reason")),
    Verb("telemetry", "prove", "make_telemetry_proof", "POST", "/telemetry/proofs",
         "Write a proof of a number that follows from readings, such as the kWh of a batch.",
         "导出由读数得出的数值（如某批次电量）的证明文件。",
         (Arg("device", "name of the device", "设备名称", positional=True),
          Arg("tag", "name of the tag", "点位名称", positional=True),
          Arg("claim", "what is claimed", "主张", type=click.Choice(
              [each.value for each in ClaimKind]), required=False, default="delta"),
          Arg("hold", "how long a reading stands, for an integral", "读数保持时长（时间积分）",
              type=Length(), required=False),
          Arg("since", "from then on: a time, or 10m, 2h, 7d ago", "起点：时间，或 10m、2h、7d 前",
              type=Past(begins=True), required=False, default="1h"),
          Arg("until", "before then", "终点", type=Past(), required=False, default="now"),
          Arg("group", "its device group", "设备组", required=False),
          Arg("short", "of a counter show the ends alone: a small file, which states that nobody "
              "looked between them", "计数器仅出示首末读数：文件小，但声明其间未经查看", flag=True,
              required=False)),
         file=True, shape=_claims),
    Verb("telemetry", "live", "stream_readings", "GET", "/telemetry/live",
         "Show new values as they come, until Ctrl-C.", "实时显示新读数，按 Ctrl-C 结束。",
         (_DEVICES, _TAGS,
          Arg("seconds", "end after so long", "持续秒数", In.QUERY, int, required=False)),
         stream=True),
)  # fmt: skip
