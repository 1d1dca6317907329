"""A network of control points over months: do recognitions begin, hold and suspend as they should?

Deterministic. Suppliers have points of differing skill; some processes drift, some gauges wear,
some calibrations are forgotten. Each week every point makes measurements and a lot, and the state
machine judges it. What was done to a point is known, so detection and false alarms are counted.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

import numpy as np
from xinlian.trace.model.quality.errors import QualityError
from xinlian.trace.model.quality.recognition import (
    Action,
    Cause,
    Recognition,
    State,
    propose,
    supervise,
    transition,
)
from xinlian.trace.model.quality.recognition_terms import DAY_MS, Standing, Terms, breaches
from xinlian.trace.model.quality.sampling import letter_plan
from xinlian.trace.model.quality.switching import Inspected, Switching, next_state, resume, start
from xinlian.trace.usecases.quality.recognition_world import (
    FAULTS,
    PER_WEEK,
    WINDOW,
    World,
    make_world,
)

__all__ = ["FAULTS", "SimulationReport", "simulate_recognition"]

POINTS_MAX: Final = 100_000
WEEKS_MAX: Final = 260
_WEEK_MS: Final = 7 * DAY_MS
_START_MS: Final = 1_767_225_600_000  # 2026-01-01T00:00:00Z
_CUSTOMER: Final = 1
_TRIAL_WEEKS: Final = 10
_EXAMPLES: Final = 5
_LETTER, _AQL = "G", "1.0"


@dataclass(frozen=True, slots=True)
class SimulationReport:
    """What happened. ``weeks`` counts states per week; ``suppliers`` the states at the end;
    ``reasons`` the conditions that suspended points; ``detected`` of ``faulty`` recognised points
    were suspended after their fault began, ``weeks_to_suspend`` is the median wait;
    ``suspensions_without_fault`` hit points to which nothing was done: their estimates
    fell below the terms by chance. ``examples`` are evidence records.
    """

    points: int
    suppliers_count: int
    seed: int
    weeks: tuple[Mapping[str, int], ...]
    suppliers: Mapping[int, Mapping[str, int]]
    reasons: Mapping[str, int]
    records: int
    recognised_ever: int
    faulty: Mapping[str, int]
    detected: Mapping[str, int]
    weeks_to_suspend: float | None
    suspensions_without_fault: int
    resumed: int
    examples: tuple[Mapping[str, Any], ...]
    seconds: float

    def to_dict(self) -> dict[str, Any]:
        """As JSON holds it."""
        return {
            "points": self.points,
            "suppliers": self.suppliers_count,
            "seed": self.seed,
            "weeks": [dict(week) for week in self.weeks],
            "by_supplier": {str(one): dict(states) for one, states in self.suppliers.items()},
            "reasons": dict(self.reasons),
            "records": self.records,
            "recognised_ever": self.recognised_ever,
            "faulty": dict(self.faulty),
            "detected": dict(self.detected),
            "weeks_to_suspend": self.weeks_to_suspend,
            "suspensions_without_fault": self.suspensions_without_fault,
            "resumed": self.resumed,
            "examples": [dict(one) for one in self.examples],
            "seconds": round(self.seconds, 3),
        }


@dataclass(slots=True)
class _Point:
    recognition: Recognition
    switching: Switching
    lots: list[bool]
    suspended_at: int = -1
    ever: bool = False


class _Run:
    """The state machines over the weeks, and what is counted."""

    def __init__(self, world: World, suppliers: int, terms: Terms) -> None:
        self.world, self.terms = world, terms
        self.records = self.resumed = self.false = 0
        self.reasons: Counter[str] = Counter()
        self.examples: list[Mapping[str, Any]] = []
        self.detected: dict[int, int] = {}
        self.at_risk: set[int] = set()
        self.points = [self._begin(number, suppliers) for number in range(world.fault.size)]

    def _begin(self, number: int, suppliers: int) -> _Point:
        supplier = 1_000 + number % suppliers
        both = (supplier, _CUSTOMER)
        proposal = propose(
            f"CP-{number:05d}",
            supplier=supplier,
            customer=_CUSTOMER,
            characteristic=f"characteristic {number % 40}",
            terms=self.terms,
            now_ms=_START_MS,
            signed_by=both[:1],
        )
        trial = transition(proposal.after, Action.BEGIN_TRIAL, now_ms=_START_MS, signed_by=both)
        self.records += 2
        return _Point(trial.after, start(), [])

    def week(self, week: int) -> Mapping[str, int]:
        """Judge every point once; the states afterwards."""
        now = _START_MS + (week + 1) * _WEEK_MS
        for number, point in enumerate(self.points):
            self._lot(point, int(self.world.nonconforming[number, week]))
            self._judge(number, point, self._standing(number, point, week, now), week, now)
        return Counter(point.recognition.state.value for point in self.points)

    def _lot(self, point: _Point, nonconforming: int) -> None:
        if point.switching.stopped:
            point.switching, _ = resume(point.switching)
        plan = letter_plan(_LETTER, _AQL, point.switching.severity)
        lot = Inspected(plan, nonconforming)
        point.switching, _ = next_state(point.switching, lot)
        point.lots = [*point.lots, lot.accepted][-20:]

    def _standing(self, number: int, point: _Point, week: int, now: int) -> Standing:
        calibrated = int(self.world.calibrated[number, week])
        grr = float(self.world.grr[number, week])
        return Standing(
            measured_at_ms=now,
            cpk=Decimal(round(float(self.world.cpk[number, week]) * 10_000)) / 10_000,
            measurements=PER_WEEK * min(week + 1, WINDOW),
            grr_percent=Decimal(round(grr * 100)) / 100,
            categories=max(1, int(141 / grr)) if grr else 100,
            calibrated_at_ms=_START_MS + calibrated * _WEEK_MS,
            lots=len(point.lots),
            lots_rejected=point.lots.count(False),
            severity=point.switching.severity,
            stopped=point.switching.stopped,
        )

    def _judge(self, number: int, point: _Point, standing: Standing, week: int, now: int) -> None:
        one, both = point.recognition, (point.recognition.supplier, _CUSTOMER)
        if one.state is State.RECOGNISED:
            step = supervise(one, standing, now)
            if step is not None:
                self._suspended(number, point, week, step.record)
                point.recognition = step.after
                self.reasons.update(breach.condition.value for breach in step.breaches)
        elif one.state is State.TRIAL and week + 1 >= _TRIAL_WEEKS:
            if not breaches(self.terms, standing, now, beginning=True):
                step = transition(
                    one, Action.RECOGNISE, now_ms=now, signed_by=both, standing=standing
                )
                point.recognition, point.ever = step.after, True
                self.records += 1
        elif one.state is State.SUSPENDED and not breaches(self.terms, standing, now):
            step = transition(one, Action.RESUME, now_ms=now, signed_by=both, standing=standing)
            point.recognition = step.after
            self.records += 1
            self.resumed += 1
        if point.recognition.state is State.RECOGNISED and week < self.world.begins[number]:
            self.at_risk.add(number)

    def _suspended(self, number: int, point: _Point, week: int, record: Mapping[str, Any]) -> None:
        self.records += 1
        point.suspended_at = week
        done = self.world.fault[number] >= 0 and week >= self.world.begins[number]
        if not done:
            self.false += 1
        elif number not in self.detected:
            self.detected[number] = week - int(self.world.begins[number])
        if len(self.examples) < _EXAMPLES and record["cause"] == Cause.CONDITION.value and done:
            self.examples.append(record)


def simulate_recognition(
    *, points: int = 7_500, suppliers: int = 50, weeks: int = 40, seed: int = 1
) -> SimulationReport:
    """Let ``points`` control points of ``suppliers`` live for ``weeks``; the same seed gives the
    same report. Raises ``QualityError`` for sizes out of bounds."""
    if not 1 <= suppliers <= points <= POINTS_MAX or not _TRIAL_WEEKS < weeks <= WEEKS_MAX:
        raise QualityError(
            f"1 to {POINTS_MAX} points, at most as many suppliers, "
            f"{_TRIAL_WEEKS + 1} to {WEEKS_MAX} weeks"
        )
    begun = time.perf_counter()
    sample = letter_plan(_LETTER, _AQL).sample
    world = make_world(points, weeks, sample, np.random.default_rng(seed))
    run = _Run(world, suppliers, Terms(calibration_days_max=180))
    states = tuple(run.week(week) for week in range(weeks))
    ends: dict[int, Counter[str]] = {}
    for point in run.points:
        one = point.recognition
        ends.setdefault(one.supplier, Counter())[one.state.value] += 1
    waits = [run.detected[number] for number in run.detected if number in run.at_risk]
    kinds = [FAULTS[world.fault[one]] for one in sorted(run.at_risk) if world.fault[one] >= 0]
    found = [FAULTS[world.fault[number]] for number in run.detected if number in run.at_risk]
    return SimulationReport(
        points=points,
        suppliers_count=suppliers,
        seed=seed,
        weeks=states,
        suppliers=dict(sorted(ends.items())),
        reasons=dict(run.reasons.most_common()),
        records=run.records,
        recognised_ever=sum(point.ever for point in run.points),
        faulty=dict(sorted(Counter(kinds).items())),
        detected=dict(sorted(Counter(found).items())),
        weeks_to_suspend=float(np.median(waits)) if waits else None,
        suspensions_without_fault=run.false,
        resumed=run.resumed,
        examples=tuple(run.examples),
        seconds=time.perf_counter() - begun,
    )
