"""Proofs about readings: what is claimed is reckoned again; no lie about it passes."""

from __future__ import annotations

import copy
import json
import random
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from xinlian.ingest.model.telemetry_proof import Claim, ClaimKind
from xinlian.ledger.adapters import xinlian_verify

from tests.support import rfc9162_plain as plain
from tests.support.telemetry import GROUP, PARTY, SECOND, Plant
from tests.support.xlproof import bundle, part, pinned, pinned_file, sealed, written
from tests.verify.changes import edited, get, odd_values, places
from tests.verify.corpus import Case
from tests.verify.make_reading_vectors import FILE
from tests.verify.make_reading_vectors import written as vectors_written
from tests.verify.reading_lies import LIES, heads, honest, integral, lie, plant, small
from tests.verify.test_javascript import judged

Json = Any


def report_of(data: bytes) -> Json:
    return xinlian_verify.verify(data, heads())


def test_an_honest_proof_passes_and_says_what_was_measured() -> None:
    report = report_of(honest())
    assert report["exit"] == 0
    assert [one["en"] for one in report["steps"][15]["reasons"]] == [
        # Seconds 5 to 32: the counter rises by 3 hundredths a second.
        "m1/energy: delta is 0.81 kW.h, from 28 readings",
        f"m1/torque: mean is {_mean()} N.m, from 28 readings",
        f"m1/power: integral is {integral()} kW.h, from 24 readings",
        "m2/oven: max is 195 Cel, from 6 readings",
    ]
    assert judged([Case("readings", honest(), 0, heads=heads())]) == [report]


def _mean() -> str:
    values = [Fraction(400 + s % 30) / 10 - 5 for s in range(5, 33)]
    return f"{float(sum(values) / len(values)):.12f}"


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
    data = long_.proof(0, 120, Claim(ClaimKind.DELTA, "m1", "energy"), short=True)
    pins = (pinned_file(pinned(long_.evidence)),)
    assert xinlian_verify.verify(data, pins)["exit"] == 3
    told = json.loads(data)
    first = told["windows"][0]
    first["segments"], first["inclusion"] = [], [long_.closed[0].root.hex()]
    lied = written(sealed(told | {"claims": [told["claims"][0] | {"rows": 10, "value": "0.27"}]}))
    report = xinlian_verify.verify(lied, pins)
    assert report["steps"][15]["status"] == "FAIL"
    assert "readings are left out" in str(report["steps"][15])


def test_a_counter_that_goes_back_proves_nothing() -> None:
    told = json.loads(honest())
    told["claims"] = [told["claims"][1] | {"kind": "delta"}]
    data = written(sealed(told))
    report = report_of(data)
    assert "the counter goes backwards" in str(report["steps"][15])
    assert judged([Case("back", data, 1, heads=heads())]) == [report]


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


def test_the_published_vectors_are_those_of_the_code_and_pass() -> None:
    text = FILE.read_text(encoding="utf-8")
    assert text == vectors_written()
    told = json.loads(text)
    pin = json.dumps(told["pinned"]).encode()
    assert xinlian_verify.verify(told["file"].encode(), [pin])["exit"] == 0
    # Their roots by the second implementation, from every leaf of the log itself.
    closed = plant().closed[2]
    assert told["window_root"] == plain.root([each.data for each in closed.summaries]).hex()
    for segment in told["segments"]:
        bodies = [bytes.fromhex(one["salt"] + one["body"]) for one in segment["leaves"]]
        hashes = [plain.sha256(b"\0" + body).hex() for body in bodies]
        assert hashes == [one["leaf_hash"] for one in segment["leaves"]]
