"""The sample, taken in by the product, gives the answers that were counted beforehand."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest
from xinlian.ledger.adapters.sql.engine import make_engine
from xinlian.services.migrations import upgrade
from xinlian.trace.adapters.sql.store import SqlTrace
from xinlian.trace.model.capture import CaptureReceipt, RowStatus
from xinlian.trace.model.items import WORLD, ItemId, ItemType
from xinlian.trace.model.recall import Cause, CauseKind, Finding, RecallList, Whereabouts
from xinlian.trace.model.tree import Direction
from xinlian.trace.usecases.capture import Capture
from xinlian.trace.usecases.genealogy import Genealogy
from xinlian.trace.usecases.ports import Everything
from xinlian.trace.usecases.recall import Recalls

from tests.trace.sample import plant as p
from tests.trace.sample.make import FOLDER
from tests.trace.sample.taking import CAR, take_all
from tests.trace.store_fixtures import Logs

NOW_MS = 1_795_320_000_000
EXPECTED = json.loads((FOLDER / "expected.json").read_text(encoding="utf-8"))


class Taken:
    """A store with the sample in it."""

    def __init__(self, engine: Any) -> None:
        logs = Logs(engine)
        self.site = SqlTrace(engine)
        capture = Capture(self.site, logs, promise_ms=lambda now_ms: now_ms + 60_000)
        self.receipts: dict[str, CaptureReceipt] = take_all(capture, NOW_MS)
        self._recalls = Recalls(self.site, Everything(), logs)
        self.genealogy = Genealogy(self.site, Everything())

    def scope(self, *causes: Cause) -> RecallList:
        return self._recalls.scope(CAR, causes, NOW_MS)


@pytest.fixture(scope="module")
def taken(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Taken]:
    engine = make_engine(f"sqlite:///{tmp_path_factory.mktemp('sample') / 'trace.db'}")
    upgrade(engine)
    yield Taken(engine)
    engine.dispose()


def _vins(found: RecallList, finding: Finding) -> list[str]:
    return sorted(line.vehicle.id for line in found.lines if line.finding is finding)


def _ms(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)


def test_every_file_is_taken_whole(taken: Taken) -> None:
    for name, receipt in taken.receipts.items():
        assert receipt.taken, name
        assert set(receipt.counts) == {RowStatus.ACCEPTED}, name


def test_the_bad_coil_leads_to_the_right_vehicles(taken: Taken) -> None:
    answer = EXPECTED["recall_coil"]
    found = taken.scope(Cause(CauseKind.ITEMS, (answer["cause"],)))
    assert _vins(found, Finding.CERTAIN) == answer["certain"]
    assert _vins(found, Finding.POSSIBLE) == answer["possible"]
    assert _vins(found, Finding.EXCLUDED) == answer["excluded_part_removed"]
    assert found.population == answer["population"]
    for finding, name in (
        (Finding.CERTAIN, "certain_in_field"),
        (Finding.POSSIBLE, "possible_in_field"),
    ):
        field = [
            line.vehicle.id
            for line in found.lines
            if line.finding is finding and line.whereabouts is Whereabouts.FIELD
        ]
        assert sorted(field) == answer[name]


@pytest.mark.parametrize(
    ("name", "kind", "what"),
    [
        ("machine_oven", CauseKind.MACHINE, "machine"),
        ("gauge", CauseKind.GAUGE, "gauge"),
    ],
)
def test_a_window_leads_to_the_right_vehicles(
    taken: Taken, name: str, kind: CauseKind, what: str
) -> None:
    answer = EXPECTED[name]
    cause = Cause(kind, (answer[what],), _ms(answer["from"]), _ms(answer["to"]))
    assert _vins(taken.scope(cause), Finding.CERTAIN) == answer["certain"]


def test_the_tree_of_a_repaired_vehicle_differs_by_date(taken: Taken) -> None:
    vehicle = ItemId(WORLD, ItemType.VEHICLE, p.build().packs[p.REPAIRED_VEHICLE].vin)
    now = taken.genealogy.tree(CAR, vehicle, Direction.DOWN, at_ms=NOW_MS)
    built = taken.genealogy.tree(CAR, vehicle, Direction.DOWN)
    assert now is not None
    assert built is not None
    coil = EXPECTED["recall_coil"]["cause"]
    assert coil not in {node.item.id.id for node in now.nodes}
    assert coil in {node.item.id.id for node in built.nodes}


def test_the_missing_part_is_a_gap_of_its_pack(taken: Taken) -> None:
    vehicle = ItemId(WORLD, ItemType.VEHICLE, p.build().packs[p.NO_BMS_VEHICLE].vin)
    tree = taken.genealogy.tree(CAR, vehicle, Direction.DOWN, at_ms=NOW_MS)
    assert tree is not None
    assert EXPECTED["missing_child"] in {gap.item.id for gap in tree.gaps}
