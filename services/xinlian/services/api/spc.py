"""Statistics of quality: sampling, gauge studies, control charts, causes."""

from __future__ import annotations

import io
from typing import Annotated, Literal

from fastapi import Depends, Query, Response
from xinlian.services.api.route import guarded_router
from xinlian.services.api.schemas.spc import (
    AqlText,
    GaugeStudyBody,
    GaugeStudyView,
    LevelText,
    SamplingPlanView,
)
from xinlian.services.api.schemas.spc_charts import CausesView, GaugeImpactView, SpcChartView
from xinlian.services.api.schemas.spc_yields import YieldsView
from xinlian.services.api.schemas.trace import Millis
from xinlian.services.api.state import ActorDep, StateDep
from xinlian.services.api.trace_items import FILES, attachment, reader_of
from xinlian.services.app.trace_quality import unfit
from xinlian.trace.adapters.paper import spc_pdf
from xinlian.trace.model.dossier import Language
from xinlian.trace.model.quality.charts import ChartKind
from xinlian.trace.model.quality.errors import QualityError
from xinlian.trace.model.quality.gauge import gauge_study
from xinlian.trace.model.quality.sampling import Severity, sampling_plan
from xinlian.trace.usecases.quality.charting import ChartReport

router = guarded_router("quality", "/trace/spc")

LOT_MAX = 10**9
NameText = Annotated[str, Query(min_length=1, max_length=256, pattern=r"^[^\x00-\x1f\x7f]+$")]


@router.get("/sampling")
def get_sampling_plan(
    lot: Annotated[int, Query(ge=2, le=LOT_MAX, description="Items in the lot.")],
    aql: AqlText,
    level: LevelText = "II",
    severity: Severity = Severity.NORMAL,
) -> SamplingPlanView:
    """The single sampling plan of GB/T 2828.1 (ISO 2859-1) for a lot."""
    try:
        return SamplingPlanView.of(sampling_plan(lot, aql=aql, level=level, severity=severity))
    except QualityError as exc:
        raise unfit(exc) from exc


@router.post("/gauge-studies")
def make_gauge_study(body: GaugeStudyBody) -> GaugeStudyView:
    """Gauge repeatability and reproducibility; nothing is kept."""
    rows = [(row.part, row.appraiser, float(row.value)) for row in body.measurements]
    tolerance = None if body.tolerance is None else float(body.tolerance)
    try:
        return GaugeStudyView.of(gauge_study(rows, method=body.method, tolerance=tolerance))
    except QualityError as exc:
        raise unfit(exc) from exc


def _report(
    state: StateDep,
    actor: ActorDep,
    characteristic: NameText,
    machine: Annotated[str, Query(max_length=256, description="Of this machine alone.")] = "",
    kind: Annotated[
        ChartKind | None, Query(alias="chart", description="Chosen by the data if left out.")
    ] = None,
    size: Annotated[int, Query(ge=1, le=100, description="Measurements of a subgroup.")] = 1,
    rules: Annotated[Literal["nelson", "western-electric"], Query()] = "nelson",
    learn: Annotated[
        int | None, Query(ge=2, le=100_000, description="Points of phase I; all if left out.")
    ] = None,
) -> ChartReport:
    return state.app.trace.quality.chart(
        reader_of(actor),
        characteristic,
        machine=machine,
        kind=kind,
        size=size,
        rules=rules,
        learn=learn,
    )


ReportDep = Annotated[ChartReport, Depends(_report)]


@router.get("/chart")
def get_chart(report: ReportDep) -> SpcChartView:
    """The control chart of a characteristic, with signals and capability."""
    return SpcChartView.of(report)


@router.get("/chart.pdf", response_class=Response, responses=FILES["application/pdf"])
def get_chart_paper(
    report: ReportDep,
    lang: Annotated[Language, Query(description="Language of the paper.")] = Language.ZH,
) -> Response:
    """The control chart of a characteristic as PDF."""
    out = io.BytesIO()
    spc_pdf(report, lang, out)
    return attachment(out.getvalue(), "application/pdf", "chart.pdf")


@router.get("/causes")
def find_causes(
    state: StateDep,
    actor: ActorDep,
    code: Annotated[str, Query(max_length=256, description="Failures of this code alone.")] = "",
    fdr: Annotated[float, Query(gt=0, lt=1, description="False discoveries allowed.")] = 0.05,
) -> CausesView:
    """Batches, machines, shifts, gauges and suppliers over-represented among failures."""
    return CausesView.of(state.app.trace.quality.causes(reader_of(actor), code, fdr))


@router.get("/yields")
def get_yields(
    state: StateDep,
    actor: ActorDep,
    station: Annotated[str, Query(max_length=256, description="This station alone.")] = "",
    since_ms: Annotated[Millis | None, Query()] = None,
    until_ms: Annotated[Millis | None, Query()] = None,
) -> YieldsView:
    """First-pass yield, rework and failures of stations, from the latest 100,000 inspections."""
    reader = reader_of(actor)
    return YieldsView.of(state.app.trace.quality.yields(reader, station, since_ms, until_ms))


@router.get("/gauge-impact")
def get_gauge_impact(
    state: StateDep,
    actor: ActorDep,
    gauge: NameText,
    last_good_ms: Annotated[Millis, Query(description="The last check that found it right.")],
    found_bad_ms: Annotated[Millis, Query(description="The check that found it wrong.")],
) -> GaugeImpactView:
    """What a gauge found out of calibration measured, with the vehicles."""
    reader = reader_of(actor)
    impact = state.app.trace.quality.gauge_impact(reader, gauge, last_good_ms, found_bad_ms)
    return GaugeImpactView.of(impact)
