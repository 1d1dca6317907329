"""Tags of a device as data: where a value lies, its type on the wire, its scale, unit and range."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from typing import Any, Final, TypeVar

import numpy as np
from xinlian.ledger.model.evidence.canonical import canonical

__all__ = ["TAGS_MAX", "Access", "ByteOrder", "Role", "Tag", "TagError", "TagTable", "ValueType"]

TAGS_MAX: Final = 65_536
_Kind = TypeVar("_Kind", bound=StrEnum)
NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,62}")
_POWER_MAX: Final = 30
"""Ten to this power bounds scales, offsets and ranges, and their places after the point: stores
reckon with them in doubles, proofs in exact decimals."""


class TagError(ValueError):
    """A tag or a table cannot be used. ``tag`` names it; message in English, ``zh`` in Chinese."""

    def __init__(self, message: str, zh: str, tag: str = "") -> None:
        super().__init__(message)
        self.zh = zh
        self.tag = tag


class ValueType(StrEnum):
    """Type of a value on the wire, and of its column in a segment."""

    BOOL = "bool"
    INT8 = "int8"
    UINT8 = "uint8"
    INT16 = "int16"
    UINT16 = "uint16"
    INT32 = "int32"
    UINT32 = "uint32"
    INT64 = "int64"
    UINT64 = "uint64"
    FLOAT32 = "float32"
    FLOAT64 = "float64"

    @property
    def dtype(self) -> np.dtype[Any]:
        """The little-endian numpy type of a column; ``bool`` is one byte, 0 or 1."""
        if self is ValueType.BOOL:
            return np.dtype("u1")
        return np.dtype(self.value).newbyteorder("<")

    @property
    def is_float(self) -> bool:
        """Whether NaN and infinities can come."""
        return self in (ValueType.FLOAT32, ValueType.FLOAT64)


class ByteOrder(StrEnum):
    """Order of the bytes A (most significant) to D of a 32-bit value in two 16-bit registers;
    16- and 64-bit values accordingly."""

    ABCD = "ABCD"
    """Big-endian words, big-endian bytes: the standard's own."""
    CDAB = "CDAB"
    """Words swapped."""
    BADC = "BADC"
    """Bytes swapped within words."""
    DCBA = "DCBA"
    """Little-endian altogether."""


class Access(StrEnum):
    """What may be done to a tag."""

    READ = "r"
    READ_WRITE = "rw"


class Role(StrEnum):
    """What a tag stands for where energy, output or state are reckoned."""

    NONE = ""
    ENERGY_IMPORT = "active_energy_import"
    """A counter, kWh."""
    ENERGY_EXPORT = "active_energy_export"
    REACTIVE_ENERGY = "reactive_energy"
    """A counter, kvarh."""
    POWER = "active_power"
    REACTIVE_POWER = "reactive_power"
    POWER_FACTOR = "power_factor"
    VOLTAGE = "voltage"
    CURRENT = "current"
    GAS = "gas_volume"
    WATER = "water_volume"
    STEAM = "steam_mass"
    AIR = "compressed_air_volume"
    OUTPUT = "output_count"
    """A counter of pieces made."""
    RUN_TIME = "run_time"
    """A counter of seconds in operation."""
    STATE = "run_state"
    """0 stopped, 1 idle, 2 running, 3 fault."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """One value of a device. Engineering value = raw * scale + offset, in ``unit`` (UCUM)."""

    name: str
    address: str
    """As the protocol writes it: ``holding:100``, ``DB1.DBD4``, ``ns=2;s=Temp``, ``02010100``."""
    type: ValueType = ValueType.UINT16
    order: ByteOrder = ByteOrder.ABCD
    scale: Decimal = Decimal(1)
    offset: Decimal = Decimal(0)
    unit: str = ""
    low: Decimal | None = None
    """Range of the engineering value; outside it the quality is ``OUT_OF_RANGE``."""
    high: Decimal | None = None
    period_ms: int = 1_000
    deadband: Decimal = Decimal(0)
    """Engineering units; a change by no more than this is not reported."""
    access: Access = Access.READ
    role: Role = Role.NONE
    label: str = ""
    label_zh: str = ""

    def __post_init__(self) -> None:
        def refuse(message: str, zh: str) -> None:
            raise TagError(f"tag {self.name!r}: {message}", f"点位 {self.name!r}：{zh}", self.name)

        if not NAME.fullmatch(self.name):
            refuse(
                "a name is a small letter and up to 62 of a-z, 0-9 and _",
                "名称须以小写字母开头，其后最多 62 个 a-z、0-9 或 _",
            )
        if type(self.period_ms) is not int or not 10 <= self.period_ms <= 86_400_000:
            refuse("a period is 10 ms to a day, in whole ms", "周期须为 10 毫秒至一天，整数毫秒")
        numbers = (self.scale, self.offset, self.deadband, self.low, self.high)
        if not all(number is None or _usable(number) for number in numbers):
            refuse(
                f"scale, offset, deadband and range are finite, below 1e{_POWER_MAX}, with at most "
                f"{_POWER_MAX} places after the point",
                f"比例、偏移、死区与量程须为小于 1e{_POWER_MAX} 且小数至多 {_POWER_MAX} 位的数",
            )
        if self.scale == 0:
            refuse("the scale is not 0", "比例不得为 0")
        if self.deadband < 0:
            refuse("the deadband is not negative", "死区不得为负")
        if self.low is not None and self.high is not None and self.low > self.high:
            refuse("the range is empty", "量程为空")

    def to_json(self) -> dict[str, Any]:
        """Canonical members: decimals as text, what is usual left out."""
        made: dict[str, Any] = {"name": self.name, "address": self.address, "type": self.type.value}
        usual = _USUAL
        for member in ("order", "scale", "offset", "unit", "low", "high", "period_ms", "deadband",
                       "access", "role", "label", "label_zh"):  # fmt: skip
            value = getattr(self, member)
            if value != usual[member]:
                plain = value if isinstance(value, int) else str(value)
                made[member] = plain
        return made

    @classmethod
    def from_json(cls, members: dict[str, Any]) -> Tag:
        """The reverse of ``to_json``; ``TagError`` for what no tag can be."""
        try:
            given = dict(members)
            for name, kind in _KINDS.items():
                if name in given:
                    given[name] = kind(given[name])
            return cls(**given)
        except (TypeError, ValueError, ArithmeticError) as exc:
            name = str(members.get("name", ""))
            if isinstance(exc, TagError) and exc.tag:
                raise
            zh = exc.zh if isinstance(exc, TagError) else f"无效：{exc}"
            raise TagError(f"tag {name!r}: {exc}", f"点位 {name!r}：{zh}", name) from exc


def _usable(number: Decimal) -> bool:
    exponent = number.as_tuple().exponent
    return isinstance(exponent, int) and exponent >= -_POWER_MAX and number.adjusted() < _POWER_MAX


def _number(text: str | int) -> Decimal:
    try:
        if isinstance(text, float):  # it is not what was written any more
            raise TypeError
        return Decimal(text)
    except (ArithmeticError, TypeError, ValueError):
        raise TagError(f"{text!r:.40} is no number", f"{text!r:.40} 不是数值") from None


def _one_of(kind: type[_Kind], what: str, zh: str) -> Callable[[str], _Kind]:
    def chosen(text: str) -> _Kind:
        try:
            return kind(text)
        except ValueError:
            known = ", ".join(each.value for each in kind if each.value)
            raise TagError(
                f"{what} {text!r:.40} is not one of {known}", f"{zh} {text!r:.40} 须为 {known} 之一"
            ) from None

    return chosen


_KINDS: Final[dict[str, Callable[[Any], Any]]] = {
    "type": _one_of(ValueType, "type", "类型"), "order": _one_of(ByteOrder, "order", "字节序"),
    "access": _one_of(Access, "access", "读写"), "role": _one_of(Role, "role", "用途"),
    "scale": _number, "offset": _number, "low": _number, "high": _number, "deadband": _number,
}  # fmt: skip
_USUAL: Final = {name: spec.default for name, spec in Tag.__dataclass_fields__.items()}


@dataclass(frozen=True)
class TagTable:
    """The tags of a kind of device: a device class of the catalogue, or a device's own list.

    ``fixed`` tables (of classes) are stored wide, a column a tag; others narrow, a row a value.
    """

    name: str
    tags: tuple[Tag, ...]
    fixed: bool = False
    version: str = "1"

    def __post_init__(self) -> None:
        if not 1 <= len(self.tags) <= TAGS_MAX:
            raise TagError(
                f"a table has 1 to {TAGS_MAX} tags, not {len(self.tags)}",
                f"点表须有 1 至 {TAGS_MAX} 个点位，而非 {len(self.tags)} 个",
            )
        seen: set[str] = set()
        for tag in self.tags:
            if tag.name in seen:
                raise TagError(
                    f"tag {tag.name!r} stands twice", f"点位 {tag.name!r} 重复", tag.name
                )
            seen.add(tag.name)

    @cached_property
    def periods(self) -> tuple[int, ...]:
        """The periods in ms, shortest first: rate group ``n`` has ``periods[n]``."""
        return tuple(sorted({tag.period_ms for tag in self.tags}))

    @cached_property
    def groups(self) -> tuple[tuple[Tag, ...], ...]:
        """The tags of each rate group, in the table's order: the columns of its frames."""
        return tuple(
            tuple(tag for tag in self.tags if tag.period_ms == period) for period in self.periods
        )

    @cached_property
    def digest(self) -> str:
        """SHA-256 over the canonical JSON, hex: the register map version of evidence."""
        return hashlib.sha256(canonical(self.to_json())).hexdigest()

    def to_json(self) -> dict[str, Any]:
        """Canonical members."""
        return {
            "name": self.name,
            "version": self.version,
            "fixed": self.fixed,
            "tags": [tag.to_json() for tag in self.tags],
        }

    @classmethod
    def from_json(cls, members: dict[str, Any]) -> TagTable:
        """The reverse of ``to_json``."""
        return cls(
            str(members["name"]),
            tuple(Tag.from_json(each) for each in members["tags"]),
            bool(members["fixed"]),
            str(members["version"]),
        )
