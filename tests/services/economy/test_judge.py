"""Precision and recall are counted as they are told."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from xinlian.services.economy.judge import Found, Score, judge, merged
from xinlian.services.economy.model.fraud import Case, Kind

RING = Case(Kind.CIRCULAR, (1, 2, 3, 4), (10, 11, 12, 13), 5)
TWICE = Case(Kind.DOUBLE, (7,), (10,), 9, original=6)


def found(kind: Kind, *invoices: int, day: int = 0) -> Found:
    return Found(kind, frozenset(invoices), day)


def test_half_of_a_ring_meets_it_and_less_does_not() -> None:
    assert judge([RING], [found(Kind.CIRCULAR, 1, 2)])[Kind.CIRCULAR].met == 1
    missed = judge([RING], [found(Kind.CIRCULAR, 1, 99)])[Kind.CIRCULAR]
    assert (missed.met, missed.right, missed.alerts) == (0, 0, 1)
    assert (missed.recall, missed.precision) == (0.0, 0.0)


def test_an_alert_of_another_kind_meets_nothing() -> None:
    scores = judge([RING, TWICE], [found(Kind.RED_LETTER, 1, 2, 7)])
    assert scores[Kind.CIRCULAR].met == scores[Kind.DOUBLE].met == 0
    assert scores[Kind.RED_LETTER].precision == 0.0
    assert scores[Kind.RED_LETTER].recall is None


def test_goods_that_nobody_made_are_rightly_named_by_production_evidence() -> None:
    score = judge([RING], [found(Kind.INFLATED, 3), found(Kind.INFLATED, 50)])[Kind.INFLATED]
    assert (score.planted, score.right, score.alerts) == (0, 1, 2)


def test_two_alerts_about_one_case_are_both_right_and_meet_it_once() -> None:
    score = judge([TWICE], [found(Kind.DOUBLE, 6, 7), found(Kind.DOUBLE, 7)])[Kind.DOUBLE]
    assert (score.met, score.right, score.alerts, score.recall, score.precision) == (1, 2, 2, 1, 1)


def test_an_alert_counts_as_early_only_before_the_first_money() -> None:
    alerts = [found(Kind.CIRCULAR, 1, 2, day=4)]
    assert judge([RING], alerts, {3: 4})[Kind.CIRCULAR].before_money == 1
    assert judge([RING], alerts, {3: 3})[Kind.CIRCULAR].before_money == 0


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(list(Kind)), st.frozensets(st.integers(0, 9))), max_size=12)
)
def test_scores_stay_within_their_bounds_and_add_up(
    rows: list[tuple[Kind, frozenset[int]]],
) -> None:
    alerts = [Found(kind, ids, 0) for kind, ids in rows]
    scores = judge([RING, TWICE], alerts)
    assert sum(score.alerts for score in scores.values()) == len(alerts)
    for score in scores.values():
        assert 0 <= score.met <= score.planted
        assert 0 <= score.right <= score.alerts
    doubled = merged([scores, scores])
    assert doubled[Kind.CIRCULAR].alerts == 2 * scores[Kind.CIRCULAR].alerts
    assert merged([])[Kind.DOUBLE] == Score()
