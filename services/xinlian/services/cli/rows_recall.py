"""Commands about recalls and drills."""

from __future__ import annotations

from typing import Any, Final

from xinlian.services.cli.failure import CliError, Exit
from xinlian.services.cli.i18n import pick
from xinlian.services.cli.rows_items import Moment
from xinlian.services.cli.verbs import Arg, In, Verb

__all__ = ["ROWS"]

_RECALL: Final = Arg("recall", "its number or id", "召回序号或编号", In.PATH)
_REASON: Final = Arg("reason", "why", "原因")
_LIMIT: Final = Arg("limit", "rows at most", "最多行数", In.QUERY, int, required=False)
_KINDS: Final = ("machine", "shift", "gauge", "supplier", "station")


def _many(name: str, english: str, chinese: str) -> Arg:
    return Arg(name, english, chinese, required=False, many=True)


_FROM: Final = (
    Arg("items", "batches or parts", "批次或零件", required=False, many=True, positional=True),
    _many("machine", "a machine", "设备"),
    _many("shift", "a shift", "班次"),
    _many("gauge", "a gauge", "量具"),
    _many("supplier", "a supplier's code", "供应商代码"),
    _many("station", "a station", "工位"),
    Arg(
        "since",
        "from this day or time on",
        "自此日期或时间起",
        type=Moment(begins=True),
        required=False,
    ),
    Arg(
        "until",
        "before this day or time",
        "早于此日期或时间",
        type=Moment(begins=True),
        required=False,
    ),
)


def causes(body: dict[str, Any]) -> dict[str, Any]:
    """The body of a recall: one cause a kind, all in the same window."""
    window = {
        name: body[given]
        for name, given in (("from_ms", "since"), ("to_ms", "until"))
        if body.get(given) is not None
    }
    found = [
        {"kind": kind, "names": body[kind], **window} for kind in ("items", *_KINDS)
        if body.get(kind)
    ]  # fmt: skip
    if not found:
        raise CliError(
            pick("name what the recall starts from", "请指明召回起因"),
            todo=pick(
                "codes of batches or parts, or --machine, --shift, --gauge, --supplier, --station",
                "批次或零件代码，或 --machine、--shift、--gauge、--supplier、--station",
            ),
            code=Exit.USAGE,
        )
    more = {name: body[name] for name in ("earlier", "title") if body.get(name)}
    return {"causes": found, **more}


ROWS: Final = (
    Verb("recall", "make", "make_recall", "POST", "/trace/recalls",
         "Which vehicles are affected by batches, parts, a machine, a shift, a gauge, a supplier. "
         "Keeps a draft that you alone see.",
         "查找受批次、零件、设备、班次、量具、供应商影响的车辆，保存为仅己方可见的草稿。",
         (*_FROM,
          Arg("title", "what people call it; pages show it", "名称，发布后在页面显示",
              required=False),
          Arg("earlier", "recall to compare it with", "对比的召回", required=False)),
         shape=causes, view="show_recall"),
    Verb("recall", "publish", "publish_recall", "POST", "/trace/recalls/{recall}/publish",
         "Warn in earnest: pages of what it names say so from now on.",
         "正式发布：所涉对象的页面自此给出警示。", (_RECALL,), view="show_recall"),
    Verb("recall", "close", "close_recall", "POST", "/trace/recalls/{recall}/close",
         "End it: the vehicles were put right.", "关闭召回：车辆已处置完毕。", (_RECALL, _REASON),
         view="show_recall"),
    Verb("recall", "withdraw", "withdraw_recall", "POST", "/trace/recalls/{recall}/withdraw",
         "Take it back: it should not be.", "撤回召回：不应存在。", (_RECALL, _REASON),
         view="show_recall"),
    Verb("recall", "list", "list_recalls", "GET", "/trace/recalls", "Recalls, newest first.",
         "召回记录，最新在前。", (_LIMIT,), view="show_recalls"),
    Verb("recall", "show", "get_recall", "GET", "/trace/recalls/{recall}",
         "A recall: bounds, field and stock, what changed.", "查看召回：范围、在外与库存、变化。",
         (_RECALL,), view="show_recall"),
    Verb("recall", "vehicles", "list_recall_vehicles", "GET", "/trace/recalls/{recall}/vehicles",
         "Its vehicles, each with its reason.", "受影响车辆及理由。",
         (_RECALL, Arg("finding", "certain, possible or excluded", "certain、possible、excluded",
                       In.QUERY, required=False),
          _LIMIT, Arg("after", "last vehicle of the page before", "上一页末车辆", In.QUERY,
                      required=False)),
         view="show_recall_vehicles"),
    Verb("recall", "export", "get_recall_file", "GET", "/trace/recalls/{recall}/file",
         "Write it as csv, xlsx, pdf or xlproof.", "导出 csv、xlsx、pdf 或 xlproof。",
         (_RECALL, Arg("shape", "csv, xlsx, pdf or xlproof", "csv、xlsx、pdf 或 xlproof",
                       In.QUERY, required=False),
          Arg("file_lang", "zh or en; else that of the command", "文件语言 zh、en；默认同命令",
              In.QUERY, required=False, field="lang")),
         file=True),
    Verb("recall", "notified", "note_notices", "POST", "/trace/recalls/{recall}/notices",
         "Note that holders of vehicles were told.", "记录已通知车主。",
         (_RECALL, Arg("codes", "vehicles", "车辆", many=True, positional=True),
          Arg("channel", "how they were told", "通知方式"))),
    Verb("recall", "drill", "run_drill", "POST", "/trace/drills",
         "Trace as if it were earnest, timed and recorded.", "计时追溯演练并留存。",
         _FROM, shape=causes, view="show_drill"),
    Verb("recall", "drills", "list_drills", "GET", "/trace/drills", "Drills, newest first.",
         "演练记录，最新在前。", (_LIMIT,), view="show_drills"),
)  # fmt: skip
