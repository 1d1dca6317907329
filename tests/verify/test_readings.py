"""Proofs about readings: what is claimed is reckoned again; no lie about it passes.

A liar here can compute every digest anew, but holds no other records than those of the log whose
head is pinned.
"""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np
import pytest
from xinlian.ingest.model.telemetry_proof import Claim, ClaimKind
from xinlian.ledger.adapters import xinlian_verify

from tests.support import rfc9162_plain as plain
from tests.support.telemetry import GROUP, METER, PARTY, SECOND, START, Plant
from tests.support.xlproof import bundle, part, pinned, pinned_file, sealed, written
from tests.verify.changes import edited, get, odd_values, places
from tests.verify.corpus import Case
from tests.verify.test_javascript import judged

Json = Any
CLAIMS = (
    Claim(ClaimKind.DELTA, "m1", "energy"),
    Claim(ClaimKind.MEAN, "m1", "torque"),
    Claim(ClaimKind.INTEGRAL, "m1", "power", 3 * SECOND),
    Claim(ClaimKind.MAX, "m2", "oven"),
)


@cache
def plant() -> Plant:
    return Plant().run(40)


@cache
def honest() -> bytes:
    return plant().proof(5, 33, *CLAIMS)


@cache
def small() -> bytes:
    """One window, one device, one claim."""
    return plant().proof(21, 24, Claim(ClaimKind.SUM, "m2", "power"))


def heads() -> tuple[bytes, ...]:
    return (pinned_file(pinned(plant().evidence)),)


def report_of(data: bytes) -> Json:
    return xinlian_verify.verify(data, heads())


def test_an_honest_proof_passes_and_says_what_was_measured() -> None:
    report = report_of(honest())
    assert report["exit"] == 0
    assert [one["en"] for one in report["steps"][15]["reasons"]] == [
        # Seconds 5 to 32: the counter rises by 3 hundredths a second.
        "m1/energy: delta is 0.81 kW.h, from 28 readings",
        f"m1/torque: mean is {_mean()} N.m, from 28 readings",
        f"m1/power: integral is {_integral()} kW.h, from 24 readings",
        "m2/oven: max is 195 Cel, from 6 readings",
    ]
    assert judged([Case("readings", honest(), 0, heads=heads())]) == [report]


def _mean() -> str:
    values = [Fraction(400 + s % 30) / 10 - 5 for s in range(5, 33)]
    return f"{float(sum(values) / len(values)):.12f}"


def _integral() -> str:
    """Reckoned step by step: a bad reading is bridged by the one before, the end by a second."""
    good = [s for s in range(5, 33) if s % 7 != 3]
    total = Fraction(0)
    for at, s in enumerate(good):
        until = Fraction(good[at + 1]) if at + 1 < len(good) else Fraction(33) - Fraction(1, 1000)
        total += (Fraction(21, 2) + Fraction(s % 5, 8)) * min(until - s, Fraction(3))
    return f"{float(total / 3600):.12f}"


def test_every_claim_on_every_type_is_the_same_in_both_languages() -> None:
    kinds = [
        Claim(kind, device, tag, SECOND if kind is ClaimKind.INTEGRAL else None)
        for kind in ClaimKind
        for device, tag in (("m1", "energy"), ("m1", "power"), ("m2", "torque"), ("m2", "oven"))
        if not (kind is ClaimKind.DELTA and tag != "energy")
    ]
    data = plant().proof(2, 29, *kinds)
    report = report_of(data)
    assert report["exit"] == 0, report["steps"][15]
    assert judged([Case("all", data, 0, heads=heads())]) == [report]


# --- lies ---


def _told() -> Json:
    return json.loads(honest())


def _claim(number: int, **changed: Json) -> Callable[[Json], None]:
    return lambda told: told["claims"][number].update(changed)


def _segment(told: Json, window: int = 1, segment: int = 1) -> Json:
    return told["windows"][window]["segments"][segment]


def _leaf(told: Json, kind: int, nth: int = 0) -> Json:
    found = [one for one in _segment(told)["leaves"] if one["body"][:2] == f"{kind:02}"]
    return found[nth]


def _rows_swapped(told: Json) -> None:
    body = bytes.fromhex(_leaf(told, 2, 2)["body"])
    _leaf(told, 2, 2)["body"] = (body[:8] + body[12:16] + body[8:12]).hex()


def _scale(told: Json) -> None:
    told["tables"][0] = told["tables"][0].replace('"scale":"0.01"', '"scale":"0.02"')
    told["claims"][0]["value"] = "1.62"


def _scale_in_the_header_too(told: Json) -> None:
    """The table under its new digest, which no committed header names."""
    _scale(told)
    digest = plain.sha256(told["tables"][0].encode()).hex()
    for window in told["windows"]:
        for segment in window["segments"]:
            for leaf in segment["leaves"]:
                body = bytes.fromhex(leaf["body"])
                leaf["body"] = body.replace(METER.digest.encode(), digest.encode()).hex()


def _other_device(told: Json) -> None:
    """The columns of m2 under the name of m1."""
    other = json.loads(plant().proof(5, 33, Claim(ClaimKind.SUM, "m2", "energy")))
    for window, theirs in zip(told["windows"], other["windows"], strict=True):
        window["segments"], window["inclusion"] = theirs["segments"], theirs["inclusion"]
    told["claims"] = told["claims"][:1]


def _column_of_other_device(told: Json) -> None:
    """A column of m2 at the place of m1's: the index is right, salt and body are another's."""
    other = json.loads(plant().proof(5, 33, Claim(ClaimKind.SUM, "m2", "energy")))
    theirs = [one for one in _segment(other)["leaves"] if one["body"][:2] == "02"]
    _leaf(told, 2, 2).update(salt=theirs[2]["salt"], body=theirs[2]["body"])


def _index_of_other_device(told: Json) -> None:
    _leaf(told, 2, 2)["index"] += 6


def _salt_of_other_segment(told: Json) -> None:
    _leaf(told, 2, 2)["salt"] = _segment(told, 1, 2)["leaves"][2]["salt"]


def _hidden_window(told: Json) -> None:
    del told["windows"][1]


def _hidden_record(told: Json) -> None:
    """A window and its record left out, the tree's proof made right again."""
    part_ = told["proof"]["parts"][0]
    gone = told["windows"].pop(1)["record"]
    part_["records"] = [one for one in part_["records"] if one["index"] != gone]
    kept = [one["index"] for one in part_["records"]]
    part_["inclusion"] = [node.hex() for node in plain.many(kept, plant().evidence.leaves)]
    told["proof"] = sealed(told["proof"])


def _hidden_day(told: Json) -> None:
    part_ = told["proof"]["parts"][0]
    part_["subjects"] = part_["subjects"][:1]
    told["proof"] = sealed(told["proof"])


def _hidden_segment(told: Json) -> None:
    """A segment left out, the window's tree made right again."""
    closed = plant().closed[1]
    window = told["windows"][1]
    del window["segments"][1]
    data = [each.data for each in closed.summaries]
    kept = [one["index"] for one in window["segments"]]
    window["inclusion"] = [node.hex() for node in plain.many(kept, data)]
    for claim in told["claims"]:
        claim["rows"] -= 2


def _hidden_block(told: Json) -> None:
    """The header and columns of m1 left out of a segment, its tree made right again."""
    segment, summary = _segment(told), plant().closed[1].summaries[1]
    tree = plant().log.segment(plant().closed[1].positions[1]).tree
    segment["leaves"] = [one for one in segment["leaves"] if one["index"] >= 6]
    places_ = [one["index"] for one in segment["leaves"]]
    segment["inclusion"] = [node.hex() for node in tree.proof(places_)]
    assert summary.leaves == tree.size


def _hidden_column(told: Json) -> None:
    segment = _segment(told)
    tree = plant().log.segment(plant().closed[1].positions[1]).tree
    segment["leaves"] = [one for one in segment["leaves"] if one["index"] != 3]
    segment["inclusion"] = [
        node.hex() for node in tree.proof([one["index"] for one in segment["leaves"]])
    ]


def _counts(told: Json) -> None:
    told["windows"][0]["devices"][0]["counts"]["missed"] = 1


def _absent(told: Json) -> None:
    """m2 said not to be there, by leaving it out."""
    for window, stored in zip(told["windows"], plant().windows, strict=True):
        names = sorted(stored.devices)
        del window["devices"][1]
        entries = [b"" for _ in names]
        assert len(entries) == 2
    told["claims"] = told["claims"][3:]


LIES: tuple[tuple[str, int, Callable[[Json], None]], ...] = (
    ("a larger aggregate", 16, _claim(0, value="0.82")),
    ("an aggregate in its last place", 16, _claim(2, value=f"{_integral()[:-1]}9")),
    ("another unit", 16, _claim(0, unit="MW.h")),
    ("more readings", 16, _claim(1, rows=29)),
    ("another kind", 16, _claim(1, kind="max")),
    ("a shorter hold", 16, _claim(2, hold_us=SECOND)),
    ("less time covered", 16, _claim(2, covered_us=1)),
    ("a hold where none belongs", 16, _claim(1, hold_us=1)),
    ("a longer span", 16, lambda told: told["span"].update(end_us=START + 34 * SECOND)),
    ("a span of another day", 12, lambda told: told["span"].update(end_us=START + 90_000 * SECOND)),
    ("another group", 12, lambda told: told["span"].update(group="paint")),
    ("another log", 12, lambda told: told["span"].update(log="00" * 32)),
    ("an empty span", 11, lambda told: told["span"].update(end_us=START)),
    ("rows in another order", 13, _rows_swapped),
    ("another scale", 14, _scale),
    ("another scale under its own digest", 13, _scale_in_the_header_too),
    ("a table left out", 14, lambda told: told.update(tables=[])),
    ("the columns of another device", 14, _other_device),
    ("a column of another device", 13, _column_of_other_device),
    ("a column at another place", 13, _index_of_other_device),
    ("the salt of another segment", 13, _salt_of_other_segment),
    ("a window left out", 12, _hidden_window),
    ("a window and its record left out", 6, _hidden_record),
    ("a day left out", 12, _hidden_day),
    ("a segment left out", 16, _hidden_segment),
    ("a block left out", 16, _hidden_block),
    ("a column left out", 14, _hidden_column),
    ("other counts", 15, _counts),
    ("a device left out", 15, _absent),
    ("windows in another order", 12, lambda told: told["windows"].reverse()),
    ("segments in another order", 13, lambda told: told["windows"][0]["segments"].reverse()),
    ("no windows", 12, lambda told: told.update(windows=[])),
)


def lie(change: Callable[[Json], None]) -> bytes:
    told = _told()
    change(told)
    return written(sealed(told))


def _found_first(report: Json) -> int:
    return int(next(step["step"] for step in report["steps"] if step["status"] == "FAIL"))


def test_no_lie_passes_in_either_language() -> None:
    cases = [Case(name, lie(change), 1, step, heads()) for name, step, change in LIES]
    for case, other in zip(cases, judged(cases), strict=True):
        report = report_of(case.data)
        assert report["exit"] == 1, case.name
        told = (
            case.failed,
            [one["en"] for one in report["steps"][(case.failed or 1) - 1]["reasons"]],
        )
        if "columns of another device" not in case.name:
            assert _found_first(report) in (case.failed, 6), (case.name, told, _found_first(report))
        assert other == report, case.name


def test_a_claim_without_its_first_reading_fails() -> None:
    """Of a difference, windows in the middle may be shown in part, those at its ends may not."""
    long_ = Plant().run(120)
    data = long_.proof(0, 120, Claim(ClaimKind.DELTA, "m1", "energy"))
    pins = (pinned_file(pinned(long_.evidence)),)
    assert xinlian_verify.verify(data, pins)["exit"] == 0
    told = json.loads(data)
    first = told["windows"][0]
    first["segments"], first["inclusion"] = [], [long_.closed[0].root.hex()]
    lied = written(sealed(told | {"claims": [told["claims"][0] | {"rows": 10, "value": "0.27"}]}))
    report = xinlian_verify.verify(lied, pins)
    assert report["steps"][15]["status"] == "FAIL"
    assert "readings are left out" in str(report["steps"][15])


def test_a_counter_that_goes_back_proves_nothing() -> None:
    told = _told()
    told["claims"] = [told["claims"][1] | {"kind": "delta"}]
    data = written(sealed(told))
    report = report_of(data)
    assert "the counter goes backwards" in str(report["steps"][15])
    assert judged([Case("back", data, 1, heads=heads())]) == [report]


def test_time_without_any_record_is_told() -> None:
    gapped = Plant().run(20).run(20, since=40)
    data = gapped.proof(0, 60, Claim(ClaimKind.DELTA, "m1", "energy"))
    report = xinlian_verify.verify(data, [pinned_file(pinned(gapped.evidence))])
    assert report["exit"] == 0
    assert "no record covers 0:00:20 (h:min:s) of the span, first from 2026-09-01T00:00:20Z" in [
        one["en"] for one in report["steps"][11]["reasons"]
    ]


# --- bytes and members ---


def test_flipped_bytes_never_pass() -> None:
    data, chance = small(), random.Random(7)
    assert report_of(data)["exit"] == 0
    for place in [*range(200), *chance.sample(range(len(data)), 300)]:
        flipped = bytearray(data)
        flipped[place] ^= chance.choice((0x01, 0x20, 0x80, 0xFF))
        assert report_of(bytes(flipped))["exit"] == 1, place


def test_flipped_digits_under_a_digest_that_fits_never_pass() -> None:
    """Every hex digit and number of what is about readings may be changed, one at a time."""
    data, chance = small(), random.Random(11)
    made = json.loads(data)
    tried = 0
    all_of = [at for at in places(made) if at and at[0] in ("span", "windows", "claims", "tables")]
    for at in chance.sample(all_of, min(len(all_of), 90)):
        for new in odd_values(get(made, at)):
            changed = edited(made, at, new)
            if changed == made:
                continue
            report = report_of(written(changed))
            assert report["exit"] != 0 or _says_less(made, changed), (at, new)
            tried += 1
    assert tried > 500


def _says_less(made: Json, changed: Json) -> bool:
    """A claim left out or told twice is no lie, nor is it true of another span with the same
    readings."""
    known = all(claim in made["claims"] for claim in changed["claims"])
    alike = {"claims": made["claims"], "span": made["span"]}
    return known and sealed(copy.deepcopy(changed) | alike) == made


def test_both_languages_say_the_same_of_changed_members() -> None:
    chance = random.Random(3)
    made = json.loads(small())
    all_of = [at for at in places(made) if at and at[0] in ("span", "windows", "claims", "tables")]
    changed = [
        Case(f"{at}: {new}", written(edited(made, at, new)), 1, heads=heads())
        for at in chance.sample(all_of, min(len(all_of), 25))
        for new in odd_values(get(made, at))
    ]
    for case, other in zip(changed, judged(changed), strict=True):
        said = report_of(case.data)
        if any("cannot be judged" in str(step) for step in said["steps"]):
            assert other["exit"] == said["exit"] == 1, case.name
        elif said["steps"][10]["status"] == "FAIL":
            assert other["steps"][10]["status"] == "FAIL", case.name
        else:
            assert other == said, case.name


@pytest.mark.parametrize("value", [0.1, 1e300, -5e-324, 2**-52, 123456.789, -0.0, 3.0])
def test_floats_are_taken_as_the_fractions_that_they_are(value: float) -> None:
    """Checked against Python's own exact conversion, in JavaScript too."""
    one = Plant()
    one.float_value = np.float32(value) if abs(value) < 1e38 else np.float32(1e38)
    one.run(10)
    data = one.proof(0, 10, Claim(ClaimKind.SUM, "m1", "power"))
    pins = (pinned_file(pinned(one.evidence)),)
    report = xinlian_verify.verify(data, pins)
    assert report["exit"] == 0
    assert judged([Case("float", data, 0, heads=pins)]) == [report]
    wanted = 9 * Fraction(float(one.float_value))
    told = Fraction(json.loads(data)["claims"][0]["value"])
    assert abs(told - wanted) <= Fraction(1, 2 * 10**12)


def test_a_file_about_readings_inside_another_is_none() -> None:
    assert (PARTY, GROUP) == (7, "press-line")
    inner = json.loads(small())
    assert report_of(written(sealed(inner | {"proof": inner})))["exit"] == 1
    other = bundle(part(plant().evidence, [0]))
    assert report_of(written(sealed(inner | {"proof": other})))["exit"] == 1
