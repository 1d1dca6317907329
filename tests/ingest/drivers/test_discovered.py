"""What discovery finds on live peers, and that it makes a tag list that can be collected from."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from xinlian.ingest.adapters.drivers.bacnet.discover import objects
from xinlian.ingest.adapters.drivers.found import Found, tag_rows
from xinlian.ingest.adapters.drivers.modbus import simulator as modbus
from xinlian.ingest.adapters.drivers.mqtt.discover import births
from xinlian.ingest.adapters.drivers.registry import driver
from xinlian.ingest.adapters.files.tag_list import read_tags
from xinlian.ingest.model.tags import Tag, ValueType
from xinlian.services.cli import ingest_discover
from xinlian.services.cli.failure import CliError

from tests.ingest.drivers.bacnet.test_bacnet import peer
from tests.ingest.drivers.modbus import support
from tests.ingest.drivers.mqtt.test_sparkplug import TAGS, Edge, endpoint
from tests.ingest.drivers.opcua.test_peer import URI, plant
from tests.ingest.drivers.sinks import KeptSink, device, free_port, in_loop
from tests.support.mosquitto import Mosquitto, mosquitto

__all__ = ["mosquitto"]


async def discovered(*arguments: str) -> str:
    """What the command prints."""
    done = await asyncio.to_thread(CliRunner().invoke, ingest_discover.make(), arguments)
    assert done.exit_code == 0, (done.output, done.exception)
    return done.output


async def first_row(kind: str, where: dict[str, Any], file: Path) -> dict[str, Any]:
    """A poll of what a tag list names."""
    tags = read_tags(file).table("t").tags
    sink = KeptSink()
    session = driver(kind).session(device(kind, where, tags), [sink])
    await session.open()
    session.poll(0)
    await sink.next()
    await session.close()
    [row] = sink.rows[-1:]
    return {tag.name: value for tag, value in zip(tags, row.values, strict=True)}


@in_loop
async def test_variables_of_an_opc_ua_server(tmp_path: Path) -> None:
    async with plant() as made:
        url, file = f"opc.tcp://127.0.0.1:{made.port}/plant", tmp_path / "line.csv"
        told = await discovered(url, "--out", str(file))
        assert f"nsu={URI};s=Temp" in told
        row = await first_row("opcua", {"url": url, "mode": "poll"}, file)
        assert (row["temp"], row["tag_7"], row["run"]) == (20.5, 300, 1)
        again = await asyncio.to_thread(
            CliRunner().invoke, ingest_discover.make(), [url, "--out", str(file)]
        )
        assert again.exit_code  # nobody's list is overwritten


@pytest.mark.parametrize("plain", [False, True])
def test_objects_of_a_bacnet_device(plain: bool, tmp_path: Path) -> None:
    @in_loop
    async def run() -> None:
        async with peer(plain=plain) as port:
            found = await objects("", f"127.0.0.1:{port}", 77)
            named = {each.address: (each.path, each.type, each.writable) for each in found}
            first = "analog-input/ai:1" if plain else "analog-input/a1"
            assert named["ai:1"] == (first, ValueType.FLOAT32, False)
            assert named["av:1"][2]
            assert named["bi:1"][1] is ValueType.BOOL
            assert named["mi:1"][1] is ValueType.UINT16
            file = tmp_path / "room.csv"
            await discovered(
                "127.0.0.1", "--driver", "bacnet", "--port", str(port), "--out", str(file)
            )
            row = await first_row("bacnet", {"host": "127.0.0.1", "port": port}, file)
            assert row["ai_1" if plain else "a1"] == 21.5

    run()


def test_metrics_of_an_edge_node(mosquitto: Mosquitto) -> None:
    @in_loop
    async def run() -> None:
        edge = await asyncio.to_thread(Edge, mosquitto.port)
        looking = asyncio.create_task(births(device("sparkplug", endpoint(mosquitto), TAGS)))
        for _ in range(200):
            await asyncio.sleep(0.02)
            if edge.rebirths():
                break
        await asyncio.to_thread(edge.birth)
        found = {each.address: each.type for each in await looking}
        assert found["Inputs/T"] is ValueType.FLOAT32
        assert found["Outputs/N"] is ValueType.INT32
        await asyncio.to_thread(edge.publisher.close)

    run()


@in_loop
async def test_registers_of_a_modbus_unit(tmp_path: Path) -> None:
    tags = [
        Tag(name="a", address="holding:7"),
        Tag(name="b", address="coil:2", type=ValueType.BOOL),
    ]
    async with modbus([support.device(tags, {"unit": 2})], support.Constant()) as sim:
        port = sim.endpoint("d1")["port"]
        file = tmp_path / "unit.csv"
        where = ("127.0.0.1", "--port", str(port), "--units", "3", "--high", "20")
        told = await discovered(*where, "--out", str(file))
        assert "Xinlian" in told
        listed = {tag.address: tag.type for tag in read_tags(file).table("t").tags}
        assert listed["holding:7"] is ValueType.UINT16
        assert listed["coil:2"] is ValueType.BOOL


@in_loop
async def test_nothing_there_is_an_ordinary_refusal() -> None:
    for kind in ("modbus-tcp", "opcua", "bacnet"):
        done = await asyncio.to_thread(
            CliRunner().invoke,
            ingest_discover.make(),
            ["127.0.0.1", "--port", str(free_port()), "--units", "1", "--driver", kind],
        )
        if kind != "bacnet":  # an empty network is no error
            assert isinstance(done.exception, CliError)


def test_names_are_names_of_tags_and_each_stands_once() -> None:
    paths = ["/Line/Temp °C", "/Line 2/Temp °C", "/Line/Temp °C", "/7", "/温度", "/" + "x" * 99]
    rows = tag_rows([Found(f"i={n}", path, ValueType.INT16) for n, path in enumerate(paths)])
    names = [row["name"] for row in rows]
    assert names[:2] == ["temp_c", "line_2_temp_c"]
    assert len(set(names)) == len(paths)
    for row in rows:
        Tag(name=row["name"], address=row["address"], type=ValueType.INT16)
    assert tag_rows([Found("i=1", "/Blob", None)]) == []
