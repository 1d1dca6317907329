"""A store that is killed at any moment holds what it acknowledged, once."""

import os
import random
import signal
import subprocess
import sys
from pathlib import Path

from xinlian.ingest.adapters.store.duckdb import open_duckdb
from xinlian.ingest.model.query import Window

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


if __name__ == "__main__":
    write(Path(sys.argv[1]))
