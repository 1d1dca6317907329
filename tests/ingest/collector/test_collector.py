"""The scheduler's promises, in virtual time: pace, failures, back-off, backpressure, reload."""

import asyncio
from typing import Any

import pytest
from xinlian.ingest.model.quality import Quality
from xinlian.ingest.model.tags import TagError
from xinlian.ingest.usecases.collector import Collector
from xinlian.ingest.usecases.ports import DriverError

from tests.ingest.collector.played import Kept, Played, collector, device, plant, play, running


def nothing() -> None:
    """Only wait."""


def collect(driver: Played, out: Kept, devices: Any, *steps: Any) -> Collector:
    made: list[Collector] = []

    async def main() -> None:
        made.append(collector(driver, out, plant(*devices)))
        await running(made[0], *steps)

    play(main)
    return made[0]


def test_rate_groups_keep_their_pace_and_nothing_is_lost() -> None:
    driver, out = Played(), Kept()
    made = collect(driver, out, [device("fast", 10, 1_000), device("slow", 5_000)], (60, nothing))
    fast = [each for each in out.frames if each.device == "fast" and each.group == 0]
    assert sum(len(each) for each in fast) == pytest.approx(6_000, abs=3)
    assert sum(each.counts.missed for each in fast) == 0
    assert out.counts("slow").received == pytest.approx(12, abs=1)
    figures = made.device("fast")
    assert figures["jitter_p99_ms"] <= 3
    assert figures["latency_p50_ms"] == pytest.approx(1, abs=0.1)
    assert figures["loss"] == 0
    assert figures["availability"] > 0.99


def test_a_thousand_devices_start_spread_over_the_period() -> None:
    driver, out = Played(), Kept()
    starts: list[float] = []

    async def main() -> None:
        each = collector(driver, out, plant(*(device(f"d{n}") for n in range(1_000))))
        loop = asyncio.get_running_loop()
        began = loop.time()

        def look() -> None:
            starts.append(sum(driver.polls.values()) / 1_000 - (loop.time() - began))

        await running(each, *[(0.1, look)] * 30)

    play(main)
    assert max(starts) < 0.1
    assert min(starts) > -0.15
    assert sum(driver.polls.values()) == pytest.approx(3_000, rel=0.03)


def test_a_slow_device_misses_cycles_but_is_never_polled_twice_at_once() -> None:
    driver, out = Played(), Kept()
    driver.answers["d"] = 0.35
    collect(driver, out, [device("d", 100)], (60, nothing))
    counts = out.counts("d")
    assert counts.expected == pytest.approx(600, abs=5)
    assert counts.received == pytest.approx(150, abs=3)
    assert counts.missed == counts.expected - counts.received


def test_a_loop_that_stood_still_counts_missed_cycles_and_makes_no_burst() -> None:
    driver, out = Played(), Kept()
    before: list[int] = []

    async def main() -> None:
        each = collector(driver, out, plant(device("d", 100)))
        loop: Any = asyncio.get_running_loop()

        def stand_still() -> None:
            before.append(driver.polls["d"])
            loop.jumping.now += 10.0

        await running(each, (5, stand_still), (0.05, lambda: before.append(driver.polls["d"])))

    play(main)
    assert before[1] - before[0] <= 2
    assert out.counts("d").missed == pytest.approx(100, abs=2)


def test_a_device_that_is_away_is_tried_with_back_off_and_told() -> None:
    driver, out = Played(), Kept()
    driver.opening["d"] = DriverError("refused")
    made = collect(
        driver, out, [device("d")], (600, nothing), (0, driver.opening.clear),
        (130, nothing),
    )  # fmt: skip
    assert 10 <= driver.opened["d"] <= 25
    counts = out.counts("d")
    assert counts.missed == pytest.approx(630, abs=50)
    assert counts.received > 60
    told = [q for each in out.frames if each.quality is not None for q in each.quality[0] if q]
    assert set(told) == {Quality.NO_CONNECTION}
    assert 50 <= len(told) <= 80
    figures = made.device("d")
    assert figures["state"] == "stopped"
    assert figures["connected"] == 1
    assert figures["connection_rate"] == pytest.approx(1 / driver.opened["d"], abs=1e-5)


def test_a_silent_device_is_demoted_and_comes_back() -> None:
    driver, out = Played(), Kept()
    driver.answers["d"] = Quality.TIMEOUT
    polls: list[int] = []

    def note() -> None:
        polls.append(driver.polls["d"])

    def speak() -> None:
        driver.answers["d"] = 0.001

    collect(
        driver, out, [device("d"), device("well")],
        (30, note), (300, note), (0, speak), (90, note), (30, note),
    )  # fmt: skip
    assert polls[0] <= 12
    assert polls[1] - polls[0] <= 12
    assert polls[3] - polls[2] == pytest.approx(30, abs=1)
    assert driver.opened["d"] == 1
    assert out.counts("well").missed == 0


def test_a_lost_link_is_opened_again() -> None:
    driver, out = Played(), Kept()

    def cut() -> None:
        driver.sessions["d"].sinks[0].failed(Quality.NO_CONNECTION)

    collect(driver, out, [device("d")], (10, cut), (10, cut), (10, nothing))
    assert driver.opened["d"] == 3
    assert driver.closed["d"] == 3
    assert out.counts("d").missed <= 6
    assert out.counts("d").received >= 25


def test_a_poll_without_any_outcome_ends_the_session() -> None:
    driver, out = Played(), Kept()
    driver.answers["d"] = None
    collect(driver, out, [device("d")], (60, nothing))
    assert driver.opened["d"] >= 4
    assert out.counts("d").received == 0
    assert out.counts("d").missed > 50


def test_what_speaks_unasked_misses_nothing_while_it_stands() -> None:
    driver, out = Played(), Kept()
    driver.unasked.add("d")
    told: list[int] = []

    def push() -> None:
        sink = driver.sessions["d"].sinks[0]
        assert sink.row([5], source_us=7, durable=lambda: told.append(1))

    collect(driver, out, [device("d")], (10, push), (20, push), (5, nothing))
    assert out.counts("d").expected == out.counts("d").received == 2
    assert told == [1, 1]


def test_a_full_path_slows_polls_down_and_loses_no_reading() -> None:
    driver, out = Played(), Kept()
    polls: list[int] = []

    def full(state: bool) -> None:
        out.full = state
        polls.append(driver.polls["d"])

    made = collect(
        driver, out, [device("d", 100)],
        (10, lambda: full(True)), (60, lambda: full(False)), (30, lambda: full(False)),
        (10, lambda: full(False)),
    )  # fmt: skip
    assert polls[1] - polls[0] < 100
    assert polls[3] - polls[2] >= 95
    values = out.values("d")
    assert values == list(range(1, len(values) + 1))
    assert len(values) == pytest.approx(driver.polls["d"], abs=1)
    counts = out.counts("d")
    assert counts.expected == pytest.approx(1_100, abs=5)
    assert made.status()["groups"]["g"]["slow"] == 1
    shed = [q for each in out.frames if each.quality is not None for q in each.quality[0]]
    assert Quality.SHED in shed


def test_a_reload_drops_only_what_changed() -> None:
    driver, out = Played(), Kept()
    told: list[dict[str, int]] = []

    async def main() -> None:
        each = collector(driver, out, plant(device("a"), device("b"), device("c")))

        async def change() -> None:
            new = plant(device("a"), device("b", timeout_ms=500), device("d"))
            told.append(await each.reload(new))

        async def refuse() -> None:
            with pytest.raises(TagError, match="'x'"):
                await each.reload(plant(device("x", endpoint={"bad": True})))

        await running(each, (10.5, change), (10, refuse), (10, nothing))

    play(main)
    assert told == [{"kept": 1, "dropped": 2, "added": 2}]
    assert driver.opened == {"a": 1, "b": 2, "c": 1, "d": 1}
    assert out.counts("a").missed == 0
    assert out.counts("a").received == pytest.approx(30, abs=1)
    assert out.counts("b").received == pytest.approx(30, abs=2)
    assert out.counts("c").received == pytest.approx(10, abs=1)
    assert out.counts("d").received == pytest.approx(20, abs=1)


def test_stopping_waits_for_answers_and_hands_on_what_came() -> None:
    driver, out = Played(), Kept()
    driver.answers["slow"] = 0.8
    collect(driver, out, [device("d", 10), device("slow")], (0.95, nothing))
    assert out.counts("slow").received == 1
    assert out.counts("slow").missed == 0
    assert out.counts("d").received == pytest.approx(94, abs=2)
    assert driver.closed["d"] == 1


def test_a_driver_that_raises_disturbs_nobody(caplog: pytest.LogCaptureFixture) -> None:
    class Broken(Played):
        pass

    driver, out = Broken(), Kept()
    driver.opening["d"] = ZeroDivisionError("odd")
    made = collect(driver, out, [device("d"), device("e")], (20, nothing))
    assert out.counts("e").missed == 0
    assert made.device("d")["fault"] == "odd"
    assert "opening failed oddly" in caplog.text


def test_ten_thousand_devices_may_be_known_of_which_most_are_away() -> None:
    driver, out = Played(), Kept()
    driver.opening = {f"d{n}": DriverError("away") for n in range(9_000)}
    devices = [device(f"d{n}", 2_000) for n in range(10_000)]
    made = collect(driver, out, devices, (2, nothing))
    assert sum(out.counts(f"d{n}").received for n in range(9_000, 10_000)) >= 900
    assert made.status()["devices"] == 10_000
