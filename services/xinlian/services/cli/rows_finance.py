"""Commands about financings, imports, payments, bank messages and reports."""

from __future__ import annotations

from typing import Final

import click
from xinlian.services.cli.amounts import YUAN
from xinlian.services.cli.rows_vouchers import VIEW_OF
from xinlian.services.cli.verbs import EXISTING_FILE, Arg, In, Verb

_IMPORT: Final = Arg("import_id", "id of the import", "导入编号", In.PATH)
_REASON: Final = Arg(
    "reason", "why: a code of your own, 0 or more", "原因：自定代码", type=int, required=False
)
_FINANCING: Final = Arg("financing", "number of the financing", "融资编号", In.PATH, int)
_PAY_ON: Final = Arg("pay_on", "day of payment, YYYY-MM-DD", "付款日 YYYY-MM-DD")
_MESSAGE_COLUMNS: Final = ("direction", "id", "created_at", "payments", "effects")


def _with_purpose(purpose: str) -> Arg:
    return Arg("purpose", "", "", fixed=purpose)


_FINANCINGS: Final = (
    Verb("financing", "list", "list_financings", "GET", "/financings",
         "Financings that concern you.", "与你有关的融资。",
         (Arg("state", "only in this state", "仅此状态", In.QUERY, required=False),),
         ("financing", "state", "piece", "seller", "funder", "price_fen", "sale", "recourse",
          "maturity_day", "registration_number"), paged=True, as_of=True),
    Verb("financing", "show", "get_financing", "GET", "/financings/{financing}",
         "One financing.", "查看融资。", (_FINANCING,), as_of=True),
    Verb("financing", "register", "register_financing", "POST",
         "/financings/{financing}/register",
         "Bind the registration number (funder).", "绑定登记号（资金方）。",
         (_FINANCING, Arg("number", "registration number", "登记号", field="registration_number")),
         waits=True),
    Verb("financing", "release", "release_financing", "POST", "/financings/{financing}/release",
         "End it before money flows.", "放款前终止。",
         (_FINANCING, _REASON),
         waits=True),
)  # fmt: skip

_IMPORTS: Final = (
    Verb("import", "receivables", "import_receivables", "POST", "/imports",
         "Import a CSV or Excel file by a mapping, or an e-invoice in XML without one.",
         "按映射导入 CSV 或 Excel；电子发票 XML 无需映射。",
         (Arg("file", "file of receivables", "应收账款文件", In.FILE, EXISTING_FILE,
              positional=True),
          Arg("mapping", "mapping file (YAML)", "映射文件（YAML）", In.FILE, EXISTING_FILE,
              required=False))),
    Verb("import", "list", "list_imports", "GET", "/imports", "Imports so far.", "导入记录。",
         columns=("id", "file_name", "mapping", "imported_at", "rows", "accepted", "exists",
                  "conflict", "invalid"), paged=True),
    Verb("import", "show", "get_import", "GET", "/imports/{import_id}", "One import.", "查看导入。",
         (_IMPORT,)),
    Verb("import", "rows", "list_import_rows", "GET", "/imports/{import_id}/rows",
         "How every row ended.", "逐行结果。", (_IMPORT,),
         ("line", "outcome", "reason", "field", "message", "document"), paged=True),
)  # fmt: skip

_BANK: Final = (
    Verb("bank", "disburse", "instruct_payment", "POST", "/payments",
         "Pay out registered financings (funder).", "放款（资金方）。",
         (_with_purpose("disbursement"), _PAY_ON,
          Arg("financings", "numbers of financings", "融资编号", type=int, many=True,
              positional=True))),
    Verb("bank", "redeem", "instruct_payment", "POST", "/payments",
         "Pay what is due on vouchers (issuer).", "到期兑付（签发方）。",
         (_with_purpose("redemption"), _PAY_ON,
          Arg("vouchers", "numbers of vouchers", "凭证编号", type=int, many=True,
              positional=True))),
    Verb("bank", "repay", "instruct_payment", "POST", "/payments",
         "Pay back a loan or a recourse claim (seller).", "还款或追索付款（卖方）。",
         (_with_purpose("repayment"), _PAY_ON,
          Arg("financing", "number of the financing", "融资编号", type=int, positional=True),
          Arg("amount", "yuan", "元", type=YUAN, field="amount_fen"))),
    Verb("bank", "upload", "upload_bank_message", "POST", "/bank-messages",
         "Hand in a camt.054 message (paying bank).", "上传 camt.054 报文（付款行）。",
         (Arg("file", "XML file", "XML 文件", In.FILE, EXISTING_FILE, positional=True),)),
    Verb("bank", "list", "list_bank_messages", "GET", "/bank-messages",
         "Messages so far.", "报文记录。", columns=_MESSAGE_COLUMNS, paged=True),
    Verb("bank", "show", "get_bank_message", "GET", "/bank-messages/{direction}/{message}",
         "One message.", "查看报文。",
         (Arg("direction", "in or out", "in 或 out", In.PATH, click.Choice(("in", "out"))),
          Arg("message", "id of the message", "报文编号", In.PATH))),
)  # fmt: skip

_REPORTS: Final = (
    Verb("report", "exposure", "get_exposure", "GET", "/reports/exposure",
         "What issuers owe.", "按签发方敞口。", (VIEW_OF,),
         ("issuer", "limit_fen", "outstanding_fen", "unpaid_fen", "pieces", "blocked"),
         as_of=True),
    Verb("report", "holdings", "get_holdings", "GET", "/reports/holdings",
         "What a party holds.", "持有情况。", (VIEW_OF,),
         ("state", "pieces", "amount_fen"), as_of=True),
    Verb("report", "maturity", "get_maturity_ladder", "GET", "/reports/maturity-ladder",
         "What is due when.", "到期分布。", (VIEW_OF,),
         ("due_day", "pieces", "receivable_fen", "payable_fen"), as_of=True),
    Verb("report", "declines", "get_decline_rates", "GET", "/reports/decline-rates",
         "How issuers' offers ended.", "要约拒收率。", (VIEW_OF,),
         ("issuer", "offered", "accepted", "declined", "withdrawn", "expired",
          "declined_ppm"), as_of=True),
)  # fmt: skip

ROWS: Final = (*_FINANCINGS, *_IMPORTS, *_BANK, *_REPORTS)
