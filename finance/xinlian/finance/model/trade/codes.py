"""Codes that identify companies, invoices and banks, with their check characters.

Sources: the State Taxation Administration's numbering of fully digital e-invoices (数电票, 20
digits), the People's Bank's 12-digit bank code (CNAPS); companies' codes are the ledger's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from xinlian.ledger.model.company_codes import (
    ORG_ALPHABET,
    SYNTHETIC_REGION,
    USCC_ALPHABET,
    USCC_LENGTH,
    CodeError,
    is_synthetic,
    organisation_check_char,
    parse_uscc,
    synthetic_uscc,
    uscc_check_char,
)

__all__ = [
    "ORG_ALPHABET",
    "SYNTHETIC_REGION",
    "USCC_ALPHABET",
    "USCC_LENGTH",
    "CodeError",
    "EInvoiceNumber",
    "is_synthetic",
    "organisation_check_char",
    "parse_account",
    "parse_cnaps",
    "parse_einvoice_number",
    "parse_plain_number",
    "parse_uscc",
    "synthetic_uscc",
    "uscc_check_char",
]

_EINVOICE = re.compile(r"[0-9]{20}", re.ASCII)
_PLAIN_NUMBER = re.compile(r"[0-9A-Za-z][0-9A-Za-z._/\-]{0,63}", re.ASCII)
_CNAPS = re.compile(r"[0-9]{12}", re.ASCII)
_ACCOUNT = re.compile(r"[0-9A-Za-z\-]{5,34}", re.ASCII)


@dataclass(frozen=True, slots=True)
class EInvoiceNumber:
    """A 20-digit number of a fully digital e-invoice, taken apart."""

    text: str

    @property
    def year(self) -> int:
        """The year of issue (digits 1 and 2)."""
        return 2000 + int(self.text[:2])

    @property
    def region(self) -> str:
        """The province of issue (digits 3 and 4, GB/T 2260)."""
        return self.text[2:4]

    @property
    def channel(self) -> str:
        """The digit that tells through which channel it was issued (digit 5)."""
        return self.text[4]

    @property
    def sequence(self) -> str:
        """The serial number (digits 6 to 20)."""
        return self.text[5:]


def parse_einvoice_number(text: str, *, issue_year: int | None = None) -> EInvoiceNumber:
    """A 20-digit e-invoice number; with ``issue_year`` its first two digits must be that year."""
    if _EINVOICE.fullmatch(text) is None:
        raise CodeError(f"an e-invoice number has 20 digits, this is {text[:40]!r}")
    number = EInvoiceNumber(text)
    if issue_year is not None and number.year != issue_year:
        raise CodeError(
            f"the number was given out in {number.year}, the invoice is of {issue_year}"
        )
    return number


def parse_plain_number(text: str) -> str:
    """A document number: a letter or digit, then up to 63 letters, digits and ``. _ / -``."""
    if _PLAIN_NUMBER.fullmatch(text) is None:
        raise CodeError(
            f"not a document number (letters, digits, . _ / -; at most 64): {text[:40]!r}"
        )
    return text


def parse_cnaps(text: str) -> str:
    """A 12-digit bank code of the national payment system."""
    if _CNAPS.fullmatch(text) is None:
        raise CodeError(f"a bank code has 12 digits, this is {text[:40]!r}")
    return text


def parse_account(text: str) -> str:
    """A bank account number as the bank writes it: 5 to 34 letters, digits and hyphens."""
    if _ACCOUNT.fullmatch(text) is None:
        raise CodeError("a bank account has 5 to 34 letters, digits and hyphens")
    return text
