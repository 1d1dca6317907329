"""What comes over a bus from whom no one knows: refused, and nothing stops for it."""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path

import nats
import pytest
from xinlian.ingest.adapters.bus.forward import Forwarder
from xinlian.ingest.adapters.bus.receive import Receiver
from xinlian.ingest.adapters.bus.trusted import BusError, BusKey, check_entry, read_progress
from xinlian.ingest.adapters.bus.wire import Part, names, parts_of, read_part
from xinlian.ingest.adapters.log.open import open_recorder
from xinlian.ingest.usecases.log_ports import Entry, Kind

from tests.ingest.segments.made import GROUP
from tests.ingest.segments.test_bus import (
    QUICK,
    Running,
    caught_up,
    entries,
    eventually,
    mirrored,
    put,
)
from tests.support.nats import NatsServer


def over(part: Part, key: BusKey) -> Part:
    """A part as its receiver has it."""
    return read_part("xl.log.a", key, part.headers("xl.log.a", key), part.data)


def test_without_the_key_of_a_bus_nothing_counts() -> None:
    key, other = BusKey(b"k" * 32), BusKey(b"o" * 32)
    (part,) = parts_of(Entry(4, Kind.AUDIT, b"{}"), 3)
    assert over(part, key) == part
    headers = part.headers("xl.log.a", key)
    lies = (
        ("xl.log.a", {**headers, "Xl-Mac": ""}, part.data),
        ("xl.log.a", part.headers("xl.log.a", other), part.data),
        ("xl.log.a", part.headers("xl.log.a", BusKey()), part.data),
        ("xl.log.b", headers, part.data),
        ("xl.log.a", headers, b"{ }"),
        ("xl.log.a", {**headers, "Xl-Entry": headers["Xl-Entry"].replace("4", "5", 1)}, part.data),
    )
    for subject, told, body in lies:
        with pytest.raises(BusError):
            read_part(subject, key, told, body)


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"{}", b'{"next":"x","again":0}', b'{"next":-1,"again":0}',
     b'{"next":1.5,"again":0}', b'{"next":true,"again":0}', b"7", b'"next"',
     b'{"next":1,"again":9007199254740992}'],
)  # fmt: skip
def test_progress_that_cannot_be_is_refused(body: bytes) -> None:
    with pytest.raises(BusError):
        read_progress(body)
    assert read_progress(b'{"next":3,"again":8}') == (3, 8)


@pytest.mark.parametrize(
    ("position", "kind", "payload"),
    [
        (5, Kind.SEGMENT, b"{}"),
        (5, Kind.TABLE, b"{}"),
        (5, Kind.MARK, b'{"now_us":1e300,"final":false}'),
        (5, Kind.MARK, b"{}"),
        (5, Kind.STATE, b"[]"),
        (5, Kind.AUDIT, b"\xff"),
        (5 + (1 << 33), Kind.AUDIT, b"{}"),
    ],
)
def test_entries_that_no_collector_sends_are_refused(
    position: int, kind: Kind, payload: bytes
) -> None:
    with pytest.raises(BusError):
        check_entry(Entry(position, kind, payload), 5, 7)
    check_entry(Entry(5, Kind.AUDIT, b"{}"), 5, 7)


def test_strangers_on_a_bus_stop_nothing_and_add_nothing(
    nats_server: NatsServer, tmp_path: Path
) -> None:
    """Forged progress, forged entries far ahead, and another party's segments, on a bus with a key
    and on one without."""
    here, there, foreign = tmp_path / "here", tmp_path / "there", tmp_path / "foreign"
    stranger = open_recorder(foreign, 8, [GROUP], {})
    put(stranger, 0)
    stranger.close()
    (segment,) = [body for _, kind, body in entries(foreign) if kind is Kind.SEGMENT]
    for name, key in (("keyed", BusKey(b"k" * 32)), ("open", BusKey())):
        recorder = open_recorder(here / name, 7, [GROUP], {})
        put(recorder, *range(3))
        sender = Running(Forwarder(here / name, name, [nats_server.url], limits=QUICK, key=key))
        writer = Running(
            Receiver(there / name, name, [nats_server.url], limits=QUICK, key=key, party=7)
        )
        eventually(partial(caught_up, writer, recorder))
        asyncio.run(_lie(nats_server.url, name, writer.part.next, segment))
        put(recorder, *range(3, 6))
        eventually(partial(caught_up, writer, recorder))
        recorder.close()
        sender.stop()
        writer.stop()
        mirrored(here / name, there / name, 6)


def test_a_sender_that_knows_less_than_the_bus_had_goes_on(
    nats_server: NatsServer, tmp_path: Path
) -> None:
    """The bus is empty, since the writer has all; a stranger wrote over how far the writer is; and
    the sender had not noted it yet: it sends from the start again."""
    here, there, key = tmp_path / "here", tmp_path / "there", BusKey(b"k" * 32)
    recorder = open_recorder(here, 7, [GROUP], {})
    put(recorder, *range(3))
    forwarder = Forwarder(here, "a", [nats_server.url], limits=QUICK, key=key)
    sender = Running(forwarder)
    eventually(lambda: forwarder.sent == recorder.status.position - 1)
    sender.stop()
    writer = Running(Receiver(there, "a", [nats_server.url], limits=QUICK, key=key))
    eventually(partial(caught_up, writer, recorder))
    asyncio.run(_lie(nats_server.url, "a", writer.part.next, b"{}"))
    sender = Running(forwarder)
    put(recorder, *range(3, 6))
    eventually(partial(caught_up, writer, recorder))
    recorder.close()
    sender.stop()
    writer.stop()
    mirrored(here, there, 6)


async def _lie(url: str, name: str, position: int, segment: bytes) -> None:
    """As whoever may publish: nothing is signed."""
    own = names(name)
    link = await nats.connect(url)
    jetstream = link.jetstream()
    await jetstream.publish(own.done, b"[]")
    for at, kind, body in (
        (position, Kind.SEGMENT, segment),
        (position, Kind.SEGMENT, b"{}"),
        (4_000_000_000_000, Kind.AUDIT, b"{}"),
    ):
        (part,) = parts_of(Entry(at, kind, body), position - 1)
        await jetstream.publish(own.subject, body, headers=part.headers(own.subject, BusKey()))
    await jetstream.publish(own.subject, b"no part of anything")
    await link.close()
