"""How the columns of a receivables file become invoices: the mapping, read from a YAML file.

``docs`` of every key: ``finance/README.md`` and the mappings beside it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping as Dict
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, TypeVar

from xinlian.finance.model.amounts import AmountStyle, MoneyUnit
from xinlian.finance.model.date_patterns import DatePattern, PatternError
from xinlian.ledger.model.money import Fen

MAPPING_VERSION: Final = 1

FIELDS: Final = (
    "seller_code",
    "seller_name",
    "buyer_code",
    "buyer_name",
    "invoice_number",
    "invoice_date",
    "due_date",
    "delivery_date",
    "currency",
    "amount",
    "net_amount",
    "tax_amount",
)
REQUIRED: Final = ("seller_code", "buyer_code", "invoice_number", "invoice_date", "due_date")
ENCODINGS: Final = ("auto", "utf-8", "gb18030", "utf-16")


_Choice = TypeVar("_Choice", bound=StrEnum)


class MappingError(ValueError):
    """The mapping file is malformed; the message names the key."""


class PartyRule(StrEnum):
    """Where a party's code comes from."""

    USCC = "uscc"
    SYNTHETIC = "synthetic"


class NumberRule(StrEnum):
    """What an invoice number looks like."""

    EINVOICE20 = "einvoice20"
    PLAIN = "plain"


class FactType(StrEnum):
    """Type of a further fact kept with an invoice."""

    DATE = "date"
    FLAG = "flag"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class PartyMapping:
    """How a column of party codes becomes social credit codes and names."""

    rule: PartyRule = PartyRule.USCC
    namespace: str = ""
    names: Dict[str, str] = field(default_factory=dict)
    name_template: str = "{value}"


@dataclass(frozen=True, slots=True)
class FactMapping:
    """A further column: what became known later, kept apart from the invoice itself."""

    column: str
    type: FactType
    true: tuple[str, ...] = ()
    false: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Mapping:
    """A checked mapping; ``digest`` names its content."""

    name: str
    columns: Dict[str, str]
    constants: Dict[str, str]
    facts: Dict[str, FactMapping]
    date_patterns: tuple[DatePattern, ...]
    amounts: AmountStyle
    seller: PartyMapping
    buyer: PartyMapping
    number_rule: NumberRule
    historic: bool
    """The file is history: dates are not judged against today."""
    encoding: str
    delimiter: str
    sheet: str | None
    digest: str

    @property
    def needed_columns(self) -> tuple[str, ...]:
        """Every column name the mapping reads, in order of first use."""
        names = [*self.columns.values(), *(fact.column for fact in self.facts.values())]
        return tuple(dict.fromkeys(names))


def parse_mapping(raw: object) -> Mapping:
    """Check a mapping read from YAML; raises ``MappingError`` naming the first wrong key."""
    top = _Section("mapping", raw)
    if top.take("version") != MAPPING_VERSION:
        raise MappingError(f"version: must be {MAPPING_VERSION}")
    name = top.text("name")
    columns = _text_items(top.section("columns"))
    constants = _text_items(top.section("constants", optional=True))
    _check_fields(columns, constants)
    source = top.section("source", optional=True)
    parties = top.section("parties", optional=True)
    facts_section = top.section("facts", optional=True)
    facts = {key: _fact(facts_section.section(key)) for key in facts_section.names()}
    mapping = Mapping(
        name=name,
        columns=columns,
        constants=constants,
        facts=facts,
        date_patterns=_patterns(top.take("dates", default=["YYYY-MM-DD"])),
        amounts=_amounts(top.section("numbers", optional=True)),
        seller=_party(parties.section("seller", optional=True), name),
        buyer=_party(parties.section("buyer", optional=True), name),
        number_rule=top.choice("invoice_number", NumberRule, NumberRule.EINVOICE20),
        historic=top.flag("historic"),
        encoding=source.text("encoding", default="auto"),
        delimiter=source.text("delimiter", default=","),
        sheet=source.text("sheet", default="") or None,
        digest=_digest(raw),
    )
    if mapping.encoding not in ENCODINGS:
        raise MappingError(f"source.encoding: one of {', '.join(ENCODINGS)}")
    if len(mapping.delimiter) != 1 or mapping.delimiter in '"\r\n\0':
        raise MappingError("source.delimiter: one character, no quote or line end")
    for section in (source, parties, facts_section, top):
        section.done()
    return mapping


def _check_fields(columns: Dict[str, str], constants: Dict[str, str]) -> None:
    for name in (*columns, *constants):
        if name not in FIELDS:
            raise MappingError(f"columns.{name}: no such field; known are {', '.join(FIELDS)}")
    both = sorted(set(columns) & set(constants))
    if both:
        raise MappingError(f"constants.{both[0]}: is also a column")
    for name in REQUIRED:
        if name not in columns and name not in constants:
            raise MappingError(f"columns.{name}: is needed")
    if "amount" not in columns:
        raise MappingError("columns.amount: is needed")
    if ("net_amount" in columns) != ("tax_amount" in columns):
        raise MappingError("columns.net_amount: stands with tax_amount or not at all")


def _party(section: _Section, namespace: str) -> PartyMapping:
    names = section.take("names", default={})
    if not isinstance(names, dict):
        raise MappingError(f"{section.path}.names: must be a table of value: name")
    party = PartyMapping(
        rule=section.choice("rule", PartyRule, PartyRule.USCC),
        namespace=section.text("namespace", default=namespace),
        names={str(key): str(value) for key, value in names.items()},
        name_template=section.text("name", default="{value}"),
    )
    section.done()
    return party


def _fact(section: _Section) -> FactMapping:
    fact = FactMapping(
        column=section.text("column"),
        type=section.choice("type", FactType, FactType.TEXT),
        true=_texts(section, "true"),
        false=_texts(section, "false"),
    )
    if (fact.type is FactType.FLAG) != bool(fact.true and fact.false):
        raise MappingError(f"{section.path}: a flag, and only a flag, lists its true and false")
    section.done()
    return fact


def _amounts(section: _Section) -> AmountStyle:
    try:
        style = AmountStyle(
            decimal=section.text("decimal", default="."),
            thousands=section.text("thousands", default=""),
            unit=section.choice("unit", MoneyUnit, MoneyUnit.YUAN),
            maximum=Fen.from_yuan(section.text("amount_max_yuan", default="100000000000")),
        )
    except ValueError as exc:
        raise MappingError(f"{section.path}: {exc}") from exc
    section.done()
    return style


def _patterns(raw: object) -> tuple[DatePattern, ...]:
    listed = [raw] if isinstance(raw, str) else raw
    if not isinstance(listed, list) or not listed:
        raise MappingError("dates: must list at least one pattern such as YYYY-MM-DD")
    try:
        return tuple(DatePattern(str(item)) for item in listed)
    except PatternError as exc:
        raise MappingError(f"dates: {exc}") from exc


def _texts(section: _Section, key: str) -> tuple[str, ...]:
    # YAML reads a bare yes/no key as a boolean; the words of a flag are compared as text.
    raw = section.take(key, default=[])
    if not isinstance(raw, list) or not all(isinstance(item, str) for item in raw):
        raise MappingError(f"{section.path}.{key}: must be a list of quoted words")
    return tuple(raw)


def _text_items(section: _Section) -> dict[str, str]:
    return {key: section.text(key) for key in section.names()}


def _digest(raw: object) -> str:
    text = json.dumps(_plain(raw), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _plain(raw: object) -> object:
    if isinstance(raw, dict):
        return {str(key): _plain(value) for key, value in raw.items()}
    if isinstance(raw, list):
        return [_plain(value) for value in raw]
    return raw if isinstance(raw, (str, int, bool)) or raw is None else str(raw)


class _Section:
    """One table of the mapping; keys nobody asked for are errors."""

    def __init__(self, path: str, raw: object) -> None:
        if not isinstance(raw, dict):
            raise MappingError(f"{path}: must be a table of keys and values")
        # YAML 1.1 reads the bare keys yes/no/true/false as booleans.
        self._raw: dict[str, Any] = {
            str(key).lower() if isinstance(key, bool) else str(key): value
            for key, value in raw.items()
        }
        self._asked: set[str] = set()
        self.path = path

    def names(self) -> list[str]:
        return list(self._raw)

    def take(self, key: str, default: object = None) -> Any:
        self._asked.add(key)
        value = self._raw.get(key)
        return default if value is None else value

    def text(self, key: str, default: str | None = None) -> str:
        value = self.take(key, default)
        if not isinstance(value, str):
            raise MappingError(f"{self.path}.{key}: must be a text (in quotes)")
        return value

    def flag(self, key: str) -> bool:
        value = self.take(key, default=False)
        if not isinstance(value, bool):
            raise MappingError(f"{self.path}.{key}: must be true or false")
        return value

    def choice(self, key: str, kind: type[_Choice], default: _Choice) -> _Choice:
        value = self.take(key, default=default.value)
        try:
            return kind(value)
        except ValueError:
            known = ", ".join(member.value for member in kind)
            raise MappingError(f"{self.path}.{key}: one of {known}") from None

    def section(self, key: str, *, optional: bool = False) -> _Section:
        value = self.take(key)
        if value is None and not optional:
            raise MappingError(f"{self.path}.{key}: is needed")
        return _Section(f"{self.path}.{key}", {} if value is None else value)

    def done(self) -> None:
        unknown = [key for key in self._raw if key not in self._asked]
        if unknown:
            raise MappingError(f"{self.path}.{unknown[0]}: no such key")
