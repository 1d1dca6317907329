# mypy: disable-error-code="attr-defined, arg-type"
"""Changes that come while there is no room: held in order, and counted when they are too many."""

import pytest
from asyncua import ua
from xinlian.ingest.adapters.drivers import reported
from xinlian.ingest.adapters.drivers.opcua import driver

from tests.ingest.drivers.opcua.test_peer import TAGS, Plant, endpoint, plant
from tests.ingest.drivers.sinks import KeptSink, device, in_loop, until


async def change(made: Plant, values: range) -> None:
    for value in values:
        await made.set("Temp", ua.Variant(float(value), ua.VariantType.Double))


@in_loop
async def test_changes_wait_for_room_in_their_order() -> None:
    async with plant() as made:
        sink = KeptSink()
        session = driver().session(
            device("opcua", endpoint(made.port, queue=100), TAGS[:1]), [sink]
        )
        await session.open()
        await until(lambda: bool(sink.rows))
        sink.full = True
        await change(made, range(100, 130))
        await until(lambda: len(session.groups[0].held) == 30)
        sink.full = False
        await until(lambda: len(sink.rows) == 31)
        assert [row.values[0] for row in sink.rows[1:]] == list(range(100, 130))
        assert sink.lost == 0
        await session.close()


def test_beyond_the_bound_the_oldest_are_given_up_and_counted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(reported, "HELD_ROWS_MAX", 16)

    @in_loop
    async def run() -> None:
        async with plant() as made:
            sink = KeptSink()
            given = device("opcua", endpoint(made.port, queue=100), TAGS[:1])
            session = driver().session(given, [sink])
            await session.open()
            await until(lambda: bool(sink.rows))
            sink.full = True
            await change(made, range(100, 130))
            await until(lambda: sink.lost == 14)
            sink.full = False
            await until(lambda: len(sink.rows) == 17)
            assert [row.values[0] for row in sink.rows[1:]] == list(range(114, 130))
            # What waits when the session ends is offered once more, and then counted.
            sink.full = True
            await change(made, range(200, 205))
            await until(lambda: len(session.groups[0].held) == 5)
            await session.close()
            assert sink.lost == 19

    run()
