"""Small changes to an honest proof about readings, each with the step that has to catch it.

A liar here can compute every digest anew, but holds no other records than those of the log whose
head is pinned.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from fractions import Fraction
from functools import cache
from typing import Any

from xinlian.ingest.model.telemetry_proof import LATE_US, Claim, ClaimKind
from xinlian.ingest.model.window_record import days_of

from tests.support import rfc9162_plain as plain
from tests.support.rfc9162_plain import PlainLog
from tests.support.telemetry import GROUP, METER, SECOND, START, Plant
from tests.support.xlproof import bundle, part, pinned, pinned_file, sealed, written

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


def integral() -> str:
    """Reckoned step by step: a bad reading is bridged by the one before, the end by a second."""
    good = [s for s in range(5, 33) if s % 7 != 3]
    total = Fraction(0)
    for at, s in enumerate(good):
        until = Fraction(good[at + 1]) if at + 1 < len(good) else Fraction(33) - Fraction(1, 1000)
        total += (Fraction(21, 2) + Fraction(s % 5, 8)) * min(until - s, Fraction(3))
    return f"{float(total / 3600):.12f}"


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


def _part_of_it(told: Json) -> None:
    """A window's last segments left out, and every number reckoned anew over what is shown."""
    _cut_window(told, 3, 5)
    rows = [s for s in range(5, 33) if s not in range(26, 30)]
    values = [Fraction(400 + s % 30) / 10 - 5 for s in rows]
    mean = f"{float(sum(values) / len(values)):.12f}".rstrip("0")
    told["claims"] = [told["claims"][1] | {"rows": len(rows), "value": mean}]


def _cut_window(told: Json, since: int, until: int, number: int = 2) -> None:
    window, closed = told["windows"][number], plant().closed[number]
    window["segments"] = [
        one for one in window["segments"] if one["index"] not in range(since, until)
    ]
    kept = [one["index"] for one in window["segments"]]
    data = [each.data for each in closed.summaries]
    window["inclusion"] = [node.hex() for node in plain.many(kept, data)]


def _shifted_window(told: Json) -> None:
    """The record says another time; its fields give another root then."""
    part_ = told["proof"]["parts"][0]
    for field in part_["records"][1]["fields"]:
        if field["path"] in ("/window_start_us", "/window_end_us"):
            field["value"] += 10 * SECOND
    told["proof"] = sealed(told["proof"])


def _windows_swapped(told: Json) -> None:
    """The segments of one window under the record of another."""
    first, second = told["windows"][1], told["windows"][2]
    for name in ("segments", "inclusion"):
        first[name], second[name] = second[name], first[name]


def _doubled_segment(told: Json) -> None:
    segments = told["windows"][1]["segments"]
    segments.insert(1, segments[0])


def _other_party(told: Json) -> None:
    """The same readings in the log of another party, whose head nobody pinned."""
    other = PlainLog(party=8, stream="telemetry")
    for leaf in plant().evidence.records:
        other.append(leaf | {"party": 8, "subject": leaf["subject"].replace(":7:", ":8:")})
    days = days_of(8, GROUP, START + 5 * SECOND - LATE_US, START + 33 * SECOND)
    told["proof"] = bundle(part(other, (), days))
    told["span"]["log"] = other.id.hex()


def _units_swapped(told: Json) -> None:
    energy, power = told["claims"][0], told["claims"][2]
    energy["unit"], power["unit"] = "kW", "kW.h.h"


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
    ("an aggregate in its last place", 16, _claim(2, value=f"{integral()[:-1]}9")),
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
    ("a part claimed for the whole", 16, _part_of_it),
    ("a shifted window", 3, _shifted_window),
    ("segments under another window", 13, _windows_swapped),
    ("a doubled segment", 13, _doubled_segment),
    (
        "a segment in two windows",
        13,
        lambda told: _segment(told, 2, 0).update(_segment(told, 1, 0)),
    ),
    ("the log of another party", 13, _other_party),
    ("units swapped", 16, _units_swapped),
    ("no windows", 12, lambda told: told.update(windows=[])),
)


def lie(change: Callable[[Json], None]) -> bytes:
    told = _told()
    change(told)
    return written(sealed(told))
