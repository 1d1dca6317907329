"""The groups of commands that speak to the API."""

from __future__ import annotations

from typing import Final

import click
from xinlian.services.cli import (
    rows_energy,
    rows_evidence,
    rows_finance,
    rows_orders,
    rows_parties,
    rows_quotes,
    rows_reviews,
    rows_telemetry,
    rows_trace,
    rows_vouchers,
)
from xinlian.services.cli.common import common_options
from xinlian.services.cli.i18n import pick
from xinlian.services.cli.verbs import Verb, make_command

ROWS: Final[tuple[Verb, ...]] = (
    *rows_parties.ROWS,
    *rows_vouchers.ROWS,
    *rows_orders.ROWS,
    *rows_quotes.ROWS,
    *rows_finance.ROWS,
    *rows_trace.ROWS,
    *rows_reviews.ROWS,
    *rows_evidence.ROWS,
    *rows_telemetry.ROWS,
    *rows_energy.ROWS,
)
"""Every command, group by group."""

_HELP: Final[dict[str, tuple[str, str]]] = {
    "party": ("Parties of the network.", "网络参与方。"),
    "chain": ("The chain's state and its market rules.", "链状态与市场规则。"),
    "document": ("Trade documents on chain.", "链上贸易单据。"),
    "voucher": ("Vouchers: a promise to pay on a day.", "电子信用凭证。"),
    "piece": ("Pieces: ranges of vouchers.", "凭证段。"),
    "offer": ("Offers that wait for an answer.", "待答复的要约。"),
    "order": ("Signed orders.", "签名指令。"),
    "quote": ("Quotes for financing.", "融资报价。"),
    "financing": ("Financings.", "融资。"),
    "import": ("Import of receivables.", "应收账款导入。"),
    "bank": ("Messages of banks (ISO 20022).", "银行报文（ISO 20022）。"),
    "report": ("Reports.", "报表。"),
    "capture": (
        "Take in what is known of parts: `capture FILE` takes a file in.",
        "采集零件信息：`capture 文件` 即采集该文件。",
    ),
    "trace": (
        "Parts, batches, vehicles: `trace CODE` shows what is known of one.",
        "零件、批次、车辆：`trace 代码` 查看其全部信息。",
    ),
    "epcis": ("EPCIS 2.0: capture and query.", "EPCIS 2.0：采集与查询。"),
    "recall": ("Recalls: which vehicles are affected.", "召回：受影响车辆。"),
    "label": ("Labels: `label CODE` makes one.", "标签：`label 代码` 生成标签。"),
    "share": ("Who sees your records about parts.", "谁可查看贵方的零件记录。"),
    "spc": ("Control charts, capability, sampling, causes.", "控制图、能力、抽样、根因。"),
    "control": ("Mutual recognition of control points.", "控制点互认。"),
    "certificate": ("Inspection certificates and their review.", "检验证书与审核。"),
    "telemetry": ("Stored readings of machines and meters.", "已存储的设备与仪表读数。"),
    "evidence": (
        "Evidence logs: heads on chain, receipts, proofs.",
        "存证日志：链上树头、回执、证明。",
    ),
}


_SHORT: Final = {"capture": "file", "trace": "show", "label": "make", "recall": "make"}
"""What a group does with a first word that is none of its commands."""


class _Group(click.Group):
    """A group where the command that is meant most may be left out."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does, with the usual command where none is named."""
        usual = _SHORT.get(self.name or "")
        if usual is not None and usual in self.commands and args and args[0] not in self.commands:
            return usual, self.commands[usual], args
        return super().resolve_command(ctx, args)

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The options of the usual command too: it may be left out."""
        usual = self.commands.get(_SHORT.get(self.name or "", ""))
        if usual is not None:
            records = [param.get_help_record(ctx) for param in usual.params]
            told = [record for record in records if record is not None]
            title = pick(
                f"Options of `{self.name} {usual.name}`", f"`{self.name} {usual.name}` 选项"
            )
            with formatter.section(title):
                formatter.write_dl(list(dict(told).items()))
        super().format_epilog(ctx, formatter)


def make(name: str) -> click.Command:
    """The group of this name with its commands."""
    group = _Group(name, params=[*common_options()], help=pick(*_HELP[name]))
    for verb in ROWS:
        if verb.group == name:
            command = make_command(verb)
            if verb.operation == "get_pinned_head":
                from xinlian.services.cli.pins import with_proof_files

                with_proof_files(verb, command)
            command.params.extend(common_options())
            group.add_command(command)
    if name == "bank":
        from xinlian.services.cli import sandbox

        group.add_command(sandbox.make())
    if name == "spc":
        from xinlian.services.cli import spc_local

        for local in spc_local.make():
            group.add_command(local)
    return group
