"""What was measured and done in the plant: inspections with a drift, and process records."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random
from typing import Final

from tests.trace.sample import plant as p
from tests.trace.sample.tables import Row, stamp

SEED: Final = 26_09_07

INSPECTION_HEAD: Final = (
    *("检验编号", "对象编码", "对象类型", "特性", "实测值", "单位", "标称值", "下限", "上限"),
    *("关键特性", "结果", "量具", "检验员", "工位", "设备", "班次", "检验时间", "方法"),
)
PROCESS_HEAD: Final = (
    *("记录编号", "对象编码", "对象类型", "工位", "设备", "配方", "班次", "操作员"),
    *("开始时间", "结束时间", "遥测窗口", "峰值功率(W)", "焊接速度(mm/s)", "固化温度(℃)"),
    *("最低温度(℃)", "涂胶量(g)"),
)

K_VALUE: Final = ("电芯自放电K值", "mV/h", "0.020", "", "0.060", "是")
PULL: Final = ("汇流排焊接拉拔力", "N", "60", "45", "", "否")
LEAK: Final = ("电池包气密泄漏率", "mL/min", "", "", "3.00", "是")
INSULATION: Final = ("绝缘电阻", "MΩ", "", "100", "", "是")
RESISTANCE: Final = ("直流内阻", "mΩ", "52.0", "48.0", "56.0", "否")

FOULED_LENS: Final = datetime(2026, 9, 14, 0, 0, tzinfo=p.CHINA)
"""From here the lens of welder LW-02 fouls, and its welds pull off ever more easily."""


def _around(random: Random, middle: float, spread: float) -> float:
    """Bell-shaped around ``middle``: the sum of six dice, the same in every Python."""
    return middle + spread * sum(random.random() - 0.5 for _ in range(6)) * 1.4142


class _Book:
    """Numbers the inspections and writes them out."""

    def __init__(self) -> None:
        self._count = 0

    def row(
        self,
        item: str,
        what: tuple[str, ...],
        value: str,
        result: str,
        made: tuple[str, ...],
        time: datetime,
        method: str = "",
    ) -> Row:
        """``made``: gauge, operator, station, machine, shift."""
        self._count += 1
        name, unit, nominal, lower, upper, key = what
        number = f"IN-26-{self._count:05d}"
        told = (number, item, "序列件", name, value, unit, nominal, lower, upper, key, result)
        return (*told, *made, stamp(time), method)


def inspections(plant: p.Plant) -> list[Row]:
    """All inspections in time order."""
    random = Random(SEED)
    book = _Book()
    rows = [*_cells(plant, random, book), *_welds(plant, random, book)]
    rows += _packs(plant, random, book)
    return sorted(rows, key=lambda row: (row[16], row[0]))


def _shift(time: datetime) -> str:
    return "白班" if 8 <= time.hour < 20 else "夜班"


def _cells(plant: p.Plant, random: Random, book: _Book) -> Iterator[Row]:
    """One cell in six: the drift begins in the lot before the bad one."""
    middle = {p.BAD_LOT - 1: 0.026, p.BAD_LOT: 0.046, p.UNSURE_LOT: 0.033}
    for module in plant.modules:
        cell, lot = module.cells[module.number % p.CELLS_PER_MODULE]
        value = _around(random, middle.get(lot, 0.020), 0.0042)
        time = module.made - timedelta(hours=20)
        made = ("OCV-01", "贺敏", "来料静置", "", _shift(time))
        yield book.row(cell, K_VALUE, f"{value:.4f}", "合格", made, time, "GB/T 36276")


def _welds(plant: p.Plant, random: Random, book: _Book) -> Iterator[Row]:
    for module in plant.modules:
        time = module.made + timedelta(minutes=40)
        days = max(0.0, (time - FOULED_LENS) / timedelta(days=1))
        drop = 1.9 * days if module.welder == "LW-02" else 0.0
        value = _around(random, 60.0 - min(drop, 11.0), 1.6)
        made = ("PF-03", "陶亦", "汇流排焊接", module.welder, _shift(time))
        yield book.row(module.code, PULL, f"{value:.1f}", "合格", made, time)


def _packs(plant: p.Plant, random: Random, book: _Book) -> Iterator[Row]:
    for pack in plant.packs:
        time = pack.made + timedelta(hours=1)
        made = (pack.gauge, "向晚晴", "气密测试", f"QM-{pack.gauge[-1]}", pack.shift)
        value = _around(random, 1.4, 0.22)
        start, end = p.GAUGE_WINDOW
        if pack.gauge == p.BAD_GAUGE and start <= time < end:
            value -= 0.7  # out of calibration: it reads too little
        if pack.number == 21:
            failed = time - timedelta(minutes=35)
            yield book.row(pack.code, LEAK, "3.62", "不合格", made, failed, "首次")
        yield book.row(pack.code, LEAK, f"{value:.2f}", "合格", made, time)
        electric = ("IR-02", "向晚晴", "下线电测", "EOL-1", pack.shift)
        later = time + timedelta(minutes=20)
        if pack.number == 8:
            yield book.row(pack.code, INSULATION, "", "未测", electric, later, "设备维护")
        else:
            ohms = _around(random, 560, 40)
            yield book.row(pack.code, INSULATION, f"{ohms:.0f}", "合格", electric, later)
        value = _around(random, 52.0, 0.7)
        later += timedelta(minutes=5)
        yield book.row(pack.code, RESISTANCE, f"{value:.2f}", "合格", electric, later)


def processes(plant: p.Plant) -> list[Row]:
    """Welding of modules, and gluing and curing of packs, with the names of their telemetry."""
    random = Random(SEED + 1)
    rows: list[Row] = []
    for module in plant.modules:
        end = module.made + timedelta(minutes=18)
        head = (f"WE-{module.number + 1:05d}", module.code, "序列件", "汇流排焊接", module.welder)
        people = ("AL-CU-07", _shift(module.made), "陶亦")
        window = (stamp(module.made), stamp(end), f"welder-{module.welder.lower()}")
        power = f"{_around(random, 2900, 25):.0f}"
        rows.append((*head, *people, *window, power, f"{_around(random, 120, 1):.1f}", "", "", ""))
    for pack in plant.packs:
        start, end = pack.made - timedelta(hours=2), pack.made - timedelta(minutes=30)
        head = (f"CU-{pack.number + 1:05d}", pack.code, "序列件", "涂胶固化", "CO-1")
        people = ("GY280-80C90", pack.shift, "骆一鸣")
        window = (stamp(start), stamp(end), "oven-1.zone-2")
        cold = p.OVEN_WINDOW[0] <= start < p.OVEN_WINDOW[1]
        warm = _around(random, 71.5 if cold else 80.2, 0.5)
        low = warm - 2.0 - random.random()
        grams = f"{_around(random, 2400, 18):.0f}"
        rows.append((*head, *people, *window, "", "", f"{warm:.1f}", f"{low:.1f}", grams))
    return sorted(rows, key=lambda row: (row[8], row[0]))
