"""From logs into stores: nothing is left out, nothing doubled, and no party stops another."""

import secrets
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from clickhouse_connect.driver.exceptions import Error
from xinlian.ingest.adapters.log.consumers import committed
from xinlian.ingest.adapters.log.entries import ENTRY, FILE_HEAD
from xinlian.ingest.adapters.log.log import SegmentLog
from xinlian.ingest.adapters.store.clickhouse import open_clickhouse
from xinlian.ingest.adapters.store.duckdb import open_duckdb
from xinlian.ingest.model.query import Window
from xinlian.ingest.usecases.log_ports import Kind
from xinlian.ingest.usecases.store_ports import StoreError, TelemetryStore
from xinlian.services.app.telemetry_pump import STORE, TelemetryPump
from xinlian.services.app.telemetry_site import TelemetrySites
from xinlian.services.app.turns import Turns

from tests.support.clickhouse_shim import clickhouse_server
from tests.support.collected import TABLE, frame, record

__all__ = ["clickhouse_server"]

START = 1_790_000_000_000_000
MINUTE = 60_000_000


class Watch:
    """A clock that moves when it is told to."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


class Site:
    """One party's log and store, and their pump."""

    def __init__(self, root: Path, open_store: Callable[[Path], TelemetryStore]) -> None:
        self.root, self.watch = root, Watch()
        self.sites = TelemetrySites(root, open_store)
        self.pump = TelemetryPump(self.sites, Turns("storing", self.watch))

    def write(self, number: int, party: int = 1) -> None:
        """One more segment: three readings of each of two devices."""
        at = START + number * MINUTE
        record(self.root, party, [frame(each, at, [number] * 3) for each in ("m1", "m2")])

    def round(self) -> int:
        """After the longest rest."""
        self.watch.now += 60
        return self.pump.round()

    def powers(self, device: str, party: int = 1) -> list[float]:
        request = Window(
            device=device, tags=("power",), start_us=START, end_us=START + 1_000 * MINUTE
        )
        (found,) = self.sites.site(party).store.window(request)
        return [float(each) for each in found.values]


def powers(numbers: list[int]) -> Any:
    return pytest.approx([number / 10 for number in numbers for _ in range(3)])


@pytest.fixture
def clickhouse(clickhouse_server: str, tmp_path: Path) -> Iterator[Site]:
    stem = f"pump_{secrets.token_hex(4)}"
    site = Site(
        tmp_path,
        lambda folder: open_clickhouse(
            clickhouse_server, database=f"{stem}_{folder.parent.name}", durable=False
        ),
    )
    yield site
    site.sites.close()


@pytest.fixture
def duck(tmp_path: Path) -> Iterator[Site]:
    site = Site(tmp_path, lambda folder: open_duckdb(folder, memory_mb=256, threads=1))
    yield site
    site.sites.close()


def lose_answer(site: Site, table: str) -> None:
    """The next insert into a table is carried out, and nobody hears of it."""
    client: Any = site.sites.site(1).store._client  # type: ignore[attr-defined]
    real = client.insert_arrow

    def insert(name: str, *args: Any, **more: Any) -> None:
        real(name, *args, **more)
        if name.startswith(table):
            client.insert_arrow = real
            raise Error("no answer")

    client.insert_arrow = insert


@pytest.mark.parametrize("restarted", [False, True])
def test_what_comes_behind_an_append_without_answer_is_stored(
    clickhouse: Site, restarted: bool
) -> None:
    for number in range(3):
        clickhouse.write(number)
    lose_answer(clickhouse, "w_")
    assert clickhouse.round() == 0
    for number in range(3, 6):
        clickhouse.write(number)
    if restarted:
        clickhouse.sites.close()
    assert clickhouse.sites.site(1).store.unfinished("collector") is not None
    assert clickhouse.round() == 6
    assert clickhouse.round() == 0
    for device in ("m1", "m2"):
        assert clickhouse.powers(device) == powers([0, 1, 2, 3, 4, 5])


@pytest.mark.parametrize(("broken", "left"), [(1, [0, 2, 3]), (2, [0, 1, 3])])
def test_what_was_damaged_meanwhile_doubles_and_stops_nothing(
    clickhouse: Site, broken: int, left: list[int]
) -> None:
    """The same entries cannot be given again: the last that the store was told of, or one before,
    is not there any more. Here nothing of it had been inserted."""
    for number in range(3):
        clickhouse.write(number)
    lose_answer(clickhouse, "xl_waiting")
    assert clickhouse.round() == 0
    damage_segment(clickhouse, broken)
    clickhouse.write(3)
    assert clickhouse.round() > 0
    assert clickhouse.round() == 0
    assert clickhouse.powers("m1") == powers(left)


def test_what_was_stored_before_it_was_damaged_is_stored_once(clickhouse: Site) -> None:
    for number in range(3):
        clickhouse.write(number)
    lose_answer(clickhouse, "w_")
    assert clickhouse.round() == 0
    damage_segment(clickhouse, 2)
    assert clickhouse.round() == 3
    assert clickhouse.powers("m1") == powers([0, 1, 2])


def damage_segment(site: Site, number: int) -> None:
    """Alter a byte within a segment on disk."""
    (path,) = (site.root / "1" / "log" / "collector").glob("*.xlseg")
    damage(path, Kind.SEGMENT, number)


def damage(path: Path, kind: Kind, number: int) -> None:
    """Alter a byte within an entry of a file: of those of its kind, that with this number."""
    data, at, seen = bytearray(path.read_bytes()), FILE_HEAD.size, -1
    while seen < number:
        start, fields = at, ENTRY.unpack_from(data, at)
        at += ENTRY.size + fields[1]
        seen += fields[3] == kind
    data[start + ENTRY.size + 40] ^= 1
    path.write_bytes(data)


def test_a_store_that_cannot_be_used_costs_others_nothing(
    duck: Site, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither their readings, nor file descriptors; what nobody foresaw is told with its place."""
    for party in (1, 2, 3):
        duck.write(0, party)
    for party, broken in ((1, StoreError("away", "不可用")), (2, ZeroDivisionError("odd"))):
        duck.sites.site(party)._store = Broken(broken)  # type: ignore[assignment]
    assert duck.round() == 1
    assert duck.powers("m1", 3) == powers([0])
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(20):
        assert duck.round() == 0
    assert len(list(Path("/proc/self/fd").iterdir())) <= before + 2
    told = [each for each in caplog.records if "waits" in each.message]
    assert [(each.levelname, bool(each.exc_info)) for each in told] == [
        ("WARNING", False),
        ("ERROR", True),
    ]
    for party in (1, 2):
        duck.sites.site(party)._store = None
    assert duck.round() == 2
    assert duck.powers("m2", 1) == duck.powers("m2", 2) == powers([0])


def test_a_damaged_tag_table_is_taken_from_another_file_or_costs_its_segments_alone(
    duck: Site, caplog: pytest.LogCaptureFixture
) -> None:
    """A table stands before its first use in each file; a reader that starts there has no other."""
    log = duck.root / "1" / "log" / "collector"
    duck.write(0)
    first = next(log.glob("*.xlseg"))
    writer = SegmentLog(log)
    writer.begin_at(writer.next + 5)
    writer.close()
    duck.write(1)
    second = max(log.glob("*.xlseg"))
    assert second != first
    assert duck.round() == 2
    duck.write(2)
    damage(second, Kind.TABLE, 1)
    damage(second, Kind.TABLE, 0)
    duck.pump = TelemetryPump(duck.sites, Turns("storing", duck.watch))
    assert duck.round() == 1
    assert duck.powers("m1") == powers([0, 1, 2])
    duck.write(3)
    for path in {*log.glob("*.xlseg")} - {second}:
        damage(path, Kind.TABLE, 0)
    other = replace(TABLE, name="other-meter")
    record(duck.root, 1, [frame("m3", START + 4 * MINUTE, [4] * 3, table=other)])
    duck.pump = TelemetryPump(duck.sites, Turns("storing", duck.watch))
    assert duck.round() == 1
    assert "is not known, in no file" in caplog.text
    assert duck.powers("m1") == powers([0, 1, 2])
    assert duck.powers("m3") == powers([4])
    assert duck.round() == 0


class Broken:
    """A store that answers what it had and takes nothing."""

    def __init__(self, exc: Exception) -> None:
        self.exc = exc

    def applied(self, _stream: str) -> int:
        return -1

    def unfinished(self, _stream: str) -> int | None:
        return None

    def append_many(self, *_: Any) -> int:
        raise self.exc


def test_who_hangs_rests_the_longer() -> None:
    """So that one broken store takes a sixth of the time at most."""
    watch, tries = Watch(), list[float]()
    turns = Turns("storing", watch)

    def hangs() -> int:
        tries.append(watch.now)
        watch.now += 30
        raise OSError("timed out")

    for _ in range(1_000):
        turns.take("one", hangs)
        assert turns.take("two", lambda: 1) == 1
        watch.now += 0.25
    assert len(tries) <= 4
    assert turns.faults == {"one": "storing: timed out"}
    watch.now += 1_000
    assert turns.take("one", lambda: 7) == 7
    assert turns.faults == {}
    assert turns.take("one", lambda: 8) == 8


def test_readings_of_a_log_begun_anew_are_not_taken_for_old_ones(
    duck: Site, caplog: pytest.LogCaptureFixture
) -> None:
    for number in range(3):
        duck.write(number)
    assert duck.round() == 3
    log = duck.root / "1" / "log" / "collector"
    shutil.rmtree(log)
    for number in range(3, 9):  # more than there were before
        duck.write(number)
    assert duck.round() == 0
    assert "of another log" in caplog.text
    assert committed(log, STORE) == -1  # so the log keeps them all
    log.rename(log.parent / "collector-2")
    assert duck.round() == 6
    assert duck.powers("m1") == powers(list(range(9)))
