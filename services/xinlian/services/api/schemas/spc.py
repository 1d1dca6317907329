"""Sampling plans, gauge studies, charts and causes as the API shows them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, WithJsonSchema
from xinlian.services.api.schemas.common import Body, View
from xinlian.services.api.schemas.trace_rows import Name, Number
from xinlian.trace.model.quality.gauge import GaugeMethod, GaugeStudy, Verdict
from xinlian.trace.model.quality.sampling import AQLS, SamplingPlan, Severity

__all__ = ["AqlText", "GaugeStudyBody", "GaugeStudyView", "LevelText", "SamplingPlanView"]

AqlText = Annotated[
    str,
    WithJsonSchema({"type": "string", "enum": list(AQLS)}),
    Field(description="Acceptance quality limit (GB/T 2828.1)."),
]
LevelText = Literal["S-1", "S-2", "S-3", "S-4", "I", "II", "III"]


class SamplingPlanView(View):
    """A single sampling plan: take ``sample`` items, accept with at most ``accept`` bad ones."""

    letter: str
    aql: str
    severity: Severity
    sample: Annotated[int, Field(ge=1)]
    accept: Annotated[int, Field(ge=0)]
    reject: Annotated[int, Field(ge=1)]
    every: bool

    @classmethod
    def of(cls, plan: SamplingPlan) -> SamplingPlanView:
        """A plan of the model."""
        return cls(**{name: getattr(plan, name) for name in cls.model_fields})


class MeasurementBody(Body):
    """One measurement of a gauge study."""

    part: Name
    appraiser: Name
    value: Number


class GaugeStudyBody(Body):
    """Every appraiser measures every part equally often, at least twice."""

    measurements: Annotated[list[MeasurementBody], Field(min_length=8, max_length=1_500)]
    method: Annotated[GaugeMethod, Field(strict=False)] = GaugeMethod.ANOVA
    tolerance: Number | None = None


class AnovaView(View):
    """A line of the analysis of variance."""

    source: str
    freedom: int
    squares: float
    mean_square: float
    f: float | None
    p: float | None


class GaugeStudyView(View):
    """Result of a gauge study; deviations are standard deviations in the unit measured."""

    method: GaugeMethod
    parts: int
    appraisers: int
    trials: int
    repeatability: float
    reproducibility: float
    interaction: float
    grr: float
    part: float
    total: float
    grr_percent: float
    tolerance_percent: float | None
    categories: int
    gauge_verdict: Verdict
    fit: bool
    pooled: bool
    anova: list[AnovaView]

    @classmethod
    def of(cls, study: GaugeStudy) -> GaugeStudyView:
        """A study of the model."""
        names = set(cls.model_fields) - {"gauge_verdict", "anova"}
        return cls(
            **{name: getattr(study, name) for name in names},
            gauge_verdict=study.verdict,
            anova=[
                AnovaView(**{name: getattr(row, name) for name in AnovaView.model_fields})
                for row in study.anova
            ],
        )
