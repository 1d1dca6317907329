"""Subject keys in proof files: of the maker's own log, and of logs whose owners granted theirs."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import Engine
from xinlian.ledger.adapters.sql.engine import begin_write
from xinlian.services.app.clock import Clock
from xinlian.services.app.trace_offers import Shares
from xinlian.services.app.trace_policy import LEVELS, Strangers
from xinlian.services.app.trace_wiring import TraceParts, make_trace
from xinlian.trace.model.items import Item
from xinlian.trace.model.readers import EVERYONE, stranger

from tests.trace.plant import NOW, Plant, item, link, serial, vehicle

CAR, SUPPLIER, OTHER = 2, 3, 9
VIN = vehicle("LXLBE2A01TH100113")
PACK = serial("https://id.gs1.org/01/09521100000024/21/PACK1")


class Head:
    """Covers all that these tests record."""

    size = 2


@pytest.fixture
def trace(engine: Engine, clock: Clock) -> TraceParts:
    return make_trace(engine, clock, bytes(range(32)), 60, lambda _: {}, "http://here.example")


@pytest.fixture
def shares(
    plant: Plant, clock: Clock, trace: TraceParts, monkeypatch: pytest.MonkeyPatch
) -> Shares:
    """A pack in a car; the supplier's records are open to the car maker and to another."""
    made = Shares(plant.engine, clock, trace.policies, plant.logs)
    facts: list[tuple[int, tuple[Item, ...]]] = [(CAR, (item(VIN),)), (SUPPLIER, (item(PACK),))]
    for party, told in facts:
        plant.must(*told, link(PACK, VIN, NOW - 4_000), party=party)
    for reader in (CAR, OTHER):
        made.offer(SUPPLIER, reader)
        made.answer(reader, SUPPLIER, accept=True)
    with begin_write(plant.engine) as connection:
        for row in plant.logs.logs.logs(connection):
            plant.logs.logs.cut_head(connection, row.info.log_id)
    monkeypatch.setattr("xinlian.services.app.trace_bundle.queries.newest_head", lambda *_: Head())
    return made


def keys_in(trace: TraceParts, reader: int) -> dict[int, bool]:
    """Whether a reader's proof file holds the key, by party of the log."""
    parts = json.loads(trace.bundles.of(reader, [VIN, PACK]))["parts"]
    return {part["log"]["party"]: "subject_key" in part for part in parts}


def test_another_s_key_is_in_a_proof_file_only_while_its_owner_grants_it(
    trace: TraceParts, shares: Shares
) -> None:
    assert keys_in(trace, CAR) == {CAR: True, SUPPLIER: False}
    assert shares.offer(SUPPLIER, CAR, keys=True).keys_to == [CAR]
    assert keys_in(trace, CAR) == {CAR: True, SUPPLIER: True}
    assert keys_in(trace, OTHER) == {SUPPLIER: False}
    assert shares.offer(SUPPLIER, CAR).keys_to == []
    assert keys_in(trace, CAR) == {CAR: True, SUPPLIER: False}


def test_closing_a_share_ends_the_grant(trace: TraceParts, shares: Shares) -> None:
    shares.offer(SUPPLIER, CAR, keys=True)
    assert shares.close(SUPPLIER, CAR).keys_to == []
    shares.offer(SUPPLIER, CAR)
    shares.answer(CAR, SUPPLIER, accept=True)
    assert keys_in(trace, CAR) == {CAR: True, SUPPLIER: False}


def test_strangers_and_auditors_get_no_key(trace: TraceParts, shares: Shares) -> None:
    shares.offer(SUPPLIER, CAR, keys=True)
    assert keys_in(trace, stranger(CAR, LEVELS.index(Strangers.ALL))) == {CAR: False}
    assert keys_in(trace, EVERYONE) == {CAR: False, SUPPLIER: False}
