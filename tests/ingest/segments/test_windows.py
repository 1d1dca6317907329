"""Windows: each once, in order, late ones as amendments, whatever dies when."""

from __future__ import annotations

import json
import random

from xinlian.ingest.model.segments.block import Block, ClockState
from xinlian.ingest.model.segments.segment import Segment
from xinlian.ingest.model.segments.summary import window_root
from xinlian.ingest.model.segments.windows import IDLE_SEGMENTS, ClosedWindow, WindowState

from tests.ingest.segments.made import SECOND, T0, frame


def segment(sequence: int, second: float, group: str = "a", device: str = "m1") -> Segment:
    start = T0 + int(second * SECOND)
    clock = ClockState("synchronised", sequence)
    block = Block(frame(device, start, rows=2), "d/1", "", clock)
    return Segment(7, group, 10, sequence, start, start + 100_000, (block,), bytes(32))


def feed(state: WindowState, seconds: list[float]) -> list[ClosedWindow]:
    found = []
    for number, second in enumerate(seconds):
        found += state.feed(number, segment(number, second))
    return found


def starts(windows: list[ClosedWindow]) -> list[tuple[int, bool, tuple[int, ...]]]:
    return [((each.start_us - T0) // SECOND, each.amendment, each.positions) for each in windows]


def test_a_window_closes_when_its_grace_is_over() -> None:
    found = feed(WindowState(), [0, 9, 10, 14, 15, 24, 25.1])
    assert [each.positions for each in found] == [(0, 1), (2, 3, 4)]
    first = found[0]
    assert first.root == window_root(first.summaries)
    assert (first.counts.received, first.devices["m1"].received) == (4, 4)
    assert (first.clock_states, first.offset_us) == (("synchronised",), (0, 1))
    assert (first.drivers, first.calibrations, first.end_us) == (("d/1",), (), T0 + 10 * SECOND)


def test_late_segments_amend_their_windows() -> None:
    found = feed(WindowState(), [0, 16, 2, 17, 3, 26])
    assert starts(found) == [(0, False, (0,)), (10, False, (1, 3)), (0, True, (2, 4))]


def test_a_segment_within_the_grace_is_not_late() -> None:
    assert starts(feed(WindowState(), [0, 11, 9, 16]))[0] == (0, False, (0, 2))


def test_a_clock_that_jumps_ahead_and_back() -> None:
    """A year ahead for three segments: the present goes on as ordinary windows."""
    year = 31_536_000
    seconds = [0, 1, year, year + 1, *range(2, 2 + IDLE_SEGMENTS + 40)]
    found = feed(WindowState(), [float(each) for each in seconds])
    ahead = [each for each in found if each.start_us > T0 + year * SECOND - 20 * SECOND]
    assert [each.positions for each in ahead] == [(2, 3)]
    assert not any(each.amendment for each in ahead)
    ordinary = [each for each in starts(found) if each[0] < 1000 and not each[1]]
    assert [each[0] for each in ordinary] == list(range(0, 10 * len(ordinary), 10))
    taken = [at for each in found for at in each.positions]
    assert len(taken) == len(set(taken))


def test_marks_close_windows_of_groups_that_are_silent() -> None:
    state = WindowState()
    assert feed(state, [0, 1]) == []
    assert state.mark(2, T0 + 14 * SECOND) == []
    assert starts(state.mark(3, T0 + 15 * SECOND)) == [(0, False, (0, 1))]
    state.feed(4, segment(2, 16))
    assert starts(state.mark(5, T0, final=True)) == [(10, False, (4,))]


def test_the_same_windows_whenever_the_reader_dies() -> None:
    """The state is saved with what was made of the windows; entries are fed again at will."""
    chance = random.Random(3)
    seconds = [n * 0.7 + chance.choice([0, 0, 0, -30, -8, 4]) for n in range(300)]
    whole = starts(feed(WindowState(), seconds))
    saved = json.dumps(WindowState().to_json())
    made: list[tuple[int, bool, tuple[int, ...]]] = []
    while True:
        state = WindowState.from_json(json.loads(saved))
        if state.position >= len(seconds):
            break
        begin = max(0, state.position - chance.randrange(5))
        found = []
        for number in range(begin, min(len(seconds), state.position + chance.randrange(1, 20))):
            found += state.feed(number, segment(number, seconds[number]))
        if chance.random() < 0.7:  # else: killed before it was saved
            saved, made = json.dumps(state.to_json()), made + starts(found)
    assert made == whole
    taken = [at for each in made for at in each[2]]
    assert len(taken) == len(set(taken))
    amended = [each for each in whole if each[1]]
    assert amended


def test_groups_do_not_touch_each_other() -> None:
    state = WindowState()
    state.feed(0, segment(0, 0, "a"))
    assert state.feed(1, segment(0, 100, "b")) == []
    assert starts(state.feed(2, segment(1, 20, "a"))) == [(0, False, (0,))]
