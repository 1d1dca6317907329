"""The report on paper and as tables: pages that can be drawn, in both languages."""

from __future__ import annotations

import io
from datetime import date

import pypdfium2
import pytest
from xinlian.ingest.adapters.energy.rows import factor_table, tariff
from xinlian.ingest.adapters.paper.energy_report import energy_pdf
from xinlian.ingest.model.energy.load import LoadSeries
from xinlian.ingest.model.energy.sample import sample_year
from xinlian.ingest.usecases.energy_shown import yuan
from xinlian.ingest.usecases.energy_tables import report_tables
from xinlian.ingest.usecases.energy_year import YearReport, year_report
from xinlian.trace.model.dossier import Language


@pytest.fixture(scope="module")
def report() -> YearReport:
    factor = factor_table().find("electricity", "CN-east", date(2024, 1, 1))
    return year_report(sample_year(), tariff("sample-industry"), factor)


def _texts(report: YearReport, language: Language) -> list[str]:
    out = io.BytesIO()
    pages = energy_pdf(report, language, out)
    document = pypdfium2.PdfDocument(out.getvalue())
    assert len(document) == pages
    for page in document:
        picture = page.render(scale=0.5).to_numpy()
        assert picture.std() > 5
    return [page.get_textpage().get_text_bounded() for page in document]


@pytest.mark.parametrize("language", list(Language))
def test_the_paper_says_what_the_tables_say(report: YearReport, language: Language) -> None:
    text = "".join(_texts(report, language)).replace("\r\n", " ")
    assert yuan(report.total_fen) in text
    for table in report_tables(report):
        assert table.title.of(language) in text
        for row in table.rows:
            assert row[0].of(language) in text


def test_the_sample_is_a_whole_year_with_a_fault(report: YearReport) -> None:
    assert report.load.days == 366
    assert report.factor.year == 2023
    assert len(report.months) == 12
    assert report.anomalies[0].day == date(2024, 10, 17)
    assert report.baseline is not None
    assert report.baseline.model.valid
    totals = [table for table in report_tables(report) if table.total]
    assert totals[0].rows[-1][7].en == yuan(sum(row.total_fen for row in report.months))


def test_a_month_is_enough_for_a_paper() -> None:
    year = sample_year()
    few = LoadSeries("few", year.first, year.energy_wh[: 96 * 31])
    factor = factor_table().find("electricity", "CN", date(2024, 1, 1))
    report = year_report(few, tariff("sample-industry"), factor)
    assert report.baseline is None
    assert report.factor_mean is None
    assert "2024-01" in _texts(report, Language.EN)[0]
