"""Engine, gateway and API are killed under load; the long form is `./xl soak crash --rounds 60`."""

import random
import secrets
from pathlib import Path

from xinlian.services.soak.crash import ENGINE_KILLS_MAX, VICTIMS, run, victims

ROUNDS = 6


def test_nothing_acknowledged_is_lost_or_done_twice(tmp_path: Path) -> None:
    report = run(tmp_path / "data", ROUNDS, seed=secrets.randbelow(1 << 32))
    assert report.faults == [], f"do it again by: ./xl soak crash --seed {report.seed}"
    assert sum(report.kills.values()) == ROUNDS
    assert set(report.kills) == set(VICTIMS)
    assert report.acknowledged["final"] > 0
    assert report.acknowledged["failed"] > 0
    assert report.hashes_equal
    assert report.rebuild_identical
    assert report.conservation


def test_a_gateway_never_meets_more_dead_engines_than_it_repairs() -> None:
    for seed in range(200):
        plan = victims(random.Random(seed), 60)
        assert len(plan) == 60
        row = 0
        for victim in plan:
            row = row + 1 if victim == "engine" else (row if victim == "api" else 0)
            assert row <= ENGINE_KILLS_MAX
