"""Writes with a record before and after, and the control socket of a running collector."""

import asyncio
import json
import stat
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import Future
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from xinlian.ingest.adapters.control import ControlError, ControlServer, ask
from xinlian.ingest.adapters.log.open import open_recorder
from xinlian.ingest.adapters.log.reader import LogReader
from xinlian.ingest.model.devices import Device
from xinlian.ingest.model.tags import Access, Tag, TagError, TagTable, ValueType
from xinlian.ingest.usecases.collector import Collector
from xinlian.ingest.usecases.control import Auditor, DeviceWriter, raw_of
from xinlian.ingest.usecases.log_ports import Kind, LogError
from xinlian.ingest.usecases.ports import DriverError

from tests.ingest.collector.played import Kept, Played, plant

TABLE = TagTable(
    "t",
    (
        Tag(name="fixed", address="1"),
        Tag(name="set", address="2", access=Access.READ_WRITE, scale=Decimal("0.1"),
            low=Decimal(0), high=Decimal(100), type=ValueType.INT16),
    ),
)  # fmt: skip


class Records(Auditor):
    """Keeps records in order with what the driver wrote."""

    def __init__(self, driver: Played) -> None:
        self.driver = driver
        self.full = False
        self.records: list[tuple[str, int]] = []

    def audit(self, members: Mapping[str, Any]) -> Future[None]:
        done: Future[None] = Future()
        if self.full:
            done.set_exception(LogError("full", "已满"))
            return done
        self.records.append((str(members["state"]), len(self.driver.written)))
        done.set_result(None)
        return done


def made(name: str, **members: Any) -> Device:
    return Device(id=name, group="g", table=TABLE, driver="played", **members)


def beside(
    act: Callable[[Played, Collector], Awaitable[None]], driver: Played | None = None
) -> None:
    """Do something beside a collector of an open device, a read-only one and one that is away."""

    async def main() -> None:
        played = driver if driver is not None else Played()
        played.opening["away"] = DriverError("no route")
        devices = (made("d", writable=True), made("ro"), made("away", writable=True))
        each = Collector(plant(*devices), lambda kind: played, Kept())
        task = asyncio.get_running_loop().create_task(each.run())
        for _ in range(1_000):
            if each.status()["states"]["up"] == 2:
                break
            await asyncio.sleep(0.01)
        try:
            await act(played, each)
        finally:
            each.stop()
            await task

    asyncio.run(main())


def test_a_write_is_recorded_before_and_after() -> None:
    async def act(driver: Played, each: Collector) -> None:
        auditor = Records(driver)
        writer = DeviceWriter(each, auditor)
        done = await writer.write("d", "set", Decimal("20.5"), "uid 0 ann")
        assert driver.written == [("d", "set", 205)]
        assert auditor.records == [("asked", 0), ("done", 1)]
        assert (done["raw"], done["who"], done["table"]) == ("205", "uid 0 ann", TABLE.digest)
        with pytest.raises(DriverError, match="refuses 13"):
            await writer.write("d", "set", Decimal("1.3"), "")
        assert [state for state, _ in auditor.records[2:]] == ["asked", "failed"]
        auditor.full = True
        with pytest.raises(TagError, match=r"\(asked\) could not be recorded"):
            await writer.write("d", "set", Decimal(1), "")
        assert len(driver.written) == 1

    beside(act)


@pytest.mark.parametrize(
    ("device", "tag", "value", "message"),
    [
        ("x", "set", "1", "there is no device 'x'"),
        ("d", "x", "1", "has no tag 'x'"),
        ("ro", "set", "1", "may not be written"),
        ("d", "fixed", "1", "may only be read"),
        ("d", "set", "100.1", "not within 0 to 100"),
        ("d", "set", "-1", "not within"),
        ("d", "set", "NaN", "finite"),
        ("d", "set", "0.05", "between two steps of 0.1"),
        ("away", "set", "1", "not connected: no route"),
    ],
)
def test_what_may_not_be_written_leaves_no_trace(
    device: str, tag: str, value: str, message: str
) -> None:
    async def act(driver: Played, each: Collector) -> None:
        auditor = Records(driver)
        with pytest.raises(TagError, match=message) as refused:
            await DeviceWriter(each, auditor).write(device, tag, Decimal(value), "")
        assert refused.value.zh
        assert driver.written == []
        assert auditor.records == []

    beside(act)


def test_raw_values_fit_their_type() -> None:
    def tag(kind: ValueType) -> Tag:
        return Tag(name="t", address="1", type=kind)

    assert raw_of(tag(ValueType.BOOL), Decimal(1)) == 1
    assert raw_of(tag(ValueType.FLOAT32), Decimal("1.5")) == 1.5
    for kind, value in ((ValueType.BOOL, 2), (ValueType.UINT16, 65_536), (ValueType.INT8, -129)):
        with pytest.raises(TagError, match="does not fit"):
            raw_of(tag(kind), Decimal(value))
    with pytest.raises(TagError, match="does not fit"):
        raw_of(tag(ValueType.FLOAT32), Decimal("1e39"))


def test_the_control_socket(tmp_path: Path) -> None:
    path = tmp_path / "run" / "c.sock"

    async def act(driver: Played, each: Collector) -> None:
        reloads: list[int] = []

        async def reload() -> dict[str, int]:
            reloads.append(1)
            return {"kept": 3}

        async def told(**request: Any) -> Any:
            return await asyncio.to_thread(ask, path, request)

        recorder = open_recorder(tmp_path / "log", 1, each.plant.groups, {})
        writer = DeviceWriter(each, recorder)
        async with ControlServer(path, each, writer, reload):
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
            assert (await told(do="status"))["devices"] == 3
            assert [one["id"] for one in await told(do="devices", state="up")] == ["d", "ro"]
            assert len(await told(do="devices", first=1, count=1)) == 1
            assert (await told(do="device", id="away"))["fault"] == "no route"
            assert (await told(do="tags", id="d"))[1]["access"] == "rw"
            assert await told(do="reload") == {"kept": 3}
            assert (await told(do="write", id="d", tag="set", value="7.5"))["state"] == "done"
            for request in (
                {"do": "write", "id": "d", "tag": "set", "value": "x"},
                {"do": "write", "id": "d"},
                {"do": "explode"},
                {"do": "device", "id": "nobody"},
                {"do": "devices", "count": -1},
            ):
                with pytest.raises(ControlError) as refused:
                    await told(**request)
                assert refused.value.zh
            for nonsense in (b"\xff\n", b"[]\n", b"[" * 9_000 + b"\n"):
                reader, sender = await asyncio.open_unix_connection(path)
                sender.write(nonsense)
                answer = json.loads(await reader.readline())
                assert answer["ok"] is False
                sender.close()
            reader, sender = await asyncio.open_unix_connection(path)
            sender.write(b"a" * 200_000)
            assert await reader.read() == b""
            sender.close()
            with pytest.raises(ControlError, match="running already"):
                await ControlServer(path, each, writer, reload).__aenter__()
        recorder.close()
        assert not path.exists()
        assert driver.written == [("d", "set", 75)]

    beside(act)
    entries = LogReader(tmp_path / "log").read(0)
    kept = [json.loads(bytes(one.payload)) for one in entries if one.kind is Kind.AUDIT]
    assert [(one["state"], one["value"]) for one in kept] == [("asked", "7.5"), ("done", "7.5")]
    assert all(one["who"].startswith("uid ") for one in kept)
    with pytest.raises(ControlError, match="no collector is running"):
        ask(path, {"do": "status"})
