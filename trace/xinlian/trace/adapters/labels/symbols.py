"""Codes as grids of modules: QR Code (ISO/IEC 18004) and Data Matrix ECC 200 (ISO/IEC 16022)."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import qrcode
from ppf.datamatrix import DataMatrix
from qrcode.exceptions import DataOverflowError
from xinlian.trace.model.codes import CodeError
from xinlian.trace.model.codes.gs1 import parse_digital_link, parse_element_string

__all__ = ["CODE_BYTES_MAX", "LabelError", "Surface", "Symbol", "Symbology", "make_symbol"]

CODE_BYTES_MAX: Final = 800
"""More than any link or code of a part; a symbol of this size still fits a label."""
_QUIET: Final = {"qr": 4, "data-matrix": 2, "gs1-data-matrix": 2}
"""Modules kept white around a symbol: 4 by ISO/IEC 18004; ISO/IEC 16022 asks for 1."""
_FNC1: Final = b"\xe8"
_GS1_CODEC: Final = "datamatrix.xinlian_gs1"
_DATA_MATRIX_SIDE_MAX: Final = 132
"""The one larger symbol (144) interleaves its blocks differently."""


class LabelError(ValueError):
    """A label can't be made as asked. ``why`` and ``why_zh`` are sentences for people."""

    def __init__(self, why: str, why_zh: str) -> None:
        super().__init__(why)
        self.why = why
        self.why_zh = why_zh


class Symbology(StrEnum):
    """Kinds of two-dimensional codes."""

    QR = "qr"
    """For paper and screens; any phone reads it."""
    DATA_MATRIX = "data-matrix"
    """For direct marks on parts: smaller, and its error correction (ECC 200) is fixed."""
    GS1_DATA_MATRIX = "gs1-data-matrix"
    """The same with GS1's sign in front; the code is given as Digital Link or as ``(01)…(21)…``."""


class Surface(StrEnum):
    """What a QR code is printed on; decides how much of it may be lost."""

    CLEAN = "clean"
    """Paper that stays clean: level M, 15 % may be lost."""
    PAPER = "paper"
    """Paper that is handled: level Q, 25 %."""
    DIRTY = "dirty"
    """Oil, dust, scratches: level H, 30 %."""


_LEVELS: Final = {
    Surface.CLEAN: qrcode.ERROR_CORRECT_M,
    Surface.PAPER: qrcode.ERROR_CORRECT_Q,
    Surface.DIRTY: qrcode.ERROR_CORRECT_H,
}


@dataclass(frozen=True, slots=True)
class Symbol:
    """A square grid; ``rows[y][x]`` is true where the module is dark, ``rows[0]`` is the top.

    ``quiet`` modules around it have to stay white.
    """

    rows: tuple[tuple[bool, ...], ...]
    quiet: int

    @property
    def side(self) -> int:
        """Modules in a row, the quiet zones included."""
        return len(self.rows) + 2 * self.quiet

    def runs(self) -> list[tuple[int, int, int]]:
        """Dark runs as ``(x, y, length)`` in modules, quiet zone included; for vector drawing."""
        out: list[tuple[int, int, int]] = []
        for y, row in enumerate(self.rows):
            x = 0
            while x < len(row):
                start = x
                while x < len(row) and row[x]:
                    x += 1
                if x > start:
                    out.append((start + self.quiet, y + self.quiet, x - start))
                x += 1
        return out


def make_symbol(text: str, symbology: Symbology, surface: Surface = Surface.PAPER) -> Symbol:
    """The symbol that reads as ``text``.

    QR codes take any text (UTF-8), Data Matrix printable ASCII. Raises ``LabelError``.
    """
    size = len(text.encode("utf-8", "surrogatepass"))
    if not text or not text.isprintable() or text != text.strip():
        raise LabelError(
            "a code needs printable text without blanks around it",
            "码的内容必须是可见文字，且首尾不得有空格",
        )
    if size > CODE_BYTES_MAX:
        raise LabelError(
            f"the code has {size} bytes; at most {CODE_BYTES_MAX} fit a label",
            f"码的内容有 {size} 字节，标签上最多 {CODE_BYTES_MAX} 字节",
        )
    if symbology is Symbology.QR:
        rows = _qr(text, surface)
    elif symbology is Symbology.DATA_MATRIX:
        rows = _data_matrix(text)
    else:
        rows = _data_matrix(_element_string(text), gs1=True)
    return Symbol(rows, _QUIET[symbology])


def _qr(text: str, surface: Surface) -> tuple[tuple[bool, ...], ...]:
    code = qrcode.QRCode(error_correction=_LEVELS[surface], border=0)
    code.add_data(text.encode("utf-8"), optimize=0 if not text.isascii() else 20)
    try:
        code.make(fit=True)
    except (DataOverflowError, ValueError) as exc:
        raise LabelError(
            "the text is too long for a QR code of this error level",
            "在此纠错等级下，内容超出二维码容量",
        ) from exc
    return tuple(tuple(bool(module) for module in row) for row in code.get_matrix())


def _element_string(text: str) -> str:
    """The elements of a GS1 key as they stand in a symbol."""
    try:
        link = text.startswith(("http://", "https://"))
        return (parse_digital_link(text) if link else parse_element_string(text)).element_string
    except CodeError as exc:
        raise LabelError(exc.why, exc.why_zh) from exc


def _data_matrix(text: str, *, gs1: bool = False) -> tuple[tuple[bool, ...], ...]:
    if not text.isascii():
        raise LabelError(
            "a Data Matrix mark takes ASCII characters only; use a QR code",
            "Data Matrix 直接标记只接受 ASCII 字符，请改用二维码",
        )
    try:
        rows = (_Gs1Matrix(text) if gs1 else DataMatrix(text)).matrix
    except ValueError as exc:
        raise LabelError(
            "the text is too long for a Data Matrix", "内容超出 Data Matrix 容量"
        ) from exc
    if len(rows) > _DATA_MATRIX_SIDE_MAX:
        raise LabelError("the text is too long for a Data Matrix", "内容超出 Data Matrix 容量")
    return tuple(tuple(bool(module) for module in row) for row in rows)


class _Gs1Matrix(DataMatrix):  # type: ignore[misc]
    """A Data Matrix that begins with FNC1; the library knows none, but takes further codecs."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.codecs = [_GS1_CODEC]


def _encode_gs1(text: str, _errors: str = "strict") -> tuple[bytes, int]:
    return _FNC1 + text.encode("datamatrix.ascii"), len(text)


def _find_codec(name: str) -> codecs.CodecInfo | None:
    if name != _GS1_CODEC:
        return None
    return codecs.CodecInfo(_encode_gs1, codecs.ascii_decode, name=name)


codecs.register(_find_codec)
