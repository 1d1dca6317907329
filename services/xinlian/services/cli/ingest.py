"""Commands of a collector on this machine: run, simulate, look, steer."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
from xinlian.services.cli.common import command, common_options, log_to_stderr, wants_json
from xinlian.services.cli.failure import CliError, Exit
from xinlian.services.cli.i18n import pick

if TYPE_CHECKING:
    from xinlian.ingest.model.devices import Plant

__all__ = ["make"]

_FILE: Final = click.Path(path_type=Path, dir_okay=False)
_PLANT: Final = click.Argument(["plant"], type=_FILE)


def make(name: str) -> click.Command:
    """The group ``ingest``."""
    group = click.Group(
        name,
        params=[*common_options()],
        help=pick("Collect from machines and meters.", "采集设备与仪表数据。"),
    )
    from xinlian.services.cli import ingest_control, ingest_lists

    local = (_run(), _sim(), _check(), _receive())
    for each in (*local, *ingest_control.make(), *ingest_lists.make()):
        group.add_command(each)
    return group


def _run() -> click.Command:
    params: list[click.Parameter] = [
        _PLANT,
        click.Option(["--name"], default="collector", show_default=True,
                     help=pick("name of this collector's stream", "采集器（数据流）名称")),
        click.Option(["--seconds"], type=click.FloatRange(0.1),
                     help=pick("end after so long", "运行秒数")),
        click.Option(["--bus"], multiple=True,
                     help=pick("NATS server over which the log goes to another machine",
                               "经 NATS 服务器将日志送往另一台机器")),
        click.Option(["--plain"], is_flag=True,
                     help=pick("lines instead of the live view", "逐行输出，不用实时画面")),
    ]  # fmt: skip
    text = pick(
        "Collect from the devices of a PLANT file (YAML) until Ctrl-C. What is collected is on "
        "disk before it counts; `./xl up` takes it into the store and fixes its evidence.",
        "按 PLANT 文件（YAML）采集，按 Ctrl-C 结束。数据先落盘再计数；由 `./xl up` 入库并存证。",
    )
    return command("run", _collect, text, params)


def _collect(
    plant: Path, name: str, seconds: float | None, bus: tuple[str, ...], plain: bool
) -> None:
    from xinlian.ingest.usecases.log_ports import LogError
    from xinlian.services.cli.ingest_control import refuse_shared
    from xinlian.services.cli.render import print_json
    from xinlian.services.settings import Settings, keep_private
    from xinlian.services.workers.collecting import Collecting

    known = load(plant)
    settings = Settings()
    keep_private(settings.data)
    log_to_stderr()
    try:
        folder = settings.telemetry_dir / str(known.party)
        refuse_shared(folder, name, (device.id for device in known.devices))
        options, key = _bus_access(settings, bus)
        collecting = Collecting(known, folder, name, bus=bus, bus_options=options, bus_key=key)
        collecting.file = plant
    except LogError as exc:
        raise CliError(pick(str(exc), exc.zh), where=name) from exc
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: collecting.collector.stop())
    try:
        with _shown(plain or wants_json()) as tell:
            collecting.run(seconds, tell)
    finally:
        whole = collecting.close()
    if wants_json():
        print_json(collecting.status())
    if not whole:
        fault = collecting.recorder.status.fault
        raise CliError(
            pick(f"readings that waited could not be written and are lost: {fault}",
                 f"等待写入的读数未能落盘，已丢失：{fault}"),
            where=str(folder),
        )  # fmt: skip


@contextlib.contextmanager
def _shown(plain: bool) -> Any:
    """What tells how far the collector is: a live view on a terminal, a line now and then else."""
    from xinlian.services.cli.ingest_live import plain_line, view

    if plain or not sys.stdout.isatty():
        rounds = 0

        def line(collecting: Any) -> None:
            nonlocal rounds
            rounds += 1
            if rounds % 10 == 2:
                click.echo(plain_line(collecting.status()), err=wants_json())

        yield line
        return
    from rich.live import Live

    with Live(refresh_per_second=4, screen=False) as live:
        yield lambda collecting: live.update(view(collecting))


def _sim() -> click.Command:
    params: list[click.Parameter] = [
        _PLANT,
        click.Option(["--seconds"], type=click.FloatRange(0.1),
                     help=pick("end after so long", "运行秒数")),
    ]  # fmt: skip
    text = pick(
        "Play the devices of a PLANT file at their own addresses, which must be on this machine.",
        "在本机按 PLANT 文件中的地址模拟各设备。",
    )
    return command("sim", _simulate, text, params)


def _simulate(plant: Path, seconds: float | None) -> None:
    from xinlian.ingest.model.tags import TagError

    known = load(plant)
    try:
        with contextlib.suppress(KeyboardInterrupt):
            asyncio.run(_play(known, seconds))
    except TagError as exc:
        raise CliError(pick(str(exc), exc.zh), where=str(plant), code=Exit.USAGE) from exc
    except (OSError, ValueError) as exc:  # a port that is taken; units that share one
        raise CliError(
            pick(f"they cannot play: {exc}", f"无法模拟：{exc}"), where=str(plant)
        ) from exc


async def _play(plant: Plant, seconds: float | None) -> None:
    from xinlian.ingest.adapters.drivers.registry import simulator
    from xinlian.ingest.model.signals import Signals

    kinds = sorted({device.driver for device in plant.devices})
    async with contextlib.AsyncExitStack() as stack:
        for kind in kinds:
            devices = [device for device in plant.devices if device.driver == kind]
            await stack.enter_async_context(simulator(kind, devices, Signals()))
            click.echo(
                pick(f"{kind}: {len(devices)} devices play", f"{kind}：模拟 {len(devices)} 台")
            )
        await asyncio.sleep(seconds if seconds is not None else 10**9)


def _receive() -> click.Command:
    params: list[click.Parameter] = [
        click.Option(["--bus"], multiple=True, required=True,
                     help=pick("NATS server", "NATS 服务器")),
        click.Option(["--party"], type=click.IntRange(1), required=True,
                     help=pick("whose readings", "所属参与方")),
        click.Option(["--name"], default="collector", show_default=True,
                     help=pick("name of the collector's stream", "采集器（数据流）名称")),
    ]  # fmt: skip
    text = pick(
        "Take the log of a collector elsewhere from NATS JetStream, until Ctrl-C.",
        "从 NATS JetStream 接收异地采集器的日志，按 Ctrl-C 结束。",
    )
    return command("receive", _take, text, params)


def _take(bus: tuple[str, ...], party: int, name: str) -> None:
    from xinlian.ingest.adapters.bus.receive import Receiver
    from xinlian.services.settings import Settings, keep_private

    settings = Settings()
    options, key = _bus_access(settings, bus)
    keep_private(settings.data)
    log_to_stderr()
    folder = settings.telemetry_dir / str(party) / "log" / name
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with contextlib.suppress(KeyboardInterrupt):
        receiver = Receiver(folder, name, list(bus), options, key=key, party=party)
        asyncio.run(_until_ended(receiver))


def _bus_access(settings: Any, bus: tuple[str, ...]) -> tuple[dict[str, Any], Any]:
    from xinlian.services.settings import SettingsError
    from xinlian.services.workers.bus_access import bus_key, bus_options

    try:
        return bus_options(settings, bus), bus_key(settings)
    except SettingsError as exc:
        raise CliError(str(exc), code=Exit.USAGE) from exc


async def _until_ended(receiver: Any) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await receiver.run(stop)


def _check() -> click.Command:
    text = pick(
        "Read a PLANT file and tell what it holds, or what is wrong where.",
        "检查 PLANT 文件：内容概览，或错误及其位置。",
    )
    return command("check", _look, text, [_PLANT])


def _look(plant: Path) -> None:
    from xinlian.services.cli.render import print_json, print_rows

    known = load(plant)
    rows = [
        {
            "device": device.id,
            "table": device.table.name,
            "driver": device.driver,
            "group": device.group,
            "tags": len(device.table.tags),
            "digest": device.table.digest[:12],
        }
        for device in known.devices
    ]
    if wants_json():
        print_json({"party": known.party, "devices": rows})
    else:
        print_rows(rows)


def load(path: Path) -> Plant:
    """A plant from its file; ``CliError`` that says what is wrong where."""
    from xinlian.ingest.adapters.drivers.registry import driver
    from xinlian.ingest.adapters.files.plant import read_plant
    from xinlian.ingest.model.tags import TagError

    try:
        return read_plant(path, driver)
    except TagError as exc:
        raise CliError(pick(str(exc), exc.zh), where=str(path), code=Exit.USAGE) from exc
