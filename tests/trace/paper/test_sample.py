"""The bundled sample is what its generator writes, and it tells the story that it should."""

from __future__ import annotations

import json

import pypdfium2
import pytest
import yaml
from xinlian.trace.adapters.epcis import epcis_rows
from xinlian.trace.model.codes import identify
from xinlian.trace.model.items import ItemType, Scheme
from xinlian.trace.model.json_rows import rows_from_json
from xinlian.trace.model.mapping import parse_trace_mapping

from tests.trace.sample import plant as p
from tests.trace.sample.make import FOLDER, sample_files
from tests.trace.sample.taking import MAPPINGS

WRITTEN_BY_HAND = (".yaml", ".md")


def test_the_files_are_what_the_generator_writes() -> None:
    made = sample_files()
    there = {
        path.relative_to(FOLDER).as_posix()
        for path in FOLDER.rglob("*")
        if path.is_file() and path.suffix not in WRITTEN_BY_HAND
    }
    assert there == set(made)
    for name, data in made.items():
        # Bytes of PDF files change with the library that writes them.
        if not name.endswith(".pdf"):
            assert (FOLDER / name).read_bytes() == data, name


def test_every_code_is_of_its_kind() -> None:
    plant = p.build()
    for pack in plant.packs:
        vehicle = identify(pack.vin, 7, ItemType.VEHICLE)
        assert (vehicle.scheme, vehicle.note) == (Scheme.VIN, "")
        assert identify(pack.code, 7).scheme is Scheme.BATTERY
        assert identify(pack.bms, 7, ItemType.SERIAL).scheme is Scheme.MAKER
    for module in plant.modules:
        assert identify(module.code, 7).scheme is Scheme.BATTERY
    for lot in plant.lots():
        link = p.lot_link(p.CELL_GTIN, p.lot_name(lot))
        found = identify(link, 7)
        assert (found.id.id, found.id.type) == (link, ItemType.BATCH)
    codes = [code for module in plant.modules for code, _ in module.cells]
    assert len(codes) == len(set(codes)) == 40 * 4 * 6 + 3 * 6


@pytest.mark.parametrize("name", ["cell-maker.epcis.jsonld", "car-maker.epcis.jsonld"])
def test_every_event_can_be_captured(name: str) -> None:
    rows = list(epcis_rows((FOLDER / name).read_bytes(), 7))
    assert rows
    assert [row.problem for row in rows if row.problem] == []


def test_the_answers_are_those_of_the_story() -> None:
    """Counted by hand from the plan: lot 4 reaches from the middle of pack 12 into pack 16."""
    answers = json.loads((FOLDER / "expected.json").read_text(encoding="utf-8"))
    coil = answers["recall_coil"]
    vins = [pack.vin for pack in p.build().packs]
    assert coil["certain"] == sorted(vins[n] for n in (12, 13, 14, 15, 33))
    assert coil["possible"] == sorted(vins[n] for n in (16, 17, 18, 19))
    assert coil["excluded_part_removed"] == [vins[11]]
    assert coil["as_built_certain"] == sorted(vins[n] for n in (11, 12, 13, 14, 15))
    assert coil["certain_in_field"] == sorted(vins[n] for n in (12, 13, 14, 33))
    assert answers["machine_oven"]["certain"] == sorted(vins[n] for n in (28, 29))
    assert answers["gauge"]["certain"] == sorted(vins[n] for n in (25, 27, 29, 31, 33, 35))


def test_certificates_can_be_read() -> None:
    files = sorted((FOLDER / "certificates").glob("*.pdf"))
    assert len(files) == 14
    document = pypdfium2.PdfDocument(FOLDER / "certificates" / f"{p.BAD_COIL}.pdf")
    text = document[0].get_textpage().get_text_range()
    document.close()
    assert "毛刺高度超差，让步放行" in text
    assert p.BAD_COIL in text


@pytest.mark.parametrize(("table", "mapping"), MAPPINGS.items())
def test_every_mapping_fits_its_table(table: str, mapping: str) -> None:
    raw = yaml.safe_load((FOLDER / mapping).read_text(encoding="utf-8"))
    encoding = "gb18030" if table == "cells.csv" else "utf-8"
    head = (FOLDER / table).read_text(encoding=encoding).splitlines()[0].split(",")
    assert set(parse_trace_mapping(raw).needed_columns) <= set(head)


def test_the_facts_can_be_captured() -> None:
    told = json.loads((FOLDER / "facts.json").read_text(encoding="utf-8"))
    rows = list(rows_from_json(told, 7))
    assert [row.problem for row in rows if row.problem] == []
    assert len(rows) == 4
