import io
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from reportlab.pdfgen.canvas import Canvas
from sqlalchemy import Engine
from xinlian.trace.adapters.certificates import SqlCertificates
from xinlian.trace.model.certificates import (
    Decision,
    Header,
    Person,
    Review,
    ReviewState,
    check_file,
)
from xinlian.trace.model.records import facts_of
from xinlian.trace.model.sources import SourceError
from xinlian.trace.model.stored import CertificateState
from xinlian.trace.usecases.certificates import CertificateDesk, ReviewError

from tests.trace.plant import NOW, Plant, batch

SUPPLIER, CUSTOMER, STRANGER = 3, 7, 9
SENDER, REVIEWER = Person(SUPPLIER, "hu"), Person(CUSTOMER, "lin")
HEADER = Header("QC-1", "出厂检验报告", "91-X", (batch("L1"), batch("L2")), 1_789_000_000_000)


def pdf(text: str = "passed") -> bytes:
    made = io.BytesIO()
    canvas = Canvas(made, invariant=True)
    canvas.drawString(100, 700, text)
    canvas.save()
    return made.getvalue()


def picture(kind: str) -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(made, kind)
    return made.getvalue()


@pytest.fixture
def desk(engine: Engine, plant: Plant) -> CertificateDesk:
    return CertificateDesk(SqlCertificates(engine), plant.logs)


def submit(desk: CertificateDesk, **changes: Any) -> Review:
    header = replace(HEADER, **changes)
    return desk.submit(SENDER, CUSTOMER, header, pdf(), "../../r.exe.pdf", NOW)[0]


def refusal(call: Any) -> str:
    with pytest.raises(ReviewError) as caught:
        call()
    assert caught.value.why_zh
    return caught.value.code


def test_a_paper_goes_from_hand_to_hand(
    desk: CertificateDesk, plant: Plant, engine: Engine
) -> None:
    paper = submit(desk)
    assert (paper.state, paper.file_name) == (ReviewState.SUBMITTED, "r.exe.pdf")
    assert [each.id for each in desk.queue(CUSTOMER)] == [paper.id]
    assert desk.take_up(REVIEWER, paper.id, NOW + 1).state is ReviewState.UNDER_REVIEW
    done = desk.decide(REVIEWER, paper.id, Decision.REJECT, " 厚度缺失 ", NOW + 2)
    assert (done.state, done.reason, done.decided_by) == (ReviewState.REJECTED, "厚度缺失", "lin")
    assert desk.queue(CUSTOMER) == []
    assert desk.queue(SUPPLIER, [ReviewState.REJECTED])[0].reason == "厚度缺失"
    assert desk.file(CUSTOMER, paper.id)[1] == pdf()
    kept = desk.get(SUPPLIER, paper.id)
    assert kept == done
    assert len(kept.leaf_hash) == len(kept.decision_leaf_hash) == 64
    with plant.site.read() as store:
        numbers = list(store.items.numbers(HEADER.items).values())
        for parties in (None, frozenset({SUPPLIER, CUSTOMER})):
            shown = store.item_facts(numbers, parties, with_links=False).certificates
            assert [each.leaf for each in shown] == [0, 0]
            assert {(each.item, each.state) for each in shown} == {
                (item, CertificateState.REJECTED) for item in HEADER.items
            }


def states(plant: Plant, *parties: int) -> list[CertificateState]:
    with plant.site.read() as store:
        numbers = list(store.items.numbers(HEADER.items[:1]).values())
        found = store.item_facts(numbers, frozenset(parties), with_links=False).certificates
        return [each.state for each in found]


def test_a_review_counts_for_who_sees_the_reviewer(desk: CertificateDesk, plant: Plant) -> None:
    friend = desk.submit(SENDER, STRANGER, HEADER, pdf(), "a.pdf", NOW)[0]
    desk.decide(Person(STRANGER, "friend"), friend.id, Decision.APPROVE, "", NOW + 1)
    assert states(plant, SUPPLIER, CUSTOMER) == [CertificateState.WAITING]
    own = submit(desk)
    desk.decide(REVIEWER, own.id, Decision.REJECT, "厚度缺失", NOW + 2)
    assert states(plant, SUPPLIER, CUSTOMER) == [
        CertificateState.WAITING,
        CertificateState.REJECTED,
    ]


def test_a_stranger_puts_no_paper_on_an_item(desk: CertificateDesk, plant: Plant) -> None:
    paper = submit(desk)
    assert states(plant, CUSTOMER) == []
    desk.decide(REVIEWER, paper.id, Decision.REJECT, "不是我方零件", NOW + 1)
    assert states(plant, CUSTOMER) == []
    good = submit(desk, number="QC-2")
    desk.decide(REVIEWER, good.id, Decision.APPROVE, "", NOW + 2)
    assert states(plant, CUSTOMER) == [CertificateState.APPROVED]


def test_each_step_stands_in_the_evidence_with_the_hash_of_the_file(
    desk: CertificateDesk, plant: Plant
) -> None:
    paper = submit(desk)
    desk.decide(REVIEWER, paper.id, Decision.APPROVE, "", NOW + 2)
    records = plant.logs.records
    assert [record["certificate"]["step"] for record in records] == ["submitted", "approved"]
    assert {record["certificate"]["sha256"] for record in records} == {paper.sha256}
    assert [facts_of(record) for record in records] == [(), ()]


def test_nobody_reviews_his_own_and_strangers_see_nothing(desk: CertificateDesk) -> None:
    paper = submit(desk)
    for person in (SENDER, Person(SUPPLIER, "boss")):
        assert refusal(lambda who=person: desk.take_up(who, paper.id, NOW)) == "not-yours"
    for call in (
        lambda: desk.get(STRANGER, paper.id),
        lambda: desk.file(STRANGER, paper.id),
        lambda: desk.take_up(Person(STRANGER, "x"), paper.id, NOW),
        lambda: desk.get(CUSTOMER, 999),
    ):
        assert refusal(call) == "not-found"
    assert desk.queue(STRANGER) == []
    own = (REVIEWER, CUSTOMER, HEADER, pdf(), "own.pdf", NOW)
    assert refusal(lambda: desk.submit(*own)) == "own-paper"


def test_repeating_is_harmless_and_other_content_is_refused(
    desk: CertificateDesk, plant: Plant
) -> None:
    paper = submit(desk)
    again, new = desk.submit(SENDER, CUSTOMER, HEADER, pdf(), "r.pdf", NOW + 5)
    assert (again, new) == (desk.get(SUPPLIER, paper.id), False)
    for header, content in ((HEADER, pdf("failed")), (replace(HEADER, title="x"), pdf())):
        with pytest.raises(ReviewError) as caught:
            desk.submit(SENDER, CUSTOMER, header, content, "r.pdf", NOW)
        assert caught.value.code == "other-content"
    done = desk.decide(REVIEWER, paper.id, Decision.APPROVE, "ok", NOW)
    assert desk.decide(REVIEWER, paper.id, Decision.APPROVE, "ok", NOW + 9) == done
    assert refusal(lambda: desk.decide(REVIEWER, paper.id, Decision.REJECT, "no", NOW)) == "decided"
    assert refusal(lambda: desk.take_up(REVIEWER, paper.id, NOW)) == "decided"
    assert plant.count("trace_reviews") == 1
    assert plant.count("trace_certificate_files") == 1
    assert len(plant.logs.records) == 2


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"number": " "}, "number"),
        ({"title": "x" * 201}, "title"),
        ({"issuer": "a\u202eb"}, "issuer"),
        ({"items": ()}, "items"),
        ({"items": (batch("L1"), batch("L1"))}, "items"),
    ],
)
def test_a_bad_header_is_named(desk: CertificateDesk, changes: dict[str, Any], field: str) -> None:
    with pytest.raises(SourceError) as caught:
        submit(desk, **changes)
    assert caught.value.path == field


def test_a_rejection_needs_a_reason(desk: CertificateDesk) -> None:
    paper = submit(desk)
    with pytest.raises(SourceError, match="reason"):
        desk.decide(REVIEWER, paper.id, Decision.REJECT, "  ", NOW)
    assert desk.get(CUSTOMER, paper.id).state is ReviewState.SUBMITTED


def test_pdf_and_images_are_told_by_their_content() -> None:
    assert check_file(pdf())[0] == "application/pdf"
    assert check_file(picture("PNG"))[0] == "image/png"
    assert check_file(picture("JPEG"))[0] == "image/jpeg"


def huge_png() -> bytes:
    made = bytearray(picture("PNG"))
    made[16:20] = (100_000).to_bytes(4, "big")
    return bytes(made)


@pytest.mark.parametrize(
    ("content", "word"),
    [
        (b"", "empty"),
        (b"MZ\x90", "no PDF, PNG or JPEG"),
        (b"<svg onload='x'/>", "no PDF, PNG or JPEG"),
        (picture("GIF"), "no PDF, PNG or JPEG"),
        (pdf()[:-200], "cut off"),
        (picture("PNG")[:-20], "cut off"),
        (picture("JPEG")[:-70], "cut off"),
        (b"\xff\xd8\xff\xd9", "cut off"),
        (pdf().replace(b"/Type /Catalog", b"/JavaScript 1 /Type /Catalog"), "acts"),
        (huge_png(), "100000 × 30"),
        (b"%PDF-1.4" + bytes(10 * 1024 * 1024), "more than"),
    ],
)
def test_other_files_are_refused(content: bytes, word: str) -> None:
    with pytest.raises(SourceError, match=word):
        check_file(content)


@given(
    st.sampled_from([b"%PDF-1.4", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"]), st.binary(max_size=200)
)
@settings(deadline=None)
def test_no_bytes_break_the_check(start: bytes, rest: bytes) -> None:
    try:
        kind, digest = check_file(start + rest)
    except SourceError:
        return
    assert kind
    assert len(digest) == 64
