"""Readings that are missing behind a claim: stated, and told apart from a whole; or no proof."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from xinlian.ingest.model.frames import Frame
from xinlian.ingest.model.segments.block import Block
from xinlian.ingest.model.telemetry_gaps import Numbered, losses
from xinlian.ingest.model.telemetry_proof import LATE_US, Claim, ClaimError, ClaimKind
from xinlian.ingest.model.window_record import days_of
from xinlian.ingest.usecases import prove as proving
from xinlian.ingest.usecases.windows import Disclosure
from xinlian.ledger.adapters import xinlian_verify

from tests.support.telemetry import GROUP, PARTY, SECOND, START, Plant
from tests.support.xlproof import bundle, part, pinned, pinned_file, sealed, written
from tests.verify.corpus import Case
from tests.verify.test_javascript import judged

Json = Any
ENERGY = Claim(ClaimKind.DELTA, "m1", "energy")
MEAN = Claim(ClaimKind.MEAN, "m1", "torque")


def gapped() -> Plant:
    """Nothing was collected for twenty seconds; the numbers go on."""
    return Plant().run(20).run(20, since=40)


def losing() -> Plant:
    """Three segments of the second window are gone, with their numbers."""
    made = Plant()
    for at in range(0, 40, made.segment_s):
        if 12 <= at < 18:
            made.lost += 1
        else:
            made.segment(at)
    made.log.entries.append({"now_us": START + 100 * SECOND, "final": True})
    made.record()
    return made


def verdict(plant: Plant, data: bytes) -> Json:
    """The report, which JavaScript has to give as well."""
    heads = (pinned_file(pinned(plant.evidence)),)
    report = xinlian_verify.verify(data, heads)
    assert judged([Case("gaps", data, report["exit"], heads=heads)]) == [report]
    return report


def said(report: Json, step: int = 17) -> list[str]:
    return [f"{one['status']} {one['en']}" for one in report["steps"][step - 1]["reasons"]]


def changed(data: bytes, change: Callable[[Json], Any]) -> bytes:
    told = json.loads(data)
    change(told)
    return written(sealed(told))


def test_a_whole_says_that_nothing_is_missing() -> None:
    plant = Plant().run(40)
    data = plant.proof(5, 33, ENERGY, MEAN)
    assert "gaps" not in json.loads(data)
    report = verdict(plant, data)
    assert report["exit"] == 0
    assert said(report) == ["PASS heard throughout the span, and no segment's number is missing"]


def test_time_in_which_nothing_was_collected_is_stated_and_ends_otherwise() -> None:
    plant = gapped()
    data = plant.proof(0, 60, ENERGY)
    report = verdict(plant, data)
    assert report["exit"] == 3
    assert said(report) == [
        "GAP STATED m1/energy: nothing was heard from 2026-09-01T00:00:19Z to 2026-09-01T00:00:40Z",
        "GAP STATED gaps stated: 1; the claims are about what lies around them",
    ]
    for lang, word in (("en", "READINGS ARE MISSING"), ("zh", "缺少读数")):
        assert word in list(xinlian_verify.lines_of(report, lang))[-1]


@pytest.mark.parametrize(
    "change",
    [
        lambda told: told.pop("gaps"),
        lambda told: told["gaps"]["silent"].clear(),
        lambda told: told["gaps"]["silent"][0].update(end_us=START + 21 * SECOND),
        lambda told: told["gaps"]["silent"].append(told["gaps"]["silent"][0]),
        lambda told: told["gaps"]["silent"][0].update(device="m2"),
        lambda told: told["span"].update(start_us=START - 30 * SECOND),
        lambda told: told["span"].update(end_us=START + 90 * SECOND),
    ],
)
def test_a_gap_that_is_not_stated_as_it_is_fails(change: Callable[[Json], Any]) -> None:
    plant = gapped()
    report = verdict(plant, changed(plant.proof(0, 60, ENERGY), change))
    assert report["exit"] == 1
    assert report["steps"][16]["status"] == "FAIL"


@pytest.mark.parametrize(
    "gaps",
    [
        {},
        {"silent": [{"device": "m1", "tag": "energy", "start_us": START, "end_us": START + 1}]},
        {"lost": [{"collector": "collector", "first": 3, "last": 4, "segments": 2}]},
        {"unseen": [{"device": "m1", "windows": 1, "start_us": START, "end_us": START + 1}]},
    ],
)
def test_what_is_shown_cannot_be_stated_as_missing(gaps: Json) -> None:
    plant = Plant().run(40)
    stated = {"silent": [], "lost": [], "unseen": []} | gaps
    data = changed(plant.proof(5, 33, ENERGY), lambda told: told.update(gaps=stated))
    report = verdict(plant, data)
    assert (report["exit"], report["steps"][16]["status"]) == (1, "FAIL")


def test_a_counter_that_nobody_looked_at_between_its_ends_is_no_whole() -> None:
    plant = Plant().run(120)
    data = plant.proof(0, 120, ENERGY, short=True)
    assert len(data) < len(plant.proof(0, 120, ENERGY))
    report = verdict(plant, data)
    assert report["exit"] == 3
    assert said(report)[0] == (
        "GAP STATED m1: windows shown without their readings: 10, "
        "2026-09-01T00:00:10Z to 2026-09-01T00:01:49Z"
    )
    assert verdict(plant, changed(data, lambda told: told.pop("gaps")))["exit"] == 1
    assert verdict(plant, plant.proof(0, 120, ENERGY))["exit"] == 0


def test_a_report_names_group_time_calibration_and_clock() -> None:
    """A true number of another time or line is told from the one that was asked for."""
    plant = Plant().run(40)
    report = verdict(plant, plant.proof(5, 33, ENERGY))
    assert said(report, 12) == [
        "PASS group press-line, 2026-09-01T00:00:05Z to 2026-09-01T00:00:33Z: "
        "windows with readings 4, all shown"
    ]
    assert said(report, 15)[1] == "PASS m1: calibration CAL-2026-7; clock synchronised"


@pytest.mark.parametrize("offset", ["-1.5", "-12.0", "9007199254740993"])
def test_numbers_that_one_language_would_round_pass_in_none(offset: str) -> None:
    class Odd(Plant):
        def block(self, of: Frame) -> Block:
            made = super().block(of)
            made._made["header"] = made.header.replace(b":-12", f":{offset}".encode())
            return made

    plant = Odd().run(10)
    data, heads = plant.proof(0, 10, ENERGY), (pinned_file(pinned(plant.evidence)),)
    reports = [xinlian_verify.verify(data, heads), *judged([Case("odd", data, 1, heads=heads)])]
    assert [report["exit"] for report in reports] == [1, 1]


@pytest.mark.parametrize("rows", ["2.0", "2e0", " 2", '2,"rows":2', "99999999999999999999"])
def test_headers_are_taken_in_canonical_form_alone(rows: str) -> None:
    """A collector that commits to other bytes fails in both languages."""

    class Odd(Plant):
        def block(self, of: Frame) -> Block:
            made = super().block(of)
            odd = made.header.replace(b'"rows":2,', f'"rows":{rows},'.encode())
            made._made["header"] = odd
            return made

    plant = Odd().run(10)
    data, heads = plant.proof(0, 10, ENERGY), (pinned_file(pinned(plant.evidence)),)
    reports = [xinlian_verify.verify(data, heads), *judged([Case("odd", data, 1, heads=heads)])]
    for report in reports:
        assert (report["exit"], report["steps"][13]["status"]) == (1, "FAIL")


def test_a_span_longer_than_the_readings_is_no_whole() -> None:
    """Neither before the collector began nor after it ended."""
    plant = Plant().run(20)
    report = verdict(plant, plant.proof(-30, 60, MEAN))
    assert report["exit"] == 3
    assert len(said(report)) == 3


def test_segments_that_are_gone_are_missed_by_their_numbers() -> None:
    plant = losing()
    data = plant.proof(0, 40, ENERGY)
    report = verdict(plant, data)
    assert report["exit"] == 3
    assert "GAP STATED collector: of the segments 5 to 9 no record holds 3" in said(report)
    assert verdict(plant, changed(data, lambda told: told.pop("gaps")))["exit"] == 1


def test_a_segment_lost_just_before_the_span_is_told_too() -> None:
    """It may have held readings of the span: nobody can say."""
    plant = losing()
    report = verdict(plant, plant.proof(21, 35, ENERGY))
    assert report["exit"] == 3
    whole = plant.proof(30, 38, ENERGY)
    assert verdict(plant, whole)["exit"] == 0, "far from the hole nothing is missing"


def test_what_deadband_held_back_is_no_gap() -> None:
    plant = Plant(quiet=range(10, 30)).run(40)
    data = plant.proof(0, 40, Claim(ClaimKind.MEAN, "m1", "torque"))
    assert verdict(plant, data)["exit"] == 0
    # But a collector that was away is one, though what was held back stands on both its sides.
    away = Plant(quiet=range(10, 60)).run(20).run(30, since=40)
    assert verdict(away, away.proof(0, 70, Claim(ClaimKind.MAX, "m1", "torque")))["exit"] == 3


def test_a_device_that_came_later_is_no_whole() -> None:
    plant = Plant(devices=("m1",))
    plant.run(20)
    plant.devices = ("m1", "m2")
    plant.run(20, since=20)
    assert verdict(plant, plant.proof(0, 40, Claim(ClaimKind.SUM, "m2", "torque")))["exit"] == 3
    assert verdict(plant, plant.proof(0, 40, Claim(ClaimKind.SUM, "m1", "torque")))["exit"] == 0


def doubled() -> Plant:
    """A segment stands in its window, and once more in an amendment."""
    plant = Plant().run(20)
    plant.log.entries.append(plant.log.entries[1])
    plant.log.entries.append({"now_us": START + 100 * SECOND, "final": True})
    plant.record()
    assert [len(each.summaries) for each in plant.closed] == [5, 5, 1]
    return plant


def test_a_segment_recorded_twice_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    plant = doubled()
    claim = Claim(ClaimKind.SUM, "m1", "torque")
    with pytest.raises(ClaimError, match="repeat"):
        plant.proof(0, 20, claim)
    monkeypatch.setattr(proving, "losses", lambda *_: [])
    report = verdict(plant, plant.proof(0, 20, claim))
    assert report["exit"] == 1
    assert "is shown twice" in str(report["steps"][12])
    # Not even where its window is outside the span does it pass.
    report = verdict(plant, plant.proof(11, 19, claim))
    assert (report["exit"], report["steps"][16]["status"]) == (1, "FAIL")


def two(since: int) -> tuple[Plant, Callable[[Claim], bytes]]:
    """Another collector of the same devices begins after so many seconds."""
    one = Plant().run(20)
    other = Plant(evidence=one.evidence, collector="spare").run(20, since=since)
    one.windows += other.windows

    def proof(claim: Claim) -> bytes:
        low, high = START, START + (since + 20) * SECOND
        asked = proving.Asked(GROUP, low, high, (claim,))
        inner = bundle(part(one.evidence, (), days_of(PARTY, GROUP, low - LATE_US, high)))
        logs = {"collector": one.log, "spare": other.log}
        return proving.prove(
            inner, one.evidence.id, asked, one.windows, lambda name: Disclosure(logs[name])
        ).data

    return one, proof


def test_a_device_that_two_collectors_read_at_once_counts_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    claim = Claim(ClaimKind.SUM, "m1", "torque")
    plant, proof = two(since=20)
    assert verdict(plant, proof(claim))["exit"] == 0, "one after the other is fine"
    plant, proof = two(since=10)
    with pytest.raises(ClaimError, match="collector and spare"):
        proof(claim)
    monkeypatch.setattr(proving, "one_at_a_time", lambda *_: None)
    report = verdict(plant, proof(claim))
    assert report["exit"] == 1
    assert said(report, 14) == ["FAIL m1/torque: two collectors tell of it at once"]


def _of(*runs: tuple[int, int, int]) -> list[Numbered]:
    return [Numbered("c", *run) for run in runs]


def test_numbers_are_followed_over_windows_that_interleave() -> None:
    whole = _of((0, 5, 6), (6, 12, 5), (9, 10, 2), (13, 20, 8))
    assert losses(whole, whole) == []
    holed = _of((0, 5, 6), (6, 12, 5), (9, 10, 1), (15, 20, 6))
    told = [(each.first, each.last, each.segments) for each in losses(holed, holed[:1])]
    assert told == [(6, 12, 1)], "of what is farther away nothing is said"
    assert len(losses(holed, holed)) == 2
    with pytest.raises(ClaimError):
        losses(_of((0, 5, 6), (5, 6, 2)), whole[:1])
