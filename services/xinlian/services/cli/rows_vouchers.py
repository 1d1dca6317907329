"""Commands about documents, vouchers, pieces and offers."""

from __future__ import annotations

from typing import Any, Final

import click
from xinlian.services.cli.amounts import YUAN
from xinlian.services.cli.verbs import DAY_FORM, Arg, In, Verb

_PIECE: Final = Arg("piece", "number of the piece", "凭证段编号", In.PATH, int)
_PIECES: Final = Arg(
    "pieces", "numbers of pieces", "凭证段编号", type=int, many=True, positional=True
)
_REASON: Final = Arg(
    "reason", "why: a code of your own, 0 or more", "原因：自定代码", type=int, required=False
)
_ROOT: Final = Arg("root", "number of the voucher", "凭证编号", In.PATH, int)
_DOCUMENT: Final = Arg("document", "key of the document, 0x…", "单据键 0x…")
_EVIDENCE: Final = Arg("evidence", "hash of the evidence, 0x…", "证据哈希 0x…")
_AMOUNT: Final = Arg("amount", "yuan", "元", type=YUAN, field="amount_fen")
_OFFER: Final = Arg(
    "offer_seconds", "how long the offer stands", "要约有效秒数", type=int, default=604_800
)
_RELATION: Final = Arg(
    "relation", "your part in it", "与你的关系", In.QUERY,
    click.Choice(("any", "holder", "offeree", "former_holder", "issuer", "paying_bank")), False,
)  # fmt: skip
VIEW_OF: Final = Arg(
    "party",
    "view of this party (oversight)",
    "按此参与方查看（监管）",
    In.QUERY,
    int,
    required=False,
)
_PIECE_COLUMNS: Final = (
    "piece", "state", "amount_fen", "holder", "offeree", "issuer", "due_day", "expiry", "hops"
)  # fmt: skip


def _one_voucher(body: dict[str, Any]) -> dict[str, Any]:
    return {"vouchers": [body]}


_DOCUMENTS: Final = (
    Verb("document", "list", "list_documents", "GET", "/documents",
         "Documents that concern you.", "与你有关的单据。",
         columns=("document", "kind", "buyer", "seller", "usable_fen", "used_fen"),
         paged=True, as_of=True),
    Verb("document", "show", "get_document", "GET", "/documents/{document}",
         "One document.", "查看单据。",
         (Arg("document", "key, 0x…", "单据键 0x…", In.PATH),), as_of=True),
    Verb("document", "register", "register_document", "POST", "/documents",
         "Register a document (buyer).", "登记单据（买方）。",
         (_DOCUMENT,
          Arg("kind", "kind", "类型", type=click.Choice(("contract", "order", "delivery",
                                                        "invoice"))),
          Arg("seller", "number of the seller", "卖方编号", type=int), _AMOUNT), waits=True),
    Verb("document", "credit-note", "apply_credit_note", "POST",
         "/documents/{document}/credit-notes",
         "Take back part of a document's amount.", "红冲：收回部分可用额。",
         (Arg("document", "key, 0x…", "单据键 0x…", In.PATH),
          Arg("note", "key of the credit note, 0x…", "红字单据键 0x…"), _AMOUNT), waits=True),
)  # fmt: skip

_VOUCHERS: Final = (
    Verb("voucher", "list", "list_vouchers", "GET", "/vouchers",
         "Vouchers that concern you.", "与你有关的凭证。",
         (_RELATION, VIEW_OF,
          Arg("document", "only on this document, 0x…", "仅此单据 0x…", In.QUERY, required=False)),
         ("root", "state", "issuer", "payee", "face_fen", "unpaid_fen", "due_day", "pieces"),
         paged=True, as_of=True),
    Verb("voucher", "show", "get_voucher", "GET", "/vouchers/{root}",
         "One voucher.", "查看凭证。", (_ROOT,), as_of=True),
    Verb("voucher", "pieces", "list_voucher_pieces", "GET", "/vouchers/{root}/pieces",
         "Its pieces.", "凭证的各段。", (_ROOT,), _PIECE_COLUMNS, paged=True, as_of=True),
    Verb("voucher", "issue", "issue_vouchers", "POST", "/vouchers",
         "Issue a voucher (issuer).", "签发凭证（签发方）。",
         (Arg("payee", "number of the supplier", "收款方编号", type=int),
          Arg("bank", "number of the paying bank", "付款行编号", type=int, field="paying_bank"),
          Arg("face", "yuan", "元", type=YUAN, field="face_fen"),
          Arg("due", f"due day, {DAY_FORM}", f"到期日 {DAY_FORM}", field="due_day"),
          _DOCUMENT, _OFFER,
          Arg("terms", "hash of the terms, 0x…", "条款哈希 0x…", required=False)),
         shape=_one_voucher, waits=True),
    Verb("voucher", "accept", "accept_pieces", "POST", "/offers/accept",
         "Accept what is offered to you.", "接受要约。", (_PIECES,), waits=True),
    Verb("voucher", "decline", "decline_pieces", "POST", "/offers/decline",
         "Decline; it has no side effect.", "拒收；无任何不利后果。",
         (_PIECES, _REASON),
         waits=True),
    Verb("voucher", "expire", "expire_offers", "POST", "/offers/expire",
         "End offers whose time ran out.", "终止已过期的要约。", (_PIECES,), waits=True),
    Verb("voucher", "withdraw", "withdraw_pieces", "POST", "/offers/withdraw",
         "Withdraw your offers.", "撤回要约。", (_PIECES,), waits=True),
)  # fmt: skip

_PIECE_ROWS: Final = (
    Verb("piece", "list", "list_pieces", "GET", "/pieces",
         "Pieces that concern you.", "与你有关的凭证段。",
         (_RELATION,
          Arg("state", "only in this state", "仅此状态", In.QUERY, required=False),
          Arg("root", "only of this voucher", "仅此凭证", In.QUERY, int, required=False),
          VIEW_OF),
         _PIECE_COLUMNS, paged=True, as_of=True),
    Verb("piece", "show", "get_piece", "GET", "/pieces/{piece}",
         "One piece.", "查看凭证段。", (_PIECE,), as_of=True),
    Verb("piece", "lineage", "get_lineage", "GET", "/pieces/{piece}/lineage",
         "Where it comes from, up to the invoice.", "溯源至发票。", (_PIECE,), as_of=True),
    Verb("piece", "history", "get_piece_history", "GET", "/pieces/{piece}/history",
         "Everything that happened to it.", "全部变更历史。", (_PIECE,),
         ("block", "time", "name", "args"), paged=True, as_of=True),
    Verb("piece", "transfer", "transfer_piece", "POST", "/pieces/{piece}/transfer",
         "Offer all or part of it to a party.", "向他方转让全部或部分。",
         (_PIECE, _AMOUNT, Arg("to", "number of the recipient", "受让方编号", type=int),
          Arg("purpose", "what it pays: a code of your own, 1 or more", "用途：自定代码，1 起",
              type=int),
          Arg("back", "take it from the end", "从末端切分", flag=True, required=False), _OFFER),
         waits=True),
    Verb("piece", "merge", "merge_pieces", "POST", "/pieces/{piece}/merge",
         "Join it with an adjacent piece.", "与相邻段合并。",
         (_PIECE, Arg("other", "number of the other piece", "另一段编号", type=int)), waits=True),
    Verb("piece", "redeem", "redeem_piece", "POST", "/pieces/{piece}/redeem",
         "Certify its payment (paying bank).", "确认兑付（付款行）。",
         (_PIECE, _AMOUNT, Arg("receipt", "hash of the receipt, 0x…", "回单哈希 0x…")),
         waits=True),
    Verb("piece", "dishonour", "dishonour_piece", "POST", "/pieces/{piece}/dishonour",
         "State that its voucher is unpaid.", "确认拒付。", (_PIECE, _EVIDENCE), waits=True),
    Verb("piece", "write-off", "write_off_piece", "POST", "/pieces/{piece}/write-off",
         "Give it up after dishonour.", "拒付后核销。", (_PIECE, _EVIDENCE), waits=True),
    Verb("offer", "list", "list_offers", "GET", "/offers",
         "Offers to you, or by you.", "收到或发出的要约。",
         (Arg("direction", "incoming or outgoing", "收到或发出", In.QUERY,
              click.Choice(("incoming", "outgoing")), required=False),),
         _PIECE_COLUMNS, paged=True, as_of=True),
)  # fmt: skip

ROWS: Final = (*_DOCUMENTS, *_VOUCHERS, *_PIECE_ROWS)
