"""Whole imports into SQL: every row accounted for, nothing half done."""

import os
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import openpyxl
import pytest
from sqlalchemy import Engine, create_engine, func, select, text
from sqlalchemy.orm import Session
from xinlian.finance.adapters.sql import DocumentRow, ImportLineRow, ImportRow, metadata
from xinlian.finance.adapters.trade.document_store import SqlDocumentStore
from xinlian.finance.adapters.trade.import_store import SqlImportStore
from xinlian.finance.adapters.trade.imports import ImportRaceError, import_receivables
from xinlian.finance.adapters.trade.mapping_file import parse_mapping_text, read_mapping
from xinlian.finance.model.trade.codes import is_synthetic, synthetic_uscc
from xinlian.finance.model.trade.documents import registration_of
from xinlian.finance.model.trade.import_reasons import Outcome, RowReason
from xinlian.finance.model.trade.mapping import Mapping
from xinlian.ledger.model.days import day_from_iso, iso_of, start_of
from xinlian.ledger.model.table_reasons import FileReason, FileRefusedError

from tests.finance.make_sample import sample_text

FINANCE = Path(__file__).parents[2] / "finance"
PUBLIC = Path(__file__).parents[3] / "shared" / "data" / "receivables" / "accounts_receivable.csv"
SELLER, BUYER, OTHER = (synthetic_uscc("t", name) for name in ("seller", "buyer", "other"))


class FixedClock:
    def __init__(self, day: str) -> None:
        self.time = start_of(day_from_iso(day)) + 36_000

    def now(self) -> int:
        return self.time


TODAY = FixedClock("2025-03-01")


def mapping(extra: str = "") -> Mapping:
    return parse_mapping_text(
        "version: 1\nname: test\ncolumns:\n  seller_code: s\n  buyer_code: b\n"
        "  invoice_number: n\n  invoice_date: i\n  due_date: d\n  amount: a\n"
        "invoice_number: plain\nfacts: { paid: { column: p, type: date } }\n" + extra
    )


def line(
    number: str,
    amount: str = "10.00",
    buyer: str = BUYER,
    due: str = "2025-05-01",
    paid: str = "",
    issued: str = "2025-02-01",
) -> str:
    return f"{SELLER},{buyer},{number},{issued},{due},{amount},{paid},\n"


def write(folder: Path, *lines: str, name: str = "file.csv", extra: str = "x") -> Path:
    path = folder / name
    path.write_text(f"s,b,n,i,d,a,p,{extra}\n" + "".join(lines), encoding="utf-8")
    return path


def size(session: Session, table: type) -> int:
    return session.scalar(select(func.count()).select_from(table)) or 0


def test_rows_end_in_one_of_four_ways(session: Session, tmp_path: Path) -> None:
    path = write(
        tmp_path,
        line("A1"),
        line("A2", "-1"),
        line("A1"),
        line("A1", "11.00"),
        line("A1", buyer=OTHER),
        line("A1", due="2025-05-02"),
        line("A1", issued="2025-02-02"),
        line("A3", paid="2025-05-09"),
        line("A3"),
        line("A3", paid="2025-05-10"),
    )
    report = import_receivables(session, path, mapping(), TODAY)
    session.commit()
    assert [(row.line, row.outcome, row.reason, row.field) for row in report.rows] == [
        (2, Outcome.ACCEPTED, None, None),
        (3, Outcome.INVALID, RowReason.AMOUNT_NOT_POSITIVE, "amount"),
        (4, Outcome.EXISTS, None, None),
        (5, Outcome.CONFLICT, None, "amount"),
        (6, Outcome.CONFLICT, None, "buyer_code"),
        (7, Outcome.CONFLICT, None, "due_date"),
        (8, Outcome.CONFLICT, None, "invoice_date"),
        (9, Outcome.ACCEPTED, None, None),
        (10, Outcome.EXISTS, None, None),
        (11, Outcome.CONFLICT, None, "facts.paid"),
    ]
    assert report.counts == {"accepted": 2, "exists": 2, "conflict": 5, "invalid": 1}
    assert size(session, DocumentRow) == 2
    assert size(session, ImportLineRow) == 10
    stored = SqlImportStore(session).find(report.import_id)
    assert stored == report


def test_the_same_import_again_writes_nothing(engine: Engine, tmp_path: Path) -> None:
    path = write(tmp_path, line("A1"), line("A2", "x"))
    with Session(engine) as session, session.begin():
        first = import_receivables(session, path, mapping(), TODAY)
    with Session(engine) as session, session.begin():
        again = import_receivables(session, path, mapping(), TODAY)
        assert again.repeated
        assert (again.import_id, again.rows) == (first.import_id, first.rows)
        assert (size(session, ImportRow), size(session, DocumentRow)) == (1, 1)


def test_another_file_with_the_same_rows_finds_them(session: Session, tmp_path: Path) -> None:
    import_receivables(session, write(tmp_path, line("A1")), mapping(), TODAY)
    second = write(tmp_path, line("A1", paid="2025-02-20"), line("A2"), name="second.csv")
    report = import_receivables(session, second, mapping(), TODAY)
    assert report.counts == {"accepted": 1, "exists": 1, "conflict": 0, "invalid": 0}
    assert report.rows[0].message == "further facts were added"
    key = report.rows[0].document
    assert key is not None
    stored = SqlDocumentStore(session).get(key)
    assert stored is not None
    assert stored.facts == (("paid", "2025-02-20"),)
    assert [doc.number for doc in SqlDocumentStore(session).of_import(report.import_id)] == ["A2"]


def test_a_row_refused_for_its_date_gets_another_day(
    light_session: Session, tmp_path: Path
) -> None:
    path = write(tmp_path, line("A1", issued="2025-03-02"))
    early = import_receivables(light_session, path, mapping(), TODAY)
    later = import_receivables(light_session, path, mapping(), FixedClock("2025-03-02"))
    assert [report.rows[0].outcome for report in (early, later)] == ["invalid", "accepted"]
    assert early.import_id != later.import_id


def test_nothing_is_left_when_the_file_is_refused_half_way(engine: Engine, tmp_path: Path) -> None:
    path = write(tmp_path, *(line(f"A{number}") for number in range(1_200)), '"open\n')
    with pytest.raises(FileRefusedError) as caught, Session(engine) as session, session.begin():
        import_receivables(session, path, mapping(), TODAY)
    assert (caught.value.reason, caught.value.line) == (FileReason.UNCLOSED_QUOTE, 1_202)
    with Session(engine) as session:
        assert [size(session, row) for row in (ImportRow, ImportLineRow, DocumentRow)] == [0, 0, 0]


def test_two_imports_at_once_do_not_double_an_invoice(
    postgres_database: str, tmp_path: Path
) -> None:
    engine = create_engine(postgres_database)
    metadata.create_all(engine)
    paths = [write(tmp_path, line("A1"), name=f"{name}.csv", extra=name) for name in "yz"]
    with Session(engine) as first, Session(engine) as second, ThreadPoolExecutor(1) as pool:
        import_receivables(first, paths[0], mapping(), TODAY)
        # The second import can't see the first one's row; it waits at its unique key.
        running = pool.submit(import_receivables, second, paths[1], mapping(), TODAY)
        with engine.connect() as watcher:
            while not running.done():
                waiting = watcher.execute(text("SELECT 1 FROM pg_locks WHERE NOT granted")).first()
                if waiting is not None:
                    break
        first.commit()
        with pytest.raises(ImportRaceError):
            running.result(60)
        second.rollback()
        again = import_receivables(second, paths[1], mapping(), TODAY)
        assert [row.outcome for row in again.rows] == ["exists"]
    engine.dispose()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("s,b,n,i,d,a,p\n", FileReason.NO_ROWS),
        ("s,b,n,i,d,p\n1,2,3,4,5,6\n", FileReason.MISSING_COLUMN),
        ("s,b,n,i,d,a,p,s\n", FileReason.DUPLICATE_HEADER),
    ],
)
def test_files_that_do_not_fit_the_mapping(
    light_session: Session, tmp_path: Path, content: str, reason: FileReason
) -> None:
    path = tmp_path / "file.csv"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(FileRefusedError) as caught:
        import_receivables(light_session, path, mapping(), TODAY)
    assert caught.value.reason is reason


def test_gb18030_and_excel_give_the_same_invoices(light_session: Session, tmp_path: Path) -> None:
    sample = FINANCE / "samples" / "receivables.csv"
    rules = read_mapping(FINANCE / "mappings" / "sample.yaml")
    first = import_receivables(light_session, sample, rules, TODAY)
    assert first.counts["accepted"] == 120
    content = sample.read_text(encoding="utf-8")
    (tmp_path / "gb.csv").write_bytes(content.encode("gb18030"))
    (tmp_path / "bom.csv").write_bytes(content.encode("utf-8-sig"))
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for number, row in enumerate(content.splitlines()):
        cells: list[object] = list(row.split(","))
        if number:
            cells[8:11] = [float(str(cell)) for cell in cells[8:11]]
        sheet.append(cells)
    book.save(tmp_path / "book.xlsx")
    for name in ("gb.csv", "bom.csv", "book.xlsx"):
        report = import_receivables(light_session, tmp_path / name, rules, TODAY)
        assert report.counts == {"accepted": 0, "exists": 120, "conflict": 0, "invalid": 0}
        assert [row.document for row in report.rows] == [row.document for row in first.rows]


def test_the_bundled_sample_is_as_written() -> None:
    path = FINANCE / "samples" / "receivables.csv"
    assert path.read_bytes().decode("utf-8") == sample_text()


def test_the_sample_has_what_the_demo_needs(light_session: Session) -> None:
    rules = read_mapping(FINANCE / "mappings" / "sample.yaml")
    report = import_receivables(
        light_session, FINANCE / "samples" / "receivables.csv", rules, TODAY
    )
    found = SqlDocumentStore(light_session).of_import(report.import_id)
    assert len({doc.seller.code for doc in found}) == 20
    assert len({doc.buyer.code for doc in found}) == 5
    assert all(is_synthetic(doc.seller.code) and is_synthetic(doc.buyer.code) for doc in found)
    late = [doc for doc in found if doc.due and dict(doc.facts)["settled_date"] > iso_of(doc.due)]
    assert 10 <= len(late) <= 30
    assert all(doc.delivered is not None and doc.delivered <= doc.issued for doc in found)
    assert len({doc.key for doc in found}) == 120


@pytest.mark.skipif(not PUBLIC.exists(), reason="the public data beside the checkout is absent")
def test_the_public_receivables_are_all_accounted_for(session: Session) -> None:
    rules = read_mapping(FINANCE / "mappings" / "accounts_receivable.yaml")
    report = import_receivables(session, PUBLIC, rules, TODAY)
    session.commit()
    assert report.counts == {"accepted": 2_466, "exists": 0, "conflict": 0, "invalid": 0}
    assert [row.line for row in report.rows] == list(range(2, 2_468))
    found = SqlDocumentStore(session).of_import(report.import_id)
    assert sum(doc.gross for doc in found) == 14_770_318
    assert len({doc.key for doc in found}) == 2_466
    assert Counter(doc.seller.name for doc in found).most_common(1)[0][1] == 616
    assert len({doc.seller.code for doc in found}) == 5
    assert len({doc.buyer.code for doc in found}) == 100
    first = next(doc for doc in found if doc.number == "0000611365")
    assert (first.gross, iso_of(first.issued)) == (5_594, "2013-01-02")
    assert first.facts == (("disputed", "false"), ("settled_date", "2013-01-15"))
    late = [doc for doc in found if doc.due and dict(doc.facts)["settled_date"] > iso_of(doc.due)]
    assert len(late) == 877
    registration = registration_of(first, first.gross)
    assert (registration.kind, registration.amount) == (4, 5_594)


def test_a_file_name_that_is_no_text_is_taken(light_session: Session, tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff.csv"))
    path.write_bytes(write(tmp_path, line("A1")).read_bytes())
    report = import_receivables(light_session, path, mapping(), TODAY)
    assert (report.file_name, report.counts["accepted"]) == ("?.csv", 1)
