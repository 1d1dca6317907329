import json
from typing import Any

import pytest
from xinlian.trace.adapters.epcis import epcis_rows
from xinlian.trace.model.capture import Row
from xinlian.trace.model.facts import Correction, Event, Gap, GapKind
from xinlian.trace.model.items import WORLD, Item, ItemType
from xinlian.trace.model.links import Certainty, Link, LinkKind

from tests.trace.epcis.samples import GOOD_XML, SHARED, document, event, xml

EXAMPLES = SHARED / "epcis"
T0 = 1_772_323_200_000  # 2026-03-01T00:00:00Z
SGTIN = "https://id.gs1.org/01/04012345111118/21/9876"


def read(*events: Any, **fields: Any) -> list[Row]:
    return list(epcis_rows(document(*events, **fields), 7))


def of_kind(row: Row, kind: type) -> list[Any]:
    return [fact for fact in row.facts if isinstance(fact, kind)]


def test_every_published_example_is_taken_event_by_event() -> None:
    files = sorted(EXAMPLES.glob("*.jsonld"))
    if not files:
        pytest.skip("the public EPCIS examples are not on this machine")
    for path in files:
        rows = list(epcis_rows(path.read_bytes(), 7))
        events = json.loads(path.read_bytes())["epcisBody"]["eventList"]
        assert [row.problem for row in rows] == [None] * len(events), path.name
        assert all(len(of_kind(row, Event)) == 1 for row in rows)
    assert len(files) == 11


def test_an_error_declaration_is_a_correction_of_the_same_event_id() -> None:
    wrong = event(eventID="urn:uuid:374d95fc-9457-4a51-bd6a-0bba133845a8")
    declared = wrong | {
        "errorDeclaration": {
            "declarationTime": "2026-03-02T00:00:00Z",
            "reason": "did_not_occur",
            "correctiveEventIDs": ["urn:uuid:404d95fc-9457-4a51-bd6a-0bba133845a8"],
        }
    }
    first, second = read(wrong, declared)
    one, two = of_kind(first, Event)[0], of_kind(second, Event)[0]
    assert one.event_id == two.event_id
    assert one.hash_id == two.hash_id
    assert (one.is_correction, two.is_correction) == (False, True)
    assert two.corrective_event_ids == ("urn:uuid:404d95fc-9457-4a51-bd6a-0bba133845a8",)
    correction = of_kind(second, Correction)[0]
    assert (correction.target, correction.kind) == (one.event_id, "event")
    assert correction.reason == "https://ref.gs1.org/cbv/ER-did_not_occur"
    assert not of_kind(second, Link)


def test_association_and_disassociation_bound_a_links_validity() -> None:
    fields = {
        "type": "AssociationEvent",
        "epcList": None,
        "parentID": "urn:epc:id:giai:4000001.CAR1",
        "childEPCs": ["urn:epc:id:sgtin:4012345.011111.9876"],
    }
    added, removed = read(
        event(**fields, action="ADD"),
        event(**fields, action="DELETE", eventTime="2026-03-02T00:00:00Z"),
    )
    fitted, taken_out = of_kind(added, Link)[0], of_kind(removed, Link)[0]
    assert (fitted.kind, fitted.child.id) == (LinkKind.ASSEMBLED, SGTIN)
    assert (fitted.valid_from_ms, fitted.valid_to_ms) == (T0, None)
    assert (taken_out.valid_from_ms, taken_out.valid_to_ms) == (None, T0 + 86_400_000)


def test_packing_is_no_composition_and_kinds_without_lot_are_gaps() -> None:
    row = read(
        event(
            type="AggregationEvent",
            action="ADD",
            epcList=None,
            parentID="urn:epc:id:sscc:0614141.1234567890",
            childEPCs=["urn:epc:id:sgtin:4012345.011111.9876"],
            childQuantityList=[
                {
                    "epcClass": "urn:epc:class:lgtin:4012345.012345.77",
                    "quantity": 200.5,
                    "uom": "KGM",
                },
                {"epcClass": "urn:epc:idpat:sgtin:4012345.098765.*", "quantity": 10},
            ],
        )
    )[0]
    links = of_kind(row, Link)
    assert [link.kind for link in links] == [LinkKind.PACKED] * 2
    assert (links[1].quantity, links[1].unit) == ("200.5", "KGM")
    gap = of_kind(row, Gap)[0]
    assert gap.kind is GapKind.MISSING_CHILD
    assert gap.item.id == "https://id.gs1.org/00/106141412345678908"
    assert "10 https://id.gs1.org/01/04012345987652: no lot" in gap.what


def transformation(inputs: int, outputs: int, **fields: Any) -> Row:
    made = {
        "type": "TransformationEvent",
        "action": None,
        "epcList": None,
        "inputEPCList": [f"urn:epc:id:sgtin:4012345.011111.i{i}" for i in range(inputs)],
        "outputEPCList": [f"urn:epc:id:sgtin:4012345.033333.o{i}" for i in range(outputs)],
        "bizStep": "commissioning",
        "ilmd": {"example:batch": "XYZ", "example:n": 7},
    }
    return read(event(**(made | fields)))[0]


def test_a_transformation_knows_what_went_where_only_if_one_side_is_single() -> None:
    for inputs, outputs in ((3, 1), (1, 3)):
        links = of_kind(transformation(inputs, outputs), Link)
        assert len(links) == 3
        assert {(link.kind, link.certainty) for link in links} == {
            (LinkKind.CONSUMED, Certainty.KNOWN)
        }
    links = of_kind(transformation(2, 2), Link)
    assert {link.certainty for link in links} == {Certainty.CANDIDATE}
    assert len({link.candidate_group for link in links}) == 2


def test_what_is_left_over_of_an_input_is_no_product_of_itself() -> None:
    lot = {"epcClass": "urn:epc:class:lgtin:4012345.011111.4444", "quantity": 10, "uom": "KGM"}
    row = transformation(1, 1, inputQuantityList=[lot], outputQuantityList=[lot])
    assert [link.child.id for link in of_kind(row, Link)] == [
        "https://id.gs1.org/01/04012345111118/21/i0",
        "https://id.gs1.org/01/04012345111118/10/4444",
    ]
    assert [item.scanned for item in of_kind(row, Item)] == ["urn:epc:id:sgtin:4012345.033333.o0"]


def test_what_comes_into_being_carries_its_master_data() -> None:
    row = transformation(1, 1)
    born = next(item for item in of_kind(row, Item) if "033333" in item.scanned)
    assert born.made_at_ms == T0
    assert born.attributes == {
        "https://ns.example.com/epcis/batch": "XYZ",
        "https://ns.example.com/epcis/n": "7",
    }
    assert len(of_kind(row, Item)) == 1


def test_vehicles_may_stand_by_their_vin() -> None:
    made = of_kind(read(event(epcList=["urn:vin:LGBH52E08DY076543", "urn:vin:ODD1"]))[0], Event)[0]
    assert [(item.owner, item.type, item.id) for item in made.items] == [
        (WORLD, ItemType.VEHICLE, "LGBH52E08DY076543"),
        (7, ItemType.VEHICLE, "ODD1"),
    ]


def test_a_header_is_kept_as_a_row_of_its_own() -> None:
    rows = read(event(), epcisHeader={"epcisMasterData": {"vocabularyList": []}})
    assert [row.place for row in rows] == ["epcisHeader", "epcisBody.eventList[0]"]
    assert "vocabularyList" in rows[0].source
    headed = xml(GOOD_XML).replace(
        b"<EPCISBody>", b"<EPCISHeader><x>7</x></EPCISHeader><EPCISBody>"
    )
    rows = list(epcis_rows(headed, 7))
    assert [row.place for row in rows] == ["epcisHeader", "EventList/ObjectEvent[1]"]
    assert rows[0].source == '{"x":"7"}'


def test_a_wide_transformation_goes_through_its_process() -> None:
    row = transformation(300, 300)
    assert row.problem is not None
    assert "transformationID" in row.problem.why
    row = transformation(300, 300, transformationID="urn:epc:id:gdti:4012345.55555.77")
    assert len(of_kind(row, Link)) == 600


def test_sensor_numbers_stay_the_texts_of_the_source() -> None:
    data = document(event()).replace(
        b'"bizStep"',
        b'"sensorElementList": [{"sensorReport": [{"type": "Temperature",'
        b' "value": 26.10000000000000000001, "uom": "CEL"}]}], "bizStep"',
    )
    made = of_kind(next(iter(epcis_rows(data, 7))), Event)[0]
    report = made.document["sensorElementList"][0]["sensorReport"][0]
    assert report["value"] == "26.10000000000000000001"
    assert type(report["value"]) is str
