"""Rings and back-off."""

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from xinlian.ingest.model.schedule import Backoff, Ring, phase


def _ring(names: list[str], period_s: float = 1.0) -> Ring[str]:
    ring: Ring[str] = Ring(period_s, 100.0)
    ring.rearrange([(phase(name), name) for name in names], 100.0)
    return ring


@given(st.lists(st.floats(0.001, 5.0), min_size=1, max_size=60), st.integers(1, 9))
def test_every_cycle_is_due_once_or_told_as_skipped(steps: list[float], count: int) -> None:
    names = [f"d{number}" for number in range(count)]
    ring, polled, skipped = _ring(names), Counter[str](), Counter[str]()
    now = 100.0
    for step in steps:
        now += step
        for name, since in ring.due(now, lambda name, turns: skipped.update({name: turns})):
            assert now - 1.0 - 1e-6 <= since <= now
            polled[name] += 1
        assert ring.next > now
    for name in names:
        cycles = int(now - 100.0 - phase(name) + 1) if now - 100.0 >= phase(name) else 0
        assert abs(polled[name] + skipped[name] - cycles) <= (1 if cycles else 0)


def test_phases_are_spread() -> None:
    shares = sorted(phase(f"device-{number}") for number in range(1_000))
    assert max(b - a for a, b in pairwise(shares)) < 0.02


def test_a_rearranged_ring_neither_repeats_nor_skips_a_member() -> None:
    ring = _ring(["a", "b", "c"])
    polled = Counter[str]()
    now = 100.0
    for step in range(1_000):
        now = 100.0 + step * 0.01
        polled.update(name for name, _ in ring.due(now, lambda *_: pytest.fail("skipped")))
        if step % 7 == 0:
            ring.rearrange([(phase(name), name) for name in ("a", "b", "c", "d")], now)
    assert set(polled) == {"a", "b", "c", "d"}
    assert max(polled.values()) - min(polled.values()) <= 1


def test_an_empty_ring_is_never_due() -> None:
    ring = _ring([])
    assert ring.next == float("inf")
    assert list(ring.due(1e9, lambda *_: None)) == []


def test_back_off_doubles_up_to_its_bound() -> None:
    backoff = Backoff(1.0, 60.0, 0.5)
    waits = [backoff.failed() for _ in range(2_000)]
    assert waits[:7] == [1, 2, 4, 8, 16, 32, 60]
    assert waits[-1] == 60
    backoff.succeeded()
    assert backoff.failed() == 1
