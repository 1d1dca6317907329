"""The one error of the ledger, and how the answers of contracts become one."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from xinlian.ledger.model.failures import DECLARED, Failure
from xinlian.ledger.model.ids import to_checksum
from xinlian.ledger.model.keccak import keccak256
from xinlian.ledger.model.shown import shown
from xinlian.ledger.model.texts import TEXTS
from xinlian.ledger.model.texts_value import VALUE_TEXTS

__all__ = ["SELECTORS", "Failure", "LedgerError", "decode_revert", "describe", "encode_revert"]

_TEXTS: Final = {**TEXTS, **VALUE_TEXTS}
_SELECTOR_BYTES: Final = 4
_SHOWN_BYTES: Final = 64


class LedgerError(Exception):
    """A refusal: a stable code, the values that belong to it, and a text for people.

    ``fields`` are named in snake case; bytes are given as 0x and hex digits, so that they can be
    shown and sent as they are. ``message`` replaces the standard English text where one is given.
    """

    def __init__(
        self, code: Failure, message: str = "", fields: Mapping[str, Any] | None = None
    ) -> None:
        self.code = code
        self.fields: dict[str, Any] = {
            name: "0x" + value.hex() if isinstance(value, bytes) else value
            for name, value in (fields or {}).items()
        }
        self.message = message or describe(code, self.fields)
        super().__init__(f"{code.value}: {self.message}")

    def text(self, language: str = "en") -> str:
        """The text in English (``en``) or Chinese (``zh``)."""
        return self.message if language == "en" else describe(self.code, self.fields, language)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.code, self.message, self.fields)


def describe(code: Failure, fields: Mapping[str, Any], language: str = "en") -> str:
    """The standard text of a failure; an argument that is not given shows as a question mark."""
    template = _TEXTS[code][0 if language == "en" else 1]
    return shown(template, fields, language)


def _parse(declaration: str) -> tuple[bytes, tuple[tuple[str, str], ...]]:
    name, _, rest = declaration.partition("(")
    pairs = [part.split() for part in rest.removesuffix(")").split(",") if part]
    signature = f"{name}({','.join(kind for kind, _ in pairs)})"
    arguments = tuple((_snake(argument), kind) for kind, argument in pairs)
    return keccak256(signature.encode())[:_SELECTOR_BYTES], arguments


def _snake(name: str) -> str:
    return re.sub(r"(?<!^)([A-Z])", r"_\1", name).lower()


_PARSED: Final = {failure: _parse(declaration) for failure, declaration in DECLARED.items()}

SELECTORS: Final[dict[bytes, Failure]] = {
    selector: failure for failure, (selector, _) in _PARSED.items()
}
"""Failure by the four bytes with which the ABI-encoded error begins."""


def decode_revert(data: bytes) -> LedgerError:
    """The refusal in the revert data of a call or in the ``reason`` of an ``OrderFailed`` event.

    Data that no contract of ours would answer with become ``CALL_REVERTED`` with the raw bytes.
    """
    failure = SELECTORS.get(data[:_SELECTOR_BYTES])
    if failure is None:
        return _unknown(data)
    body, arguments = data[_SELECTOR_BYTES:], _PARSED[failure][1]
    if failure is Failure.EVM_ERROR:
        return _message(data, body)
    if len(body) != 32 * len(arguments):
        return _unknown(data)
    return LedgerError(
        failure,
        fields={
            name: _value(kind, body[32 * index : 32 * index + 32])
            for index, (name, kind) in enumerate(arguments)
        },
    )


def _value(kind: str, word: bytes) -> Any:
    if kind == "address":
        return to_checksum(word[12:])
    return word if kind == "bytes32" else int.from_bytes(word, "big")


def _message(data: bytes, body: bytes) -> LedgerError:
    length = int.from_bytes(body[32:64], "big")
    text = body[64 : 64 + length]
    if int.from_bytes(body[:32], "big") != 32 or len(text) != length:
        return _unknown(data)
    return LedgerError(Failure.EVM_ERROR, fields={"message": text.decode(errors="replace")})


def _unknown(data: bytes) -> LedgerError:
    shown = "0x" + data[:_SHOWN_BYTES].hex() + ("…" if len(data) > _SHOWN_BYTES else "")
    return LedgerError(Failure.CALL_REVERTED, fields={"data": shown})


def encode_revert(failure: Failure, *values: int | str) -> bytes:
    """The bytes with which a contract answers such a refusal; the reverse of ``decode_revert``.

    For refusals with numbers, and for ``EVM_ERROR`` with its one text.
    """
    selector, arguments = _PARSED[failure]
    if failure is Failure.EVM_ERROR:
        text = str(values[0]).encode()
        words = (32).to_bytes(32, "big") + len(text).to_bytes(32, "big")
        return selector + words + text + bytes(-len(text) % 32)
    if len(values) != len(arguments):
        raise ValueError(f"{failure} has {len(arguments)} arguments, not {len(values)}")
    return selector + b"".join(int(value).to_bytes(32, "big") for value in values)
