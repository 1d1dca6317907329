"""What the signals and relations of quality mean, in English and Chinese."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from xinlian.trace.model.quality.rules import Rule
from xinlian.trace.model.quality.separation import Relation

__all__ = ["RELATION_WORDS", "RULE_WORDS"]

RULE_WORDS: Final[Mapping[Rule, tuple[str, str]]] = {
    Rule.WE1: ("one point beyond 3 sigma", "一点超出 3σ"),
    Rule.WE2: ("two of three points beyond 2 sigma on one side", "三点中有两点在同侧超出 2σ"),
    Rule.WE3: ("four of five points beyond 1 sigma on one side", "五点中有四点在同侧超出 1σ"),
    Rule.WE4: ("eight points in a row on one side of the centre", "连续八点在中心线同侧"),
    Rule.N1: ("one point beyond 3 sigma", "一点超出 3σ"),
    Rule.N2: ("nine points in a row on one side of the centre", "连续九点在中心线同侧"),
    Rule.N3: ("six points in a row rising or falling", "连续六点递增或递减"),
    Rule.N4: ("fourteen points in a row alternating", "连续十四点上下交替"),
    Rule.N5: ("two of three points beyond 2 sigma on one side", "三点中有两点在同侧超出 2σ"),
    Rule.N6: ("four of five points beyond 1 sigma on one side", "五点中有四点在同侧超出 1σ"),
    Rule.N7: ("fifteen points in a row within 1 sigma", "连续十五点在 1σ 之内"),
    Rule.N8: ("eight points in a row beyond 1 sigma", "连续八点在 1σ 之外"),
    Rule.LIMIT: ("one point outside the limits", "一点超出控制限"),
}

RELATION_WORDS: Final[Mapping[Relation, tuple[str, str]]] = {
    Relation.SAME: (
        "{first} and {second} met the same vehicles: they cannot be separated",
        "{first} 与 {second} 涉及的车辆相同，无法区分",
    ),
    Relation.INSEPARABLE: (
        "{first} and {second} cannot be separated: neither keeps an effect with the other fixed",
        "{first} 与 {second} 无法区分：固定其一后，另一个不再有显著影响",
    ),
    Relation.FIRST: (
        "{first} explains {second}: with it fixed, the other has no effect left",
        "{first} 可解释 {second}：固定前者后，后者不再有显著影响",
    ),
    Relation.SECOND: (
        "{second} explains {first}: with it fixed, the other has no effect left",
        "{second} 可解释 {first}：固定前者后，后者不再有显著影响",
    ),
    Relation.BOTH: (
        "{first} and {second} each have an effect of their own",
        "{first} 与 {second} 各自都有独立影响",
    ),
}
