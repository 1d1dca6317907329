"""How the columns of a table become facts: the mapping, read from a YAML file.

Every key is described in ``trace/TRACE-IMPORTS.md``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import cached_property
from typing import Final

from xinlian.ledger.model.sections import (
    MappingError,
    Section,
    check_fields,
    check_layout,
    digest_of,
)
from xinlian.trace.model.fields import WORDS

__all__ = ["FactKind", "TimePattern", "TraceMapping", "parse_trace_mapping"]

MAPPING_VERSION: Final = 1


class FactKind(StrEnum):
    """What the rows of a table are."""

    ITEMS = "items"
    LINKS = "links"
    INSPECTIONS = "inspections"
    PROCESSES = "processes"
    CLAIMS = "claims"

    @property
    def fact(self) -> str:
        """The kind of fact in a row."""
        return {"processes": "process"}.get(self.value, self.value.removesuffix("s"))


_FIELDS: Final[Mapping[FactKind, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    # needed, possible
    FactKind.ITEMS: (("item", "item_type"), ("name", "maker", "part_number", "made_at")),
    FactKind.LINKS: (
        ("child", "child_type", "parent", "parent_type", "kind"),
        ("valid_from", "valid_to", "quantity", "unit", "certainty", "candidate_group"),
    ),
    FactKind.INSPECTIONS: (
        ("inspection_id", "item", "item_type", "characteristic", "time"),
        (
            *("result", "value", "unit", "nominal", "lower", "upper", "key", "gauge", "operator"),
            *("station", "machine", "shift", "sample_size", "defects", "method"),
        ),
    ),
    FactKind.PROCESSES: (
        ("record_id", "item", "item_type", "station", "start", "end"),
        ("machine", "recipe", "shift", "operator", "telemetry"),
    ),
    FactKind.CLAIMS: (
        ("claim_id", "item", "item_type", "kind", "time"),
        ("code", "finding"),
    ),
}
_TABLES: Final = {
    FactKind.ITEMS: "attributes",
    FactKind.INSPECTIONS: "attributes",
    FactKind.PROCESSES: "parameters",
}
_TOKENS: Final = {
    "YYYY": "(?P<year>[0-9]{4})",
    "MM": "(?P<month>[0-9]{2})",
    "M": "(?P<month>[0-9]{1,2})",
    "DD": "(?P<day>[0-9]{2})",
    "D": "(?P<day>[0-9]{1,2})",
    "hh": "(?P<hour>[0-9]{2})",
    "h": "(?P<hour>[0-9]{1,2})",
    "mm": "(?P<minute>[0-9]{2})",
    "ss": "(?P<second>[0-9]{2})",
    "fff": "(?P<milli>[0-9]{3})",
}
_SPLIT = re.compile("YYYY|MM|M|DD|D|hh|h|mm|ss|fff")
_ZONE = re.compile(r"([+-])((?:0[0-9]|1[0-4])):([0-5][0-9])", re.ASCII)


@dataclass(frozen=True)
class TimePattern:
    """A pattern of YYYY, MM or M, DD or D, hh or h, mm, ss, fff; all else stands for itself."""

    text: str

    def __post_init__(self) -> None:
        kinds = sorted(token[0] + token[-1] for token in _SPLIT.findall(self.text))
        parts = [kind[0] if kind[0] in "YMD" else kind for kind in kinds]
        if len(self.text) > 40 or len(set(parts)) != len(parts) or not {"Y", "M", "D"} <= {*parts}:
            raise MappingError(
                f"times: {self.text[:40]!r} needs one year, one month and one day, each part once"
            )

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        made, last = [], 0
        for match in _SPLIT.finditer(self.text):
            made += [re.escape(self.text[last : match.start()]), _TOKENS[match.group()]]
            last = match.end()
        return re.compile("".join([*made, re.escape(self.text[last:])]), re.ASCII)

    def parse(self, text: str, zone_minutes: int) -> int | None:
        """Unix milliseconds of a time in a zone so many minutes east, or None."""
        match = self._pattern.fullmatch(text) if len(text) <= 40 else None
        if match is None:
            return None
        found = {name: int(value) for name, value in match.groupdict().items()}
        try:
            whole = datetime(
                *(found["year"], found["month"], found["day"]),
                *(found.get("hour", 0), found.get("minute", 0), found.get("second", 0)),
                tzinfo=UTC,
            )
        except ValueError:
            return None
        since = whole - datetime(1970, 1, 1, tzinfo=UTC)
        seconds = since.days * 86_400 + since.seconds - zone_minutes * 60
        return seconds * 1000 + found.get("milli", 0)


@dataclass(frozen=True, slots=True)
class TraceMapping:
    """A checked mapping; ``digest`` names its content.

    ``table`` gives the further columns of items and inspections (attributes) or processes
    (parameters) by the name under which they are kept.
    """

    name: str
    kind: FactKind
    columns: Mapping[str, str]
    constants: Mapping[str, str]
    table: Mapping[str, str]
    words: Mapping[str, Mapping[str, str]]
    times: tuple[TimePattern, ...]
    zone_minutes: int | None
    point: str
    thousands: str
    encoding: str
    delimiter: str
    sheet: str | None
    digest: str

    @property
    def needed_columns(self) -> tuple[str, ...]:
        """Every column name the mapping reads, in order of first use."""
        return tuple(dict.fromkeys([*self.columns.values(), *self.table.values()]))


def parse_trace_mapping(raw: object) -> TraceMapping:
    """Check a mapping read from YAML; raises ``MappingError`` naming the first wrong key."""
    top = Section("mapping", raw)
    if top.take("version") != MAPPING_VERSION:
        raise MappingError(f"version: must be {MAPPING_VERSION}")
    if top.take("kind") is None:
        raise MappingError(f"kind: is needed, one of {', '.join(FactKind)}")
    kind = top.choice("kind", FactKind, FactKind.ITEMS)
    columns = top.section("columns").texts()
    constants = top.section("constants", optional=True).texts()
    needed, possible = _FIELDS[kind]
    check_fields(columns, constants, needed=needed, known=(*needed, *possible))
    source = top.section("source", optional=True)
    numbers = top.section("numbers", optional=True)
    words = top.section("words", optional=True)
    point = numbers.text("decimal", default=".")
    thousands = numbers.text("thousands", default="")
    if point not in (".", ",") or thousands not in ("", ",", ".", " ", "'") or point == thousands:
        raise MappingError("numbers.decimal: one of . and , and another than thousands")
    mapping = TraceMapping(
        name=top.text("name"),
        kind=kind,
        columns=columns,
        constants=constants,
        table=_further(top, kind),
        words={name: _words(words, name) for name in words.names()},
        times=_times(top.take("times", default=["YYYY-MM-DD hh:mm:ss"])),
        zone_minutes=_zone(top.text("time_zone", default="")),
        point=point,
        thousands=thousands,
        encoding=source.text("encoding", default="auto"),
        delimiter=source.text("delimiter", default=","),
        sheet=source.text("sheet", default="") or None,
        digest=digest_of(raw),
    )
    check_layout(mapping)
    for section in (source, numbers, words, top):
        section.done()
    return mapping


def _further(top: Section, kind: FactKind) -> dict[str, str]:
    name = _TABLES.get(kind)
    return {} if name is None else top.section(name, optional=True).texts()


def _words(words: Section, name: str) -> dict[str, str]:
    if name not in WORDS:
        raise MappingError(f"words.{name}: one of {', '.join(WORDS)}")
    return words.section(name).texts()


def _times(raw: object) -> tuple[TimePattern, ...]:
    listed = [raw] if isinstance(raw, str) else raw
    if not isinstance(listed, list) or not listed:
        raise MappingError("times: must list at least one pattern such as YYYY-MM-DD hh:mm:ss")
    return tuple(TimePattern(str(item)) for item in listed)


def _zone(text: str) -> int | None:
    if not text:
        return None
    match = _ZONE.fullmatch(text)
    if match is None:
        raise MappingError("time_zone: an offset in quotes such as '+08:00'")
    minutes = int(match.group(2)) * 60 + int(match.group(3))
    return minutes if match.group(1) == "+" else -minutes
