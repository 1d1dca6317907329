"""The root of the command line: groups are imported when they are asked for."""

from __future__ import annotations

import errno
import os
import sys
import traceback
from collections.abc import Sequence
from typing import Final, NoReturn

import click
from xinlian.services.cli.click_zh import install
from xinlian.services.cli.common import common_options
from xinlian.services.cli.failure import EXIT_CODES_HELP, CliError, Exit
from xinlian.services.cli.i18n import language, pick, set_language

# Name, module that makes it, English and Chinese line of help.
_COMMANDS: Final[tuple[tuple[str, str, str, str], ...]] = (
    ("version", "basics", "print the version", "显示版本"),
    ("completion", "basics", "print the shell's completion script", "输出 shell 补全脚本"),
    ("demo", "local", "the whole life of vouchers, on a sample or your file", "演示凭证全流程"),
    ("up", "local", "start the network on this machine", "在本机启动网络"),
    ("simulate", "simulate", "a seeded economy through contracts and services", "模拟经济体"),
    ("node", "local", "the chain node: init, run, status", "链节点：初始化、运行、状态"),
    ("api", "local", "the API: run", "API：运行"),
    ("ledger", "local", "the ledger: verify", "账本：核验"),
    ("token", "local", "access tokens: create, list, revoke", "访问令牌：创建、列表、吊销"),
    ("party", "groups", "parties", "参与方"),
    ("document", "groups", "trade documents", "贸易单据"),
    ("voucher", "groups", "vouchers: list, show, issue, accept, decline, …", "凭证"),
    ("piece", "groups", "pieces: show, lineage, transfer, merge, redeem, …", "凭证段"),
    ("offer", "groups", "offers that wait for an answer", "待答复的要约"),
    ("order", "groups", "orders: prepare, submit, show", "指令"),
    ("quote", "groups", "quotes: request, give, accept", "报价"),
    ("financing", "groups", "financings", "融资"),
    ("import", "groups", "import receivables", "导入应收账款"),
    ("report", "groups", "exposure, holdings, maturity, declines", "报表"),
    ("bank", "groups", "bank messages", "银行报文"),
    ("verify", "verify", "check a proof bundle, offline", "离线核验证明文件"),
    ("capture", "groups", "take in files about parts", "采集零件信息文件"),
    (
        "trace",
        "groups",
        "parts, batches, vehicles and what is known of them",
        "零件、批次、车辆追溯",
    ),
    ("evidence", "groups", "evidence logs: heads on chain, receipts, proofs", "存证日志"),
    ("telemetry", "groups", "stored readings of machines and meters", "设备与仪表读数"),
    ("ingest", "ingest", "collect from machines and meters", "采集设备与仪表数据"),
    ("energy", "energy", "energy, cost and carbon", "能耗、费用与碳排放"),
    ("recall", "groups", "which vehicles are affected", "召回范围"),
    ("certificate", "groups", "inspection certificates and their review", "检验证书与审核"),
    ("label", "groups", "labels with QR codes and Data Matrix", "二维码与 Data Matrix 标签"),
    ("share", "groups", "who sees your records about parts", "零件记录的共享"),
    ("epcis", "groups", "EPCIS 2.0: capture and query", "EPCIS 2.0 采集与查询"),
    ("spc", "groups", "statistics of quality", "质量统计"),
    ("control", "groups", "mutual recognition of control points", "控制点互认"),
    ("chain", "groups", "state of the chain and its market rules", "链状态与市场规则"),
)


class Root(click.Group):
    """Knows every command by name and imports it on use, so that start-up stays short."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's
        """The names, in the order of the table."""
        return [name for name, *_ in _COMMANDS]

    def get_command(
        self,
        ctx: click.Context,  # noqa: ARG002 - click's
        name: str,
    ) -> click.Command | None:
        """The command, made by its module."""
        for known, module, *_ in _COMMANDS:
            if known == name:
                return _make(module, name)
        return None

    def format_commands(
        self,
        ctx: click.Context,  # noqa: ARG002 - click's
        formatter: click.HelpFormatter,
    ) -> None:
        """The list of commands in the help, without importing any."""
        with formatter.section(pick("Commands", "命令")):
            formatter.write_dl([(name, pick(en, zh)) for name, _, en, zh in _COMMANDS])


def _make(module: str, name: str) -> click.Command:
    """A command by its module; only what is asked for is imported."""
    if module == "basics":
        from xinlian.services.cli import basics

        return basics.make(name)
    if module == "local":
        from xinlian.services.cli import local

        return local.make(name)
    if module == "verify":
        from xinlian.services.cli import verify

        return verify.make(name)
    if module == "ingest":
        from xinlian.services.cli import ingest

        return ingest.make(name)
    if module == "simulate":
        from xinlian.services.cli import simulate

        return simulate.make()
    if module == "energy":
        from xinlian.services.cli import energy

        return energy.make(name)
    from xinlian.services.cli import groups

    return groups.make(name)


def make_root() -> click.Group:
    """The root command."""
    return Root(
        "xinlian",
        params=[*common_options(), _version_option()],
        help=pick(
            "Xinlian: credit vouchers on a chain that its members run.",
            "信链：由成员共同运行的链上电子信用凭证网络。",
        ),
        epilog=EXIT_CODES_HELP[language()],
        context_settings={"help_option_names": ["-h", "--help"]},
    )


def _version_option() -> click.Option:
    def show(ctx: click.Context, _: click.Parameter, value: bool) -> None:
        if value:
            from importlib.metadata import version

            click.echo(f"xinlian {version('xinlian')}")
            ctx.exit()

    return click.Option(
        ["--version"],
        is_flag=True,
        is_eager=True,
        expose_value=False,
        callback=show,
        help=pick("print the version", "显示版本"),
    )


def run(arguments: Sequence[str] | None = None) -> NoReturn:
    """Run a command line and leave with its exit code; no traceback reaches the user."""
    argv = list(sys.argv[1:] if arguments is None else arguments)
    _early_language(argv)
    sys.exit(execute(argv))


def execute(argv: list[str]) -> int:
    """Run a command line; its exit code."""
    install()
    try:
        result = make_root().main(argv, prog_name="xinlian", standalone_mode=False)
    except CliError as exc:
        return _told(exc, argv)
    except click.ClickException as exc:
        return _usage(exc, argv)
    except (click.Abort, KeyboardInterrupt):
        click.echo(pick("interrupted", "已中断"), err=True)
        return Exit.INTERRUPTED
    except BrokenPipeError:
        # The reader of our output has gone (`| head`): nothing is wrong, and nothing can be said.
        sys.stderr.close()
        return Exit.OK
    except OSError as exc:
        return _told(_of_system(exc), argv)
    except Exception as exc:  # noqa: BLE001 - the last resort, so that people get a sentence
        known = _known(exc)
        return _surprise(exc, argv) if known is None else _told(known, argv)
    return result if isinstance(result, int) else Exit.OK


def _of_system(exc: OSError) -> CliError:
    """What the operating system refused: an address that is taken, or a file."""
    if exc.errno in (errno.EADDRINUSE, errno.EADDRNOTAVAIL):
        return CliError(
            pick("this address cannot be listened on", "无法监听该地址")
            + f": {exc.strerror or exc}",
            todo=pick("end what listens there, or choose another port", "结束占用者，或换端口"),
            code=Exit.USAGE,
        )
    what = pick("a file cannot be used", "文件无法使用") + f": {exc.strerror or exc}"
    return CliError(what, where=str(exc.filename or ""), code=Exit.USAGE)


def _told(error: CliError, argv: list[str]) -> int:
    """Tell a failure: a block for people on stderr, and with --json an object on stdout."""
    click.echo(error.block(), err=True)
    if "--json" in argv:
        import json

        click.echo(json.dumps(error.as_json(), ensure_ascii=False))
    return error.code


def _known(exc: Exception) -> CliError | None:
    """What any command may meet in the data folder: a setting, a database that can't be used."""
    from sqlalchemy.exc import DatabaseError
    from xinlian.ledger.model.errors import LedgerError
    from xinlian.services.settings import SettingsError

    if isinstance(exc, SettingsError):
        return CliError(str(exc))
    if isinstance(exc, LedgerError):
        return CliError(exc.message)
    if isinstance(exc, DatabaseError):
        return CliError(
            pick("the database cannot be used", "数据库无法使用") + f": {exc.orig}",
            todo=pick(
                "see that it runs and is readable; replace a damaged file by its backup",
                "请检查其运行与可读；文件损坏时请用备份替换",
            ),
        )
    return None


def _surprise(exc: Exception, argv: list[str]) -> int:
    """A fault that nobody foresaw: one block, and the traceback for who asks for it."""
    if os.environ.get("XINLIAN_DEBUG"):
        traceback.print_exception(exc)
    block = CliError(
        pick("an unforeseen fault", "未预料的故障") + f": {type(exc).__name__}: {exc}",
        todo=pick(
            "set XINLIAN_DEBUG=1 and run it again to see where",
            "设置 XINLIAN_DEBUG=1 后重试以查看位置",
        ),
    )
    return _told(block, argv)


def _usage(exc: click.ClickException, argv: list[str]) -> int:
    context = getattr(exc, "ctx", None)
    if isinstance(exc, click.exceptions.NoArgsIsHelpError):
        click.echo(exc.format_message())
        return Exit.USAGE
    where = context.command_path if context else "xinlian"
    where = "./xl" + where.removeprefix("xinlian")
    todo = pick(f"see {where} --help", f"参见 {where} --help")
    block = CliError(exc.format_message(), where=where, todo=todo, code=Exit.USAGE)
    return _told(block, argv)


def _early_language(argv: list[str]) -> None:
    """The language has to be known before the help is made, wherever it stands on the line."""
    for place, word in enumerate(argv):
        value = word.removeprefix("--lang=") if word.startswith("--lang=") else ""
        if word == "--lang" and place + 1 < len(argv):
            value = argv[place + 1]
        if value in ("zh", "en"):
            set_language("zh" if value == "zh" else "en")
