"""Labels: QR codes and Data Matrix marks with clear text, single or on sheets, PDF, PNG, SVG."""

from __future__ import annotations

from xinlian.trace.adapters.labels.layout import Arrangement, Label, arrange
from xinlian.trace.adapters.labels.painters import png, svg
from xinlian.trace.adapters.labels.sheets import (
    LABELS_MAX,
    SHEETS,
    SheetLayout,
    label_pdf,
    sheet_pdf,
    sheet_pngs,
)
from xinlian.trace.adapters.labels.symbols import LabelError, Surface, Symbology, make_symbol

__all__ = [
    "LABELS_MAX",
    "SHEETS",
    "Arrangement",
    "Label",
    "LabelError",
    "SheetLayout",
    "Surface",
    "Symbology",
    "arrange",
    "label_pdf",
    "make_symbol",
    "png",
    "sheet_pdf",
    "sheet_pngs",
    "svg",
]
