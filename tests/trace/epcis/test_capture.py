import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from xinlian.trace.adapters.epcis import epcis_rows
from xinlian.trace.model.capture import Row
from xinlian.trace.model.facts import Correction, Event, Gap, GapKind
from xinlian.trace.model.items import WORLD, Item, ItemType
from xinlian.trace.model.links import Certainty, Link, LinkKind
from xinlian.trace.model.sources import SourceError

from tests.trace.epcis.samples import CONTEXT, OWN, SHARED, document, event, xml

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


@pytest.mark.parametrize(
    ("fields", "place", "word"),
    [
        ({"type": "NoEvent"}, "type", "no type of event"),
        ({"eventTime": None}, "eventTime", "missing"),
        ({"eventTime": "2026-03-01T08:00:00"}, "eventTime", "with offset"),
        ({"eventTime": "1969-12-31T23:59:59Z"}, "eventTime", "1970 to 2099"),
        ({"eventTime": "2100-01-01T00:00:00Z"}, "eventTime", "1970 to 2099"),
        ({"eventTimeZoneOffset": "8"}, "eventTimeZoneOffset", "offset"),
        ({"action": "MOVE"}, "action", "ADD, OBSERVE, DELETE"),
        ({"bizStep": "shiping"}, "bizStep", "no word of CBV"),
        ({"epcList": "x"}, "epcList", "must be a list"),
        ({"epcList": ["x"]}, "epcList[0]", "no URI"),
        ({"epcList": []}, "epcList", "must list something"),
        ({"epcList": ["urn:epc:id:sgtin:4012345.1.9"]}, "epcList[0]", "13 digits"),
        (
            {"epcList": ["https://id.gs1.org/01/04012345111119/21/1"]},
            "epcList[0]",
            "8 would fit",
        ),
        ({"epcList": ["urn:a:b", "urn:a:b"]}, "epcList", "stands twice"),
        ({"quantityList": [{"quantity": 1}]}, "quantityList[0].epcClass", "missing"),
        (
            {"quantityList": [{"epcClass": "urn:a:b", "quantity": "many"}]},
            "quantityList[0].quantity",
            "no number",
        ),
        ({"other": 1}, "other", "no field"),
        ({"foo:bar": 1}, "foo:bar", "not declared"),
        ({"readPoint": {}}, "readPoint.id", "missing"),
        ({"sensorElementList": [{}]}, "sensorElementList[0].sensorReport", "missing"),
        (
            {"sensorElementList": [{"sensorReport": [{"type": "Heat"}]}]},
            "sensorElementList[0].sensorReport[0].type",
            "no word",
        ),
        ({"errorDeclaration": {}}, "errorDeclaration.declarationTime", "missing"),
        ({"@context": ["https://example.com/other.jsonld"]}, "@context[0]", "not fetched"),
        ({"epcList": ["urn:epc:id:sgtin:4012345.011111.А1"]}, "epcList[0]", "CYRILLIC"),
    ],
)
def test_a_bad_event_is_named_with_row_and_field(
    fields: dict[str, Any], place: str, word: str
) -> None:
    good, bad = read(event(), event(**fields))
    assert good.problem is None
    assert bad.problem is not None
    assert bad.facts == ()
    assert bad.problem.field == f"epcisBody.eventList[1].{place}"
    assert word in bad.problem.why
    assert bad.problem.why_zh
    assert json.loads(bad.source)["type"]


def test_a_part_inside_itself_is_named() -> None:
    fields = {"type": "AssociationEvent", "epcList": None, "action": "ADD"}
    one = "urn:epc:id:sgtin:4012345.011111.9876"
    for child in (one, SGTIN):
        row = read(event(**fields, parentID=one, childEPCs=[child]))[0]
        assert row.problem is not None
        assert "part of itself" in row.problem.why


@pytest.mark.parametrize(
    ("data", "place", "word"),
    [
        (b"", "", "no JSON"),
        (b"{", "", "no JSON: Expecting property name"),
        (b'{"a": NaN}', "", "NaN is no number"),
        (b'{"a": 1, "a": 2}', "a", "stands twice"),
        (b"\xff{}", "", "not UTF-8"),
        (b"[]", "", "is an object"),
        (b"[" * 100_000, "", "nested too deep"),
        (b'{"a":' * 100_000, "", "nested too deep"),
        (b'{"type": "EPCISDocument"}', "@context", "missing"),
        (document(**{"@context": "https://example.com/x"}), "@context", "not fetched"),
        (document(**{"@context": [OWN]}), "@context", "context of EPCIS 2.0 is missing"),
        (document(**{"@context": [CONTEXT, {"a": "b"}]}), "@context[1].a", "absolute URI"),
        (document(**{"@context": [CONTEXT, {"eventTime": "x:y"}]}), "@context[1].eventTime", "oth"),
        (document(**{"@context": [CONTEXT, 7]}), "@context[1]", "must be an address or"),
        (document(schemaVersion="1.2"), "schemaVersion", "only 2.0"),
        (document(creationDate="yesterday"), "creationDate", "date and time"),
        (document(type="Thing"), "type", "neither"),
        (document(epcisBody={}), "epcisBody.eventList", "missing"),
        (document(epcisBody={"eventList": {}}), "epcisBody.eventList", "list"),
    ],
)
def test_a_broken_document_is_refused_whole(data: bytes, place: str, word: str) -> None:
    with pytest.raises(SourceError, match=word) as caught:
        list(epcis_rows(data, 7))
    assert caught.value.path == place
    assert caught.value.why_zh


def test_deep_extensions_are_refused_in_their_event() -> None:
    deep: Any = "x"
    for _ in range(200):
        deep = {"example:a": deep}
    row = read(event(**{"example:a": deep}))[0]
    assert row.problem is not None
    assert "nested" in row.problem.why


def test_single_events_and_query_documents_are_read() -> None:
    single = json.dumps({"@context": [CONTEXT], **event()}).encode()
    assert [row.problem for row in epcis_rows(single, 7)] == [None]
    bare = json.dumps(event()).encode()
    assert [row.problem.field for row in epcis_rows(bare, 7) if row.problem] == ["event.@context"]
    query = document(
        type="EPCISQueryDocument",
        epcisBody={"queryResults": {"resultsBody": {"eventList": [event()]}}},
    )
    assert [row.place for row in epcis_rows(query, 7)] == [
        "epcisBody.queryResults.resultsBody.eventList[0]"
    ]


GOOD_XML = (
    "<ObjectEvent><eventTime>2026-03-01T00:00:00Z</eventTime><eventTimeZoneOffset>+08:00"
    "</eventTimeZoneOffset><epcList><epc>urn:epc:id:sgtin:4012345.011111.9876</epc></epcList>"
    "<action>OBSERVE</action></ObjectEvent>"
)


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"<a", "no XML"),
        (b"<a/>", "root is no EPCISDocument"),
        (b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', "entities or a document type"),
        (
            b'<!DOCTYPE l [<!ENTITY a "aa"><!ENTITY b "&a;&a;"><!ENTITY c "&b;&b;">]><l>&c;</l>',
            "entities or a document type",
        ),
        (b'<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/passwd">]><r>&x;</r>', "entities"),
        (xml("").replace(b'"2.0"', b'"3.0"'), "only 1.2 and 2.0"),
        (xml("").replace(b"EventList", b"List"), "no EventList"),
        (xml("<x>" * 200 + "</x>" * 200), "too deep"),
    ],
)
def test_hostile_xml_is_refused(data: bytes, word: str) -> None:
    with pytest.raises(SourceError, match=word):
        list(epcis_rows(data, 7))


def test_xml_events_carry_their_own_problems() -> None:
    bad = GOOD_XML.replace("OBSERVE", "MOVE")
    twice = GOOD_XML.replace("<action>", "<action>ADD</action><action>")
    rows = list(epcis_rows(xml(GOOD_XML + bad + twice), 7))
    assert rows[0].problem is None
    assert [row.problem.field for row in rows if row.problem] == [
        "EventList/ObjectEvent[2].action",
        "EventList/ObjectEvent[3].action",
    ]


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=8)
    | st.sampled_from(["ADD", "urn:a:b"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["id", "type", "sensorReport", "value", "example:x", "epcClass", "set"]
            ),
            inner,
            max_size=3,
        )
    ),
    max_leaves=6,
)
NAMES = st.sampled_from(
    [
        "type", "eventTime", "epcList", "quantityList", "readPoint", "bizTransactionList", "ilmd",
        "sensorElementList", "persistentDisposition", "errorDeclaration", "sourceList", "parentID",
        "childEPCs", "certificationInfo", "example:x", "@context", "eventID", "transformationID",
    ]
)  # fmt: skip


@given(st.dictionaries(NAMES, VALUES, max_size=6))
@settings(deadline=None)
def test_no_event_breaks_the_reader(fields: dict[str, Any]) -> None:
    row = read(event() | fields)[0]
    assert (row.problem is None) == bool(row.facts)
    if row.problem is not None:
        assert row.problem.why
        assert row.problem.why_zh
