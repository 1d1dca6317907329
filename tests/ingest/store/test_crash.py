"""A store that is killed, or finds its disk full, holds what it acknowledged, once."""

import os
import random
import resource
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
from xinlian.ingest.adapters.store.duckdb import open_duckdb
from xinlian.ingest.model.frames import Frame
from xinlian.ingest.model.query import Window
from xinlian.ingest.usecases.store_ports import StoreError

from tests.ingest.store.made import NARROW, START, WIDE, frame

KILLS = int(os.environ.get("XINLIAN_TEST_KILLS", "4"))
ROWS = 500
SPACE_US = 10_000


def write(folder: Path) -> None:
    """Append without end, saying each position after it was acknowledged."""
    store = open_duckdb(folder, memory_mb=512, threads=1, part_rows=20_000)
    position = store.applied("s") + 1
    while True:
        first = START + position * ROWS * SPACE_US
        times = [first + row * SPACE_US for row in range(ROWS)]
        codes = [[1] * ROWS, [0] * ROWS]
        store.append(
            "s", position, [frame("a", times, WIDE, quality=codes), frame("b", times, NARROW)]
        )
        print(position, flush=True)
        if position % 10 == 9:
            store.rollup(1)
        position += 1


def test_a_killed_store_holds_what_it_acknowledged_once(tmp_path: Path) -> None:
    chance = random.Random(11)
    acknowledged = -1
    for _ in range(KILLS):
        child = subprocess.Popen(
            [sys.executable, "-m", "tests.ingest.store.test_crash", str(tmp_path)],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert child.stdout is not None
        for _ in range(chance.randint(3, 25)):
            acknowledged = int(child.stdout.readline())
        child.send_signal(signal.SIGKILL)
        acknowledged = max([acknowledged, *map(int, child.stdout.read().split())])
        child.wait()
        child.stdout.close()
        store = open_duckdb(tmp_path, memory_mb=512, threads=1)
        try:
            applied = store.applied("s")
            assert applied in (acknowledged, acknowledged + 1)
            for device in ("a", "b"):
                request = Window(
                    device=device,
                    tags=("volts",),
                    start_us=START,
                    end_us=START + (applied + 2) * ROWS * SPACE_US,
                    limit=1_000_000,
                )
                found = store.window(request)[0]
                whole = range(START, START + (applied + 1) * ROWS * SPACE_US, SPACE_US)
                assert found.times_us.tolist() == list(whole)
                assert set(found.quality.tolist()) == ({1} if device == "a" else {0})
        finally:
            store.close()


def fill(folder: Path) -> None:
    """Append until the file may not grow; then it may again. Says what happened."""
    store = open_duckdb(folder, memory_mb=512, threads=1)
    _, most = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4_000_000, most))
    rows, position = 200_000, 0
    noise = np.random.default_rng(5).integers(0, 2**32, rows, dtype=np.uint32)

    def second(number: int) -> Frame:
        times = START + number * rows + np.arange(rows)
        return Frame("a", WIDE, 0, times, (noise.astype(np.uint16), noise))

    try:
        for position in range(50):
            store.append("s", position, [second(position)])
    except StoreError as exc:
        print(position, store.applied("s"), exc)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
    assert store.append("s", position, [second(position)])
    store.close()


def test_a_full_disk_is_told_and_survived(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "tests.ingest.store.test_crash", str(tmp_path), "full"],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    failed, applied, words = run.stdout.split(" ", 2)
    assert int(failed) == int(applied) + 1
    assert "did not take it" in words
    assert "rite" in words, "the cause is a write that failed"
    store = open_duckdb(tmp_path, memory_mb=512, threads=1)
    try:
        assert store.applied("s") == int(failed)
        assert store.status().rows == (int(failed) + 1) * 200_000
    finally:
        store.close()


class _Forgetful:
    """A connection that carries a commit out, once, and says that it did not."""

    def __init__(self, real: Any) -> None:
        self._real = real
        self._armed = True

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def execute(self, sql: str, *rest: Any) -> Any:
        found = self._real.execute(sql, *rest)
        if sql == "COMMIT" and self._armed:
            self._armed = False
            raise duckdb.IOException("the checkpoint failed")
        return found


def test_a_commit_of_unknown_outcome_is_looked_up(tmp_path: Path) -> None:
    store = open_duckdb(tmp_path)
    try:
        real = store._connection
        store._connection = _Forgetful(real)  # type: ignore[assignment]
        with pytest.raises(StoreError, match="checkpoint"):
            store.append("s", 0, [frame("a", [START])])
        assert not store.append("s", 0, [frame("a", [START])])
        assert store.append("s", 1, [frame("b", [START])])
        assert store.status().rows == 2
        assert {each.device for each in store.latest(["a", "b"])} == {"a", "b"}
    finally:
        store.close()


if __name__ == "__main__":
    (fill if "full" in sys.argv else write)(Path(sys.argv[1]))
