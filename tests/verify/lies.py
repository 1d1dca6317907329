"""Small changes to an honest bundle, each with the step that has to catch it."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from tests.support import rfc9162_plain as plain
from tests.support.xlproof import bundle, part, sample_log, sealed

Json = Any


def base() -> tuple[plain.PlainLog, Json]:
    """The log and the bundle that most lies start from: one record, one full and one absent."""
    log = sample_log()
    return log, bundle(part(log, [3], ["VIN-B", "VIN-Q"], joined=5))


def lie(change: Callable[[Json], Any]) -> Json:
    """The base bundle with its one part changed, under a digest that is right."""
    _, made = base()
    made = copy.deepcopy(made)
    change(made["parts"][0])
    return sealed(made)


def field_of(one: Json, place: int, path: str) -> Json:
    (found,) = [item for item in one["records"][place]["fields"] if item["path"] == path]
    return found


def _leaf(one: Json, place: int, low: int, new: bytes) -> None:
    """Write bytes over a leaf."""
    data = bytes.fromhex(one["records"][place]["leaf"])
    one["records"][place]["leaf"] = (data[:low] + new + data[low + len(new) :]).hex()


def _without(at: int) -> Callable[[Json], Any]:
    """Leave a record out and make the tree's proof right again."""

    def change(one: Json) -> None:
        log, _ = base()
        del one["records"][at]
        places = [record["index"] for record in one["records"]]
        one["inclusion"] = [node.hex() for node in plain.many(places, log.leaves)]

    return change


# What is changed, the step that must fail, and the change to the part.
LIES: tuple[tuple[str, int, Callable[[Json], Any]], ...] = (
    ("another party", 2, lambda p: p["log"].update(party=8)),
    ("another stream", 2, lambda p: p["log"].update(stream="quality2")),
    ("another chain", 2, lambda p: p["log"].update(chain_id=1)),
    ("another contract", 2, lambda p: p["log"].update(contract="0x" + "c1" * 20)),
    ("another subject key", 2, lambda p: p.update(subject_key="12" * 32)),
    ("a value", 3, lambda p: field_of(p, 0, "/value").update(value="24.6")),
    ("a salt", 3, lambda p: field_of(p, 0, "/value").update(salt="00" * 32)),
    ("a path", 3, lambda p: field_of(p, 0, "/value").update(path="/valuf")),
    ("true becomes 1", 3, lambda p: field_of(p, 0, "/passed").update(value=1)),
    ("fields swapped", 3, lambda p: p["records"][0]["fields"].reverse()),
    ("a field dropped", 3, lambda p: p["records"][0]["fields"].pop()),
    ("a field twice", 3, lambda p: p["records"][0]["fields"].append(p["records"][0]["fields"][-1])),
    ("no fields", 3, lambda p: p["records"][0].update(fields=[])),
    (
        "fields of another record",
        3,
        lambda p: p["records"][0].update(fields=p["records"][1]["fields"]),
    ),
    ("leaf's mark", 4, lambda p: _leaf(p, 0, 0, b"Y")),
    ("leaf's log", 4, lambda p: _leaf(p, 0, 13, b"Y")),
    ("leaf's schema", 4, lambda p: _leaf(p, 0, 45, b"Y")),
    ("leaf's tag", 4, lambda p: _leaf(p, 0, 77, b"Y")),
    ("leaf's number", 5, lambda p: _leaf(p, 0, 109, b"Y")),
    ("leaf's link", 5, lambda p: _leaf(p, 0, 117, b"Y")),
    ("leaf's time", 4, lambda p: _leaf(p, 0, 149, b"Y")),
    ("leaf's field root", 3, lambda p: _leaf(p, 0, 157, b"Y")),
    ("a place", 5, lambda p: p["records"][0].update(index=0)),
    ("a place outside", 5, lambda p: p["records"][-1].update(index=11)),
    ("a place far outside", 5, lambda p: p["records"][-1].update(index=2**53 - 1)),
    ("records swapped", 5, lambda p: p["records"].reverse()),
    ("a record twice", 5, lambda p: p["records"].append(p["records"][-1])),
    ("a record dropped", 5, lambda p: p["records"].pop()),
    ("proof cut", 5, lambda p: p["inclusion"].pop()),
    ("proof longer", 5, lambda p: p["inclusion"].append("00" * 32)),
    ("proof swapped", 5, lambda p: p["inclusion"].reverse()),
    ("root", 5, lambda p: p["head"].update(root="11" * 32)),
    ("size", 7, lambda p: p["head"].update(size=12)),
    ("huge size", 5, lambda p: p["head"].update(size=2**53 - 1)),
    ("hidden record, last of its subject", 6, _without(3)),
    ("hidden record, first of its subject", 6, _without(0)),
    (
        "hidden record, count lowered",
        6,
        lambda p: (_without(3)(p), p["subjects"][1].update(count=2)),
    ),
    ("huge count", 6, lambda p: p["subjects"][1].update(count=2**53 - 1)),
    ("subject dropped", 6, lambda p: p["subjects"].pop()),
    ("subject twice", 6, lambda p: p["subjects"].append(p["subjects"][1])),
    ("subjects swapped", 6, lambda p: p["subjects"].reverse()),
    ("absent under another name", 6, lambda p: p["subjects"][0].update(id="VIN-A")),
    ("last leaf", 6, lambda p: p["subjects"][1].update(last="22" * 32)),
    ("last leaf left out", 6, lambda p: p["subjects"][1].pop("last")),
    ("last leaf of nothing", 6, lambda p: p["subjects"][0].update(last="22" * 32)),
    ("index proof cut", 6, lambda p: p["index_proof"].pop()),
    ("index proof empty", 6, lambda p: p["index_proof"].clear()),
    ("index proof longer", 6, lambda p: p["index_proof"].append("e")),
    ("index proof swapped", 6, lambda p: p["index_proof"].reverse()),
    ("index proof deep", 6, lambda p: p.update(index_proof=["i"] * 100_000)),
    ("index root", 6, lambda p: p["head"].update(index_root="11" * 32)),
    (
        "index root of nothing",
        6,
        lambda p: (p["head"].update(index_root="00" * 32), p.update(index_proof=["e"])),
    ),
    ("consistency proof", 8, lambda p: p["consistency"]["proof"].reverse()),
    ("consistency proof cut", 8, lambda p: p["consistency"]["proof"].pop()),
    ("consistency proof empty", 8, lambda p: p["consistency"]["proof"].clear()),
    ("consistency with itself", 8, lambda p: p["consistency"].update(size=11)),
    ("consistency of huge size", 8, lambda p: p["consistency"].update(size=2**53 - 1)),
    ("another block time", 7, lambda p: p["anchor"].update(block_time=1)),
)
