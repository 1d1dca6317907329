"""The catalogue of device classes: one YAML file each, in the package.

Decimals stand as text in the files, so that no reader turns 0.1 into a binary fraction.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from functools import cache
from importlib.resources import files
from typing import Any, Final

import yaml
from xinlian.ingest.adapters.files.units import check_unit
from xinlian.ingest.model.device_class import DeviceClass, EnergyRole
from xinlian.ingest.model.tags import Tag, TagError, TagTable

__all__ = ["class_names", "load_class", "parse_class"]

CLASS_BYTES_MAX: Final = 1 << 20
_MEMBERS: Final = frozenset(
    {"name", "label", "label_zh", "version", "category", "energy", "rated_kw", "idle_kw",
     "driver", "tags"}
)  # fmt: skip


@cache
def class_names() -> tuple[str, ...]:
    """Names of the classes that ship with the product, sorted."""
    folder = files("xinlian.ingest.data") / "classes"
    names = (entry.name for entry in folder.iterdir())
    return tuple(sorted(name[:-5] for name in names if name.endswith(".yaml")))


@cache
def load_class(name: str) -> DeviceClass:
    """A class that ships with the product; ``TagError`` for an unknown name."""
    if name not in class_names():
        raise TagError(
            f"no device class {name!r}; 'xinlian ingest classes' lists them",
            f"没有设备类 {name!r}，可用 xinlian ingest classes 查看",
        )
    source = files("xinlian.ingest.data") / "classes" / f"{name}.yaml"
    made = parse_class(source.read_text(encoding="utf-8"), f"{name}.yaml")
    if made.name != name:
        raise TagError(f"{name}.yaml names itself {made.name!r}", f"{name}.yaml 内的名称不符")
    return made


def parse_class(text: str, source: str) -> DeviceClass:
    """A class from the text of a YAML file; ``source`` stands in errors (``TagError``)."""
    if len(text) > CLASS_BYTES_MAX:
        raise TagError(f"{source}: longer than 1 MiB", f"{source}：超过 1 MiB")
    try:
        members = yaml.load(text, _Loader)  # noqa: S506 - a safe loader, made faster
    except yaml.YAMLError as exc:
        raise TagError(f"{source}: not YAML: {exc}", f"{source}：不是有效的 YAML：{exc}") from exc
    if not isinstance(members, dict) or set(members) != _MEMBERS:
        wrong = set(members) ^ _MEMBERS if isinstance(members, dict) else _MEMBERS
        listed = ", ".join(sorted(map(str, wrong)))
        raise TagError(
            f"{source}: members missing or unknown: {listed}",
            f"{source}：缺少或多余的字段：{listed}",
        )
    try:
        return _class(members)
    except TagError as exc:
        raise TagError(f"{source}: {exc}", f"{source}：{exc.zh}", exc.tag) from exc
    except (TypeError, ValueError, AttributeError, InvalidOperation) as exc:
        raise TagError(f"{source}: {exc}", f"{source}：内容无效：{exc}") from exc


def _class(members: dict[str, Any]) -> DeviceClass:
    tags = tuple(check_unit(Tag.from_json(each)) for each in members["tags"])
    name = str(members["name"])
    return DeviceClass(
        name=name,
        label=str(members["label"]),
        label_zh=str(members["label_zh"]),
        category=str(members["category"]),
        energy=EnergyRole(members["energy"]),
        rated_kw=Decimal(str(members["rated_kw"])),
        idle_kw=Decimal(str(members["idle_kw"])),
        driver=str(members["driver"]),
        table=TagTable(name, tags, fixed=True, version=str(members["version"])),
    )


_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
