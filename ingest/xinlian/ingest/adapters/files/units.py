"""Units that plants give their tags: UCUM, case-sensitive, and such as fit the tag's role.

What people usually write instead is refused with the right spelling. Of the tables of UCUM (2.1)
the units of industry are known here, those that take prefixes apart from those that do not.
"""

from __future__ import annotations

import re
from typing import Final

from xinlian.ingest.model.tags import Role, Tag, TagError

__all__ = ["check_unit"]

_PREFIX: Final = "da|[KMGT]i|[YZEPTGMkhdcmunpfazy]"
_METRIC: Final = (
    "m|s|g|A|K|mol|cd|rad|sr|Hz|N|Pa|J|W|C|V|F|Ohm|S|Wb|T|H|lm|lx|Bq|Gy|Sv|kat|Cel|l|L|ar|t|eV|bar|"
    r"u|B|bit|By|Bd|cal|st|mho|G|B\[(?:V|W|kW|SPL)\]|m\[(?:H2O|Hg)\]"
)
_OTHER: Final = (
    r"min|h|d|a|wk|mo|deg|'|''|gon|circ|%|atm|\[(?:ppth|ppm|ppb|pH|in_i|ft_i|psi|degF|HP|lb_av|"
    r"gal_us|kn_i|mi_i)\]"
)
_ATOM: Final = f"(?:{_PREFIX})?(?:{_METRIC})|{_OTHER}"
_NOTE: Final = r"\{[!-z|~]{0,40}\}"
_PART: Final = (
    rf"(?:(?:{_ATOM})(?:[+-]?[1-9])?(?:{_NOTE})?|10[*^][+-]?[0-9]{{1,2}}|[0-9]{{1,9}}|{_NOTE})"
)
_UNIT: Final = re.compile(rf"/?{_PART}(?:[./]{_PART}){{0,7}}")
_USUAL: Final = {
    "kWh": "kW.h", "Wh": "W.h", "MWh": "MW.h", "KWh": "kW.h", "KW": "kW", "Ah": "A.h",
    "kVA": "kV.A", "VA": "V.A", "kvar": "kV.A{reactive}", "var": "V.A{reactive}",
    "kVar": "kV.A{reactive}", "kvarh": "kV.A.h{reactive}", "kVarh": "kV.A.h{reactive}",
    "°C": "Cel", "℃": "Cel", "degC": "Cel", "°F": "[degF]", "°": "deg", "Ω": "Ohm", "ohm": "Ohm",
    "rpm": "/min", "r/min": "/min", "RPM": "/min", "1/min": "/min", "m³": "m3", "m³/h": "m3/h",
    "Nm³": "m3", "Nm³/h": "m3/h", "m^3": "m3", "m²": "m2", "µm": "um", "μm": "um", "µS/cm": "uS/cm",
    "sec": "s", "hour": "h", "hours": "h", "hr": "h", "pcs": "{piece}", "pieces": "{piece}",
    "件": "{piece}", "个": "{piece}", "次": "{event}", "度": "kW.h", "千瓦时": "kW.h",
    "千瓦": "kW", "伏": "V", "安": "A", "秒": "s", "小时": "h", "Nm": "N.m", "N·m": "N.m",
    "Mpa": "MPa", "Kpa": "kPa", "KPa": "kPa", "Bar": "bar", "hz": "Hz", "HZ": "Hz", "ppm": "[ppm]",
    "pH": "[pH]", "PH": "[pH]", "psi": "[psi]", "％": "%",
}  # fmt: skip
_ENERGY: Final = ("W.h", "kW.h", "MW.h", "GW.h", "J", "kJ", "MJ", "GJ")
_OF_ROLE: Final = {
    Role.ENERGY_IMPORT: _ENERGY,
    Role.ENERGY_EXPORT: _ENERGY,
    Role.POWER: ("W", "kW", "MW", "GW"),
    Role.VOLTAGE: ("mV", "V", "kV"),
    Role.CURRENT: ("mA", "A", "kA"),
}


def check_unit(tag: Tag) -> Tag:
    """The tag; ``TagError`` for a unit that is not of UCUM, or not of the tag's role."""
    unit = tag.unit
    if not unit:
        return tag
    if len(unit) > 64 or not _UNIT.fullmatch(unit):
        meant = _USUAL.get(unit)
        raise TagError(
            f"tag {tag.name!r}: unit {unit!r:.70} is not one of UCUM; "
            + (f"write {meant}" if meant else "write it like kW.h, Cel, m3/h, /min or {piece}"),
            f"点位 {tag.name!r}：单位 {unit!r:.70} 不是 UCUM 单位，"
            + (f"请写 {meant}" if meant else "写法如 kW.h、Cel、m3/h、/min、{piece}"),
            tag.name,
        )
    fitting = _OF_ROLE.get(tag.role)
    if fitting is not None and unit not in fitting:
        listed = ", ".join(fitting)
        raise TagError(
            f"tag {tag.name!r}: {tag.role.value} is in one of {listed}, not in {unit}",
            f"点位 {tag.name!r}：{tag.role.value} 的单位须为 {listed} 之一，而非 {unit}",
            tag.name,
        )
    return tag
