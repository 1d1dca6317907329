"""The groups of commands that speak to the API."""

from __future__ import annotations

from typing import Final

import click
from xinlian.services.cli import (
    rows_finance,
    rows_orders,
    rows_parties,
    rows_quotes,
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
}


def make(name: str) -> click.Command:
    """The group of this name with its commands."""
    group = click.Group(name, params=[*common_options()], help=pick(*_HELP[name]))
    for verb in ROWS:
        if verb.group == name:
            command = make_command(verb)
            command.params.extend(common_options())
            group.add_command(command)
    if name == "bank":
        from xinlian.services.cli import sandbox

        group.add_command(sandbox.make())
    return group
