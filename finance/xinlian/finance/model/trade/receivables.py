"""A row of a receivables file becomes an invoice, or tells why it can't."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping as Dict
from dataclasses import dataclass

from xinlian.finance.model.trade.codes import (
    CodeError,
    parse_einvoice_number,
    parse_plain_number,
    parse_uscc,
    synthetic_uscc,
)
from xinlian.finance.model.trade.documents import CURRENCY, DocumentKind, PartyRef, TradeDocument
from xinlian.finance.model.trade.import_reasons import RowProblemError, RowReason
from xinlian.finance.model.trade.mapping import (
    FactMapping,
    FactType,
    Mapping,
    NumberRule,
    PartyMapping,
    PartyRule,
)
from xinlian.ledger.model.days import Day, DayError, date_of, day_from_iso, iso_of
from xinlian.ledger.model.money import Fen
from xinlian.ledger.model.tables import CELL_CHARS_MAX, Cell, CellKind

NAME_CHARS_MAX = 200
_NOTHING = Cell("")


@dataclass(frozen=True)
class RowReader:
    """Reads rows by a mapping. ``today`` is the day on which dates are judged."""

    mapping: Mapping
    today: Day

    def read(self, cells: Dict[str, Cell]) -> TradeDocument:
        """The invoice of a row given as column name → cell.

        Checks run in the order of ``RowReason`` and the first that fails raises
        ``RowProblemError``.
        """
        mapping = self.mapping
        row = _Row(mapping, cells)
        row.check_cells()
        seller = self._party(row, "seller", mapping.seller)
        buyer = self._party(row, "buyer", mapping.buyer)
        if seller.code == buyer.code:
            raise RowProblemError(
                RowReason.SAME_PARTY, "buyer_code", f"seller and buyer are both {seller.code}"
            )
        number = self._number(row.needed("invoice_number", RowReason.INVOICE_NUMBER_MISSING))
        issued, due = self._dates(row)
        self._check_number_year(number, issued)
        delivered = self._date(row, "delivery_date", None, RowReason.DELIVERY_DATE_INVALID)
        self._check_currency(row)
        gross = self._gross(row)
        net, tax = self._net_and_tax(row, gross)
        return TradeDocument(
            kind=DocumentKind.INVOICE,
            seller=seller,
            buyer=buyer,
            number=number,
            issued=issued,
            gross=gross,
            due=due,
            delivered=delivered,
            net=net,
            tax=tax,
            facts=self._facts(row),
        )

    def _party(self, row: _Row, role: str, rule: PartyMapping) -> PartyRef:
        missing, invalid = {
            "seller": (RowReason.SELLER_MISSING, RowReason.SELLER_CODE_INVALID),
            "buyer": (RowReason.BUYER_MISSING, RowReason.BUYER_CODE_INVALID),
        }[role]
        value = row.needed(f"{role}_code", missing).text
        try:
            code = (
                parse_uscc(value)
                if rule.rule is PartyRule.USCC
                else synthetic_uscc(rule.namespace, f"{role}:{value}")
            )
        except CodeError as exc:
            raise RowProblemError(invalid, f"{role}_code", f"{role}: {exc}") from exc
        name = row.cell(f"{role}_name").text
        name = name or rule.names.get(value) or rule.name_template.replace("{value}", value)
        return PartyRef(code, name[:NAME_CHARS_MAX])

    def _number(self, cell: Cell) -> str:
        field = "invoice_number"
        if cell.kind is CellKind.ROUNDED:
            raise RowProblemError(
                RowReason.INVOICE_NUMBER_LOST_DIGITS,
                field,
                "the workbook stored the number as a quantity: format the column as text",
            )
        try:
            if self.mapping.number_rule is NumberRule.PLAIN:
                return parse_plain_number(cell.text)
            return parse_einvoice_number(cell.text).text
        except CodeError as exc:
            raise RowProblemError(RowReason.INVOICE_NUMBER_INVALID, field, str(exc)) from exc

    def _check_number_year(self, number: str, issued: Day) -> None:
        if self.mapping.number_rule is not NumberRule.EINVOICE20:
            return
        try:
            parse_einvoice_number(number, issue_year=date_of(issued).year)
        except CodeError as exc:
            raise RowProblemError(
                RowReason.INVOICE_NUMBER_OTHER_YEAR, "invoice_number", str(exc)
            ) from exc

    def _dates(self, row: _Row) -> tuple[Day, Day]:
        issued = self._needed_date(
            row, "invoice_date", RowReason.INVOICE_DATE_MISSING, RowReason.INVOICE_DATE_INVALID
        )
        if not self.mapping.historic and issued > self.today:
            raise RowProblemError(
                RowReason.INVOICE_DATE_IN_FUTURE,
                "invoice_date",
                f"invoice date {iso_of(issued)} is after today, {iso_of(self.today)}",
            )
        due = self._needed_date(
            row, "due_date", RowReason.DUE_DATE_MISSING, RowReason.DUE_DATE_INVALID
        )
        if due < issued:
            raise RowProblemError(
                RowReason.DUE_BEFORE_INVOICE,
                "due_date",
                f"due {iso_of(due)}, before the invoice of {iso_of(issued)}",
            )
        if not self.mapping.historic and due < self.today:
            raise RowProblemError(
                RowReason.DUE_DATE_PAST,
                "due_date",
                f"due {iso_of(due)}, which is before today, {iso_of(self.today)}",
            )
        return issued, due

    def _needed_date(self, row: _Row, field: str, missing: RowReason, invalid: RowReason) -> Day:
        day = self._date(row, field, missing, invalid)
        if day is None:
            raise RowProblemError(missing, field, f"{field}: nothing there")
        return day

    def _date(
        self, row: _Row, field: str, missing: RowReason | None, invalid: RowReason
    ) -> Day | None:
        cell = row.cell(field) if missing is None else row.needed(field, missing)
        return self._day_of(cell, field, invalid) if cell.text else None

    def _day_of(self, cell: Cell, field: str, invalid: RowReason) -> Day:
        day: Day | None = None
        if cell.kind is CellKind.DATE:
            try:
                day = day_from_iso(cell.text)
            except DayError:
                day = None
        elif cell.kind is CellKind.TEXT:
            found = (pattern.parse(cell.text) for pattern in self.mapping.date_patterns)
            day = next((value for value in found if value is not None), None)
        if day is None:
            expected = " or ".join(pattern.text for pattern in self.mapping.date_patterns)
            raise RowProblemError(
                invalid, field, f"{field}: not a date of the form {expected}: {cell.text[:40]}"
            )
        return day

    def _check_currency(self, row: _Row) -> None:
        currency = row.cell("currency").text or CURRENCY
        if currency != CURRENCY:
            raise RowProblemError(
                RowReason.CURRENCY_UNSUPPORTED, "currency", f"currency {currency[:10]}, not CNY"
            )

    def _gross(self, row: _Row) -> Fen:
        gross = self._amount(row.needed("amount", RowReason.AMOUNT_MISSING), "amount")
        if gross <= 0:
            raise RowProblemError(
                RowReason.AMOUNT_NOT_POSITIVE, "amount", f"amount {gross.yuan()} is not above zero"
            )
        if gross > self.mapping.amounts.maximum:
            raise RowProblemError(
                RowReason.AMOUNT_TOO_LARGE,
                "amount",
                f"amount {gross.yuan()} is above {self.mapping.amounts.maximum.yuan()}",
            )
        return gross

    def _net_and_tax(self, row: _Row, gross: Fen) -> tuple[Fen | None, Fen | None]:
        if "net_amount" not in self.mapping.columns:
            return None, None
        try:
            net = self._amount(row.cell("net_amount"), "net_amount")
            tax = self._amount(row.cell("tax_amount"), "tax_amount")
        except RowProblemError as exc:
            raise RowProblemError(RowReason.TAX_AMOUNT_INVALID, exc.field, exc.message) from exc
        if net + tax != gross or tax < 0 or net < 0:
            raise RowProblemError(
                RowReason.TOTAL_NOT_SUM,
                "amount",
                f"net {net.yuan()} plus tax {tax.yuan()} is not {gross.yuan()}",
            )
        return net, tax

    def _amount(self, cell: Cell, field: str) -> Fen:
        if cell.kind in (CellKind.DATE, CellKind.ROUNDED):
            raise RowProblemError(
                RowReason.AMOUNT_INVALID, field, f"{field}: not an exact number: {cell.text[:40]}"
            )
        exact = cell.kind is CellKind.NUMBER
        return self.mapping.amounts.parse(cell.text, field, exact=exact)

    def _facts(self, row: _Row) -> tuple[tuple[str, str], ...]:
        facts = []
        for name in sorted(self.mapping.facts):
            rule = self.mapping.facts[name]
            cell = row.column(rule.column)
            if cell.text:
                facts.append((name, self._fact(name, rule, cell)))
        return tuple(facts)

    def _fact(self, name: str, rule: FactMapping, cell: Cell) -> str:
        if rule.type is FactType.DATE:
            return iso_of(self._day_of(cell, f"facts.{name}", RowReason.FACT_INVALID))
        if rule.type is FactType.TEXT:
            return cell.text
        if cell.text in rule.true or cell.text in rule.false:
            return "true" if cell.text in rule.true else "false"
        raise RowProblemError(
            RowReason.FACT_INVALID,
            f"facts.{name}",
            f"{name}: {cell.text[:40]} is neither {rule.true} nor {rule.false}",
        )


class _Row:
    """Cells of one row by field, constants included."""

    def __init__(self, mapping: Mapping, cells: Dict[str, Cell]) -> None:
        self._mapping = mapping
        self._cells = cells

    def column(self, name: str) -> Cell:
        return self._cells.get(name, _NOTHING)

    def cell(self, field: str) -> Cell:
        constant = self._mapping.constants.get(field)
        if constant is not None:
            return Cell(constant)
        column = self._mapping.columns.get(field)
        return _NOTHING if column is None else self.column(column)

    def needed(self, field: str, missing: RowReason) -> Cell:
        cell = self.cell(field)
        if not cell.text:
            raise RowProblemError(missing, field, f"{field}: nothing there")
        return cell

    def check_cells(self) -> None:
        """The checks that need no meaning, over all mapped cells, one reason after another."""
        cells = [(name, self.column(name)) for name in self._mapping.needed_columns]
        for name, cell in cells:
            if len(cell.text) > CELL_CHARS_MAX:
                raise RowProblemError(
                    RowReason.CELL_TOO_LONG, name, f"{name}: {len(cell.text)} characters"
                )
        for reason, kind in (
            (RowReason.CELL_ERROR, CellKind.ERROR),
            (RowReason.FORMULA_WITHOUT_VALUE, CellKind.NO_VALUE),
        ):
            for name, cell in cells:
                if cell.kind is kind:
                    raise RowProblemError(reason, name, f"{name}: {cell.text[:40]}")
        for name, cell in cells:
            if not cell.text.isprintable() and _has_invisible(cell.text):
                raise RowProblemError(
                    RowReason.CONTROL_CHARACTER, name, f"{name}: holds an invisible character"
                )


def _has_invisible(text: str) -> bool:
    """Control, format (such as text direction), private and unassigned characters, line ends."""
    return any(unicodedata.category(char) in ("Cc", "Cf", "Co", "Cn", "Zl", "Zp") for char in text)
