"""Commands about evidence logs."""

from __future__ import annotations

from typing import Any, Final

import click
from xinlian.services.cli.verbs import EXISTING_FILE, Arg, In, Verb

_LOG: Final = Arg("log", "id of the log, 0x…", "存证日志编号 0x…", In.PATH)
_FILE: Final = Arg("file", "JSON file", "JSON 文件", In.DOCUMENT, EXISTING_FILE, positional=True)


def _proof(values: dict[str, Any]) -> dict[str, Any]:
    """What is proved of the one log named."""
    plain = {"log": values["log"]}
    for name in ("subjects", "indices", "show", "since", "hide_ids"):
        if values.get(name):
            plain[name] = values[name]
    if values.get("no_key"):
        plain["reveal_key"] = False
    return {"logs": [plain]}


ROWS: Final = (
    Verb("evidence", "logs", "list_evidence_logs", "GET", "/evidence/logs",
         "Your evidence logs and how they stand.", "本方存证日志及其状态。",
         columns=("log", "stream", "records", "covered", "anchored", "trouble"), paged=True),
    Verb("evidence", "show", "get_evidence_log", "GET", "/evidence/logs/{log}",
         "One log, with how far events lay back when they were fixed.",
         "单个日志，含补录时差。", (_LOG,)),
    Verb("evidence", "heads", "list_evidence_heads", "GET", "/evidence/logs/{log}/heads",
         "Heads of a log on chain, smallest first.", "日志的链上树头，由小到大。", (_LOG,),
         columns=("size", "block", "block_time", "root", "tx_hash"), paged=True),
    Verb("evidence", "pin", "get_pinned_head", "GET", "/evidence/logs/{log}/pin",
         "Write a head as a file, to check bundles against: of any LOG of the network, or of all "
         "logs in a proof file.",
         "导出树头文件，供核验证明：本网络任一日志，或证明文件中的全部日志。",
         (_LOG, Arg("size", "size of the head; the newest if left out", "树头大小；默认最新",
                    In.QUERY, int, required=False)), file=True),
    Verb("evidence", "record", "get_evidence_record", "GET",
         "/evidence/logs/{log}/records/{index}",
         "How far a record is on its way to the chain.", "记录的上链进度。",
         (_LOG, Arg("index", "place of the record, from 0", "记录位置，从 0 起", In.PATH, int))),
    Verb("evidence", "prove", "make_proof_bundle", "POST", "/evidence/proofs",
         "Write a proof bundle (.xlproof) about subjects or single records of a log.",
         "导出证明文件（.xlproof），涉及对象或单条记录。",
         (Arg("log", "id of the log, 0x…", "存证日志编号 0x…", positional=True),
          Arg("subject", "a subject, such as a VIN: all its records", "对象（如 VIN）：其全部记录",
              many=True, required=False, field="subjects"),
          Arg("index", "place of a single record", "单条记录的位置", type=click.IntRange(min=0),
              many=True, required=False, field="indices"),
          Arg("show", "path of a field to show; all if left out", "要显示的字段路径；默认全部",
              many=True, required=False),
          Arg("since", "size of a head that the reader holds", "核验方已持有的树头大小", type=int,
              required=False),
          Arg("hide_ids", "leave out what the subjects are called", "隐去对象名称", flag=True),
          Arg("no_key", "leave out the key with which subjects are recognised",
              "不附对象密钥", flag=True)), file=True, shape=_proof),
    Verb("evidence", "erase", "erase_evidence_record", "POST",
         "/evidence/logs/{log}/records/{index}/erase",
         "Destroy the values of a record of yours for ever; its leaves and all proofs stay.",
         "永久清除本方一条记录的内容；其叶节点与其他证明不受影响。",
         (_LOG, Arg("index", "place of any leaf of the record, from 0",
                    "记录任一叶节点的位置，从 0 起", In.PATH, int),
          Arg("yes", "yes, destroy it: nobody can bring it back", "确认清除：不可恢复",
              flag=True, field="confirm"))),
    Verb("evidence", "receipt", "check_receipt", "POST", "/evidence/receipts/check",
         "Whether the log's writer signed a receipt (FILE), and kept its promise.",
         "核对回执（文件）的签名与承诺。",
         (_FILE,)),
)  # fmt: skip
