"""Pieces shared by the ISO 20022 readers and writers: times, amounts, hardened parsing."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from typing import Final
from xml.etree.ElementTree import Element, ParseError, SubElement, indent, tostring

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring
from xinlian.finance.model.banking.bank import BankError
from xinlian.finance.model.trade.documents import CURRENCY
from xinlian.ledger.model.days import Day, DayError, day_at, day_from_iso
from xinlian.ledger.model.money import Fen, MoneyError

PAIN: Final = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"
CAMT: Final = "urn:iso:std:iso:20022:tech:xsd:camt.054.001.08"
MESSAGE_BYTES_MAX: Final = 8 * 1024 * 1024
_CST = timezone(timedelta(hours=8))
_AMOUNT = re.compile(r"([0-9]{1,16})(?:\.([0-9]{1,5}))?", re.ASCII)


class Writer:
    """Builds elements under one namespace in the order of the schema."""

    def __init__(self, namespace: str) -> None:
        self.root = Element("Document", {"xmlns": namespace})

    def text(self, parent: Element, path: str, value: str) -> Element:
        """Add the elements of a path below ``parent``; the last one holds ``value``."""
        last = self.group(parent, path)
        last.text = value
        return last

    def group(self, parent: Element, path: str) -> Element:
        """Add the elements of a path below ``parent``; returns the last one."""
        for name in path.split("/"):
            parent = SubElement(parent, name)
        return parent

    def amount(self, parent: Element, path: str, amount: Fen) -> None:
        """Add an amount in CNY."""
        self.text(parent, path, amount.yuan()).set("Ccy", CURRENCY)

    def bytes(self) -> bytes:
        """The document as indented UTF-8."""
        indent(self.root)
        text: bytes = tostring(self.root, encoding="UTF-8", xml_declaration=True)
        return text + b"\n"


def parse(data: bytes, namespace: str) -> Element:
    """The ``Document`` of a message; raises ``BankError`` unless it is of that namespace."""
    if len(data) > MESSAGE_BYTES_MAX:
        raise BankError(f"the message has {len(data)} bytes; at most {MESSAGE_BYTES_MAX} are read")
    try:
        root: Element = fromstring(data, forbid_dtd=True)
    except DefusedXmlException as exc:
        raise BankError("the message declares entities or a document type") from exc
    except (ParseError, ValueError, LookupError) as exc:
        raise BankError(f"the message is no XML: {exc}") from exc
    if root.tag != f"{{{namespace}}}Document":
        raise BankError(f"the message is no {namespace.rpartition(':')[2]}: root {root.tag[:120]}")
    return root


class Reader:
    """Reads below one element; what is missing raises ``BankError`` naming the path."""

    def __init__(self, element: Element, namespace: str, place: str) -> None:
        self.element = element
        self.namespace = namespace
        self.place = place

    def all(self, path: str) -> list[Reader]:
        """Every element at a path."""
        full = "/".join(f"{{{self.namespace}}}{name}" for name in path.split("/"))
        place = f"{self.place}/{path}"
        return [Reader(found, self.namespace, place) for found in self.element.findall(full)]

    def maybe(self, path: str) -> Reader | None:
        """The element at a path, or None; twice is an error."""
        found = self.all(path)
        if len(found) > 1:
            raise BankError(f"{self.place}/{path} stands there {len(found)} times")
        return found[0] if found else None

    def one(self, path: str) -> Reader:
        """The element at a path."""
        found = self.maybe(path)
        if found is None:
            raise BankError(f"{self.place}/{path} is missing")
        return found

    def text(self, path: str) -> str:
        """The text at a path."""
        value = (self.one(path).element.text or "").strip()
        if not value:
            raise BankError(f"{self.place}/{path} is empty")
        return value

    def maybe_text(self, path: str) -> str:
        """The text at a path, or nothing."""
        found = self.maybe(path)
        return "" if found is None else (found.element.text or "").strip()

    def amount(self, path: str) -> Fen:
        """The amount at a path, which must be in CNY; decimals beyond the fen must be zeros."""
        found = self.one(path)
        text, currency = (found.element.text or "").strip(), found.element.get("Ccy")
        if currency != CURRENCY:
            raise BankError(f"{found.place} is in {str(currency)[:10]}, not {CURRENCY}")
        match = _AMOUNT.fullmatch(text)
        if match is None or (match.group(2) or "")[2:].strip("0"):
            raise BankError(f"{found.place}: not an amount in whole fen: {text[:40]}")
        try:
            return Fen.from_yuan(f"{int(match.group(1))}.{(match.group(2) or '')[:2] or '0'}")
        except MoneyError as exc:
            raise BankError(f"{found.place}: {exc}") from exc

    def day(self, path: str) -> Day:
        """The day of a ``Dt`` or ``DtTm`` choice at a path, in China."""
        choice = self.one(path)
        plain = choice.maybe_text("Dt")
        try:
            return day_from_iso(plain) if plain else day_at(seconds(choice.text("DtTm")))
        except DayError as exc:
            raise BankError(f"{choice.place}: {exc}") from exc


def when(unix_seconds: int) -> str:
    """A time as ISO 8601 with China's offset."""
    return datetime.fromtimestamp(unix_seconds, _CST).isoformat()


def seconds(text: str) -> int:
    """Unix seconds of an ISO 8601 time; without an offset it is China's."""
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=_CST)
        return int(moment.astimezone(UTC).timestamp())
    except (ValueError, OverflowError) as exc:
        raise BankError(f"not a time: {text[:40]!r}") from exc
