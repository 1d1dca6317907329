import pytest
from xinlian.trace.adapters.epcis import epcis_rows
from xinlian.trace.model.capture import RowStatus

from tests.trace.epcis.samples import SHARED, document, event
from tests.trace.plant import NOW, OWNER, Plant, statuses

DOCUMENTS = [*SHARED.glob("epcis/*.jsonld"), *SHARED.glob("epcis-hash/*.jsonld")]
EVENT_ID = "urn:uuid:374d95fc-9457-4a51-bd6a-0bba133845a8"


def test_all_published_documents_are_taken_in_and_repeating_changes_nothing(plant: Plant) -> None:
    if not DOCUMENTS:
        pytest.skip("the public EPCIS documents are not on this machine")
    for wanted in (RowStatus.ACCEPTED, RowStatus.EXISTS):
        for path in DOCUMENTS:
            data = path.read_bytes()
            receipt = plant.capture.take(
                OWNER, epcis_rows(data, OWNER), now_ms=NOW, capture_key=f"{path.name} {wanted}"
            )
            assert receipt.taken, (path.name, receipt.rows)
            assert set(statuses(receipt)) == {wanted}, path.name
            assert all(len(row.record_hash) == 64 for row in receipt.rows)


def test_an_event_id_with_other_content_refuses_the_whole_document(plant: Plant) -> None:
    first = document(event(eventID=EVENT_ID))
    plant.capture.take(OWNER, epcis_rows(first, OWNER), now_ms=NOW, capture_key="1")
    other = document(event(), event(eventID=EVENT_ID, disposition="recalled"))
    receipt = plant.capture.take(OWNER, epcis_rows(other, OWNER), now_ms=NOW, capture_key="2")
    assert not receipt.taken
    assert statuses(receipt) == [RowStatus.NOT_TAKEN, RowStatus.CONFLICT]
    assert plant.count("trace_events") == 1


def test_one_bad_event_and_nothing_is_taken(plant: Plant) -> None:
    data = document(event(), event(action="MOVE"))
    receipt = plant.capture.take(OWNER, epcis_rows(data, OWNER), now_ms=NOW, capture_key="1")
    assert statuses(receipt) == [RowStatus.NOT_TAKEN, RowStatus.INVALID]
    assert receipt.rows[1].field == "epcisBody.eventList[1].action"
    assert plant.count("trace_events") == 0
