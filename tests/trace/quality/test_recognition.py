"""Recognition of control points: no step without its signatures, none while terms are broken."""

import dataclasses
from decimal import Decimal

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from xinlian.ledger.model.evidence.canonical import canonical_record
from xinlian.trace.model.quality.errors import QualityError
from xinlian.trace.model.quality.recognition import (
    SIGNERS,
    Action,
    Recognition,
    Signers,
    State,
    Step,
    propose,
    supervise,
    transition,
)
from xinlian.trace.model.quality.recognition_terms import (
    DAY_MS,
    Condition,
    Standing,
    Terms,
    breaches,
    decimal_text,
)
from xinlian.trace.model.quality.sampling import Severity
from xinlian.trace.usecases.quality.recognition_simulation import simulate_recognition

NOW = 1_780_000_000_000
GOOD = Standing(NOW, Decimal("1.67"), 100, Decimal("12.5"), 11, NOW - 30 * DAY_MS, 20, 0)


def _proposed() -> Recognition:
    return propose(
        "CP-1",
        supplier=7,
        customer=9,
        characteristic="bore",
        terms=Terms(),
        now_ms=NOW - DAY_MS,
        signed_by=[7],
    ).after


def _trial() -> Recognition:
    return transition(_proposed(), Action.BEGIN_TRIAL, now_ms=NOW - DAY_MS, signed_by=[7, 9]).after


def _recognised() -> Recognition:
    return transition(_trial(), Action.RECOGNISE, now_ms=NOW, signed_by=[7, 9], standing=GOOD).after


def test_the_whole_life() -> None:
    one = _recognised()
    assert (one.state, one.sequence) == (State.RECOGNISED, 2)
    assert supervise(one, GOOD, NOW) is None
    worse = dataclasses.replace(GOOD, cpk=Decimal("1.2"))
    step = supervise(one, worse, NOW + 5)
    assert step is not None
    assert step.after.state is State.SUSPENDED
    again = transition(step.after, Action.RESUME, now_ms=NOW + 9, signed_by=[9, 7])
    assert again.after.state is State.TRIAL
    assert supervise(again.after, worse, NOW + 10) is None


def test_suspension_leaves_a_record_that_says_why() -> None:
    worse = dataclasses.replace(
        GOOD, cpk=Decimal("1.20"), calibrated_at_ms=NOW - 400 * DAY_MS, severity=Severity.TIGHTENED
    )
    step = supervise(_recognised(), worse, NOW)
    assert step is not None
    record = step.record
    assert record["schema"] == "mutual-recognition/1"
    assert (record["from"], record["to"], record["cause"]) == (
        "recognised",
        "suspended",
        "condition",
    )
    assert record["breaches"] == [
        {"condition": "calibration", "required": "≤ 365 d", "found": "400"},
        {"condition": "cpk", "required": "≥ 1.33", "found": "1.2"},
        {"condition": "severity-of-inspection", "required": "normal", "found": "tightened"},
    ]
    assert record["standing"]["cpk"] == "1.2"
    assert record["reason"].startswith("calibration ≤ 365 d, found 400; cpk")
    assert canonical_record(record), "the record must be one that the evidence log takes"


@pytest.mark.parametrize(
    ("change", "condition"),
    [
        ({"measured_at_ms": NOW - 36 * DAY_MS}, Condition.AGE),
        ({"measured_at_ms": None}, Condition.AGE),
        ({"calibrated_at_ms": None}, Condition.CALIBRATION),
        ({"grr_percent": Decimal("30.1")}, Condition.GAUGE),
        ({"categories": 4}, Condition.CATEGORIES),
        ({"measurements": 49}, Condition.COUNT),
        ({"cpk": None}, Condition.CPK),
        ({"cpk": Decimal("1.3299")}, Condition.CPK),
        ({"lots_rejected": 2}, Condition.REJECTED),
        ({"stopped": True}, Condition.SEVERITY),
    ],
)
def test_each_condition_alone_suspends_and_forbids_recognition(
    change: dict[str, object], condition: Condition
) -> None:
    standing = dataclasses.replace(GOOD, **change)  # type: ignore[arg-type]
    (broken,) = breaches(Terms(), standing, NOW)
    assert broken.condition is condition
    step = supervise(_recognised(), standing, NOW)
    assert step is not None
    assert step.breaches == (broken,)
    with pytest.raises(QualityError, match=condition.value):
        transition(_trial(), Action.RECOGNISE, now_ms=NOW, signed_by=[7, 9], standing=standing)


def test_figures_exactly_at_their_limits_keep_the_terms() -> None:
    edge = Standing(
        NOW - 35 * DAY_MS, Decimal("1.33"), 50, Decimal(30), 5, NOW - 365 * DAY_MS, 10, 1
    )
    assert breaches(Terms(), edge, NOW, beginning=True) == ()


def test_too_few_lots_forbid_the_beginning_but_not_the_keeping() -> None:
    young = dataclasses.replace(GOOD, lots=9)
    assert breaches(Terms(), young, NOW) == ()
    (broken,) = breaches(Terms(), young, NOW, beginning=True)
    assert (broken.condition, broken.required, broken.found) == (Condition.LOTS, "≥ 10", "9")


@pytest.mark.parametrize(
    ("action", "before"),
    [
        (Action.BEGIN_TRIAL, _proposed),
        (Action.RECOGNISE, _trial),
        (Action.SUSPEND, _recognised),
    ],
)
@pytest.mark.parametrize("signed", [[], [7], [9], [3], [7, 3]])
def test_a_step_needs_its_signers(action: Action, before: object, signed: list[int]) -> None:
    enough = SIGNERS[action] is Signers.EITHER and {7, 9} & set(signed)
    one = before()  # type: ignore[operator]
    if enough:
        transition(one, action, now_ms=NOW, signed_by=signed, standing=GOOD, reason="flood")
        return
    with pytest.raises(QualityError, match="signature of"):
        transition(one, action, now_ms=NOW, signed_by=signed, standing=GOOD, reason="flood")


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: transition(_proposed(), Action.RECOGNISE, now_ms=NOW, signed_by=[7, 9]),
         "not possible while a point is proposed"),
        (lambda: transition(_trial(), Action.RECOGNISE, now_ms=NOW, signed_by=[7, 9]),
         "needs the standing"),
        (lambda: transition(_recognised(), Action.SUSPEND, now_ms=NOW, signed_by=[7]),
         "needs a reason"),
        (lambda: transition(_recognised(), Action.SUSPEND, now_ms=0, signed_by=[7], reason="x"),
         "before the one before"),
        (lambda: transition(_recognised(), Action.SUSPEND, now_ms=NOW, signed_by=[7],
                            reason="x" * 501), "at most 500"),
        (lambda: propose("x", supplier=7, customer=7, characteristic="", terms=Terms(), now_ms=1,
                         signed_by=[7]), "between two parties"),
        (lambda: decimal_text(float("nan")), "cannot be written"),
    ],
)  # fmt: skip
def test_what_is_not_possible_is_refused(call: object, said: str) -> None:
    with pytest.raises(QualityError, match=said):
        call()  # type: ignore[operator]


def test_figures_of_evidence_are_plain_decimals() -> None:
    texts = [decimal_text(value) for value in (1.33, 0.1 + 0.2, 100.0, 1e-9, -2.50004, 1e6)]
    assert texts == ["1.33", "0.3", "100", "0", "-2.5", "1000000"]
    assert Terms.from_record(Terms(cpk_min=Decimal("1.67")).record()).cpk_min == Decimal("1.67")


class Life(RuleBasedStateMachine):
    """Whatever is tried, recognition never stands without both signatures and kept terms."""

    def __init__(self) -> None:
        super().__init__()
        self.one = _proposed()
        self.now = NOW
        self.agreed = False

    def _take(self, step: Step) -> None:
        assert step.after.sequence == self.one.sequence + 1
        canonical_record(step.record)
        self.one = step.after

    @rule(
        action=st.sampled_from(list(Action)),
        signed=st.sets(st.sampled_from([7, 9, 3])),
        cpk=st.sampled_from(["1.2", "1.4"]),
        later=st.integers(0, 10**9),
    )
    def act(self, action: Action, signed: set[int], cpk: str, later: int) -> None:
        self.now += later
        standing = dataclasses.replace(GOOD, cpk=Decimal(cpk), measured_at_ms=self.now,
                                       calibrated_at_ms=self.now)  # fmt: skip
        try:
            step = transition(
                self.one,
                action,
                now_ms=self.now,
                signed_by=signed,
                standing=standing,
                reason="said so",
            )
        except QualityError:
            return
        if step.after.state is State.RECOGNISED:
            assert {7, 9} <= signed
            assert cpk == "1.4"
        self._take(step)

    @precondition(lambda self: self.one.state is State.RECOGNISED)
    @rule(cpk=st.sampled_from(["1.2", "1.4"]))
    def watch(self, cpk: str) -> None:
        standing = dataclasses.replace(GOOD, cpk=Decimal(cpk), measured_at_ms=self.now,
                                       calibrated_at_ms=self.now)  # fmt: skip
        step = supervise(self.one, standing, self.now)
        assert (step is not None) is (cpk == "1.2")
        if step is not None:
            self._take(step)

    @invariant()
    def stands_somewhere(self) -> None:
        assert self.one.state in State


TestLife = Life.TestCase
TestLife.settings = settings(max_examples=40, stateful_step_count=20, deadline=None)


def test_a_simulated_network_finds_its_faults() -> None:
    """600 points of 12 suppliers over 40 weeks; the same seed gives the same report."""
    report = simulate_recognition(points=600, suppliers=12, seed=5)
    again = simulate_recognition(points=600, suppliers=12, seed=5)
    assert dataclasses.replace(report, seconds=0) == dataclasses.replace(again, seconds=0)
    assert all(sum(week.values()) == 600 for week in report.weeks)
    assert len(report.suppliers) == 12
    assert report.weeks[0] == {"trial": 600}
    assert report.recognised_ever > 0.95 * 600
    assert sum(report.detected.values()) > 0.7 * sum(report.faulty.values())
    assert report.suspensions_without_fault < 0.15 * 600
    for example in report.examples:
        canonical_record(example)
        assert example["breaches"]


def test_a_simulation_out_of_bounds_is_refused() -> None:
    with pytest.raises(QualityError, match="at most as many suppliers"):
        simulate_recognition(points=5, suppliers=6)
