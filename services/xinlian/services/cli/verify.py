"""`xinlian verify`: a proof bundle, checked as by the file that auditors hold."""

from __future__ import annotations

from pathlib import Path

import click
from xinlian.ledger.adapters import xinlian_verify
from xinlian.services.cli.common import command, wants_json
from xinlian.services.cli.files import read_file
from xinlian.services.cli.i18n import language, pick

_FILE = click.Path(path_type=Path)


def make(name: str) -> click.Command:
    """The command."""
    params: list[click.Parameter] = [
        click.Argument(["file"], type=_FILE),
        click.Option(
            ["--head"],
            type=_FILE,
            multiple=True,
            help=pick(
                "a head you pinned, *.xlhead, or a folder of them; may repeat",
                "已固定的树头 *.xlhead 或其文件夹，可重复",
            ),
        ),
        click.Option(
            ["--rpc"],
            help=pick(
                "address of a chain node you trust (its token in XINLIAN_RPC_TOKEN)",
                "可信链节点地址（令牌放在 XINLIAN_RPC_TOKEN）",
            ),
        ),
        click.Option(
            ["--contract"],
            multiple=True,
            help=pick("address of the network's EvidenceLog", "本网络 EvidenceLog 合约地址"),
        ),
    ]
    params.append(
        click.Option(
            ["--records"], is_flag=True, help=pick("show the records as well", "同时显示记录")
        )
    )
    text = pick(
        "Check a proof bundle in ten numbered steps, without the API and its data. Exit status: "
        "0 all passed, 1 something failed, 2 something could not be checked, 3 all passed, but "
        "readings are missing where the file says so. The same check as one file for auditors is "
        "docs/xinlian_verify.py, and as a page docs/verify.html.",
        "按十个编号步骤核验证明文件，不依赖 API 及其数据。退出码：0 全部通过，1 有不通过，"
        "2 有未核验，3 全部通过但在文件所声明处缺少读数。同样的核验另有单文件 "
        "docs/xinlian_verify.py 与网页 docs/verify.html。",
    )
    return command(name, run_verify, text, params)


def run_verify(
    file: Path, head: tuple[Path, ...], rpc: str | None, contract: tuple[str, ...], records: bool
) -> int:
    """Print the report; its exit status is the command's."""
    try:
        node = None if rpc is None else xinlian_verify.Node(rpc)
    except ValueError as exc:
        raise click.UsageError(
            pick(str(exc), "--rpc 需要 http 或 https 地址"), click.get_current_context()
        ) from exc
    for path in (file, *(each for each in head if not each.is_dir())):
        read_file(path)
    lang = "json" if wants_json() else language()
    return xinlian_verify.run(file, head, node, contract, lang, records=records)
