"""Control charts, causes of failures and wrong gauges as the API shows them."""

from __future__ import annotations

from collections import defaultdict
from typing import Annotated, Any, Final

from pydantic import Field
from xinlian.services.api.schemas.common import View
from xinlian.services.api.schemas.trace import Millis
from xinlian.trace.model.quality.arrays import plain
from xinlian.trace.model.quality.capability import Index
from xinlian.trace.model.quality.charts import ChartKind, Panel
from xinlian.trace.model.quality.rules import Signal
from xinlian.trace.model.quality.words import RELATION_WORDS, RULE_WORDS
from xinlian.trace.usecases.quality import ChartReport, GaugeImpact, RootCauseReport

__all__ = ["CausesView", "GaugeImpactView", "SpcChartView"]

POINTS_MAX: Final = 2_000
"""The newest points of a chart that are shown."""
SIGNALS_MAX: Final = 500
ITEMS_MAX: Final = 10_000
_PANELS: Final = {
    "mean": "均值",
    "range": "极差",
    "deviation": "标准差",
    "value": "单值",
    "moving range": "移动极差",
    "ewma": "指数加权移动平均",
    "upper sum": "上侧累积和",
    "lower sum": "下侧累积和",
    "p": "不合格品率",
    "np": "不合格品数",
    "c": "缺陷数",
    "u": "单位缺陷数",
}


class SentenceView(View):
    """A sentence in both languages."""

    en: str
    zh: str


class PointView(View):
    """A point of a chart, and the rules that it completes or breaks."""

    time_ms: Millis | None
    value: float
    rules: list[str]


class PanelView(View):
    """One series with its limits; limits are those of the newest point."""

    title: SentenceView
    unit: str
    center: float
    lower_limit: float
    upper_limit: float
    lower_tolerance: float | None
    upper_tolerance: float | None
    points: list[PointView]


class IndexView(View):
    """A capability index with its 95 % interval."""

    index: str
    value: float
    low: float
    high: float


class SpcSignalView(View):
    """A broken rule, from the point that completed its pattern to the last at which it went on,
    and what was measured meanwhile. ``statistic`` and ``z`` are those of the worst of them."""

    rule: str
    panel: str
    time_ms: Millis
    until_ms: Millis
    statistic: float
    z: float | None
    text: SentenceView
    measured: list[str]


class SpcChartView(View):
    """A control chart: its panels, signals, and capability where a tolerance is known."""

    characteristic: str
    chart: ChartKind
    phase_one: int
    process_mean: float
    process_sigma: float
    left_out: int
    charts: list[PanelView]
    signals: list[SpcSignalView]
    capability: list[IndexView]

    @classmethod
    def of(cls, report: ChartReport) -> SpcChartView:
        """A report of the analysis."""
        ability = report.capability
        indices: dict[str, Index | None] = {}
        if ability is not None:
            names = ("cp", "cpk", "pp", "ppk")
            indices = {name: getattr(ability, name) for name in names}
        return cls(
            characteristic=report.characteristic,
            chart=report.chart.kind,
            phase_one=report.phase_one,
            process_mean=report.chart.baseline.mean,
            process_sigma=report.chart.baseline.sigma,
            left_out=report.left_out,
            charts=[
                _panel(report, panel, first=not place)
                for place, panel in enumerate(report.chart.panels)
            ],
            signals=_signals(report),
            capability=[
                IndexView(index=name, value=one.value, low=one.low, high=one.high)
                for name, one in indices.items()
                if one is not None
            ],
        )


def _panel(report: ChartReport, panel: Panel, *, first: bool) -> PanelView:
    broken: dict[int, list[str]] = defaultdict(list)
    for signal in report.signals:
        if signal.panel == panel.name:
            broken[signal.at].append(signal.rule.value)
    ability, count = report.capability, panel.values.size
    lead = len(report.point_times_ms) - count  # a moving range begins with the second value
    tolerance = ability if first and report.chart.baseline.size == 1 else None
    return PanelView(
        title=SentenceView(
            en=f"{report.characteristic}: {panel.name}",
            zh=f"{report.characteristic}：{_PANELS[panel.name]}",
        ),
        unit=report.unit,
        center=float(panel.centre[-1]),
        lower_limit=float(panel.lower[-1]),
        upper_limit=float(panel.upper[-1]),
        lower_tolerance=None if tolerance is None else tolerance.lower,
        upper_tolerance=None if tolerance is None else tolerance.upper,
        points=[
            PointView(
                time_ms=report.point_times_ms[lead + at],
                value=float(panel.values[at]),
                rules=broken.get(at, []),
            )
            for at in range(max(0, count - POINTS_MAX), count)
        ],
    )


def _signals(report: ChartReport) -> list[SpcSignalView]:
    """Signals of one rule at points that follow each other are shown as one."""
    runs: list[list[Signal]] = []
    latest: dict[tuple[str, str], list[Signal]] = {}
    for one in report.signals:
        place = (one.rule.value, one.panel)
        run = latest.get(place)
        if run is None or one.at > run[-1].at + 1:
            run = latest[place] = []
            runs.append(run)
        run.append(one)
    return [_signal(report, run) for run in runs[-SIGNALS_MAX:]]


def _signal(report: ChartReport, run: list[Signal]) -> SpcSignalView:
    first, last = run[0], run[-1]
    lead = int(first.panel == "moving range")
    worst = max(run, key=lambda one: abs(one.z))
    english, chinese = RULE_WORDS[first.rule]
    items = dict.fromkeys(item.id for one in run for item in report.items_of(one))
    return SpcSignalView(
        rule=first.rule.value,
        panel=first.panel,
        time_ms=report.point_times_ms[first.at + lead],
        until_ms=report.point_times_ms[last.at + lead],
        statistic=worst.statistic,
        z=plain(worst.z),
        text=SentenceView(en=english, zh=chinese),
        measured=list(items)[:ITEMS_MAX],
    )


class CauseView(View):
    """A factor that is over-represented among failures. ``cause`` numbers what to look into:
    factors of one number cannot be told apart; it is absent where another factor explains this
    one. ``q`` is the exact probability under control of false discoveries."""

    cause: int | None
    kind: str
    name: str
    failed: int
    exposed: int
    relative_risk: float | None
    low: float | None
    high: float | None
    q: float


class CausesView(View):
    """Over-represented factors, the strongest evidence first, and how they relate."""

    population: int
    failures: int
    tested: int
    fdr: float
    items: list[CauseView]
    sentences: list[SentenceView]

    @classmethod
    def of(cls, report: RootCauseReport) -> CausesView:
        """A report of the analysis."""
        numbers = {key: at for at, cause in enumerate(report.causes, 1) for key in cause}
        return cls(
            population=report.population,
            failures=report.failures,
            tested=report.tested,
            fdr=report.fdr,
            items=[
                CauseView(
                    cause=numbers.get(one.key),
                    kind=one.key.kind,
                    name=one.key.id,
                    failed=one.failed,
                    exposed=one.exposed,
                    relative_risk=plain(one.relative_risk),
                    low=plain(one.low),
                    high=plain(one.high),
                    q=one.q,
                )
                for one in report.findings
            ],
            sentences=_sentences(report),
        )


def _sentences(report: RootCauseReport) -> list[SentenceView]:
    told = []
    for pair in report.pairs:
        names = {
            "first": f"{pair.first.kind} {pair.first.id}",
            "second": f"{pair.second.kind} {pair.second.id}",
        }
        if not pair.apart:
            english, chinese = RELATION_WORDS[pair.relation]
            told.append(SentenceView(en=english.format(**names), zh=chinese.format(**names)))
    return told[:100]


class GaugeImpactView(View):
    """What a gauge measured between its last good check and the one that found it wrong."""

    gauge: str
    since_ms: Millis
    until_ms: Millis
    measured_count: int
    passed_count: int
    truncated: bool
    vehicles: list[str]
    inspections: Annotated[list[str], Field(description="Ids, 10,000 at most.")]

    @classmethod
    def of(cls, impact: GaugeImpact) -> GaugeImpactView:
        """A report of the analysis."""
        values: dict[str, Any] = {
            "gauge": impact.gauge,
            "since_ms": impact.since_ms,
            "until_ms": impact.until_ms,
            "measured_count": len(impact.inspection_ids),
            "passed_count": impact.passed,
            "truncated": impact.truncated,
            "vehicles": list(impact.vehicles),
            "inspections": list(impact.inspection_ids[:ITEMS_MAX]),
        }
        return cls(**values)
