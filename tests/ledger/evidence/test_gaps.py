"""Percentiles of gaps are right to a fifth, however heads are added up."""

from hypothesis import given
from hypothesis import strategies as st
from xinlian.ledger.model.evidence.gaps import count_gaps, report

gaps = st.integers(0, 10**12) | st.integers(0, 50)


@given(st.lists(st.lists(gaps, min_size=1, max_size=20), min_size=1, max_size=5), gaps)
def test_against_sorting(heads: list[list[int]], alarm_ms: int) -> None:
    fixed = 2 * 10**12
    found = report([count_gaps([fixed - gap for gap in head], fixed) for head in heads], alarm_ms)
    every = sorted(gap for head in heads for gap in head)
    assert (found.count, found.future, found.max_ms) == (len(every), 0, every[-1])
    for percent, value in ((50, found.p50_ms), (95, found.p95_ms)):
        exact = every[-(-len(every) * percent // 100) - 1]
        assert exact <= value <= exact * 1.25 + 1
    late = sum(gap > alarm_ms for gap in every)
    sure = sum(gap > alarm_ms * 1.25 + 1 for gap in every)
    assert sure <= found.late <= late
    assert found.alarm == (late > 0)


def test_events_of_the_future_raise_the_alarm() -> None:
    found = report([count_gaps([1_001, 999], 1_000)], 10)
    assert (found.count, found.future, found.max_ms, found.alarm) == (2, 1, 1, True)
    assert report([], 10).alarm is False
