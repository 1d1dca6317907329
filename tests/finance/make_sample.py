"""Writes the bundled sample of receivables: the same file, byte for byte, every time.

All companies are invented and their codes lie in a region that does not exist. Run
``python -m tests.finance.make_sample FILE`` to write it anew.
"""

from __future__ import annotations

import csv
import hashlib
import io
import sys
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from xinlian.finance.model.trade.codes import synthetic_uscc
from xinlian.ledger.model.money import Fen

INVOICES: Final = 120
FIRST_DAY: Final = date(2025, 1, 6)

# Name, province of its invoices (GB/T 2260), agreed days to pay, and how many in ten it pays late.
BUYERS: Final = (
    ("云辰汽车集团股份有限公司", 90, 0),
    ("北岭重型机械股份有限公司", 60, 1),
    ("沧海电子科技股份有限公司", 60, 0),
    ("金穹新能源汽车有限公司", 90, 3),
    ("宏垒冶金装备股份有限公司", 120, 4),
)
SUPPLIERS: Final = (
    ("衡川精密铸造有限公司", "43"),
    ("锦沛线束有限公司", "32"),
    ("瑞垣轴承有限公司", "33"),
    ("天枞电机有限公司", "31"),
    ("泓岩压铸有限公司", "44"),
    ("昱和紧固件有限公司", "33"),
    ("博峣模具有限公司", "44"),
    ("凌岸传感器有限公司", "31"),
    ("朗郁橡胶制品有限公司", "37"),
    ("盛垚钢材有限公司", "13"),
    ("启崟液压件有限公司", "32"),
    ("恒珺电路板有限公司", "44"),
    ("卓泷热处理有限公司", "21"),
    ("嘉峪铜业有限公司", "62"),
    ("安砺数控刀具有限公司", "51"),
    ("佳岑包装材料有限公司", "42"),
    ("润笙涂料有限公司", "34"),
    ("铭灏齿轮有限公司", "41"),
    ("顺屿物流装备有限公司", "35"),
    ("永崧弹簧有限公司", "50"),
)
HEADER: Final = (
    "销方统一社会信用代码",
    "销方名称",
    "购方统一社会信用代码",
    "购方名称",
    "数电票号码",
    "开票日期",
    "交货日期",
    "到期日",
    "金额",
    "税额",
    "价税合计",
    "实际付款日",
)


def sample_text() -> str:
    """The sample as CSV text with CRLF line ends."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(HEADER)
    for index in range(INVOICES):
        writer.writerow(_invoice(index))
    return out.getvalue()


def _invoice(index: int) -> tuple[str, ...]:
    draw = _Draws(index)
    seller, province = SUPPLIERS[(index * 7 + index // 20) % len(SUPPLIERS)]
    buyer, agreed_days, late_in_ten = BUYERS[draw.below(len(BUYERS))]
    delivered = FIRST_DAY + timedelta(days=2 * index + draw.below(3))
    issued = delivered + timedelta(days=1 + draw.below(6))
    due = issued + timedelta(days=agreed_days)
    net = Fen(100 * (60_000 + draw.below(4_200_000)) + draw.below(100))
    # 13 % value added tax, to the fen, half up as invoices round it.
    tax = Fen((int(net) * 13 + 50) // 100)
    late = draw.below(10) < late_in_ten
    paid = due + timedelta(days=3 + draw.below(38) if late else -draw.below(3))
    number = f"{issued.year % 100:02d}{province}2{index:05d}{draw.below(10**10):010d}"
    return (
        synthetic_uscc("xinlian-sample", seller),
        seller,
        synthetic_uscc("xinlian-sample", buyer),
        buyer,
        number,
        issued.isoformat(),
        delivered.isoformat(),
        due.isoformat(),
        net.yuan(),
        tax.yuan(),
        (net + tax).yuan(),
        paid.isoformat(),
    )


class _Draws:
    """Numbers that look random and are the same on every machine."""

    def __init__(self, index: int) -> None:
        self._seed = f"xinlian-sample:{index}"
        self._count = 0

    def below(self, bound: int) -> int:
        self._count += 1
        digest = hashlib.sha256(f"{self._seed}:{self._count}".encode()).digest()
        return int.from_bytes(digest, "big") % bound


if __name__ == "__main__":
    Path(sys.argv[1]).write_bytes(sample_text().encode("utf-8"))
