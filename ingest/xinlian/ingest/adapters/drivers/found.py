"""What discovery finds, as a tag list that can be edited and collected from."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from xinlian.ingest.model.tags import ValueType

__all__ = ["FOUND_MAX", "Found", "tag_rows"]

FOUND_MAX: Final = 10_000
_NAME_MAX: Final = 60
_OTHER: Final = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True, slots=True)
class Found:
    """A value of a device: an address for a tag, where it lies, and its type if one fits."""

    address: str
    path: str
    type: ValueType | None
    writable: bool = False


def tag_rows(found: Iterable[Found]) -> list[dict[str, str]]:
    """Rows of a tag list: those whose type fits a tag, with names made of the last steps of their
    paths, each once. All may only be read: what is to be written, somebody decides."""
    rows: list[dict[str, str]] = []
    taken: set[str] = set()
    for each in found:
        if each.type is None:
            continue
        steps = [step for step in each.path.split("/") if step]
        base = _plain(steps[-1] if steps else each.address)
        if base in taken and len(steps) > 1:
            base = _plain("_".join(steps[-2:]))
        name, number = base, 1
        while name in taken:
            number += 1
            name = f"{base[: _NAME_MAX - 6]}_{number}"
        taken.add(name)
        rows.append(
            {
                "name": name, "address": each.address, "type": each.type.value, "access": "r",
                "label": each.path[:100],
            }
        )  # fmt: skip
    return rows


def _plain(text: str) -> str:
    made = _OTHER.sub("_", text.lower()).strip("_")[:_NAME_MAX].rstrip("_")
    return made if made[:1].isalpha() else f"tag_{made}".rstrip("_")
