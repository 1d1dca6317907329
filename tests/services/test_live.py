"""Live values: one look for all listeners, only what they asked for, and nobody holds up others."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest
from xinlian.ingest.model.query import Latest
from xinlian.services.api import live as module
from xinlian.services.api.live import LISTENERS_MAX, LISTENERS_OF_TOKEN_MAX, Live, LiveResponse
from xinlian.services.app.errors import Code, RefusedError
from xinlian.services.app.telemetry_live import Wanted, newest_of

ALL = Wanted()
Json = Any


class Plant:
    """Devices with values that rise at every look."""

    def __init__(self, devices: int = 3) -> None:
        self.names = [f"d{at}" for at in range(devices)]
        self.asked: list[list[Wanted]] = []
        self.still: set[str] = set()
        self.broken = False

    def look(self, wanted: Sequence[Wanted]) -> list[tuple[Latest, str]]:
        self.asked.append(list(wanted))
        if self.broken:
            raise OSError("the store is away")
        at = len(self.asked)
        return [
            (Latest(name, tag, 1 if name in self.still else at, 1.0, 0), "kW")
            for name in self.names
            for tag in ("power", "energy")
            if any(each.fits(name, tag) for each in wanted)
        ]


def view(latest: Latest, unit: str) -> dict[str, Any]:
    return {"device": latest.device, "tag": latest.tag, "time": latest.time_us, "unit": unit}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "LOOK_SECONDS", 0.02)


async def yes() -> bool:
    return True


def items(event: bytes) -> list[Json]:
    return list(json.loads(event.split(b"data: ")[1])["items"]) if b"data: " in event else []


async def told(
    live: Live, plant: Plant, wanted: Wanted, token: str, events: int, slowly: float = 0
) -> list[bytes]:
    """So many events, and the place given back."""
    listener = live.listen(7, token, wanted, plant.look, view)
    found = []
    stream = listener.events(5, yes)
    try:
        async for event in stream:
            found.append(event)
            if len(found) == events:
                break
            await asyncio.sleep(slowly)
    finally:
        await stream.aclose()
        listener.close()
    return found


def test_many_listeners_cost_one_look_each_time_and_share_their_events() -> None:
    async def play() -> None:
        live, plant = Live(), Plant()
        streams = [told(live, plant, ALL, f"t{at}", 5) for at in range(LISTENERS_MAX)]
        found = await asyncio.gather(*streams)
        assert len(plant.asked) < LISTENERS_MAX, "not one a listener"
        events = {id(event) for each in found for event in each if b"data: " in event}
        assert len(events) < LISTENERS_MAX, "made once, not for each listener"
        assert not live.boards
        assert not live.tokens

    asyncio.run(play())


def test_a_listener_is_told_what_it_asked_for_and_only_what_changed() -> None:
    async def play() -> None:
        live, plant = Live(), Plant()
        plant.still = {"d1"}
        one = Wanted(frozenset({"d1", "d2"}), frozenset({"power"}))
        first, second = await asyncio.gather(
            told(live, plant, one, "t", 4), told(live, plant, ALL, "u", 4)
        )
        seen = [{(each["device"], each["tag"]) for each in items(event)} for event in first]
        assert seen == [set(), {("d1", "power"), ("d2", "power")}, *[{("d2", "power")}] * 2]
        assert {each["unit"] for each in items(first[1])} == {"kW"}
        assert len(items(second[1])) == 6
        await told(live, plant, one, "t", 2)
        assert plant.asked[-1] == [one], "nobody else is asked for any more"

    asyncio.run(play())


def test_a_slow_listener_skips_what_was_replaced_and_holds_up_nobody() -> None:
    async def play() -> None:
        live, plant = Live(), Plant()
        slow, fast = await asyncio.gather(
            told(live, plant, ALL, "slow", 3, slowly=0.2), told(live, plant, ALL, "fast", 12)
        )
        assert len(items(slow[2])) == 6, "each value once, the newest"
        assert len(fast) == 12

    asyncio.run(play())


def test_places_are_bounded_and_given_back() -> None:
    live, plant = Live(), Plant()
    own = [live.listen(7, "t", ALL, plant.look, view) for _ in range(LISTENERS_OF_TOKEN_MAX)]
    with pytest.raises(RefusedError) as refused:
        live.listen(7, "t", ALL, plant.look, view)
    assert refused.value.code is Code.RATE_LIMITED
    rest = range(LISTENERS_MAX - LISTENERS_OF_TOKEN_MAX)
    others = [live.listen(8, f"o{at}", ALL, plant.look, view) for at in rest]
    with pytest.raises(RefusedError):
        live.listen(9, "new", ALL, plant.look, view)
    for each in [*own, *others, *own]:
        each.close()
    assert not live.tokens
    assert not live.boards


def test_streams_end_with_their_token_and_when_the_store_is_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "RIGHTS_SECONDS", 0.0)

    async def play() -> None:
        live, plant = Live(), Plant()
        listener = live.listen(7, "t", ALL, plant.look, view)

        async def no() -> bool:
            return False

        assert [each async for each in listener.events(5, no)] == [b"retry: 1000\n\n"]
        plant.broken = True
        assert len([each async for each in listener.events(5, yes)]) == 1
        listener.close()

    asyncio.run(play())


async def respond(
    live: Live, plant: Plant, send: Callable[[Json], Awaitable[None]], gone: asyncio.Event
) -> None:
    listener = live.listen(7, "t", ALL, plant.look, view)
    response = LiveResponse(listener, listener.events(30, yes), 0.1)

    async def receive() -> Json:
        await gone.wait()
        return {"type": "http.disconnect"}

    scope = {"type": "http", "asgi": {"spec_version": "2.3"}}
    await asyncio.wait_for(response(scope, receive, send), 10)


def test_who_takes_nothing_is_let_go() -> None:
    async def play() -> None:
        live, plant, sent = Live(), Plant(), []

        async def send(message: Json) -> None:
            sent.append(message)
            if len(sent) > 2:
                await asyncio.sleep(60)

        await respond(live, plant, send, asyncio.Event())
        assert len(sent) == 3
        assert not live.tokens

    asyncio.run(play())


def test_who_goes_away_is_noticed() -> None:
    async def play() -> None:
        live, plant, gone = Live(), Plant(), asyncio.Event()

        async def send(message: Json) -> None:
            if b"readings" in message.get("body", b""):
                gone.set()

        await respond(live, plant, send, gone)
        assert not live.tokens
        asked = len(plant.asked)
        await asyncio.sleep(0.1)
        assert len(plant.asked) <= asked + 1, "nobody listens, nobody looks"

    asyncio.run(play())


class Store:
    def __init__(self) -> None:
        self.read: list[tuple[int, Any]] = []

    def latest(self, devices: Sequence[str], tags: Any) -> list[Latest]:
        self.read.append((len(devices), tags))
        return [Latest(name, "power", 1, 1.0, 0) for name in devices]


class Reads:
    """What ``TelemetryReads`` is for these."""

    def __init__(self, store: Store) -> None:
        self.store, self.sites = store, self

    def known(self, _party: int) -> Reads:
        return self

    def units(self, _party: int) -> dict[str, dict[str, str]]:
        return {f"d{at}": {"power": "kW"} for at in range(3_000)}


def test_the_store_is_asked_for_each_device_once_and_a_thousand_at_a_time() -> None:
    store = Store()
    power = frozenset({"power"})
    wanted = [Wanted(frozenset(f"d{at}" for at in range(low, low + 200)), power)
              for low in range(0, 2_000, 100)]  # fmt: skip
    found = newest_of(Reads(store), 7, wanted)  # type: ignore[arg-type]
    assert store.read == [(1_000, ["power"]), (1_000, ["power"]), (100, ["power"])]
    assert len(found) == 2_100
    assert found[0][1] == "kW"
