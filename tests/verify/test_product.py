"""Bundles and pinned heads as the product makes them, before both verifiers."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
from xinlian.ledger.adapters import xinlian_verify
from xinlian.ledger.adapters.sql.base import metadata
from xinlian.ledger.adapters.sql.engine import begin_read, begin_write, make_engine
from xinlian.ledger.adapters.sql.evidence.store import SqlEvidence
from xinlian.ledger.model.evidence.heads import Anchor, pinned_head
from xinlian.ledger.model.ids import Address, PartyId
from xinlian.ledger.usecases.evidence import EvidenceLogs, Request

from tests.support import xlproof
from tests.verify.corpus import Case
from tests.verify.test_javascript import judged

ANCHOR = Anchor(b"\xaa" * 32, 4242, b"\xbb" * 32, xlproof.BLOCK_TIME)
WHOLE = Request(subjects=["VIN-1", "VIN-2", "VIN-absent"], indices=[0, 7, 99])
REQUESTS = {
    "whole": WHOLE,
    "joined": Request(subjects=["VIN-3"], indices=[1], since=40),
    "some fields": Request(subjects=["VIN-1"], show=["/schema", "/subject", "/value"]),
    "no names, no key": Request(
        subjects=["VIN-1", "VIN-absent"], show=["/value"], reveal_key=False, hide_ids=True
    ),
    "one record": Request(indices=[60]),
    "absence alone": Request(subjects=["nobody", "nothing"]),
}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Bundles by name, over a log of 100 records with heads at 40 and 100; and the pinned heads."""
    path: Path = tmp_path_factory.mktemp("product") / "evidence.db"
    engine = make_engine(f"sqlite:///{path}")
    metadata.create_all(engine)
    logs, rnd = EvidenceLogs(SqlEvidence()), random.Random(3)
    with begin_write(engine) as conn:
        place = Address(b"\xc0" * 20)
        info = logs.create(
            conn, chain_id=31337, contract=place, party=PartyId(7), stream="line-1", sm3=True
        )
    pins = []
    for count in (40, 60):
        rows = [xlproof.record(f"VIN-{rnd.randrange(9)}", n, value=str(n)) for n in range(count)]
        rows[0]["odd"] = {
            "~/": '\u2028\x7f"\\\b\x1f😀',
            "": -(2**53 - 1),
            "é": None,
            "\uff21": 1,
            "😀": [],
        }
        with begin_write(engine) as conn:
            logs.append(conn, info.log_id, rows)
        with begin_write(engine) as conn:
            head = logs.cut_head(conn, info.log_id)
        assert head is not None
        with begin_write(engine) as conn:
            logs.mark_anchored(conn, info.log_id, head.size, ANCHOR)
        pins.append(json.dumps(pinned_head(info, head, ANCHOR)).encode())
    with begin_read(engine) as conn:
        found: dict[str, Any] = {
            name: logs.prove(conn, {info.log_id: asked}) for name, asked in REQUESTS.items()
        }
    engine.dispose()
    return found | {"pins": pins}


@pytest.mark.parametrize("name", REQUESTS)
def test_product_bundles_pass(made: dict[str, Any], name: str) -> None:
    older, newest = made["pins"]
    heads = (newest, older) if name == "joined" else (newest,)
    case = Case(name, made[name], 0, heads=heads)
    report = xinlian_verify.verify(case.data, heads)
    assert report["exit"] == 0, report["steps"]
    assert judged([case]) == [report]
    alone = xinlian_verify.verify(case.data)
    assert alone["exit"] == 2
    assert {step["status"] for step in alone["steps"][2:6]} == {"PASS"}


def test_product_bundles_do_not_survive_a_flipped_byte(made: dict[str, Any]) -> None:
    data, heads = made["whole"], (made["pins"][1],)
    for place in range(0, len(data), 41):
        flipped = bytearray(data)
        flipped[place] ^= 1 << place % 8
        assert xinlian_verify.verify(bytes(flipped), heads)["exit"] == 1, place


def test_a_rewritten_value_is_named(made: dict[str, Any]) -> None:
    bundle = json.loads(made["whole"])
    (field,) = [
        item for item in bundle["parts"][0]["records"][0]["fields"] if item["path"] == "/value"
    ]
    field["value"] += "1"
    report = xinlian_verify.verify(xlproof.written(xlproof.sealed(bundle)), made["pins"][1:])
    assert [step["step"] for step in report["steps"] if step["status"] == "FAIL"] == [3]
