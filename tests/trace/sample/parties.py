"""The companies of the sample: all invented, their codes of a region that does not exist."""

from __future__ import annotations

from typing import Final

from xinlian.finance.model.trade.codes import synthetic_uscc

# Key, Chinese name, English name, role.
PARTIES: Final = (
    ("car", "云辰汽车集团股份有限公司", "Yunchen Automobile Group", "vehicle maker"),
    ("pack", "衡岭动力电池有限公司", "Hengling Traction Battery", "pack plant"),
    ("cell", "澄垣电芯科技有限公司", "Chengyuan Cell Technology", "cells"),
    ("module", "栎川模组制造有限公司", "Lichuan Modules", "modules"),
    ("bms", "数衡电控有限公司", "Shuheng Controls", "battery management"),
    ("housing", "锻岳铝业有限公司", "Duanyue Aluminium", "housings"),
    ("plate", "沁泷热管理有限公司", "Qinlong Thermal", "cooling plates"),
    ("glue", "固峣胶粘材料有限公司", "Guyao Adhesives", "adhesives"),
)


CODES: Final = {key: synthetic_uscc("battery-plant", key) for key, *_ in PARTIES}

ENGLISH: Final = {
    "云辰E2纯电动轿车": "Yunchen E2 sedan",
    "动力电池包": "Battery pack",
    "电池模组": "Cell module",
    "磷酸铁锂电芯": "LFP cell",
    "电芯批次": "LFP cell lot",
    "负极极片卷": "Anode electrode coil",
    "电池管理系统": "Battery management system",
    "电池包下壳体": "Pack housing",
    "液冷板": "Cooling plate",
    "导热结构胶": "Thermal structural adhesive",
}


def party_rows() -> list[dict[str, str]]:
    """The parties as they stand in ``parties.json``."""
    return [
        {"key": key, "credit_code": CODES[key], "name_zh": zh, "name_en": en, "role": role}
        for key, zh, en, role in PARTIES
    ]
