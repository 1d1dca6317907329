"""What the command line prints: tables for people, JSON for machines."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from xinlian.services.cli.i18n import pick, text

CHINA_HOURS: Final = 8
CELL_CHARS_MAX: Final = 44


def print_json(value: Any) -> None:
    """One JSON document on stdout."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")


def yuan(fen: int) -> str:
    """Fen as yuan with separators, such as ``12,345.60``."""
    whole, cents = divmod(abs(fen), 100)
    return f"{'-' if fen < 0 else ''}{whole:,}.{cents:02d}"


def moment(seconds: int) -> str:
    """A Unix second in China Standard Time."""
    if not seconds:
        return "-"
    local = datetime.fromtimestamp(seconds, UTC) + timedelta(hours=CHINA_HOURS)
    return f"{local:%Y-%m-%d %H:%M:%S}"


def cell(name: str, value: Any) -> str:
    """A value as people read it, by the name of its field: money in yuan, times in CST."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return text("yes") if value else text("no")
    if isinstance(value, int):
        if is_money(name):
            return yuan(value)
        if name.endswith("_at") or name in ("expiry", "deadline", "time"):
            return moment(value)
        return str(value)
    if isinstance(value, Mapping):
        return " ".join(f"{key}={cell(key, inner)}" for key, inner in value.items())
    if isinstance(value, list):
        return ", ".join(cell(name, inner) for inner in value)
    return str(value)


def is_money(name: str) -> bool:
    """Whether a field of the API holds fen."""
    return name.endswith("_fen") or name in _MONEY


_MONEY: Final = frozenset(
    {
        "amount", "face", "price", "outstanding", "limit", "usable", "used", "free", "gross",
        "held", "offered", "locked", "financed", "redeemed", "cancelled", "shortfall", "fees",
        "proceeds", "dishonoured",
    }
)  # fmt: skip


def print_rows(rows: Sequence[Mapping[str, Any]], columns: Sequence[str] | None = None) -> None:
    """A table of rows; without columns, every field of the first row."""
    if not rows:
        print(text("nothing"))
        return
    names = list(columns or rows[0])
    names = [name for name in names if any(row.get(name) is not None for row in rows)] or names
    from rich.table import Table

    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in names:
        number = all(isinstance(row.get(name), (int, type(None))) for row in rows)
        table.add_column(heading(name), justify="right" if number else "left", overflow="fold")
    for row in rows:
        table.add_row(*(_short(cell(name, row.get(name))) for name in names))
    console().print(table)


def print_record(record: Mapping[str, Any], title: str = "") -> None:
    """One object, a field a line; objects in it as sections, lists of objects as tables."""
    plain = {name: value for name, value in record.items() if not _is_section(value)}
    if title:
        print(f"\n{title}")
    width = max((len(heading(name)) for name in plain), default=0)
    for name, value in plain.items():
        print(f"{heading(name):<{width}}  {cell(name, value)}")
    for name, value in record.items():
        if name in plain:
            continue
        section = f"{title} · {heading(name)}" if title else heading(name)
        if isinstance(value, Mapping):
            print_record(value, section)
        else:
            print(f"\n{section}")
            print_rows(value)


def _is_section(value: Any) -> bool:
    first = value[0] if isinstance(value, list) and value else value
    return isinstance(first, Mapping) and len(first) > 0


def heading(name: str) -> str:
    """The label of a field."""
    english = name.removesuffix("_fen").removesuffix("_seconds").replace("_", " ")
    return pick(english, _ZH.get(name, _ZH.get(name.removesuffix("_fen"), english)))


def console() -> Any:
    """Where tables go: the terminal's width, or wide and plain where there is none."""
    from rich.console import Console

    width = None if sys.stdout.isatty() else 200
    return Console(file=sys.stdout, width=width, highlight=False, soft_wrap=width is not None)


def _short(value: str) -> str:
    return value if len(value) <= CELL_CHARS_MAX else value[: CELL_CHARS_MAX - 1] + "…"


_ZH: Final = {
    "id": "编号", "party": "参与方", "name": "名称", "roles": "角色", "status": "状态",
    "threshold": "签名数", "accounts": "账户", "root": "凭证", "piece": "凭证段",
    "issuer": "签发方",
    "holder": "持有方", "offeree": "受让方", "payee": "收款方", "paying_bank": "付款行",
    "face": "面额", "amount": "金额", "due": "到期日", "due_day": "到期日", "issued": "签发日",
    "issued_day": "签发日", "state": "状态", "start": "起点", "end": "终点", "depth": "层级",
    "parent": "来源", "expiry": "失效时间", "document": "单据", "seller": "卖方", "buyer": "买方",
    "number": "号码", "kind": "类型", "usable": "可用额", "used": "已用额", "free": "余额",
    "limit": "额度", "outstanding": "未兑付", "blocked": "停止签发", "financing": "融资",
    "funder": "资金方", "price": "融资款", "sale": "转让", "recourse": "有追索",
    "maturity_day": "融资到期日", "registration": "登记号", "digest": "摘要", "block": "区块",
    "held": "持有", "offered": "待受让", "locked": "锁定", "financed": "已融资",
    "redeemed": "已兑付",
    "cancelled": "已注销", "dishonoured": "拒付", "line": "行", "reason": "原因", "message": "说明",
    "code": "代码", "height": "高度", "hash": "哈希", "label": "标签", "scopes": "权限",
    "created_at": "创建时间", "expires_at": "失效时间", "revoked_at": "吊销时间",
    "last_used_at": "最近使用", "rate": "利率", "fees": "费用", "annual_cost": "年化综合成本",
    "proceeds": "到手金额", "count": "数量", "tx_hash": "交易哈希", "items": "明细",
}  # fmt: skip
