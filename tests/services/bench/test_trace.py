"""The generated plant of `./xl bench trace`: what is loaded is what its bitmaps say."""

from pathlib import Path

import pytest
from pyroaring import BitMap
from sqlalchemy import Engine
from xinlian.ledger.adapters.sql.engine import make_engine
from xinlian.services.bench import trace
from xinlian.services.bench.trace_load import PARTIES, PARTY, batch_id, load, loading, vehicle_id
from xinlian.services.bench.trace_measure import NOW_MS, Logs, Partners, measure
from xinlian.services.bench.trace_plant import DEEP_NODES, Plan
from xinlian.services.migrations import upgrade
from xinlian.trace.adapters.sql.factors import Key, Sets
from xinlian.trace.adapters.sql.store import SqlTrace, TraceStore
from xinlian.trace.adapters.sql.views import Step
from xinlian.trace.model.factors import FactorKind
from xinlian.trace.model.items import WORLD, ItemId, ItemType
from xinlian.trace.model.recall import Cause, CauseKind
from xinlian.trace.model.tree import Direction
from xinlian.trace.usecases import recall_scope
from xinlian.trace.usecases.genealogy import Genealogy
from xinlian.trace.usecases.ports import Everything
from xinlian.trace.usecases.recall import Recalls
from xinlian.trace.usecases.vehicle_sets import bring_up

VEHICLES = 300


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Engine:
    path: Path = tmp_path_factory.mktemp("plant") / "trace.db"
    made = make_engine(f"sqlite:///{path}")
    upgrade(made)
    with loading(made) as loader:
        links = load(loader, Plan(VEHICLES))
    assert links > 30 * VEHICLES + 19 * DEEP_NODES
    return made


def _sets(store: TraceStore) -> dict[Key, Sets]:
    every = store.fresh_all_sets(PARTIES, FactorKind)
    assert every is not None
    found = store.fresh_sets(PARTIES, every)
    assert found is not None
    return found


def test_the_loaded_bitmaps_are_those_that_the_tables_give(engine: Engine) -> None:
    site = SqlTrace(engine)
    with site.read() as store:
        loaded = _sets(store)
        view = store.view_of(PARTIES)
    with site.write() as store:
        assert view is not None
        assert store.take_step(Step(view, {}, BitMap(range(VEHICLES)), ()))
        store.connection.exec_driver_sql("DELETE FROM trace_factor_sets WHERE view = 1")
    assert bring_up(site, PARTIES)
    with site.read() as store:
        anew = _sets(store)
        assert len(store.spoken(PARTIES)) == VEHICLES
    assert anew == loaded
    assert len(loaded) > 1_000


def test_its_vehicles_have_thirty_parts_and_some_five_thousand(engine: Engine) -> None:
    genealogy = Genealogy(SqlTrace(engine), Everything())
    plan = Plan(VEHICLES)

    def tree(vehicle: int) -> tuple[int, int]:
        item = ItemId(WORLD, ItemType.VEHICLE, vehicle_id(vehicle))
        found = genealogy.tree(PARTY, item, Direction.DOWN)
        assert found is not None
        assert found.truncations == ()
        sources = sum(node.item.id.id.startswith("LOT-") for node in found.nodes)
        return len(found.nodes) - 1 - sources, max(node.depth for node in found.nodes)

    assert tree(1)[0] == 10
    assert tree(int(plan.deep[0]))[0] == 10 + DEEP_NODES
    assert tree(int(plan.deep[-1]))[1] == DEEP_NODES


def test_its_recall_is_the_same_from_bitmaps_and_link_by_link(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    recalls = Recalls(SqlTrace(engine), Partners(), Logs(engine))
    causes = (Cause(CauseKind.ITEMS, (batch_id(Plan(VEHICLES).largest),)),)
    walked = recalls.scope(PARTY, causes, NOW_MS, with_stock=False)
    monkeypatch.setattr(recall_scope, "WALKED_MAX", 1)
    masked = recalls.scope(PARTY, causes, NOW_MS, with_stock=False)
    assert len(walked.lines) > VEHICLES // 20
    assert [(line.vehicle, line.finding, line.reason) for line in masked.lines] == [
        (line.vehicle, line.finding, line.reason) for line in walked.lines
    ]


def test_every_figure_is_measured_and_explained(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xinlian.services.bench.trace_measure.CAPTURE_ROWS", 100)
    monkeypatch.setattr("xinlian.services.bench.trace_measure._FILE_ROWS", 100)
    monkeypatch.setattr("xinlian.services.bench.trace_measure._REPEATS", 1)
    found = measure(engine, Plan(VEHICLES))
    figures = {**found, "links": 1.0, "load_s": 1.0, "store_mb": 1.0}
    assert set(figures) == set(trace.MEANING)
    shown = trace.as_json({"sqlite": {"300": figures}}, 1, ["a note"])
    assert set(shown["missed"]["sqlite"]["300"]) <= set(trace.AT_MOST) | set(trace.AT_LEAST)
    slow = {**figures, "recall_s": 1.01, "capture_events_per_s": 4_999.0}
    missed = trace.missed(slow)
    assert {"recall_s", "capture_events_per_s"} <= set(missed)
    table = trace.as_table({"sqlite": {"300": slow}}, 1, ["a note"])
    assert "1.01!" in table
    assert "a note" in table
