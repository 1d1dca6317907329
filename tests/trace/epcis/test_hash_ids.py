import json
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from xinlian.trace.adapters.epcis import epcis_rows
from xinlian.trace.model.epcis.names import names_of_context
from xinlian.trace.model.epcis.normal import normal_event
from xinlian.trace.model.epcis.output import jsonld_document
from xinlian.trace.model.epcis.prehash import event_hash_id, prehash
from xinlian.trace.model.epcis.times import stamp_ms, stamp_of
from xinlian.trace.model.facts import Event
from xinlian.trace.model.sources import NumberText

from tests.trace.epcis.samples import SHARED, document, event, xml

HASHED = SHARED / "epcis-hash"
JUDGED = Path(__file__).parent / "judged.jsonl"


def hash_ids(data: bytes) -> list[str]:
    events = [fact for row in epcis_rows(data, 7) for fact in row.facts if isinstance(fact, Event)]
    return [fact.hash_id for fact in events]


@pytest.mark.parametrize("name", sorted(path.stem for path in HASHED.glob("*.hashes")) or [""])
def test_published_documents_get_their_published_hash_ids(name: str) -> None:
    if not name:
        pytest.skip("the public EPCIS documents with hash ids are not on this machine")
    wanted = (HASHED / f"{name}.hashes").read_text(encoding="utf-8").split()
    assert hash_ids((HASHED / f"{name}.jsonld").read_bytes()) == wanted


def test_events_of_all_types_get_the_hash_ids_of_the_reference_program() -> None:
    # judged.jsonl holds generated events with the hash ids that GS1's reference program gave them.
    lines = JUDGED.read_text(encoding="utf-8").splitlines()
    names = names_of_context(json.loads(lines[0])["context"])
    wrong = []
    for line in lines[1:]:
        judged = json.loads(line, parse_int=NumberText, parse_float=NumberText)
        if event_hash_id(normal_event(judged["event"], names)) != judged["hash"]:
            wrong.append(judged["event"])
    assert len(lines) > 100
    assert wrong == []


def test_json_and_xml_of_one_event_have_one_hash_id() -> None:
    given_json = event(
        action="ADD",
        bizStep="commissioning",
        readPoint={"id": "urn:epc:id:sgln:4012345.00011.0", "example:gate": "7"},
        quantityList=[
            {"epcClass": "urn:epc:class:lgtin:4012345.012345.L1", "quantity": 2.50, "uom": "KGM"}
        ],
        bizTransactionList=[{"type": "po", "bizTransaction": "https://t.example.com/po/1"}],
        sourceList=[{"type": "location", "source": "urn:epc:id:sgln:4012345.00225.0"}],
        persistentDisposition={"set": ["completeness_verified"]},
        sensorElementList=[
            {
                "sensorMetadata": {"time": "2026-03-01T07:00:00+08:00"},
                "sensorReport": [{"type": "Temperature", "value": 26.0, "uom": "CEL"}],
            }
        ],
        ilmd={"example:lot": "007"},
        **{"example:own": {"example:inner": ["b", "a"]}},
    )
    given_xml = """<ObjectEvent><eventTime>2026-03-01T00:00:00Z</eventTime>
      <eventTimeZoneOffset>+08:00</eventTimeZoneOffset>
      <epcList><epc>urn:epc:id:sgtin:4012345.011111.9876</epc></epcList>
      <action>ADD</action><bizStep>urn:epcglobal:cbv:bizstep:commissioning</bizStep>
      <readPoint><id>urn:epc:id:sgln:4012345.00011.0</id><example:gate>7</example:gate></readPoint>
      <bizTransactionList><bizTransaction type="urn:epcglobal:cbv:btt:po"
        >https://t.example.com/po/1</bizTransaction></bizTransactionList>
      <extension><quantityList><quantityElement>
        <epcClass>urn:epc:class:lgtin:4012345.012345.L1</epcClass>
        <quantity>2.5</quantity><uom>KGM</uom></quantityElement></quantityList>
        <sourceList><source type="urn:epcglobal:cbv:sdt:location"
          >urn:epc:id:sgln:4012345.00225.0</source></sourceList>
        <sensorElementList><sensorElement><sensorMetadata time="2026-02-28T23:00:00.000Z"/>
          <sensorReport type="gs1:Temperature" value="26" uom="CEL"/></sensorElement>
        </sensorElementList>
        <persistentDisposition><set>urn:epcglobal:cbv:disp:completeness_verified</set>
        </persistentDisposition>
        <ilmd><example:lot>007</example:lot></ilmd></extension>
      <example:own><example:inner>a</example:inner><example:inner>b</example:inner></example:own>
      </ObjectEvent>"""
    assert hash_ids(document(given_json)) == hash_ids(xml(given_xml))


def test_xml_with_every_kind_of_field_gets_the_hash_ids_of_the_reference_program() -> None:
    data = (Path(__file__).parent / "judged.xml").read_bytes()
    assert hash_ids(data) == [
        f"ni:///sha-256;{digest}?ver=CBV2.0"
        for digest in (
            "daf1cfcaabbbff1579e8663f6f6eef4352f707e3b0d4a25e849d62d6a1ae65d2",
            "bb98cb85b380b49c9b69ceabbd048a68a909500dd28b80baa567d0fefb0e14f7",
        )
    ]


def test_spelling_does_not_change_the_hash_id() -> None:
    one = event(epcList=["urn:epc:id:sgtin:4012345.011111.1", "urn:epc:id:sgtin:4012345.011111.2"])
    other = event(
        eventTime="2026-03-01T00:00:00Z",
        recordTime="2026-03-02T00:00:00Z",
        eventID="urn:uuid:374d95fc-9457-4a51-bd6a-0bba133845a8",
        bizStep="https://ref.gs1.org/cbv/BizStep-inspecting",
        epcList=[
            "https://shop.example.com/01/04012345111118/21/2?linkType=x",
            "https://id.gs1.org/01/04012345111118/21/1",
        ],
    )
    assert hash_ids(document(one)) == hash_ids(document(other))
    assert hash_ids(document(one)) != hash_ids(
        document(event(action="ADD", epcList=one["epcList"]))
    )


@given(
    st.decimals(allow_nan=False, allow_infinity=False, places=6).filter(lambda n: abs(n) < 10**12)
)
def test_a_number_has_one_spelling(number: Decimal) -> None:
    texts = {f"{number:f}", f"{number:f}0", f"{number.normalize():f}"}
    made = {
        prehash({"type": "ObjectEvent", "{https://ns.example.com/}n": NumberText(text)})
        for text in texts
    }
    assert len(made) == 1
    assert Decimal(made.pop().split("=")[-1]) == number


@given(st.integers(0, 4_102_444_799_999))
def test_times_are_exact_to_the_millisecond(ms: int) -> None:
    assert stamp_ms(stamp_of(ms)) == ms


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        ("1970-01-01T08:00:00.0015+08:00", 2),
        ("1970-01-01T00:00:00.0025Z", 2),
        ("1970-01-01T00:00:00.9999Z", 1000),
        ("1970-01-01T00:00:00", None),
        ("1970-02-30T00:00:00Z", None),
        ("1970-01-01T24:00:00Z", None),
        ("1970-01-01T00:00:00+25:00", None),
        ("１970-01-01T00:00:00Z", None),
    ],
)
def test_time_stamps_are_read_strictly(text: str, ms: int | None) -> None:
    assert stamp_ms(text) == ms


def test_events_go_out_as_they_came_in() -> None:
    lines = JUDGED.read_text(encoding="utf-8").splitlines()
    names = names_of_context(json.loads(lines[0])["context"])
    documents = [
        normal_event(json.loads(line, parse_int=NumberText, parse_float=NumberText)["event"], names)
        for line in lines[1:]
    ]
    out = jsonld_document([(each, {}) for each in documents], "2026-03-01T00:00:00Z")
    back = list(epcis_rows(out.encode(), 7))
    assert [row.problem for row in back] == [None] * len(documents)
    again = [fact.document for row in back for fact in row.facts if isinstance(fact, Event)]
    assert again == documents
    assert out.count('"bizStep":"commissioning"') > 10
