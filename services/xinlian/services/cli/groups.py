"""The groups of commands that speak to the API."""

from __future__ import annotations

from importlib import import_module
from typing import Final

import click
from xinlian.services.cli.common import common_options
from xinlian.services.cli.i18n import pick
from xinlian.services.cli.verbs import Verb, make_command

_GROUPS: Final[dict[str, tuple[str, str, str]]] = {
    "party": ("rows_parties", "Parties of the network.", "网络参与方。"),
    "chain": ("rows_parties", "The chain's state and its market rules.", "链状态与市场规则。"),
    "document": ("rows_vouchers", "Trade documents on chain.", "链上贸易单据。"),
    "voucher": ("rows_vouchers", "Vouchers: a promise to pay on a day.", "电子信用凭证。"),
    "piece": ("rows_vouchers", "Pieces: ranges of vouchers.", "凭证段。"),
    "offer": ("rows_vouchers", "Offers that wait for an answer.", "待答复的要约。"),
    "order": ("rows_orders", "Signed orders.", "签名指令。"),
    "quote": ("rows_finance", "Quotes for financing.", "融资报价。"),
    "financing": ("rows_finance", "Financings.", "融资。"),
    "import": ("rows_finance", "Import of receivables.", "应收账款导入。"),
    "bank": ("rows_finance", "Messages of banks (ISO 20022).", "银行报文（ISO 20022）。"),
    "report": ("rows_finance", "Reports.", "报表。"),
}


def rows() -> tuple[Verb, ...]:
    """Every row of every group."""
    modules = dict.fromkeys(module for module, *_ in _GROUPS.values())
    return tuple(
        verb for module in modules for verb in import_module(f"xinlian.services.cli.{module}").ROWS
    )


def make(name: str) -> click.Command:
    """The group of this name with its commands."""
    module, en, zh = _GROUPS[name]
    group = click.Group(name, params=[*common_options()], help=pick(en, zh))
    for verb in import_module(f"xinlian.services.cli.{module}").ROWS:
        if verb.group == name:
            command = make_command(verb)
            command.params.extend(common_options())
            group.add_command(command)
    return group
