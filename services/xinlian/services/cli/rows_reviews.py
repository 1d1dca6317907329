"""Commands about inspection certificates."""

from __future__ import annotations

from typing import Final

from xinlian.services.cli.verbs import EXISTING_FILE, Arg, In, Verb

__all__ = ["ROWS"]

_ONE: Final = Arg("certificate", "number of the certificate", "证书序号", In.PATH, int)
_PATH: Final = "/trace/certificates"
_COLUMNS: Final = ("certificate", "number", "title", "party", "review", "submitted_ms", "reason")

ROWS: Final[tuple[Verb, ...]] = (
    Verb("certificate", "submit", "submit_certificate", "POST", _PATH,
         "Hand a certificate in with a delivery.", "随货提交检验证书。",
         (Arg("file", "PDF, PNG or JPEG", "PDF、PNG 或 JPEG", In.FILE, EXISTING_FILE,
              positional=True),
          Arg("header", "JSON file: to_party, number, title, issuer, items",
              "JSON 表头：to_party、number、title、issuer、items", In.FILE, EXISTING_FILE))),
    Verb("certificate", "list", "list_certificates", "GET", _PATH,
         "Certificates handed in or received.", "已提交或收到的证书。",
         (Arg("review", "submitted, under-review, approved or rejected",
              "submitted、under-review、approved、rejected", In.QUERY, required=False),
          Arg("limit", "rows at most", "最多行数", In.QUERY, int, required=False),
          Arg("after", "last certificate of the page before", "上一页末序号", In.QUERY, int,
              required=False)),
         _COLUMNS),
    Verb("certificate", "show", "get_certificate", "GET", _PATH + "/{certificate}",
         "A certificate and its review.", "查看证书与审核情况。", (_ONE,)),
    Verb("certificate", "file", "get_certificate_file", "GET", _PATH + "/{certificate}/file",
         "Save the paper.", "保存证书文件。", (_ONE,), file=True),
    Verb("certificate", "take", "take_up_certificate", "POST", _PATH + "/{certificate}/take-up",
         "Take a certificate up for review.", "受理证书审核。", (_ONE,)),
    Verb("certificate", "decide", "decide_certificate", "POST",
         _PATH + "/{certificate}/decision",
         "Approve or reject a certificate.", "通过或驳回证书。",
         (_ONE, Arg("decision", "approve or reject", "approve 或 reject"),
          Arg("reason", "why; needed to reject", "理由，驳回时必填", required=False))),
)  # fmt: skip
