"""A log over NATS JetStream into a log elsewhere: all of it, once, in order, through outages."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, Generic, TypeVar

import nats
import pytest
from xinlian.ingest.adapters.bus.connected import BusLimits
from xinlian.ingest.adapters.bus.forward import Forwarder
from xinlian.ingest.adapters.bus.receive import Receiver
from xinlian.ingest.adapters.bus.trusted import BusError, BusKey
from xinlian.ingest.adapters.bus.wire import Assembly, names, parts_of, read_part
from xinlian.ingest.adapters.log.consumers import committed
from xinlian.ingest.adapters.log.log import LogLimits
from xinlian.ingest.adapters.log.open import open_recorder
from xinlian.ingest.adapters.log.reader import LogReader
from xinlian.ingest.usecases.log_ports import Entry, Kind
from xinlian.ingest.usecases.recorder import Recorder

from tests.ingest.segments.made import GROUP, SECOND, T0, frame
from tests.support.nats import NatsServer

QUICK = BusLimits(pause_s=0.2, answer_s=1.0)


P = TypeVar("P", Forwarder, Receiver)


class Running(Generic[P]):
    """A forwarder or receiver in a loop and thread of its own."""

    def __init__(self, part: P) -> None:
        self.part: P = part
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._loop.run_until_complete(self.part.run(self._stop))
        finally:
            self._loop.close()

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(20)
        assert not self._thread.is_alive()


def entries(folder: Path) -> list[tuple[int, Kind, bytes]]:
    reader = LogReader(folder)
    found: list[Entry] = []
    while got := reader.read(found[-1].position + 1 if found else 0, 100):
        found += got
    reader.close()
    return [(each.position, each.kind, each.payload) for each in found]


def eventually(done: Callable[[], Any]) -> None:
    end = threading.Event()
    for _ in range(600):
        if done():
            return
        end.wait(0.05)
    raise AssertionError("it did not come to pass within 30 s")


def caught_up(writer: Running[Receiver], recorder: Recorder) -> bool:
    return bool(writer.part.next == recorder.status.position)


def mirrored(here: Path, there: Path, segments: int) -> None:
    """What is there is the beginning of what is here, with so many segments."""
    got = entries(there)
    assert got == entries(here)[: len(got)]
    assert sum(kind is Kind.SEGMENT for _, kind, _ in got) == segments


def put(recorder: Recorder, *numbers: int, rows: int = 3) -> None:
    for number in numbers:
        done = threading.Event()
        assert recorder.put(GROUP.id, [frame("m1", T0 + number * SECOND, rows)], done.set)
        assert done.wait(10)


def test_nothing_is_lost_while_the_server_is_away(nats_server: NatsServer, tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    recorder = open_recorder(here, 7, [GROUP], {}, log_limits=LogLimits(file_bytes=4000))
    put(recorder, *range(5))
    sender = Running(Forwarder(here, "plant-1", [nats_server.url], limits=QUICK))
    writer = Running(Receiver(there, "plant-1", [nats_server.url], limits=QUICK))
    # Larger than a message may be: it travels in parts.
    put(recorder, 5, rows=120_000)
    eventually(lambda: writer.part.next == recorder.status.position)
    nats_server.kill()
    put(recorder, *range(6, 30))
    nats_server.start()
    eventually(lambda: writer.part.next == recorder.status.position)
    # The server forgets everything that it had: the log sends it again.
    writer.stop()
    put(recorder, *range(30, 40))
    eventually(lambda: sender.part.sent == recorder.status.position - 1)
    nats_server.kill()
    nats_server.forget()
    nats_server.start()
    writer = Running(Receiver(there, "plant-1", [nats_server.url], limits=QUICK))
    put(recorder, 40)
    eventually(lambda: writer.part.next == recorder.status.position)
    recorder.close()
    eventually(lambda: entries(there) == entries(here))
    eventually(lambda: committed(here, "bus") == writer.part.next - 1)
    sender.stop()
    writer.stop()
    reader = LogReader(there)
    segments = [segment for _, segment in reader.segments(0, 100).segments]
    assert [each.sequence for each in segments] == list(range(41))
    assert all(each.tree.root == each.root for each in segments)
    # Tables stand in each file: reading can begin anywhere.
    for position, segment in LogReader(there).segments(20, 100).segments:
        assert LogReader(there).segment(position).summary == segment.summary
    reader.close()


def test_a_sender_and_a_writer_that_are_started_again(
    nats_server: NatsServer, tmp_path: Path
) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    recorder = open_recorder(here, 7, [GROUP], {})
    for life in range(3):
        sender = Running(Forwarder(here, "plant-1", [nats_server.url], limits=QUICK))
        put(recorder, *range(life * 8, life * 8 + 8))
        if life:
            writer = Running(Receiver(there, "plant-1", [nats_server.url], limits=QUICK))
            eventually(partial(caught_up, writer, recorder))
            writer.stop()
        sender.stop()
    recorder.close()
    mirrored(here, there, 24)


def test_parts_out_of_turn_make_nothing() -> None:
    entry = Entry(4, Kind.AUDIT, bytes(1_300_000))
    parts = list(parts_of(entry, 3))
    assert len(parts) == 3
    for order in ([0, 1, 2], [0, 0, 1, 2], [0, 1, 0, 1, 2], [2, 0, 1, 2]):
        assembly = Assembly()
        key = BusKey()
        made = [
            assembly.add(read_part("a", key, part.headers("a", key), part.data))
            for part in (parts[at] for at in order)
        ]
        assert [each for each in made if each] == [(entry, 3)]
    for order in ([0, 2], [1, 2], [0, 2, 1]):
        assembly = Assembly()
        assert not any(assembly.add(parts[at]) for at in order)


@pytest.mark.parametrize(
    "header", ["", "1", "1 0 2 0 1", "a b c d e f", "1 0 99 0 1 0", "1 1 2 0 1 0"]
)
def test_strange_messages_are_refused(header: str) -> None:
    with pytest.raises(BusError):
        read_part("xl.log.a", BusKey(), {"Xl-Entry": header}, b"")
    with pytest.raises(BusError):
        read_part("xl.log.a", BusKey(), None, b"")
    with pytest.raises(BusError):
        names("a.b")


def test_a_server_that_is_full_holds_the_log_up(nats_server: NatsServer, tmp_path: Path) -> None:
    """What finds no room waits in the collector's log, and goes on when the writer has taken."""
    here, there = tmp_path / "here", tmp_path / "there"
    recorder = open_recorder(here, 7, [GROUP], {})
    put(recorder, *range(30), rows=1000)
    small = BusLimits(pause_s=0.2, answer_s=1.0, stream_bytes=100_000)
    sender = Running(Forwarder(here, "plant-1", [nats_server.url], limits=small))
    eventually(lambda: sender.part.fault)  # nats-server 2.9 gives no answer, later ones an error
    assert sender.part.sent < recorder.status.position - 1
    writer = Running(Receiver(there, "plant-1", [nats_server.url], limits=small))
    eventually(partial(caught_up, writer, recorder))
    recorder.close()
    sender.stop()
    writer.stop()
    got = entries(there)
    assert got == entries(here)[: len(got)]


def test_what_the_server_lost_in_the_middle_is_sent_again(
    nats_server: NatsServer, tmp_path: Path
) -> None:
    """Messages that were acknowledged to the sender vanish before the writer has them."""
    here, there = tmp_path / "here", tmp_path / "there"
    recorder = open_recorder(here, 7, [GROUP], {})
    put(recorder, *range(12))
    sender = Running(Forwarder(here, "plant-1", [nats_server.url], limits=QUICK))
    eventually(lambda: sender.part.sent == recorder.status.position - 1)

    async def lose() -> None:
        link = await nats.connect(nats_server.url)
        for sequence in (3, 4, 8):
            await link.jetstream().delete_msg("XL-plant-1", sequence)
        await link.close()

    asyncio.run(lose())
    writer = Running(Receiver(there, "plant-1", [nats_server.url], limits=QUICK))
    eventually(partial(caught_up, writer, recorder))
    recorder.close()
    sender.stop()
    writer.stop()
    got = entries(there)
    assert sum(kind is Kind.SEGMENT for _, kind, _ in got) == 12
    assert got == entries(here)[: len(got)]
