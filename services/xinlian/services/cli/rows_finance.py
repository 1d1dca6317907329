"""Commands about quotes, financings, imports, bank messages and reports."""

from __future__ import annotations

from typing import Final

from xinlian.services.cli.verbs import EXISTING_FILE, Arg, In, Verb

_ID: Final = Arg("id", "id", "编号", In.PATH)
_FINANCING: Final = Arg("financing", "number of the financing", "融资编号", In.PATH, int)

ROWS: Final = (
    Verb("financing", "list", "list_financings", "GET", "/financings",
         "Financings that concern you.", "与你有关的融资。",
         (Arg("state", "only in this state", "仅此状态", In.QUERY, required=False),),
         ("financing", "state", "piece", "seller", "funder", "price_fen", "sale", "recourse",
          "maturity_day"), paged=True, as_of=True),
    Verb("financing", "show", "get_financing", "GET", "/financings/{financing}",
         "One financing.", "查看融资。", (_FINANCING,), as_of=True),
    Verb("financing", "register", "register_financing", "POST",
         "/financings/{financing}/register",
         "Bind the registration number (funder).", "绑定登记号（资金方）。",
         (_FINANCING, Arg("number", "registration number", "登记号", field="registration_number"),
          Arg("tenor_reason", "reason for a long term", "长期限理由", required=False)),
         waits=True),
    Verb("financing", "release", "release_financing", "POST", "/financings/{financing}/release",
         "End it before money flows.", "放款前终止。",
         (_FINANCING, Arg("reason", "code of the reason", "原因代码", type=int, required=False)),
         waits=True),
    Verb("import", "receivables", "import_receivables", "POST", "/imports",
         "Import a CSV or Excel file by a mapping of its columns.", "按映射导入 CSV 或 Excel。",
         (Arg("file", "file of receivables", "应收账款文件", In.FILE, EXISTING_FILE,
              positional=True),
          Arg("mapping", "mapping file (YAML)", "映射文件（YAML）", In.FILE, EXISTING_FILE))),
    Verb("import", "list", "list_imports", "GET", "/imports", "Imports so far.", "导入记录。",
         columns=("id", "file_name", "mapping", "imported_at", "accepted", "exists", "conflict",
                  "invalid"), paged=True),
    Verb("import", "show", "get_import", "GET", "/imports/{id}", "One import.", "查看导入。",
         (_ID,)),
    Verb("import", "rows", "list_import_rows", "GET", "/imports/{id}/rows",
         "How every row ended.", "逐行结果。", (_ID,),
         ("line", "outcome", "reason", "field", "message", "document"), paged=True),
    Verb("bank", "upload", "upload_bank_message", "POST", "/bank-messages",
         "Hand in a camt.054 message (paying bank).", "上传 camt.054 报文（付款行）。",
         (Arg("file", "XML file", "XML 文件", In.FILE, EXISTING_FILE, positional=True),)),
    Verb("bank", "list", "list_bank_messages", "GET", "/bank-messages",
         "Messages so far.", "报文记录。", columns=("id", "kind", "bank", "state", "at"),
         paged=True),
    Verb("bank", "show", "get_bank_message", "GET", "/bank-messages/{id}", "One message.",
         "查看报文。", (_ID,)),
    Verb("report", "exposure", "get_exposure", "GET", "/reports/exposure",
         "What issuers owe.", "按签发方敞口。",
         columns=("issuer", "limit_fen", "outstanding_fen", "held_fen", "offered_fen",
                  "locked_fen", "financed_fen", "redeemed_fen", "cancelled_fen", "blocked"),
         paged=True, as_of=True),
    Verb("report", "holdings", "get_holdings", "GET", "/reports/holdings",
         "What parties hold.", "持有情况。",
         columns=("party", "issuer", "pieces", "amount_fen"), paged=True, as_of=True),
    Verb("report", "maturity", "get_maturity_ladder", "GET", "/reports/maturity-ladder",
         "What is due when.", "到期分布。",
         columns=("due_day", "month", "pieces", "amount_fen"), as_of=True),
    Verb("report", "declines", "get_decline_rates", "GET", "/reports/decline-rates",
         "How issuers' offers ended.", "要约拒收率。",
         columns=("issuer", "offered", "accepted", "declined", "withdrawn", "expired"),
         paged=True, as_of=True),
)  # fmt: skip
