"""Signals at the moment of capture: charts, failed key inspections, overdue gauges.

One evaluator per stream (characteristic and machine) with bounded memory; the streams together are
bounded too. What a signal concerns is named, so that vehicles can be found.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from xinlian.trace.model.facts import Inspection, Result
from xinlian.trace.model.items import ItemId
from xinlian.trace.model.quality.arrays import measurable, plain
from xinlian.trace.model.quality.live import Stream, StreamPlan, StreamSignal
from xinlian.trace.model.quality.rules import WESTERN_ELECTRIC, Rule
from xinlian.trace.model.quality.words import RULE_WORDS

__all__ = [
    "CONTROL_CHART",
    "FAILED_KEY",
    "GAUGE_OVERDUE",
    "LiveSignal",
    "LiveSignals",
    "StreamKey",
]

CONTROL_CHART: Final = "control-chart"
FAILED_KEY: Final = "failed-key"
GAUGE_OVERDUE: Final = "gauge-overdue"
STREAMS_MAX: Final = 20_000
_USUAL: Final = StreamPlan(rules=WESTERN_ELECTRIC)


class StreamKey(NamedTuple):
    """Measurements that belong on one chart."""

    characteristic: str
    machine: str


@dataclass(frozen=True, slots=True)
class LiveSignal:
    """Something to look at now. ``subject`` is the same for the same finding, so that it is raised
    once; ``items`` were measured at its points."""

    kind: str
    subject: str
    characteristic: str
    machine: str
    time_ms: int
    items: tuple[ItemId, ...]
    text: str
    text_zh: str
    rule: str = ""
    panel: str = ""
    statistic: float | None = None
    z: float | None = None

    def detail(self) -> dict[str, Any]:
        """As JSON holds it, without kind and subject."""
        return dict(
            plain(
                {
                    "characteristic": self.characteristic,
                    "machine": self.machine,
                    "time_ms": self.time_ms,
                    "items": [
                        {"owner": one.owner, "type": one.type.value, "id": one.id}
                        for one in self.items
                    ],
                    "rule": self.rule,
                    "panel": self.panel,
                    "statistic": self.statistic,
                    "z": self.z,
                    "text": self.text,
                    "text_zh": self.text_zh,
                }
            )
        )


class LiveSignals:
    """Feed it every accepted inspection, in the order of capture.

    ``plan_of`` tells how a stream is judged (``None``: not at all); the default learns from the
    first 25 measurements and takes the Western Electric rules. A pattern that goes on from point to
    point is raised when it begins. ``due_ms`` gives when each gauge's calibration runs out. A
    measurement older than the latest of its stream is checked, but not put on the chart: it is
    counted in ``late``. The stream that was quiet for longest is forgotten when there are more than
    ``streams_max``; it then learns anew.
    """

    def __init__(
        self,
        *,
        plan_of: Callable[[StreamKey], StreamPlan | None] = lambda _: StreamPlan(
            rules=WESTERN_ELECTRIC
        ),
        due_ms: Mapping[str, int] | None = None,
        streams_max: int = STREAMS_MAX,
    ) -> None:
        self._plan_of = plan_of
        self._due_ms = due_ms if due_ms is not None else {}
        self._streams_max = streams_max
        self._streams: OrderedDict[StreamKey, _Watched] = OrderedDict()
        self.late = 0
        self.forgotten = 0

    def feed(self, inspection: Inspection) -> list[LiveSignal]:
        """Signals that this inspection raises, none if all is well."""
        signals = [_failed(inspection)] if _is_failed_key(inspection) else []
        due = self._due_ms.get(inspection.gauge) if inspection.gauge else None
        if due is not None and inspection.time_ms >= due:
            signals.append(_overdue(inspection, due))
        value = inspection.value
        if value and measurable(value) and inspection.result is not Result.NOT_MEASURED:
            signals += self._charted(inspection, float(value))
        return signals

    def warm(self, inspections: Iterable[Inspection]) -> None:
        """Take up earlier inspections without raising anything: after a restart, the streams are
        rebuilt from the record."""
        for inspection in inspections:
            self.feed(inspection)

    def _charted(self, inspection: Inspection, value: float) -> list[LiveSignal]:
        key = StreamKey(inspection.characteristic, inspection.machine)
        watched = self._streams.get(key)
        if watched is None:
            plan = self._plan_of(key)
            if plan is None:
                return []
            watched = self._streams[key] = _Watched(Stream(plan), inspection.time_ms)
        if inspection.time_ms < watched.latest_ms:
            self.late += 1
            return []
        watched.latest_ms = inspection.time_ms
        self._streams.move_to_end(key)
        while len(self._streams) > self._streams_max:
            self._streams.popitem(last=False)
            self.forgotten += 1
        found = watched.stream.feed(inspection.item, value)
        return [_charted(inspection, key, one) for one in found if watched.begins(one)]


@dataclass(slots=True)
class _Watched:
    """A stream, the time of its latest measurement, and where each pattern stood last."""

    stream: Stream[ItemId]
    latest_ms: int
    stood: dict[tuple[Rule, str], int] = field(default_factory=dict)

    def begins(self, signal: StreamSignal[ItemId]) -> bool:
        """Whether the pattern was not there at the point before."""
        place, number = (signal.rule, signal.panel), signal.points[-1]
        before, self.stood[place] = self.stood.get(place), number
        return before is None or number > before + 1


def _is_failed_key(inspection: Inspection) -> bool:
    return inspection.key and inspection.result is Result.FAILED


def _failed(inspection: Inspection) -> LiveSignal:
    value = "" if inspection.value is None else f" {inspection.value} {inspection.unit}".rstrip()
    return LiveSignal(
        kind=FAILED_KEY,
        subject=f"{inspection.item.owner}/{inspection.inspection_id}",
        characteristic=inspection.characteristic,
        machine=inspection.machine,
        time_ms=inspection.time_ms,
        items=(inspection.item,),
        text=f"key characteristic {inspection.characteristic} failed{value}",
        text_zh=f"关键特性 {inspection.characteristic} 不合格{value}",
        statistic=None if inspection.value is None else float(inspection.value),
    )


def _overdue(inspection: Inspection, due_ms: int) -> LiveSignal:
    return LiveSignal(
        kind=GAUGE_OVERDUE,
        subject=f"{inspection.gauge}@{due_ms}",
        characteristic=inspection.characteristic,
        machine=inspection.machine,
        time_ms=inspection.time_ms,
        items=(inspection.item,),
        text=f"gauge {inspection.gauge} measures after its calibration ran out",
        text_zh=f"量具 {inspection.gauge} 校准已过期仍在使用",
    )


def _charted(inspection: Inspection, key: StreamKey, signal: StreamSignal[ItemId]) -> LiveSignal:
    english, chinese = RULE_WORDS[signal.rule]
    where = f"{key.characteristic} ({key.machine})" if key.machine else key.characteristic
    return LiveSignal(
        kind=CONTROL_CHART,
        subject=(
            f"{key.characteristic}|{key.machine}|{signal.rule.value}|{signal.panel}|"
            f"{inspection.inspection_id}"
        ),
        characteristic=key.characteristic,
        machine=key.machine,
        time_ms=inspection.time_ms,
        items=signal.items,
        text=f"{where}: {english}",
        text_zh=f"{where}：{chinese}",
        rule=signal.rule.value,
        panel=signal.panel,
        statistic=signal.statistic,
        z=signal.z,
    )
