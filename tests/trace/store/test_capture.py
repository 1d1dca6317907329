"""A file is taken whole or not at all; every row says what became of it."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from xinlian.ledger.adapters.sql.engine import begin_read
from xinlian.trace.model.capture import Problem, Row, RowStatus
from xinlian.trace.model.checks import TIME_MS_MAX
from xinlian.trace.model.facts import (
    Claim,
    ClaimKind,
    Correction,
    Event,
    Fact,
    Gap,
    GapKind,
    Inspection,
    ProcessRecord,
    Result,
)
from xinlian.trace.model.records import facts_of
from xinlian.trace.usecases.capture import ROWS_IN_RECEIPT_MAX

from tests.trace.plant import (
    NOW,
    OWNER,
    Plant,
    batch,
    event,
    item,
    link,
    rows,
    serial,
    statuses,
    vehicle,
)

A, E, C, BAD, N = (
    RowStatus.ACCEPTED,
    RowStatus.EXISTS,
    RowStatus.CONFLICT,
    RowStatus.INVALID,
    RowStatus.NOT_TAKEN,
)
CAR, PACK, CELL, LOT = vehicle("LSVAU2A37N2100001"), serial("P1"), serial("C1", 3), batch("L1", 3)
INSPECTION = Inspection(
    *("i1", CELL, "voltage", Result.PASSED, NOW - 5_000, "3.70", "V", "3.7", "3.6", "3.8"),
    key=True,
    gauge="G1",
    attributes={"level": "2"},
)
PROCESS = ProcessRecord(
    "p1", CELL, "OP10", NOW - 9_000, NOW - 8_000, machine="CO-1", parameters={"speed": "1.5"}
)
CLAIM = Claim("k1", PACK, ClaimKind.FIELD, NOW - 10, "E42")
EVERYTHING: list[Fact | list[Fact]] = [
    item(CAR, made_at_ms=NOW - 100),
    [item(PACK, scanned="p 1", maker="M", attributes={"a": "b"}), link(PACK, CAR, NOW - 90)],
    link(CELL, PACK),
    link(LOT, CELL, quantity="1.50", unit="KGM"),
    event("e1", CAR, PACK, disposition="in_transit"),
    INSPECTION,
    PROCESS,
    CLAIM,
    Gap(PACK, GapKind.MISSING_CERTIFICATE, "material"),
    [],
]


def taken_rows(plant: Plant) -> dict[str, int]:
    names = "items links descriptions events inspections processes claims gaps records rows"
    return {name: plant.count(f"trace_{name}") for name in names.split()}


def test_a_file_is_accepted_once_and_repeating_it_finds_everything(plant: Plant) -> None:
    first = plant.must(*EVERYTHING)
    assert statuses(first) == [A] * 10
    assert first.included_by_ms == NOW + 60_000
    before = taken_rows(plant)
    again = plant.must(*EVERYTHING)
    assert statuses(again) == [E] * 10
    assert [r.record_hash for r in again.rows] == [r.record_hash for r in first.rows]
    assert {**taken_rows(plant), "rows": 0} == {**before, "rows": 0}
    assert len(plant.logs.records) == 10


def test_record_hashes_are_those_of_the_log_and_records_hold_the_facts(plant: Plant) -> None:
    receipt = plant.must(*EVERYTHING)
    log = plant.logs.ensure_log(OWNER, "trace")
    assert receipt.log_id == log.hex()
    with plant.engine.connect() as connection:
        found = connection.exec_driver_sql("SELECT leaf FROM trace_records ORDER BY record")
        leaves = [leaf for (leaf,) in found]
    taken = zip(rows(*EVERYTHING), plant.logs.records, leaves, strict=True)
    for row, record, leaf in taken:
        with begin_read(plant.engine) as connection:
            assert plant.logs.logs.record(connection, log, leaf) == record
        facts = [
            replace(fact, document={}) if isinstance(fact, Event) else fact for fact in row.facts
        ]
        assert list(facts_of(record)) == facts
    assert len({each.record_hash for each in receipt.rows}) == 10


def test_one_conflict_keeps_everything_out_and_names_the_field(plant: Plant) -> None:
    plant.must(*EVERYTHING)
    before = taken_rows(plant)
    receipt = plant.take(
        item(serial("new")),
        replace(INSPECTION, value="3.71"),
        item(PACK, scanned="p 1", maker="M", attributes={"a": "c"}),
        link(LOT, CELL, quantity="1.51", unit="KGM"),
        event("e1", CAR, PACK, disposition="in_transit", n=2),
        INSPECTION,
    )
    assert not receipt.taken
    assert statuses(receipt) == [N, C, C, C, C, E]
    assert [each.field for each in receipt.rows] == [
        *("", "value", "attributes.a", "quantity", "document.n", ""),
    ]
    assert all(each.why and each.why_zh for each in receipt.rows[:5])
    assert {**taken_rows(plant), "rows": 0} == {**before, "rows": 0}
    with begin_read(plant.engine) as connection:
        log = plant.logs.ensure_log
        assert len(plant.logs.logs.logs(connection)) == 1
    assert log(OWNER, "trace").hex() == plant.must(*EVERYTHING).log_id
    with plant.site.read() as store:
        kept = store.receipt(receipt.capture_id, OWNER)
    assert [each.status for each in kept.rows] == [N, C, C, C, C, E]
    assert not kept.taken


def test_duplicates_within_a_file(plant: Plant) -> None:
    car = item(CAR)
    receipt = plant.must(car, car, event("e1", CAR), event("e1", CAR))
    assert statuses(receipt) == [A, E, A, E]
    assert receipt.rows[0].record_hash == receipt.rows[1].record_hash
    other = plant.take(event("e2", CAR), event("e2", CAR, n=2))
    assert statuses(other) == [N, C]


@pytest.mark.parametrize(
    ("fact", "field"),
    [
        (link(PACK, PACK), "child"),
        (item(CAR, made_at_ms=-1), "made_at"),
        (item(CAR, made_at_ms=TIME_MS_MAX), "made_at"),
        (link(PACK, CAR, 20, 10), "valid_to"),
        (event("e", CAR, time_ms=-1), "event_time"),
        (replace(INSPECTION, value="3,7"), "value"),
        (replace(INSPECTION, time_ms=TIME_MS_MAX), "time"),
        (replace(PROCESS, end_ms=1), "end"),
        (item(serial("")), "id"),
        (item(serial("x" * 257)), "id"),
        (item(serial("a\x00b")), "id"),
        (item(CAR, name="a\x00b"), ""),
        (item(CAR, name="a\ud800b"), ""),
        (Correction("e", "event", "why", -5), "time"),
    ],
)
def test_what_cannot_be_is_refused_with_row_and_field(plant: Plant, fact: Fact, field: str) -> None:
    receipt = plant.take(item(serial("good")), fact)
    assert statuses(receipt) == [N, BAD]
    assert receipt.rows[1].field == field
    assert receipt.rows[1].place == "row 2"
    assert plant.count("trace_items") == 0


def test_a_reader_s_problem_is_passed_on(plant: Plant) -> None:
    bad = Row(2, "line 9", "?", problem=Problem("vin", "not a VIN", "不是 VIN"))
    receipt = plant.capture.take(OWNER, [*rows(item(CAR)), bad], now_ms=NOW, capture_key="k")
    assert [(r.status, r.place, r.field) for r in receipt.rows] == [
        (N, "row 1", ""),
        (BAD, "line 9", "vin"),
    ]


def test_a_circle_over_several_rows_is_refused_where_it_closes(plant: Plant) -> None:
    a, b, c = serial("a"), serial("b"), serial("c")
    receipt = plant.take(link(a, b), item(a), link(b, c), link(c, a))
    assert statuses(receipt) == [N, N, N, BAD]
    assert receipt.rows[3].field == "child"
    plant.must(link(a, b), link(b, c))
    late = plant.take(link(c, a))
    assert statuses(late) == [BAD]
    assert plant.count("trace_links") == 2


def test_a_wrong_link_that_was_withdrawn_does_not_block_the_right_one(plant: Plant) -> None:
    a, b = serial("a"), serial("b")
    plant.must(link(a, b))
    plant.must(Correction("a>b", "link", "the wrong way round", NOW))
    plant.must(link(b, a))
    assert statuses(plant.take(link(a, b))) == [E]
    assert statuses(plant.take(link(a, b, 5))) == [BAD]


@pytest.mark.parametrize("upward", [True, False])
def test_a_chain_that_is_too_deep_is_refused_soon(
    plant: Plant, upward: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("xinlian.trace.adapters.sql.graph.DEPTH_MAX", 500)
    monkeypatch.setattr("xinlian.trace.usecases.capture_ready.CHUNK_ROWS", 200)
    receipt = plant.capture.take(OWNER, chain(1_000, upward), now_ms=NOW, capture_key="deep")
    assert not receipt.taken
    bad = [each for each in receipt.rows if each.status is BAD]
    assert [each.field for each in bad] == ["parent"]
    assert bad[0].number < 700
    assert plant.count("trace_links") == 0


@pytest.mark.slow
def test_a_chain_of_a_million_is_refused(plant: Plant) -> None:
    receipt = plant.capture.take(OWNER, chain(1_000_000), now_ms=NOW, capture_key="deep")
    assert not receipt.taken
    assert receipt.counts[BAD] == 1
    assert plant.count("trace_links") == 0


def chain(count: int, upward: bool = True) -> Iterator[Row]:
    for number in range(count):
        low, high = serial(f"s{number:07}"), serial(f"s{number + 1:07}")
        fact = link(low, high) if upward else link(high, low)
        yield Row(number, f"row {number}", "", (fact,))


def test_a_long_file_is_streamed_and_its_receipt_bounded(plant: Plant) -> None:
    count = ROWS_IN_RECEIPT_MAX + 500
    source = (
        Row(number, f"row {number}", str(number), (item(serial(f"s{number}")),))
        for number in range(count)
    )
    receipt = plant.capture.take(OWNER, source, now_ms=NOW, capture_key="long")
    assert receipt.counts == {A: count}
    assert len(receipt.rows) == ROWS_IN_RECEIPT_MAX
    with plant.site.read() as store:
        page = store.receipt(receipt.capture_id, OWNER, after=count - 3, limit=10)
        assert store.receipt(receipt.capture_id, OWNER + 1) is None
    assert [each.number for each in page.rows] == [count - 2, count - 1]


def test_fitting_and_removing_meet_in_any_order(plant: Plant) -> None:
    fit, removal = link(PACK, CAR, 100), link(PACK, CAR, None, 200)
    plant.must(fit)
    assert statuses(plant.must(removal)) == [A]
    assert statuses(plant.must(removal, fit, link(PACK, CAR, 100, 200))) == [E, E, E]
    assert statuses(plant.take(link(PACK, CAR, 100, 300))) == [C]
    other = serial("P2")
    plant.must(link(other, CAR, None, 200))
    plant.must(link(other, CAR, 100))
    with plant.site.read() as store:
        number = store.items.numbers([CAR])[CAR]
        ends = {edge.valid_to for edge in store.children_of([number])}
    assert ends == {200}


def test_a_correction_takes_back_an_event_with_its_links(plant: Plant) -> None:
    plant.must([event("e1", CAR, PACK), link(PACK, CAR, 100)])
    declared = event("e1", CAR, PACK, is_correction=True, time_ms=NOW)
    receipt = plant.must([declared, Correction("e1", "event", "did_not_occur", NOW)])
    assert statuses(receipt) == [A]
    with plant.site.read() as store:
        number = store.items.numbers([CAR])[CAR]
        assert [edge.withdrawn for edge in store.children_of([number])] == [1]
    assert plant.count("trace_events") == 2
    assert statuses(plant.must([event("e1", CAR, PACK), link(PACK, CAR, 100)])) == [E]
    with plant.site.read() as store:
        assert [edge.withdrawn for edge in store.children_of([number])] == [1]
    plant.must([event("e2", CAR, PACK), link(PACK, CAR, 100)])
    with plant.site.read() as store:
        assert [edge.withdrawn for edge in store.children_of([number])] == [0]


def test_what_one_party_says_is_no_conflict_with_another(plant: Plant) -> None:
    plant.must(item(CAR, name="one"))
    receipt = plant.must(item(CAR, name="two"), party=OWNER + 1)
    assert statuses(receipt) == [A]
    assert plant.count("trace_items") == 1
