"""What people hold in their hands: dossiers as PDF, labels."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Final
from zipfile import ZIP_STORED, ZipFile

from xinlian.services.app.errors import Code, RefusedError
from xinlian.services.app.trace_dossier import Dossiers, Extent
from xinlian.services.app.trace_items import Eyes, Found
from xinlian.trace.adapters.labels import (
    SHEETS,
    Label,
    LabelError,
    Surface,
    Symbology,
    arrange,
    label_pdf,
    png,
    sheet_pdf,
    sheet_pngs,
    svg,
)
from xinlian.trace.adapters.paper import dossier_pdf
from xinlian.trace.model.dossier import Language
from xinlian.trace.model.items import Item, Scheme

__all__ = ["FORMATS", "SHEET_FORMATS", "Papers", "Place"]

FORMATS: Final = {"png": "image/png", "svg": "image/svg+xml", "pdf": "application/pdf"}
SHEET_FORMATS: Final = {"pdf": "application/pdf", "zip": "application/zip"}
_GS1: Final = frozenset({Scheme.SGTIN, Scheme.LGTIN, Scheme.SSCC, Scheme.CPI})


@dataclass(frozen=True, slots=True)
class Place:
    """Where labels lie on a sheet: ``skip`` places are used already, all is moved by so much."""

    skip: int = 0
    right_mm: float = 0.0
    down_mm: float = 0.0


class Papers:
    """Draws. ``page_url`` is the address under which people reach the pages."""

    def __init__(self, dossiers: Dossiers, page_url: str) -> None:
        self._dossiers = dossiers
        self._page_url = page_url.rstrip("/")

    def dossier(self, item: Item, eyes: Eyes, address: str, lang: str) -> bytes:
        """The dossier of an item as PDF; refused with ``NOT_FOUND``."""
        found = self._dossiers.of(item, eyes, self._page_url + address, Extent())
        if found is None:
            raise RefusedError(Code.NOT_FOUND, f"there is no item {item.id.id} that you may see")
        out = io.BytesIO()
        dossier_pdf(found, Language(lang), out)
        return out.getvalue()

    def link(self, found: Found, kind: str) -> str:
        """What a label's code says: the network's own link, a GS1 Digital Link on this network's
        address, or the id alone. Refused with ``INVALID`` for a GS1 link of what has no GS1 key."""
        if kind == "id":
            return found.item.id.id
        if kind == "gs1":
            name = found.item.id.id
            if found.item.scheme not in _GS1 or not name.startswith("https://id.gs1.org/"):
                raise RefusedError(
                    Code.INVALID, f"{name} is no GS1 key: take the network's own link", field="link"
                )
            return self._page_url + name.removeprefix("https://id.gs1.org")
        return self._page_url + found.address

    def label(
        self,
        found: Found,
        *,
        link: str,
        symbology: Symbology,
        surface: Surface,
        shape: str,
        width: float,
        height: float,
    ) -> bytes:
        """One label as PNG, SVG or PDF; width and height in millimetres."""
        made = self._label(found, link, symbology, surface)
        try:
            if shape == "pdf":
                return label_pdf(made, width, height)
            arranged = arrange(made, width, height)
            return png(arranged) if shape == "png" else svg(arranged).encode()
        except LabelError as exc:
            raise _refused(exc) from exc

    def sheet(
        self,
        found: list[Found],
        *,
        link: str,
        symbology: Symbology,
        surface: Surface,
        layout: str,
        place: Place,
        pictures: bool = False,
    ) -> bytes:
        """Labels on sheets of paper as PDF, or as a ZIP of pictures; ``layout`` is one of
        ``SHEETS``."""
        labels = [self._label(each, link, symbology, surface) for each in found]
        offset = (place.right_mm, place.down_mm)
        try:
            if not pictures:
                return sheet_pdf(labels, SHEETS[layout], skip=place.skip, offset_mm=offset)
            out = io.BytesIO()
            with ZipFile(out, "w", ZIP_STORED) as package:
                sheets = sheet_pngs(labels, SHEETS[layout], skip=place.skip, offset_mm=offset)
                for number, data in enumerate(sheets, 1):
                    package.writestr(f"sheet-{number:03d}.png", data)
            return out.getvalue()
        except LabelError as exc:
            raise _refused(exc) from exc

    def _label(self, found: Found, link: str, symbology: Symbology, surface: Surface) -> Label:
        item = found.item
        lines = tuple(line for line in (item.part_number,) if line)
        return Label(
            code=self.link(found, link),
            human=item.id.id.rsplit("/", 1)[-1],
            title=item.name,
            lines=lines,
            symbology=symbology,
            surface=surface,
        )


def _refused(exc: LabelError) -> RefusedError:
    return RefusedError(Code.INVALID, f"this label cannot be made: {exc}")
