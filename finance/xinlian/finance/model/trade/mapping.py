"""How the columns of a receivables file become invoices: the mapping, read from a YAML file.

``docs`` of every key: ``finance/README.md`` and the mappings beside it.
"""

from __future__ import annotations

from collections.abc import Mapping as Dict
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from xinlian.finance.model.trade.amounts import AmountStyle, MoneyUnit
from xinlian.ledger.model.date_patterns import DatePattern, PatternError
from xinlian.ledger.model.money import Fen
from xinlian.ledger.model.sections import (
    MappingError,
    Section,
    check_fields,
    check_layout,
    digest_of,
)

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
    top = Section("mapping", raw)
    if top.take("version") != MAPPING_VERSION:
        raise MappingError(f"version: must be {MAPPING_VERSION}")
    name = top.text("name")
    columns = top.section("columns").texts()
    constants = top.section("constants", optional=True).texts()
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
        digest=digest_of(raw),
    )
    check_layout(mapping)
    for section in (source, parties, facts_section, top):
        section.done()
    return mapping


def _check_fields(columns: Dict[str, str], constants: Dict[str, str]) -> None:
    check_fields(columns, constants, needed=REQUIRED, known=FIELDS)
    if "amount" not in columns:
        raise MappingError("columns.amount: is needed")
    if ("net_amount" in columns) != ("tax_amount" in columns):
        raise MappingError("columns.net_amount: stands with tax_amount or not at all")


def _party(section: Section, namespace: str) -> PartyMapping:
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


def _fact(section: Section) -> FactMapping:
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


def _amounts(section: Section) -> AmountStyle:
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


def _texts(section: Section, key: str) -> tuple[str, ...]:
    # YAML reads a bare yes/no key as a boolean; the words of a flag are compared as text.
    raw = section.take(key, default=[])
    if not isinstance(raw, list) or not all(isinstance(item, str) for item in raw):
        raise MappingError(f"{section.path}.{key}: must be a list of quoted words")
    return tuple(raw)
