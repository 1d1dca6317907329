from typing import Any

import pytest
from xinlian.trace.adapters.epcis import epcis_rows
from xinlian.trace.model.epcis.query import parse_query
from xinlian.trace.model.facts import Event
from xinlian.trace.model.sources import SourceError

from tests.trace.epcis.samples import document, event

T0 = 1_772_323_200_000


def made(**fields: Any) -> dict[str, Any]:
    row = next(iter(epcis_rows(document(event(**fields)), 7)))
    assert row.problem is None, row.problem
    fact = row.facts[0]
    assert isinstance(fact, Event)
    return dict(fact.document)


RICH = {
    "eventID": "urn:uuid:374d95fc-9457-4a51-bd6a-0bba133845a8",
    "disposition": "in_transit",
    "readPoint": {"id": "urn:epc:id:sgln:4012345.00011.0"},
    "quantityList": [{"epcClass": "urn:epc:class:lgtin:4012345.012345.L1"}],
    "bizTransactionList": [{"type": "po", "bizTransaction": "urn:x:po1"}],
    "persistentDisposition": {"set": ["completeness_verified"]},
}


@pytest.mark.parametrize(
    ("name", "hit", "miss"),
    [
        ("eventType", "ObjectEvent,AggregationEvent", "AggregationEvent"),
        ("GE_eventTime", "2026-03-01T08:00:00+08:00", "2026-03-01T08:00:00.001+08:00"),
        ("LT_eventTime", "2026-03-01T08:00:00.001+08:00", "2026-03-01T08:00:00+08:00"),
        ("GE_recordTime", "2026-03-01T00:00:01Z", "2026-03-01T00:00:02Z"),
        ("EQ_action", "ADD,OBSERVE", "DELETE"),
        ("EQ_bizStep", "shipping,inspecting", "shipping"),
        ("EQ_bizStep", "https://ref.gs1.org/cbv/BizStep-inspecting", "urn:a:b"),
        ("EQ_disposition", "in_transit", "recalled"),
        ("EQ_persistentDisposition_set", "completeness_verified", "damaged"),
        ("EQ_readPoint", "https://id.gs1.org/414/4012345000115", "urn:a:b"),
        ("EQ_eventID", RICH["eventID"], "urn:a:b"),
        ("MATCH_epc", "https://id.gs1.org/01/04012345111118/21/9876", "urn:a:b"),
        ("MATCH_epc", "urn:a:b|urn:epc:id:sgtin:4012345.011111.9876", "urn:a:b"),
        (
            "MATCH_epc",
            "urn:epc:idpat:sgtin:4012345.011111.*",
            "urn:epc:idpat:sgtin:4012345.011112.*",
        ),
        ("MATCH_anyEPC", "urn:epc:id:sgtin:4012345.011111.9876", "urn:a:b"),
        ("MATCH_epcClass", "https://id.gs1.org/01/04012345123456/10/L1", "urn:a:b"),
        ("MATCH_anyEPCClass", "urn:epc:class:lgtin:4012345.012345.L1", "urn:a:b"),
        ("EQ_bizTransaction_po", "urn:x:po1", "urn:x:po2"),
        ("EXISTS_errorDeclaration", "false", "true"),
    ],
)
def test_each_filter_keeps_and_leaves_out(name: str, hit: str, miss: str) -> None:
    found = made(**RICH)
    assert parse_query([(name, hit)]).matches(found, T0 + 1000)
    assert not parse_query([(name, miss)]).matches(found, T0 + 1000)


def test_parents_and_transformations_are_found() -> None:
    packed = made(
        type="AggregationEvent",
        epcList=None,
        parentID="urn:epc:id:sscc:0614141.1234567890",
        childEPCs=["urn:epc:id:sgtin:4012345.011111.9876"],
    )
    for name in ("MATCH_parentID", "MATCH_anyEPC"):
        assert parse_query([(name, "https://id.gs1.org/00/106141412345678908")]).matches(packed, 0)
    turned = made(
        type="TransformationEvent",
        action=None,
        epcList=None,
        inputEPCList=["urn:a:in"],
        outputEPCList=["urn:a:out"],
        transformationID="urn:a:t",
    )
    for name, value in (
        ("MATCH_inputEPC", "urn:a:in"),
        ("MATCH_outputEPC", "urn:a:out"),
        ("EQ_transformationID", "urn:a:t"),
    ):
        assert parse_query([(name, value)]).matches(turned, 0)
        assert not parse_query([(name, "urn:a:other")]).matches(turned, 0)


def test_paging_and_order_are_read() -> None:
    query = parse_query(
        [
            ("orderBy", "recordTime"),
            ("orderDirection", "ASC"),
            ("perPage", "7"),
            ("nextPageToken", "ab"),
        ]
    )
    assert (query.order_by, query.descending) == ("recordTime", False)
    assert (query.per_page, query.next_page_token) == (7, "ab")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("EQ_color", "red"),
        ("WD_readPoint", "urn:a:b"),
        ("GE_eventTime", "yesterday"),
        ("EQ_action", "MOVE"),
        ("EQ_bizStep", "shiping"),
        ("MATCH_epc", ""),
        ("MATCH_epc", "x"),
        ("MATCH_epc", "urn:epc:idpat:sgtin:4012345.*.*"),
        ("perPage", "0"),
        ("perPage", "1001"),
        ("orderBy", "epc"),
        ("nextPageToken", "a b"),
        ("EQ_bizTransaction_xx", "urn:a:b"),
    ],
)
def test_what_is_not_supported_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(SourceError) as caught:
        parse_query([(name, value)])
    assert caught.value.path == name


def test_two_limits_exclude_each_other() -> None:
    with pytest.raises(SourceError, match="eventCountLimit"):
        parse_query([("eventCountLimit", "5"), ("maxEventCount", "5")])
