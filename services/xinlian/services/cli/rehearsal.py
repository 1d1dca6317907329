"""Networks whose clock stands until it is set: to go through months of a voucher in an hour."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import click
from xinlian.services.cli.common import command
from xinlian.services.cli.failure import CliError, Exit
from xinlian.services.cli.i18n import pick

if TYPE_CHECKING:
    from xinlian.services.settings import Settings

BUSINESS_HOUR: Final = 9 * 3_600


def found(settings: Settings) -> None:
    """Make a rehearsal of a fresh data folder; refused where a network of the real time is."""
    from xinlian.ledger.chain.data_folder import DataFolder
    from xinlian.ledger.chain.node import Genesis
    from xinlian.services.workers.founding import found_chain

    folder = DataFolder(settings.node_dir)
    if folder.clock.exists():
        return
    if folder.genesis.exists():
        raise CliError(
            pick("the network here keeps the real time", "此处的网络使用真实时间"),
            where=str(settings.data),
            todo=pick("rehearse in another XINLIAN_DATA", "请用另一个 XINLIAN_DATA 演练"),
        )
    genesis = Genesis(clock="controlled")
    found_chain(settings, genesis)
    folder.clock.write_text(str(genesis.timestamp), encoding="ascii")


def make_clock() -> click.Command:
    """`node clock DAY`."""
    text = pick(
        "Move the clock of a rehearsal (./xl up --rehearsal) forward to 9:00 of DAY.",
        "将演练网络（./xl up --rehearsal）的时钟拨到某日 9:00。",
    )
    return command("clock", _set_clock, text, [click.Argument(["day"])])


def _set_clock(day: str) -> None:
    from xinlian.ledger.chain.errors import ChainError
    from xinlian.ledger.model.days import DayError, day_from_iso, start_of
    from xinlian.ledger.model.errors import LedgerError
    from xinlian.services.cli.cells import moment
    from xinlian.services.settings import Settings, SettingsError, read_secret
    from xinlian.services.wiring import NODE_ADMIN_TOKEN_FILE, node_rpc

    settings = Settings()
    if settings.clock_path is None:
        raise CliError(
            pick("this network keeps the real time", "此网络使用真实时间"),
            where=str(settings.data),
            todo=pick("only a rehearsal has a clock to set", "只有演练网络可以拨钟"),
        )
    try:
        now = start_of(day_from_iso(day)) + BUSINESS_HOUR
    except DayError as exc:
        raise CliError(
            pick(f"a day as YYYY-MM-DD is wanted, not {day!r}", f"需为 YYYY-MM-DD，而非 {day!r}"),
            where="DAY",
            code=Exit.USAGE,
        ) from exc
    try:
        token = read_secret(settings.secrets_dir / NODE_ADMIN_TOKEN_FILE)
        with node_rpc(settings, token=token) as rpc:
            rpc.set_time(now)
    except (ChainError, LedgerError, SettingsError) as exc:
        raise CliError(str(exc), where=str(settings.data)) from exc
    click.echo(pick(f"the network's time is {moment(now)}", f"网络时间：{moment(now)}"))


def network_now() -> int:
    """The time of the network in the data folder (Unix seconds): a rehearsal's, or the real one."""
    from xinlian.services.settings import Settings

    path = Settings().clock_path
    return int(time.time()) if path is None else int(path.read_text("ascii"))
