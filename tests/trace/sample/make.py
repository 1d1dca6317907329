"""Writes the bundled sample of a battery pack plant: the same bytes every time.

Run ``python -m tests.trace.sample.make`` from the repository to write ``trace/samples`` anew.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from reportlab.lib.pagesizes import A5, landscape
from reportlab.pdfgen.canvas import Canvas
from xinlian.trace.adapters.fonts import FONT, register_fonts

from tests.support.repository import ROOT
from tests.trace.sample import documents, measured, tables
from tests.trace.sample import plant as p
from tests.trace.sample.parties import CODES, PARTIES, party_rows

FOLDER: Final = ROOT / "trace" / "samples" / "battery-plant"


def sample_files() -> dict[str, bytes]:
    """Every generated file of the sample by its name in the folder."""
    plant = p.build()
    certificates = list(tables.certificates(plant))
    texts = {
        "vehicles.csv": tables.csv_text(tables.ITEM_HEAD, tables.vehicles(plant)),
        "vehicle-links.csv": tables.csv_text(tables.LINK_HEAD, tables.vehicle_links(plant)),
        "items.csv": tables.csv_text(tables.ITEM_HEAD, tables.items(plant)),
        "genealogy.csv": tables.csv_text(tables.LINK_HEAD, tables.links(plant)),
        "inspections.csv": tables.csv_text(measured.INSPECTION_HEAD, measured.inspections(plant)),
        "processes.csv": tables.csv_text(measured.PROCESS_HEAD, measured.processes(plant)),
        "claims.csv": tables.csv_text(tables.CLAIM_HEAD, tables.claims(plant)),
        "certificates.csv": tables.csv_text(tables.CERTIFICATE_HEAD, certificates),
        "cell-maker.epcis.jsonld": _json(documents.cell_maker(plant)),
        "car-maker.epcis.jsonld": _json(documents.car_maker(plant)),
        "facts.json": _json(documents.facts(plant)),
        "gauges.json": _json(documents.gauges()),
        "parties.json": _json({"parties": party_rows()}),
        "expected.json": _json(documents.expected(plant)),
    }
    files = {name: text.encode() for name, text in texts.items()}
    cells = tables.csv_text(tables.ITEM_HEAD, tables.cells(plant))
    files["cells.csv"] = cells.encode("gb18030")
    names = {CODES[key]: (zh, en) for key, zh, en, _ in PARTIES}
    for row in certificates:
        files[row[6]] = certificate(row, names[row[4]])
    return files


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1) + "\n"


def certificate(row: tables.Row, issuer: tuple[str, str]) -> bytes:
    """A small certificate as a supplier sends it: one page, no hidden dates."""
    number, batch, _, title, _, day, _, note = row
    register_fonts()
    out = io.BytesIO()
    page = Canvas(out, pagesize=landscape(A5), invariant=True)
    page.setTitle(number)
    page.setFont(FONT, 18)
    page.drawString(48, 350, f"{title}  Inspection certificate")
    page.setFont(FONT, 10)
    coil = "极片" in title
    value = "14.6 µm (≤ 12)" if note else ("5.1 µm (≤ 12)" if coil else "符合 / conforming")
    lines = (
        f"编号 No.    {number}",
        f"签发 Issued by    {issuer[0]}  {issuer[1]}",
        f"批次 Batch    {batch.rsplit('/', 1)[-1]}",
        f"日期 Date    {day}",
        f"{'毛刺高度 Burr height' if coil else '结论 Finding'}    {value}",
        f"备注 Note    {note or '—'}",
    )
    for place, line in enumerate(lines):
        page.drawString(48, 310 - 24 * place, line)
    page.rect(36, 36, landscape(A5)[0] - 72, landscape(A5)[1] - 72)
    page.showPage()
    page.save()
    return out.getvalue()


def write(folder: Path, files: Iterable[tuple[str, bytes]]) -> None:
    """Write the files below ``folder``."""
    for name, data in files:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)


if __name__ == "__main__":
    write(FOLDER, sample_files().items())
