"""Statistics of quality: acceptance sampling and gauge studies."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from xinlian.services.api.route import guarded_router
from xinlian.services.api.schemas.spc import (
    AqlText,
    GaugeStudyBody,
    GaugeStudyView,
    LevelText,
    SamplingPlanView,
)
from xinlian.services.app.errors import Code, RefusedError
from xinlian.trace.model.quality.errors import QualityError
from xinlian.trace.model.quality.gauge import gauge_study
from xinlian.trace.model.quality.sampling import Severity, sampling_plan

router = guarded_router("quality", "/trace/spc")

LOT_MAX = 10**9


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


def unfit(exc: QualityError) -> RefusedError:
    """Data from which a figure cannot be reckoned."""
    return RefusedError(Code.INVALID, f"this cannot be reckoned from these data: {exc}")
