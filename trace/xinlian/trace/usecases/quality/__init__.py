"""Analysis of quality: charts, causes, predictions, recognition, live signals.

This is the door: what services call is named here.
"""

from xinlian.trace.model.quality.capability import Capability, capability
from xinlian.trace.model.quality.charts import ChartKind
from xinlian.trace.model.quality.constants import chart_constants
from xinlian.trace.model.quality.enrichment import FactorKey
from xinlian.trace.model.quality.errors import QualityError
from xinlian.trace.model.quality.gauge import GaugeMethod, GaugeStudy, gauge_study
from xinlian.trace.model.quality.live import StreamPlan
from xinlian.trace.model.quality.prediction import Derived, Features
from xinlian.trace.model.quality.recognition import Action, Recognition, State
from xinlian.trace.model.quality.recognition_terms import Standing, Terms
from xinlian.trace.model.quality.sampling import (
    AQLS,
    LEVELS,
    SamplingPlan,
    Severity,
    acceptance,
    sampling_plan,
)
from xinlian.trace.model.quality.switching import Inspected, Switching, next_state
from xinlian.trace.model.quality.yields import Yields, line_yields, rate
from xinlian.trace.usecases.quality.charting import ChartReport, chart, chart_of, measured
from xinlian.trace.usecases.quality.gauges import GaugeImpact, gauge_out
from xinlian.trace.usecases.quality.live_signals import LiveSignal, LiveSignals, StreamKey
from xinlian.trace.usecases.quality.ports import PointKey, QualityReader
from xinlian.trace.usecases.quality.predicting import AI4I, PredictionReport, learn, predict
from xinlian.trace.usecases.quality.rates import yields, yields_of
from xinlian.trace.usecases.quality.recognising import Recogniser, StepAsked
from xinlian.trace.usecases.quality.recognition_simulation import (
    SimulationReport,
    simulate_recognition,
)
from xinlian.trace.usecases.quality.root_cause import RootCauseReport, find_causes, root_cause

__all__ = [
    "AI4I",
    "AQLS",
    "LEVELS",
    "Action",
    "Capability",
    "ChartKind",
    "ChartReport",
    "Derived",
    "FactorKey",
    "Features",
    "GaugeImpact",
    "GaugeMethod",
    "GaugeStudy",
    "Inspected",
    "LiveSignal",
    "LiveSignals",
    "PointKey",
    "PredictionReport",
    "QualityError",
    "QualityReader",
    "Recogniser",
    "Recognition",
    "RootCauseReport",
    "SamplingPlan",
    "Severity",
    "SimulationReport",
    "Standing",
    "State",
    "StepAsked",
    "StreamKey",
    "StreamPlan",
    "Switching",
    "Terms",
    "Yields",
    "acceptance",
    "capability",
    "chart",
    "chart_constants",
    "chart_of",
    "find_causes",
    "gauge_out",
    "gauge_study",
    "learn",
    "line_yields",
    "measured",
    "next_state",
    "predict",
    "rate",
    "root_cause",
    "sampling_plan",
    "simulate_recognition",
    "yields",
    "yields_of",
]
