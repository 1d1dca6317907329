"""The tables of the sample, in the forms that a plant keeps them: CSV with Chinese headings."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from typing import Final

from tests.trace.sample import plant as p
from tests.trace.sample.parties import CODES

Row = Sequence[str]

ITEM_HEAD: Final = ("编码", "类型", "名称", "英文名称", "制造商", "零件号", "生产时间")
LINK_HEAD: Final = (
    *("子件编码", "子件类型", "父件编码", "父件类型", "方式", "装入时间", "拆出时间"),
    *("数量", "单位", "确定性", "候选组"),
)
CLAIM_HEAD: Final = ("编号", "对象编码", "对象类型", "类别", "时间", "故障代码", "结论")
CERTIFICATE_HEAD: Final = (
    *("证书编号", "对象编码", "对象类型", "标题", "出具单位", "出具日期", "文件", "说明"),
)


def csv_text(head: Sequence[str], rows: Iterable[Row]) -> str:
    """The table as CSV with line ends of RFC 4180."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(head)
    writer.writerows(rows)
    return out.getvalue()


def stamp(time: datetime) -> str:
    """A time as plants write it: of the clock on the wall, without a zone."""
    return f"{time:%Y-%m-%d %H:%M:%S}"


def vehicles(plant: p.Plant) -> Iterator[Row]:
    """Vehicles, as their maker describes them."""
    for pack in plant.packs:
        built = stamp(pack.made + timedelta(hours=20))
        yield (
            pack.vin,
            "整车",
            "云辰E2纯电动轿车",
            "Yunchen E2 sedan",
            CODES["car"],
            "E2-A00",
            built,
        )


def items(plant: p.Plant) -> Iterator[Row]:
    """Packs, modules, parts, and the batches that the pack plant received."""
    for pack in plant.packs:
        made = stamp(pack.made)
        yield (pack.code, "序列件", "动力电池包", "Battery pack", CODES["pack"], "PK-08", made)
        if pack.number != p.NO_BMS_VEHICLE:
            bms = ("电池管理系统", "Battery management system", CODES["bms"], "BMS-26")
            yield (pack.bms, "序列件", *bms, stamp(pack.made - timedelta(days=9)))
        housing = ("电池包下壳体", "Pack housing", CODES["housing"], "HS-A7")
        yield (pack.housing, "序列件", *housing, stamp(pack.made - timedelta(days=14)))
        plate = ("液冷板", "Cooling plate", CODES["plate"], "CP-26")
        yield (pack.plate, "序列件", *plate, stamp(pack.made - timedelta(days=11)))
    for module in plant.modules:
        words = ("电池模组", "Cell module", CODES["module"], "ML-16")
        yield (module.code, "序列件", *words, stamp(module.made))
    for glue in sorted({pack.glue for pack in plant.packs}):
        words = ("导热结构胶", "Thermal structural adhesive", CODES["glue"], "GY-280")
        yield (glue, "批次", *words, f"2026-{glue[5:7]}-{glue[7:9]} 06:00:00")
    coils = {p.GOOD_NEIGHBOUR, *(p.coil_name(lot) for lot in plant.lots() if lot != p.UNSURE_LOT)}
    for coil in sorted(coils):
        words = ("负极极片卷", "Anode electrode coil", CODES["cell"], "EL-3")
        yield (p.lot_link(p.COIL_GTIN, coil), "批次", *words, "")
    for lot in plant.lots():
        words = ("磷酸铁锂电芯批次", "LFP cell lot", CODES["cell"], "CE-71")
        yield (p.lot_link(p.CELL_GTIN, p.lot_name(lot)), "批次", *words, "")


def cells(plant: p.Plant) -> Iterator[Row]:
    """Cells, as the module maker scans them."""
    words = ("磷酸铁锂电芯", "LFP cell", CODES["cell"], "CE-71")
    for module in plant.modules:
        for code, _ in module.cells:
            yield (code, "序列件", *words, stamp(module.made - timedelta(days=3)))


def _fitted(child: str, parent: str, kind: str, when: datetime, until: str = "") -> Row:
    kinds = ("整车" if kind == "vehicle" else "序列件",)
    return (child, "序列件", parent, *kinds, "装配", stamp(when), until, "1", "C62", "确定", "")


def links(plant: p.Plant) -> Iterator[Row]:
    """Which part is in which; lots in cells, glue in packs, coils in the lot of two coils."""
    for module in plant.modules:
        for code, lot in module.cells:
            link = p.lot_link(p.CELL_GTIN, p.lot_name(lot))
            when = stamp(module.made - timedelta(days=3))
            yield (link, "批次", code, "序列件", "投料", when, "", "", "", "确定", "")
            yield _fitted(code, module.code, "serial", module.made)
    removed = {swap.old.code: stamp(swap.time) for swap in plant.swaps}
    for pack in plant.packs:
        for module in pack.modules:
            until = removed.get(module.code, "")
            yield _fitted(module.code, pack.code, "serial", pack.made - timedelta(hours=3), until)
        parts = [pack.housing, pack.plate]
        parts += [] if pack.number == p.NO_BMS_VEHICLE else [pack.bms]
        for part in parts:
            yield _fitted(part, pack.code, "serial", pack.made - timedelta(hours=2))
        when = stamp(pack.made - timedelta(hours=3))
        yield (pack.glue, "批次", pack.code, "序列件", "投料", when, "", "2.4", "KGM", "确定", "")
    for swap in plant.swaps:
        yield _fitted(swap.new.code, swap.pack.code, "serial", swap.time)
    unsure = p.lot_link(p.CELL_GTIN, p.lot_name(p.UNSURE_LOT))
    for coil in (p.BAD_COIL, p.GOOD_NEIGHBOUR):
        coil_link = p.lot_link(p.COIL_GTIN, coil)
        fed = "2026-09-09 03:00:00"
        group = f"{p.lot_name(p.UNSURE_LOT)}-卷"
        yield (coil_link, "批次", unsure, "批次", "投料", fed, "", "", "", "候选", group)


def vehicle_links(plant: p.Plant) -> Iterator[Row]:
    """Which pack is in which vehicle, as the car maker books it."""
    for pack in plant.packs:
        yield _fitted(pack.code, pack.vin, "vehicle", pack.made + timedelta(hours=16))


def claims(plant: p.Plant) -> Iterator[Row]:
    """Failures that made people look for a cause."""
    told = (
        (12, "0 公里", "2026-10-08 09:12:00", "P0A7E", "电池包压差报警，静置后单体自放电偏大"),
        (13, "售后", "2026-10-19 15:40:00", "P0A7E", "行驶中电池温差报警，用户进店"),
        (14, "售后", "2026-10-27 11:05:00", "P0A80", "充电后压差 86 mV，超出 50 mV"),
    )
    for number, (place, kind, time, code, words) in enumerate(told, 1):
        yield (f"CLM-2610-{number:03d}", plant.packs[place].vin, "整车", kind, time, code, words)
    cell = plant.packs[13].modules[2].cells[4][0]
    finding = "拆解：负极极片边缘毛刺，刺穿隔膜，微短路"
    yield ("CLM-2610-004", cell, "序列件", "返件", "2026-10-30 16:20:00", "D-BURR", finding)


def certificates(plant: p.Plant) -> Iterator[Row]:
    """Certificates that came with deliveries; the one of the third batch of glue is missing."""
    cell, coil = p.CELL_GTIN, p.COIL_GTIN
    batches = [
        (p.lot_link(cell, p.lot_name(lot)), "电芯出厂检验报告", "cell") for lot in plant.lots()
    ]
    batches += [(p.lot_link(coil, p.BAD_COIL), "极片检验报告", "cell")]
    batches += [
        (glue, "结构胶检验报告", "glue") for glue in sorted({pack.glue for pack in plant.packs})[:2]
    ]
    for number, (batch, title, party) in enumerate(batches, 1):
        name = batch.rsplit("/", 1)[-1]
        file = f"certificates/{name}.pdf"
        note = "毛刺高度超差，让步放行" if name == p.BAD_COIL else ""
        day = f"2026-09-{min(number + 3, 21):02d}"
        yield (f"QC-26-{number:04d}", batch, "批次", title, CODES[party], day, file, note)
