"""What people type is looked up on both databases, by an index."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from xinlian.ledger.adapters.sql.engine import begin_read
from xinlian.services.app.trace_finding import loosely
from xinlian.trace.adapters.sql.items import ItemTable
from xinlian.trace.model.codes.short import short_code
from xinlian.trace.model.items import ItemId

from tests.trace.plant import Plant, batch, item, serial

LOT = batch("https://id.gs1.org/01/09521100000024/10/EL-260908%2F3")
SSCC = batch("https://id.gs1.org/00/106141412345678908")
KIND = batch("https://id.gs1.org/01/09521100000024")
OWN = serial("Bms 26-a1", 7)
ALIEN = serial("bms26-A1", 8)


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("EL-260908/3", [LOT]),
        (" el-260908/3 ", [LOT]),
        ("106141412345678908", [SSCC]),
        ("9521100000024", [KIND]),
        ("BMS26-A1", [OWN, ALIEN]),
        ("260908", []),
        ("x" * 300, []),
    ],
)
def test_a_short_code_is_found(plant: Plant, typed: str, found: list[ItemId]) -> None:
    plant.must(item(LOT), item(SSCC), item(KIND), item(OWN))
    plant.must(item(ALIEN), party=8)
    with begin_read(plant.engine) as connection:
        numbers = loosely(connection, typed, 7, frozenset({7}))
        names = ItemTable(connection).ids(numbers)
    assert [names[number] for number in numbers] == found


def test_what_is_the_code_itself_takes_no_second_place(plant: Plant) -> None:
    plant.must(item(serial("A-1", 7)), item(batch("urn:uuid:ab")))
    with plant.engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM trace_short_codes")).scalar() == 0
    assert short_code("https://id.gs1.org/01/09521100000024/21/a") == "A"
