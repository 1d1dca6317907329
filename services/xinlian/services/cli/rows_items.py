"""Commands about things that are traced: find, tree, dossier, proof, labels, sharing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Final

import click
from xinlian.services.cli.i18n import pick
from xinlian.services.cli.verbs import Arg, In, Verb

__all__ = ["AT", "CODE", "ROWS"]


class Moment(click.ParamType[int]):
    """A day in China (its end, or where ``begins`` its beginning) or a time with its offset, as
    Unix milliseconds."""

    name = "moment"

    def __init__(self, *, begins: bool = False) -> None:
        self._begins = begins

    def convert(self, value: Any, param: Any, ctx: Any) -> int:
        """Read what was typed."""
        if isinstance(value, int):
            return value
        try:
            found = datetime.fromisoformat(str(value))
        except ValueError:
            text = pick(
                f"a day (2026-09-30) or a time is wanted, not {value!r}",
                f"需为日期（2026-09-30）或时间，而非 {value!r}",
            )
            self.fail(text, param, ctx)
        if found.tzinfo is None:
            found = found.replace(tzinfo=timezone(timedelta(hours=8)))
            if len(str(value)) == len("2026-09-30") and not self._begins:
                found += timedelta(days=1, milliseconds=-1)
        return int(found.astimezone(UTC).timestamp() * 1000)


CODE: Final = Arg("code", "VIN, batch, serial, GS1 key, link", "VIN、批次、序列号、GS1 标识、链接",
                  In.QUERY, positional=True)  # fmt: skip
AT: Final = Arg("at", "as it was then: a day or a time", "指定日期或时间", In.QUERY, Moment(),
                required=False, field="at_ms")  # fmt: skip
_TYPE: Final = Arg("type", "of several, this: serial, batch, vehicle, package", "多个时指定类型",
                   In.QUERY, required=False)  # fmt: skip
_OWNER: Final = Arg("owner", "of several, in this party's number space", "多个时指定编码所属方",
                    In.QUERY, int, required=False)  # fmt: skip
_THING: Final = (CODE, _TYPE, _OWNER)

_TRACE: Final = (
    Verb("trace", "show", "get_dossier", "GET", "/trace/dossier",
         "Everything known of a thing: verdict, tree, inspections, proof.",
         "查看全部信息：结论、组成、检验、存证。", (*_THING, AT), view="show_dossier"),
    Verb("trace", "find", "find_items", "GET", "/trace/items", "Things that a code means.",
         "查找代码对应的对象。", (CODE,),
         ("id", "type", "owner", "name", "maker", "part_number", "made_at_ms", "link")),
    Verb("trace", "tree", "get_tree", "GET", "/trace/tree",
         "What a thing is made of, or with --direction up what it is in.",
         "查看组成；--direction up 查看去向。",
         (*_THING, AT, Arg("direction", "down or up", "down 向下、up 向上", In.QUERY,
                           required=False),
          Arg("depth", "levels at most", "最多层数", In.QUERY, int, required=False),
          Arg("nodes", "parts at most", "最多节点数", In.QUERY, int, required=False)),
         view="show_tree"),
    Verb("trace", "dossier", "get_dossier_paper", "GET", "/trace/dossier.pdf",
         "Write the dossier as PDF.", "生成档案 PDF。",
         (*_THING, Arg("paper_lang", "zh or en; else that of the command",
                       "文档语言 zh、en；默认同命令", In.QUERY, required=False, field="lang")),
         file=True),
    Verb("trace", "proof", "get_item_proof", "GET", "/trace/proof",
         "Write the proof file; check it with `verify`.", "生成证明文件；用 `verify` 核验。",
         (*_THING, Arg("whole_tree", "of all its parts too", "含全部零件", In.QUERY, bool,
                       required=False, flag=True)), file=True),
)  # fmt: skip

_LABELS: Final = (
    Verb("label", "make", "get_label", "GET", "/trace/label", "Make a label.", "生成标签。",
         (*_THING, Arg("shape", "png, svg or pdf", "png、svg 或 pdf", In.QUERY, required=False),
          Arg("link_kind", "network, gs1 or id", "network、gs1 或 id", In.QUERY, required=False),
          Arg("symbology", "qr, data-matrix or gs1-data-matrix",
              "qr、data-matrix 或 gs1-data-matrix", In.QUERY, required=False),
          Arg("surface", "clean, paper or dirty", "clean、paper 或 dirty", In.QUERY,
              required=False),
          Arg("width_mm", "width in mm", "宽度（毫米）", In.QUERY, int, required=False),
          Arg("height_mm", "height in mm", "高度（毫米）", In.QUERY, int, required=False)),
         file=True),
    Verb("label", "sheet", "make_label_sheet", "POST", "/trace/label-sheets",
         "Labels on A4 sheets: PDF, or a ZIP of pictures.", "A4 标签页：PDF，或图片 ZIP。",
         (Arg("codes", "codes", "代码", many=True, positional=True),
          Arg("layout", "a4-8, a4-14, a4-21, a4-24, a4-40 or a4-65", "版式：每页张数",
              required=False),
          Arg("shape", "pdf or zip", "pdf 或 zip", required=False),
          Arg("skip", "used places of the first sheet", "首张已用位置数", type=int,
              required=False),
          Arg("move_right_um", "move to the right by micrometres", "右移（微米）", type=int,
              required=False),
          Arg("move_down_um", "move down by micrometres", "下移（微米）", type=int,
              required=False),
          Arg("link_kind", "network, gs1 or id", "network、gs1 或 id", required=False),
          Arg("symbology", "qr, data-matrix or gs1-data-matrix",
              "qr、data-matrix 或 gs1-data-matrix", required=False),
          Arg("surface", "clean, paper or dirty", "clean、paper 或 dirty", required=False)),
         file=True),
    Verb("label", "policy", "get_page_policy", "GET", "/trace/page-policy",
         "What strangers with a label of yours see.", "公众凭标签可见的内容。"),
    Verb("label", "set-policy", "set_page_policy", "POST", "/trace/page-policy",
         "Set what strangers with a label of yours see.", "设置公众凭标签可见的内容。",
         (Arg("strangers", "nothing, identity, tree or all", "nothing、identity、tree、all",
              positional=True),
          Arg("guessable", "a typed code counts as having the label", "凭编码即可查看", type=bool,
              default=True))),
)  # fmt: skip

_SHARES: Final = (
    Verb("share", "list", "list_shares", "GET", "/trace/shares",
         "Who sees your records about parts, and whose you see.",
         "谁可查看贵方的零件记录，贵方可查看谁的记录。"),
    Verb("share", "set", "set_share", "POST", "/trace/shares",
         "Offer your records to a party, or close them.", "向某方提供或关闭记录。",
         (Arg("reader", "number of the party", "参与方编号", type=int, positional=True),
          Arg("open", "true or false", "true 或 false", type=bool, default=True),
          Arg("keys", "let its proof files hold the subject key of your log",
              "允许其证明文件附上贵方日志的对象密钥", flag=True))),
    Verb("share", "accept", "answer_share", "POST", "/trace/shares/answer",
         "Accept the records that a party offers you, or decline them.",
         "接受或拒绝某方提供的记录。",
         (Arg("owner", "number of the party", "参与方编号", type=int, positional=True),
          Arg("accept", "true or false", "true 或 false", type=bool, default=True))),
)  # fmt: skip

ROWS: Final[tuple[Verb, ...]] = (*_TRACE, *_LABELS, *_SHARES)
