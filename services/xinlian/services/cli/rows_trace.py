"""Commands about parts: taking in, trees, labels, recalls, quality."""

from __future__ import annotations

from typing import Final

from xinlian.services.cli.verbs import EXISTING_FILE, Arg, In, Verb

__all__ = ["ROWS"]

_CAPTURE: Final = Arg("capture", "id of the capture", "采集编号", In.PATH)

_CAPTURES: Final = (
    Verb("capture", "file", "capture_file", "POST", "/trace/captures",
         "Take a file in: EPCIS 2.0, Catena-X, CSV or Excel with a mapping.",
         "采集文件：EPCIS 2.0、Catena-X、CSV 或 Excel（附映射）。",
         (Arg("file", "file", "文件", In.FILE, EXISTING_FILE, positional=True),
          Arg("mapping", "mapping of a table's columns (YAML)", "列映射（YAML）", In.FILE,
              EXISTING_FILE, required=False)),
         view="show_capture"),
    Verb("capture", "facts", "capture_facts", "POST", "/trace/facts",
         "Take in facts from a JSON file.", "采集 JSON 文件中的事实。",
         (Arg("file", "JSON file with facts", "事实 JSON 文件", In.DOCUMENT, EXISTING_FILE,
              positional=True),),
         view="show_capture"),
    Verb("capture", "list", "list_captures", "GET", "/trace/captures",
         "Captures, newest first.", "采集记录，最新在前。",
         (Arg("limit", "rows at most", "最多行数", In.QUERY, int, required=False),),
         ("capture", "key", "made_ms", "taken", "counts")),
    Verb("capture", "show", "get_capture", "GET", "/trace/captures/{capture}",
         "A receipt again.", "再次查看回执。", (_CAPTURE,), view="show_capture"),
    Verb("capture", "rows", "list_capture_rows", "GET", "/trace/captures/{capture}/rows",
         "How every row ended.", "逐行结果。",
         (_CAPTURE, Arg("limit", "rows at most", "最多行数", In.QUERY, int, required=False),
          Arg("after", "number of the last row before", "上一页末行号", In.QUERY, int,
              required=False)),
         ("number", "place", "status", "field", "why", "record_hash")),
)  # fmt: skip

_SIGNALS: Final = (
    Verb("trace", "signals", "stream_signals", "GET", "/trace/signals",
         "Show signals as they are raised, until Ctrl-C.", "实时显示信号，按 Ctrl-C 结束。",
         (Arg("after", "begin beyond this signal; 0: with all", "从此信号之后开始，0 为全部",
              In.QUERY, int, required=False),
          Arg("seconds", "end after so long", "持续秒数", In.QUERY, int, required=False)),
         stream=True),
)  # fmt: skip

ROWS: Final[tuple[Verb, ...]] = (*_CAPTURES, *_SIGNALS)
