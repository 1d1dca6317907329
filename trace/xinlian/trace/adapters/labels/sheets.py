"""Labels as PDF: one to a page, or many on A4 sheets of the common layouts."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from reportlab.pdfgen.canvas import Canvas
from xinlian.trace.adapters.labels.layout import MM, Label, arrange
from xinlian.trace.adapters.labels.painters import blank, paint_image, paint_pdf, png_bytes
from xinlian.trace.adapters.labels.symbols import LabelError

__all__ = ["LABELS_MAX", "SHEETS", "SheetLayout", "label_pdf", "sheet_pdf", "sheet_pngs"]

A4_MM: Final = (210.0, 297.0)
LABELS_MAX: Final = 10_000
OFFSET_MM_MAX: Final = 10.0


@dataclass(frozen=True, slots=True)
class SheetLayout:
    """A sheet of ``columns`` × ``rows`` labels of ``width`` × ``height`` mm.

    ``left`` and ``top`` are the margins of the sheet, ``gap_x`` and ``gap_y`` lie between labels.
    """

    name: str
    columns: int
    rows: int
    width: float
    height: float
    left: float
    top: float
    gap_x: float = 0.0
    gap_y: float = 0.0

    @property
    def count(self) -> int:
        """Labels on a sheet."""
        return self.columns * self.rows

    def place(self, number: int) -> tuple[float, float]:
        """Upper left corner of a label (from 0, row by row), in mm from the sheet's own."""
        row, column = divmod(number, self.columns)
        x = self.left + column * (self.width + self.gap_x)
        return x, self.top + row * (self.height + self.gap_y)


# The dimensions that makers of label sheets publish for these numbers (Avery and compatible).
SHEETS: Final = {
    sheet.name: sheet
    for sheet in (
        SheetLayout("a4-8", 2, 4, 99.1, 67.7, 4.65, 13.1, 2.5),  # L7165
        SheetLayout("a4-14", 2, 7, 99.1, 38.1, 4.65, 15.15, 2.5),  # L7163
        SheetLayout("a4-21", 3, 7, 63.5, 38.1, 7.25, 15.15, 2.5),  # L7160
        SheetLayout("a4-24", 3, 8, 70.0, 37.0, 0.0, 0.5),  # 3474
        SheetLayout("a4-40", 4, 10, 48.5, 25.4, 8.0, 21.5),  # 3657
        SheetLayout("a4-65", 5, 13, 38.1, 21.2, 4.65, 10.7, 2.5),  # L7651
    )
}


def label_pdf(label: Label, width: float, height: float) -> bytes:
    """One label on a page of its own size (mm), for label printers."""
    made = arrange(label, width, height)
    out = io.BytesIO()
    page = Canvas(out, pagesize=(width * MM, height * MM), invariant=True)
    paint_pdf(page, made, 0, height * MM)
    page.showPage()
    page.save()
    return out.getvalue()


def sheet_pdf(
    labels: Sequence[Label],
    sheet: SheetLayout,
    *,
    skip: int = 0,
    offset_mm: tuple[float, float] = (0.0, 0.0),
    borders: bool = False,
) -> bytes:
    """Labels on A4 sheets. ``skip`` places of the first sheet are used already; ``offset_mm``
    moves everything right and down to suit a printer's feed; ``borders`` draws cutting lines.
    """
    pages = _pages(labels, sheet, skip, offset_mm)
    out = io.BytesIO()
    page = Canvas(out, pagesize=(A4_MM[0] * MM, A4_MM[1] * MM), invariant=True, pageCompression=1)
    for placed in pages:
        for label, x, y in placed:
            left, top = x * MM, (A4_MM[1] - y) * MM
            if borders:
                page.setStrokeGray(0.8)
                page.setLineWidth(0.3)
                page.rect(left, top - sheet.height * MM, sheet.width * MM, sheet.height * MM)
            paint_pdf(page, arrange(label, sheet.width, sheet.height), left, top)
        page.showPage()
    page.save()
    return out.getvalue()


def sheet_pngs(
    labels: Sequence[Label],
    sheet: SheetLayout,
    *,
    skip: int = 0,
    offset_mm: tuple[float, float] = (0.0, 0.0),
    dpi: int = 300,
) -> Iterator[bytes]:
    """The same as pictures, one a sheet."""
    pages = _pages(labels, sheet, skip, offset_mm)
    for placed in pages:
        image = blank(*A4_MM, dpi)
        for label, x, y in placed:
            paint_image(image, arrange(label, sheet.width, sheet.height), x, y, dpi)
        yield png_bytes(image, dpi)


def _pages(
    labels: Sequence[Label], sheet: SheetLayout, skip: int, offset_mm: tuple[float, float]
) -> list[list[tuple[Label, float, float]]]:
    """The labels of every sheet with their upper left corners in mm; checks what is asked."""
    if not 1 <= len(labels) <= LABELS_MAX:
        raise LabelError(
            f"a job has 1 to {LABELS_MAX} labels, not {len(labels)}",
            f"一次可打印 1 至 {LABELS_MAX} 张标签，而不是 {len(labels)} 张",
        )
    if not 0 <= skip < sheet.count:
        raise LabelError(
            f"0 to {sheet.count - 1} places of the first sheet can be skipped",
            f"首张可跳过 0 至 {sheet.count - 1} 个位置",
        )
    if not all(math.isfinite(at) and abs(at) <= OFFSET_MM_MAX for at in offset_mm):
        raise LabelError(
            f"a sheet can be moved by at most {OFFSET_MM_MAX:.0f} mm",
            f"整页偏移不得超过 {OFFSET_MM_MAX:.0f} mm",
        )
    pages: list[list[tuple[Label, float, float]]] = [[]]
    for number, label in enumerate(labels, skip):
        place = number % sheet.count
        if place == 0 and number > skip:
            pages.append([])
        x, y = sheet.place(place)
        pages[-1].append((label, x + offset_mm[0], y + offset_mm[1]))
    return pages
