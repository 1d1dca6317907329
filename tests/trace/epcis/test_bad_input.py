import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from xinlian.trace.adapters.epcis import epcis_rows
from xinlian.trace.model.capture import Row
from xinlian.trace.model.sources import SourceError

from tests.trace.epcis.samples import CONTEXT, GOOD_XML, OWN, document, event, xml

SGTIN = "https://id.gs1.org/01/04012345111118/21/9876"


def read(*events: Any, **fields: Any) -> list[Row]:
    return list(epcis_rows(document(*events, **fields), 7))


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
        (b"[]", "", "is no object"),
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
