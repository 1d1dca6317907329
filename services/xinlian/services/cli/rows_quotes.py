"""Commands about quotes."""

from __future__ import annotations

from typing import Any, Final

import click
from xinlian.services.cli.amounts import RATE, YUAN
from xinlian.services.cli.rehearsal import network_now
from xinlian.services.cli.verbs import DAY_FORM, Arg, In, Verb

_HOUR: Final = 3_600
_REQUEST: Final = Arg("request_id", "id of the request", "询价编号", In.PATH)
_QUOTE: Final = Arg("quote_id", "id of the quote", "报价编号", In.PATH)
_HOURS: Final = Arg("hours", "how long it stands, from now", "有效小时数", type=int, default=24)
_REQUEST_COLUMNS: Final = (
    "id", "supplier", "issuer", "piece", "amount_fen", "due_day", "closes_at", "accepted"
)  # fmt: skip
_QUOTE_COLUMNS: Final = (
    "id", "funder", "kind", "recourse", "all_in", "price_fen", "owed_fen", "start_day",
    "maturity_day", "expires_at",
)  # fmt: skip


def _until(field: str) -> Any:
    """Turn hours from now into the Unix second that the API takes."""

    def shape(body: dict[str, Any]) -> dict[str, Any]:
        hours = body.pop("hours")
        fee = body.pop("fee", None)
        if fee:
            body["fees"] = [{"name": "fee", "amount_fen": fee, "when": "upfront"}]
        return {**body, field: network_now() + hours * _HOUR}

    return shape


ROWS: Final = (
    Verb("quote", "request", "request_quotes", "POST", "/quote-requests",
         "Ask for quotes on part of a piece (holder).", "就凭证段询价（持有方）。",
         (Arg("piece", "number of the piece", "凭证段编号", type=int, positional=True),
          Arg("amount", "yuan", "元", type=YUAN, field="amount_fen"),
          Arg("back", "take it from the end", "从末端切分", flag=True, required=False), _HOURS),
         shape=_until("closes_at")),
    Verb("quote", "requests", "list_quote_requests", "GET", "/quote-requests",
         "Requests that concern you.", "与你有关的询价。", columns=_REQUEST_COLUMNS, paged=True),
    Verb("quote", "request-show", "get_quote_request", "GET", "/quote-requests/{request_id}",
         "One request.", "查看询价。", (_REQUEST,)),
    Verb("quote", "request-lineage", "get_quote_request_lineage", "GET",
         "/quote-requests/{request_id}/lineage",
         "What stands behind the piece on offer.", "查看询价凭证段的来源。", (_REQUEST,),
         as_of=True),
    Verb("quote", "request-withdraw", "withdraw_quote_request", "POST",
         "/quote-requests/{request_id}/withdraw",
         "Take a request back while no quote was accepted.", "撤回询价（未接受报价前）。",
         (_REQUEST,)),
    Verb("quote", "withdraw", "withdraw_quote", "POST", "/quotes/{quote_id}/withdraw",
         "Take your quote back while it was not accepted (funder).",
         "撤回报价（未被接受前，资金方）。",
         (_QUOTE,)),
    Verb("quote", "give", "give_quote", "POST", "/quote-requests/{request_id}/quotes",
         "Quote on a request (funder).", "报价（资金方）。",
         (_REQUEST,
          Arg("kind", "sale or pledge", "sale 转让或 pledge 质押",
              type=click.Choice(("sale", "pledge"))),
          Arg("recourse", "with recourse", "有追索", flag=True, required=False, default=False),
          Arg("rate", "per cent a year", "年利率（%）", type=RATE, field="rate_ppm"),
          Arg("basis", "days of a year", "计息基准", type=click.Choice(("ACT/360", "ACT/365")),
              default="ACT/360"),
          Arg("disburse", f"day of payment, {DAY_FORM}", f"放款日 {DAY_FORM}",
              field="disburse_day"),
          Arg("bank", "number of the paying bank", "付款行编号", type=int),
          Arg("fee", "fee kept back, yuan", "扣收费用（元）", type=YUAN, required=False),
          Arg("tenor_reason", "reason for a long term", "长期限理由", required=False), _HOURS),
         shape=_until("expires_at")),
    Verb("quote", "list", "list_quotes", "GET", "/quote-requests/{request_id}/quotes",
         "Quotes on a request, the best first.", "报价列表，最优在前。", (_REQUEST,),
         _QUOTE_COLUMNS),
    Verb("quote", "show", "get_quote", "GET", "/quotes/{quote_id}", "One quote.", "查看报价。",
         (_QUOTE,)),
    Verb("quote", "accept", "accept_quote", "POST", "/quotes/{quote_id}/accept",
         "Accept a quote; the piece is locked (holder).", "接受报价并锁定凭证段（持有方）。",
         (_QUOTE,), waits=True),
)  # fmt: skip
