"""Reads Catena-X test-data containers: a list of digital twins with their aspect models."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from xinlian.trace.model.json_stream import outline
from xinlian.trace.model.json_text import dump_json
from xinlian.trace.model.sources import SourceError, short

__all__ = ["Aspect", "Container", "Twin"]

TWINS_MAX: Final = 500_000
_CONTAINER = re.compile(r"https://catenax\.io/schema/TestDataContainer/[0-9.]+", re.ASCII)
_ASPECT = re.compile(r"urn:(?:bamm|samm):([a-z0-9_.]+):([0-9.]+)#([A-Za-z0-9]+)", re.ASCII)
_UUID = re.compile(
    r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.ASCII
)


@dataclass(frozen=True, slots=True)
class Aspect:
    """One aspect of a twin. ``model`` is its name space, ``name`` the aspect's own name (the key as
    it stands where it is no URN of an aspect model)."""

    key: str
    model: str
    name: str
    payloads: tuple[Any, ...]
    path: str


@dataclass(frozen=True, slots=True)
class Twin:
    """One digital twin. ``id`` is its Catena-X id, ``owner`` the business partner number (BPNL) of
    whoever runs it, if given."""

    number: int
    place: str
    raw: dict[str, Any]
    id: str
    owner: str
    aspects: tuple[Aspect, ...]

    @property
    def source(self) -> str:
        """The twin as given, as canonical JSON."""
        return dump_json(self.raw)


class Container:
    """A container, read with memory for one twin at a time; ``beside`` is what else stands in it,
    as JSON text (or "").

    Raises ``SourceError`` where the whole is no container.
    """

    def __init__(self, data: bytes) -> None:
        self._outline = outline(data, (_CONTAINER,), TWINS_MAX)
        table = self._outline.table
        keys = [key for key in table if _CONTAINER.fullmatch(key)]
        if len(keys) != 1 or not self._outline.streamed:
            raise SourceError(
                "",
                "no list of twins under https://catenax.io/schema/TestDataContainer/…",
                "缺少 https://catenax.io/schema/TestDataContainer/… 下的孪生列表",
            )
        others = {key: value for key, value in table.items() if key != keys[0]}
        self.count = self._outline.count
        self.beside = dump_json(others) if others else ""

    def twins(self) -> Iterator[Twin | tuple[int, str, str, SourceError]]:
        """The twins in order, parsed anew each time; one without a good id is given as its number,
        place, source and error."""
        return _twins(self._outline.entries())


def _twins(listed: Iterable[Any]) -> Iterator[Twin | tuple[int, str, str, SourceError]]:
    seen: set[str] = set()
    for number, raw in enumerate(listed, start=1):
        place = f"twin[{number - 1}]"
        try:
            twin = _twin(number, place, raw)
            if twin.id in seen:
                raise SourceError("catenaXId", f"{twin.id} stands twice", f"{twin.id} 重复出现")
            seen.add(twin.id)
            yield twin
        except SourceError as exc:
            yield number, place, dump_json(raw), exc


def _twin(number: int, place: str, raw: object) -> Twin:
    if not isinstance(raw, dict):
        raise SourceError("", "a twin is an object", "孪生应为 JSON 对象")
    twin_id = uuid_of(raw.get("catenaXId"), "catenaXId")
    aspects = []
    for key, value in raw.items():
        if key in ("catenaXId", "bpnl"):
            continue
        match = _ASPECT.fullmatch(key)
        payloads = tuple(value) if isinstance(value, list) else (value,)
        model, name = (match.group(1), match.group(3)) if match else ("", key)
        aspects.append(Aspect(key, model, name, payloads, short(key)))
    owner = raw.get("bpnl", "")
    if not isinstance(owner, str):
        raise SourceError("bpnl", "must be a text", "应为文本")
    return Twin(number, place, raw, twin_id, owner, tuple(aspects))


def uuid_of(value: object, path: str) -> str:
    """A Catena-X id in lower case; raises ``SourceError``."""
    text = value.strip().lower() if isinstance(value, str) else ""
    if text and not text.startswith("urn:uuid:"):
        text = f"urn:uuid:{text}"
    if _UUID.fullmatch(text) is None:
        raise SourceError(
            path,
            f"{short(str(value))!r} is no id of the form urn:uuid:…",
            f"“{short(str(value))}”不是 urn:uuid:… 形式的标识",
        )
    return text
