"""Killed at any moment, the server loses no record, and every record comes to stand on chain."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select
from xinlian.ledger.adapters.sql import queries
from xinlian.ledger.adapters.sql.tables import order_results
from xinlian.ledger.model.items import ContractName
from xinlian.services.bootstrap import build

from tests.support.api import ApiNetwork
from tests.support.repository import ROOT

KILLS = 3
CHILD = Path(__file__).with_name("crash_child.py")


@pytest.fixture
def net(tmp_path: Path) -> Iterator[ApiNetwork]:
    """A network whose server does not run."""
    made = ApiNetwork(tmp_path, evidence_leaves_max=5).found()
    made.join("supplier", ["supplier"])
    made._server.stop()
    made.app.close()
    yield made
    for caller in made.callers.values():
        caller.http.close()
    assert made.node.stop() == 0


def killed(net: ApiNetwork, seconds: float) -> int:
    """Let a server work for a while, kill it, and give the last size that it told."""
    child = subprocess.Popen(
        [sys.executable, str(CHILD), str(net.settings.data), str(net.id("supplier"))],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert child.stdout is not None
    first = child.stdout.readline()
    time.sleep(seconds)
    os.kill(child.pid, signal.SIGKILL)
    told = [first, *child.stdout.read().splitlines()]
    child.stdout.close()
    child.wait()
    # The last line may be cut off by the kill; the one before it stands.
    return int(told[-2] if len(told) > 1 else told[0])


def test_nothing_is_lost_and_no_head_is_carried_twice(net: ApiNetwork) -> None:
    chance = random.Random(3)
    sizes = [killed(net, chance.uniform(0.05, 1.2)) for _ in range(KILLS)]
    assert sizes == sorted(sizes)
    app = build(net.settings)
    app.start()
    try:
        log = app.evidence.ensure_log(net.id("supplier"), "crash")
        app.evidence.flush(60)
        with app.engine.connect() as connection:
            row = next(row for row in app.evidence.logs.logs(connection))
            heads = queries.heads_of(connection, log, limit=1_000)
            opened = connection.execute(
                select(func.count()).where(
                    order_results.c.contract == ContractName.EVIDENCE.value,
                    order_results.c.executed == 1,
                )
            ).scalar_one()
            cut = [app.evidence.logs.head_at(connection, log, head.size) for head in heads]
        assert row.size >= sizes[-1]
        assert heads[-1].size == row.size
        assert opened == 1
        assert [each.head.root for each in cut if each] == [head.root for head in heads]
        assert app.evidence.worker.troubles == {}
    finally:
        app.close()
