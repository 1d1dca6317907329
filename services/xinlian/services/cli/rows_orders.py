"""Commands about signed orders."""

from __future__ import annotations

from typing import Final

from xinlian.services.cli.verbs import EXISTING_FILE, Arg, In, Verb

_FILE: Final = Arg("file", "JSON file", "JSON 文件", In.DOCUMENT, EXISTING_FILE, positional=True)

ROWS: Final = (
    Verb("order", "list", "list_orders", "GET", "/orders",
         "Orders of your party.", "本方指令。",
         columns=("digest", "kind", "state", "block"), paged=True),
    Verb("order", "show", "get_order", "GET", "/orders/{digest}",
         "What became of an order.", "指令结果。",
         (Arg("digest", "digest, 0x…", "摘要 0x…", In.PATH),), waits=True),
    Verb("order", "prepare", "prepare_order", "POST", "/orders/prepare",
         "Make an order to be signed elsewhere, from FILE: {content: {kind, items}, deadline?}.",
         "生成待外部签名的指令，文件为 {content: {kind, items}, deadline?}。", (_FILE,)),
    Verb("order", "submit", "submit_order", "POST", "/orders",
         "Submit a signed order from FILE: {party, nonce, deadline, content, signatures}.",
         "提交已签名指令，文件为 {party, nonce, deadline, content, signatures}。", (_FILE,),
         waits=True),
    Verb("order", "sign", "sign_order", "POST", "/orders/sign",
         "Make, sign with the keys kept by the server, and submit an order from FILE.",
         "生成指令，用服务器托管密钥签名并提交。", (_FILE,), waits=True),
)  # fmt: skip
