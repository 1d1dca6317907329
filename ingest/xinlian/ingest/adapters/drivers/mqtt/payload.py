"""Addresses of values in messages: topic, JSON pointer (RFC 6901), topic of commands.

``plant/m1/power`` is a plain payload; ``plant/m1/state#/data/P`` a member of a JSON payload. What
follows ``>`` is where the tag is written: ``plant/m1/state#/on>plant/m1/set#/on``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import orjson
from xinlian.ingest.adapters.drivers.endpoint import wrong_address
from xinlian.ingest.model.tags import Tag

__all__ = ["MISSING", "Address", "address_of", "at", "command", "parse_pointer"]

TOPIC_BYTES_MAX: Final = 1_024
DEPTH_MAX: Final = 16
MISSING: Final = object()
"""A pointer leads nowhere."""

Pointer = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Address:
    """``pointer`` is ``None`` for a plain payload; ``command`` empty where nothing is written."""

    topic: str
    pointer: Pointer | None
    command: str = ""
    command_pointer: Pointer | None = None


def parse_pointer(text: str) -> Pointer:
    """The steps of a pointer; ``ValueError``."""
    if text == "":
        return ()
    if not text.startswith("/"):
        raise ValueError("a JSON pointer begins with /")
    steps = tuple(each.replace("~1", "/").replace("~0", "~") for each in text[1:].split("/"))
    if len(steps) > DEPTH_MAX:
        raise ValueError(f"a JSON pointer has at most {DEPTH_MAX} steps")
    return steps


def address_of(tag: Tag) -> Address:
    """The address that a tag names; ``TagError``."""
    state, _, told = tag.address.partition(">")
    topic, has, pointer = state.partition("#")
    command, command_has, command_pointer = told.partition("#")
    try:
        made = Address(
            topic,
            parse_pointer(pointer) if has else None,
            command,
            parse_pointer(command_pointer) if command_has else None,
        )
    except ValueError as exc:
        raise wrong_address(
            tag.name, tag.address, str(exc), "JSON 指针须以 / 开头且不超过 16 级"
        ) from exc
    for name in (topic, *([command] if told or ">" in tag.address else [])):
        if not name or len(name.encode()) > TOPIC_BYTES_MAX or set(name) & set("+#\0"):
            raise wrong_address(
                tag.name, tag.address, "a topic is 1 to 1,024 bytes without + and #",
                "主题为 1 至 1024 字节，不含 + 与 #",
            )  # fmt: skip
    return made


def at(document: Any, pointer: Pointer) -> Any:
    """What lies there, or ``MISSING``."""
    for step in pointer:
        if isinstance(document, dict):
            document = document.get(step, MISSING)
        elif isinstance(document, list) and step.isdecimal() and len(step) < 8:
            place = int(step)
            document = document[place] if place < len(document) else MISSING
        else:
            return MISSING
    return document


def command(raw: float, pointer: Pointer | None) -> bytes:
    """The payload that sets a value."""
    made: Any = raw
    for step in reversed(pointer or ()):
        made = {step: made}
    return orjson.dumps(made)
