"""The driver against cpppo's controller, and our simulator under the library and odd bytes."""

import asyncio
import contextlib
import fcntl
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from xinlian.ingest.adapters.drivers.enip import driver, simulator
from xinlian.ingest.adapters.drivers.enip.driver import PlcSession
from xinlian.ingest.adapters.drivers.enip.sim import Controller
from xinlian.ingest.model.quality import Quality
from xinlian.ingest.model.tags import Access, Tag, TagError, ValueType
from xinlian.ingest.usecases.ports import DriverError

from tests.ingest.drivers.sinks import (
    KeptSink,
    Waves,
    device,
    free_port,
    in_loop,
    peer,
    silent,
    until,
)

CPPPO = "cpppo==5.2.5"
ROOT = Path(__file__).parents[4]
WRITE = Access.READ_WRITE
TAGS = (
    Tag(name="speed", address="SPEED", type=ValueType.FLOAT32, access=WRITE),
    Tag(name="count", address="COUNT", type=ValueType.INT32, access=WRITE),
    Tag(name="level", address="LEVELS[3]", type=ValueType.INT16, access=WRITE),
    Tag(name="bit", address="COUNT.4", type=ValueType.BOOL),
    Tag(name="wrong", address="SPEED_TOO:DINT", type=ValueType.INT32),
    Tag(name="absent", address="NOWHERE", type=ValueType.INT32),
)


@pytest.fixture(scope="session")
def cpppo() -> Path:
    """The judge's server in an environment of its own (it is under the GPL)."""
    folder = ROOT / ".xl" / "cache" / "cpppo-5.2.5"
    program = folder / "bin" / "enip_server"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / "cpppo.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # tests may run side by side
        if not program.exists():
            steps = (
                [sys.executable, "-m", "venv", str(folder)],
                [str(folder / "bin" / "pip"), "install", "-q", CPPPO],
            )
            for step in steps:
                made = subprocess.run(step, capture_output=True, check=False, timeout=300)
                if made.returncode:
                    pytest.skip(f"cpppo cannot be installed: {made.stderr[-200:]!r}")
    return program


@pytest.fixture
def controller(cpppo: Path) -> Iterator[int]:
    port = free_port()
    tags = ["SPEED=REAL", "COUNT=DINT", "LEVELS=INT[10]", "SPEED_TOO=REAL"]
    running = subprocess.Popen(
        [str(cpppo), "--address", f"127.0.0.1:{port}", *tags],
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        yield port
    finally:
        running.terminate()
        running.wait(10)


async def opened(session: PlcSession) -> None:
    """cpppo takes a moment to start."""
    for _ in range(100):
        with contextlib.suppress(DriverError):
            await session.open()
            return
        await asyncio.sleep(0.1)
    raise AssertionError("the peer does not start")


@in_loop
async def test_a_foreign_controller(controller: int) -> None:
    sink = KeptSink()
    where = {"host": "127.0.0.1", "port": controller}
    session = driver().session(device("enip", where, TAGS), [sink])
    await opened(session)
    await session.write(TAGS[0], 12.5)
    await session.write(TAGS[1], 0x7_0010)
    await session.write(TAGS[2], -321)
    session.poll(0)
    await sink.next()
    row = sink.rows[0]
    assert row.values == (12.5, 0x7_0010, -321, True, None, None)
    assert row.quality is not None
    assert row.quality[:5] == (0, 0, 0, 0, Quality.MALFORMED)
    assert row.quality[5] == Quality.UNKNOWN_TAG
    with pytest.raises(DriverError):
        await session.write(TAGS[5], 1)
    await session.close()
    session.poll(0)
    assert sink.failures == [Quality.NO_CONNECTION]


@in_loop
async def test_our_simulator_and_many_tags() -> None:
    many = [Tag(name=f"t{n}", address=f"Line.Value[{n}]", type=ValueType.FLOAT32)
            for n in range(300)]  # fmt: skip
    tags = (*TAGS[:4], *many)
    waves = Waves({"speed": 1.5, "count": 16, "level": -3, "bit": 1,
                   **{tag.name: float(n) for n, tag in enumerate(many)}})  # fmt: skip
    where = {"host": "127.0.0.1", "port": 0}
    async with simulator([device("enip", where, tags)], waves) as running:
        where["port"] = running.port
        sink = KeptSink()
        session = driver().session(device("enip", where, (*tags, TAGS[5])), [sink])
        await session.open()
        session.poll(0)
        await sink.next()
        row = sink.rows[0]
        assert row.values[:4] == (1.5, 16, -3, True)
        assert row.values[4:-1] == tuple(float(n) for n in range(300))
        assert row.quality is not None
        assert row.quality[-1] == Quality.UNKNOWN_TAG
        await session.write(TAGS[1], 99)
        session.poll(0)
        await until(lambda: len(sink.rows) == 2)
        assert sink.rows[1].values[1] == 99
        await session.close()


NONSENSE = (
    b"", b"\x65\x00\x04\x00", b"\x65\x00\xff\xff" + bytes(200), bytes(28),
    b"\x65\x00\x04\x00" + bytes(8) + b"x" * 16,
)  # fmt: skip


@pytest.mark.parametrize("answer", NONSENSE)
def test_controllers_that_talk_nonsense(answer: bytes) -> None:
    @in_loop
    async def run() -> None:
        async def nonsense(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            while await reader.read(4_096):
                if not answer:
                    return
                writer.write(answer)

        async with peer(nonsense) as port:
            sink = KeptSink()
            where = {"host": "127.0.0.1", "port": port}
            session = driver().session(device("enip", where, TAGS, timeout_ms=200), [sink])
            try:
                await session.open()
            except DriverError:
                pass
            else:
                session.poll(0)
                await sink.next()
                assert sink.failures
            await session.close()

    run()


@in_loop
async def test_silence_and_a_trickle() -> None:
    async def trickle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            writer.write(b"\x65")
            await asyncio.sleep(0.02)

    for handler in (silent, trickle):
        async with peer(handler) as port:
            where = {"host": "127.0.0.1", "port": port}
            session = driver().session(device("enip", where, TAGS, timeout_ms=200), [KeptSink()])
            with pytest.raises(DriverError) as told:
                await session.open()
            assert told.value.quality is Quality.TIMEOUT
    with pytest.raises(DriverError) as told:
        await session.open()
    assert told.value.quality is Quality.NO_CONNECTION


def test_any_request_gets_an_answer() -> None:
    made = device("enip", {"host": "127.0.0.1"}, TAGS)
    controller = Controller(made, Waves(dict.fromkeys((tag.name for tag in TAGS), 1)))
    chance = random.Random(44_818)
    read = b"\x4c\x04\x91\x05SPEED\x00\x01\x00"
    assert controller.serve(read) == b"\xcc\x00\x00\x00\xca\x00" + b"\x00\x00\x80\x3f"
    for _ in range(3_000):
        request = bytearray(read if chance.random() < 0.5 else b"\x0a\x02\x20\x02\x24\x01" + read)
        for _ in range(chance.randrange(4)):
            request[chance.randrange(len(request))] = chance.randrange(256)
        assert len(controller.serve(bytes(request[: chance.randrange(len(request) + 1)]))) >= 4
    nested = b""
    for _ in range(3_000):
        nested = b"\x0a\x02\x20\x02\x24\x01\x01\x00\x04\x00" + nested
    assert controller.serve(nested)[:1] == b"\x8a"


@pytest.mark.parametrize(
    "tag",
    [
        Tag(name="t", address=""),
        Tag(name="t", address="1x"),
        Tag(name="t", address="A.B:STRING"),
        Tag(name="t", address="A.5", type=ValueType.INT16),
        Tag(name="t", address="A[1,2,3,4]"),
        Tag(name="t", address="A{5}"),
    ],
)
def test_addresses_that_cannot_be(tag: Tag) -> None:
    with pytest.raises(TagError):
        driver().check(device("enip", {"host": "127.0.0.1"}, [tag]))


def test_endpoints() -> None:
    driver().check(device("enip", {"host": "127.0.0.1", "slot": 2}, TAGS))
    for wrong in ({}, {"host": "h", "slot": 99}, {"host": "h", "rack": 1}):
        with pytest.raises(TagError):
            driver().check(device("enip", wrong, TAGS))
