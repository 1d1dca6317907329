import json
from pathlib import Path
from typing import Any

import pytest
from xinlian.trace.adapters.catenax import catenax_rows
from xinlian.trace.model.capture import Row, RowStatus
from xinlian.trace.model.facts import Gap, GapKind
from xinlian.trace.model.items import WORLD, Item, ItemType, Scheme
from xinlian.trace.model.links import Link, LinkKind
from xinlian.trace.model.sources import SourceError

from tests.trace.plant import NOW, OWNER, Plant

SHARED = Path(__file__).parents[4] / "shared" / "data" / "catenax"
KEY = "https://catenax.io/schema/TestDataContainer/1.0.0"
SERIAL = "urn:bamm:io.catenax.serial_part:1.0.1#SerialPart"
BATCH = "urn:samm:io.catenax.batch:2.0.0#Batch"
BOM = "urn:bamm:io.catenax.single_level_bom_as_built:1.0.0#SingleLevelBomAsBuilt"
USAGE = "urn:bamm:io.catenax.single_level_usage_as_built:1.0.1#SingleLevelUsageAsBuilt"
CAR, PART, LOT = (f"urn:uuid:a1fa0f85-697d-4c9d-982f-2501af8e863{n}" for n in range(3))


def part(part_id: str, aspect: str = SERIAL, **local: str) -> dict[str, Any]:
    ids = {"manufacturerId": "BPNL1", "partInstanceId": "NO-1"} | local
    return {
        "catenaXId": part_id,
        aspect: [
            {
                "catenaXId": part_id,
                "localIdentifiers": [{"key": key, "value": value} for key, value in ids.items()],
                "manufacturingInformation": {"date": "2022-02-04T14:48:54", "country": "DEU"},
                "partTypeInformation": {"manufacturerPartId": "P-1", "nameAtManufacturer": "Door"},
            }
        ],
    }


def bom(*children: str, **entry: Any) -> dict[str, Any]:
    quantity = {"quantityNumber": 0.25, "measurementUnit": "unit:kilogram"}
    made = {"quantity": quantity, "createdOn": "2022-02-03T14:48:54.709Z"} | entry
    return {BOM: [{"childItems": [{"catenaXId": child, **made} for child in children]}]}


def usage(*parents: str) -> dict[str, Any]:
    piece = {"quantityNumber": 1, "measurementUnit": "unit:piece"}
    listed = [{"parentCatenaXId": parent, "quantity": piece} for parent in parents]
    return {USAGE: [{"parentParts": listed}]}


def read(*twins: Any, **beside: Any) -> list[Row]:
    return list(catenax_rows(json.dumps({KEY: list(twins), **beside}).encode(), OWNER))


def of_kind(row: Row, kind: type) -> list[Any]:
    return [fact for fact in row.facts if isinstance(fact, kind)]


FILES = {
    # twins, links, vehicles, batches
    "battery_vehicles_as_built.json": (162, 283, 4, 14),
    "vehicles_as_built.json": (45, 41, 4, 14),
}


@pytest.mark.parametrize("name", FILES)
def test_the_public_containers_are_taken_twin_by_twin(name: str, plant: Plant) -> None:
    path = SHARED / name
    if not path.exists():
        pytest.skip("the public Catena-X containers are not on this machine")
    rows = list(catenax_rows(path.read_bytes(), OWNER))
    container = json.loads(path.read_bytes())
    twins = container[KEY]
    wanted = FILES[name]
    items = [item for row in rows for item in of_kind(row, Item)]
    links = {(link.child, link.parent) for row in rows for link in of_kind(row, Link)}
    assert (len(twins), len(links)) == wanted[:2]
    assert len(rows) == len(twins) + (len(container) > 1)
    assert sum(item.id.type is ItemType.VEHICLE for item in items) == wanted[2]
    assert sum(item.id.type is ItemType.BATCH for item in items) == wanted[3]
    # Nothing is dropped: every aspect is understood or listed as a gap, and kept in the source.
    understood = ("SerialPart", "Batch", "SerialPartTypization", "AssemblyPartRelationship",
                  "SingleLevelBomAsBuilt", "SingleLevelUsageAsBuilt", "PhysicalDimension",
                  "ProductDescription")  # fmt: skip
    for row, twin in zip(rows, twins, strict=False):
        gaps = " ".join(gap.what for gap in of_kind(row, Gap))
        for aspect in set(twin) - {"catenaXId", "bpnl"}:
            assert aspect.split("#")[-1] in understood or aspect in gaps
        assert json.loads(row.source) == twin
    first = plant.capture.take(OWNER, rows, now_ms=NOW, capture_key="a")
    assert first.taken
    assert {each.status for each in first.rows} == {RowStatus.ACCEPTED}
    again = plant.capture.take(
        OWNER, catenax_rows(path.read_bytes(), OWNER), now_ms=NOW, capture_key="b"
    )
    assert {each.status for each in again.rows} == {RowStatus.EXISTS}
    assert len(again.rows) == len(rows)


def test_a_vehicle_is_known_by_its_number_and_parts_by_their_id() -> None:
    odd, car, door, lot = read(
        part(CAR, van="OMAOYGBDTSRCMYSCX"),
        part(PART[:-1] + "9", van="LGBH52E08DY076543"),
        part(PART),
        part(LOT, BATCH, batchId="B-7"),
    )
    item = of_kind(odd, Item)[0]
    # A number that is no VIN stands for several vehicles in the public data: the twin's id counts.
    assert (item.id.id, item.id.type) == (CAR, ItemType.VEHICLE)
    assert (item.scanned, item.scheme) == ("OMAOYGBDTSRCMYSCX", Scheme.CATENA_X)
    item = of_kind(car, Item)[0]
    assert (item.id.owner, item.id.id, item.scheme) == (WORLD, "LGBH52E08DY076543", Scheme.VIN)
    assert item.attributes["catenaXId"] == PART[:-1] + "9"
    item = of_kind(door, Item)[0]
    assert (item.id.id, item.id.type, item.scanned) == (PART, ItemType.SERIAL, "NO-1")
    assert (item.name, item.maker, item.part_number) == ("Door", "BPNL1", "P-1")
    assert item.made_at_ms == 1_643_986_134_000
    assert of_kind(lot, Item)[0].id.type is ItemType.BATCH


def test_links_are_told_from_both_ends_once() -> None:
    car, door, lot = read(
        part(CAR, van="OMAOYGBDTSRCMYSCX") | bom(PART),
        part(PART) | usage(CAR),
        part(LOT, BATCH) | usage(PART),
    )
    link = of_kind(car, Link)[0]
    assert (link.child.id, link.parent.id) == (PART, CAR)
    assert (link.quantity, link.unit, link.kind) == ("0.25", "KGM", LinkKind.ASSEMBLED)
    assert of_kind(door, Link) == []
    link = of_kind(lot, Link)[0]
    assert (link.child.id, link.parent.id, link.kind) == (LOT, PART, LinkKind.CONSUMED)
    assert link.quantity is None


def test_what_is_not_understood_is_kept_and_listed() -> None:
    strange = "urn:samm:io.catenax.pcf:7.0.0#Pcf"
    row, beside = read(part(PART) | {strange: [{"co2": 1.50}], "Free": {}}, policies={"a": 1})
    gaps = of_kind(row, Gap)
    assert {gap.kind for gap in gaps} == {GapKind.UNKNOWN_ASPECT}
    assert [gap.what for gap in gaps] == [f"{strange} (1)", "Free (1)"]
    assert '"co2":1.5' in row.source
    assert (beside.source, beside.facts, beside.problem) == ('{"policies":{"a":1}}', (), None)


@pytest.mark.parametrize(
    ("twin", "place", "word"),
    [
        ("x", "", "is an object"),
        ({"catenaXId": "x"}, ".catenaXId", "no id of the form"),
        ({SERIAL: []}, ".catenaXId", "no id of the form"),
        (part(PART) | bom("x"), f".{BOM}.childItems[0].catenaXId", "no id"),
        (part(PART) | bom(PART), f".{BOM}.childItems[0]", "part of itself"),
        (part(PART) | bom(LOT, createdOn="soon"), f".{BOM}.childItems[0]", "no time"),
        (
            part(PART) | bom(LOT, quantity={"quantityNumber": "much"}),
            f".{BOM}.childItems[0].quantity",
            "no amount",
        ),
        (part(PART) | {BOM: [{"childItems": {}}]}, f".{BOM}.childItems", "list"),
        ({"catenaXId": PART, SERIAL: [7]}, f".{SERIAL}", "object"),
        (part(PART, van="О" + "M" * 16), f".{SERIAL}", "CYRILLIC"),
    ],
)
def test_a_bad_twin_is_named_with_its_place(twin: Any, place: str, word: str) -> None:
    good, bad = read(part(CAR), twin)
    assert good.problem is None
    assert bad.problem is not None
    assert bad.problem.field.startswith(f"twin[1]{place}"[:80])
    assert word in bad.problem.why
    assert bad.facts == ()


def test_an_id_that_stands_twice_is_named() -> None:
    _, second = read(part(PART), part(PART.upper().replace("URN:UUID", "urn:uuid")))
    assert second.problem is not None
    assert "twice" in second.problem.why


@pytest.mark.parametrize(
    "data",
    [b"", b"[]", b"{}", b'{"a": [1]}', json.dumps({KEY: {}}).encode(), b'{"a": 1, "a": 2}'],
)
def test_what_is_no_container_is_refused_whole(data: bytes) -> None:
    with pytest.raises(SourceError):
        list(catenax_rows(data, OWNER))
