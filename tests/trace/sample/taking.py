"""Takes the bundled sample into a store, file by file, as its parties would."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from typing import Any, Final

import yaml
from xinlian.trace.adapters.epcis import epcis_rows
from xinlian.trace.adapters.files import read_file, read_mapping, table_rows
from xinlian.trace.model.capture import CaptureReceipt, Row
from xinlian.trace.model.json_rows import rows_from_json
from xinlian.trace.model.mapping import FactKind, parse_trace_mapping
from xinlian.trace.usecases.capture import Capture

from tests.trace.sample.make import FOLDER

CAR: Final = 3
PACK: Final = 4
CELL: Final = 5
_TIMES: Final = frozenset({"made_at", "valid_from", "valid_to", "time", "start", "end"})


def rows_of(name: str, party: int) -> list[Row]:
    """The rows of one file of the sample; tables through their mapping."""
    data = (FOLDER / name).read_bytes()
    if name.endswith(".jsonld"):
        return list(epcis_rows(data, party))
    if name.endswith(".json"):
        return list(rows_from_json(json.loads(data), party))
    content = read_file(FOLDER / name)
    return list(table_rows(content, read_mapping(FOLDER / MAPPINGS[name]), party))


def facts_of(name: str) -> list[dict[str, Any]]:
    """The rows of a table as the JSON of the API."""
    return list(_facts(name, (FOLDER / name).read_bytes()))


def _facts(name: str, data: bytes) -> Iterator[dict[str, Any]]:
    mapping = parse_trace_mapping(
        yaml.safe_load((FOLDER / MAPPINGS[name]).read_text(encoding="utf-8"))
    )
    text = data.decode("gb18030" if name == "cells.csv" else "utf-8")
    further = {FactKind.PROCESSES: "parameters"}.get(mapping.kind, "attributes")
    for row in csv.DictReader(io.StringIO(text, newline="")):
        fact: dict[str, Any] = {"type": mapping.kind.fact}
        for field, column in mapping.columns.items():
            value = row[column]
            if not value:
                continue
            if field in _TIMES:
                value = value.replace(" ", "T") + ".000+08:00"
            fact[field] = value == "是" if field == "key" else value
        if mapping.table:
            fact[further] = {key: row[at] for key, at in mapping.table.items() if row[at]}
        yield fact


MAPPINGS: Final = {
    "vehicles.csv": "items.yaml",
    "items.csv": "items.yaml",
    "cells.csv": "items.yaml",
    "genealogy.csv": "genealogy.yaml",
    "vehicle-links.csv": "genealogy.yaml",
    "inspections.csv": "inspections.yaml",
    "processes.csv": "processes.yaml",
    "claims.csv": "claims.yaml",
}
FILES: Final = (
    ("cell-maker.epcis.jsonld", CELL),
    ("vehicles.csv", CAR),
    ("vehicle-links.csv", CAR),
    ("items.csv", PACK),
    ("cells.csv", PACK),
    ("genealogy.csv", PACK),
    ("inspections.csv", PACK),
    ("processes.csv", PACK),
    ("claims.csv", PACK),
    ("facts.json", PACK),
    ("car-maker.epcis.jsonld", CAR),
)


def take_all(capture: Capture, now_ms: int) -> dict[str, CaptureReceipt]:
    """Take every file; the receipts by file."""
    return {
        name: capture.take(party, rows_of(name, party), now_ms=now_ms, capture_key=name)
        for name, party in FILES
    }
