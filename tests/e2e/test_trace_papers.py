"""What people hold in their hands, over the API: labels, sheets, dossiers, control charts."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from typing import Any

import pypdfium2
import pytest
import zxingcpp
from PIL import Image
from xinlian.ledger.chain.node import Genesis

from tests.support.api import ApiNetwork
from tests.trace.sample import plant as p
from tests.trace.sample.taking import facts_of

AFTER_THE_SAMPLE = 1_798_761_600
"""2027-01-01: nothing is taken in that has not happened yet."""


@pytest.fixture(scope="module")
def net(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiNetwork]:
    genesis = Genesis(timestamp=AFTER_THE_SAMPLE, clock="controlled")
    made = ApiNetwork(tmp_path_factory.mktemp("papers"), genesis).found()
    made.join("plant", ["issuer"])
    made.join("other", ["supplier"])
    for name in ("items.csv", "vehicles.csv", "vehicle-links.csv", "inspections.csv"):
        taken = made.call("plant").post("/trace/facts", {"facts": facts_of(name)}, key=name)
        assert taken.status_code == 201, taken.text
    yield made
    made.stop()


def _text(data: bytes) -> str:
    document = pypdfium2.PdfDocument(data)
    try:
        return "".join(page.get_textpage().get_text_range() for page in document)
    finally:
        document.close()


def _read(image: Image.Image) -> list[str]:
    return sorted(found.text for found in zxingcpp.read_barcodes(image))


def _sheet(net: ApiNetwork, **more: Any) -> Any:
    codes = [pack.code for pack in p.build().packs[:30]]
    return net.call("plant").post("/trace/label-sheets", {"codes": codes, "link_kind": "id"} | more)


def test_a_sheet_of_labels_as_pictures_begins_where_it_is_told(net: ApiNetwork) -> None:
    answer = _sheet(net, layout="a4-24", shape="zip", skip=20, move_right_um=1500)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/zip"
    with zipfile.ZipFile(io.BytesIO(answer.content)) as package:
        read = [_read(Image.open(package.open(name))) for name in package.namelist()]
    assert [len(codes) for codes in read] == [4, 24, 2]
    assert sorted(code for codes in read for code in codes) == sorted(
        pack.code for pack in p.build().packs[:30]
    )


def test_a_sheet_of_data_matrix_marks_as_pdf(net: ApiNetwork) -> None:
    answer = _sheet(net, layout="a4-65", symbology="data-matrix")
    assert answer.status_code == 200, answer.text
    document = pypdfium2.PdfDocument(answer.content)
    image = document[0].render(scale=300 / 72).to_pil()
    document.close()
    assert len(_read(image)) == 30


@pytest.mark.parametrize(
    "more",
    [
        {"skip": 64, "layout": "a4-8"},
        {"skip": -1},
        {"move_down_um": 10_001},
        {"shape": "exe"},
        {"symbology": "gs1-data-matrix"},
    ],
)
def test_a_sheet_that_can_not_be_made_is_refused(net: ApiNetwork, more: dict[str, Any]) -> None:
    answer = _sheet(net, **more)
    assert answer.status_code == 422, answer.text


@pytest.mark.parametrize(("lang", "words"), [("zh", "过程能力"), ("en", "Process capability")])
def test_the_control_chart_is_printed(net: ApiNetwork, lang: str, words: str) -> None:
    answer = net.call("plant").get(
        "/trace/spc/chart.pdf", characteristic="电芯自放电K值", learn=40, lang=lang
    )
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/pdf"
    text = _text(answer.content)
    assert words in text
    assert "电芯自放电K值" in text


def test_others_get_no_chart_of_it(net: ApiNetwork) -> None:
    answer = net.call("other").get("/trace/spc/chart.pdf", characteristic="电芯自放电K值")
    assert answer.status_code == 404, answer.text


def test_the_dossier_names_its_vehicle_and_its_code_leads_to_its_page(net: ApiNetwork) -> None:
    vin = p.build().packs[0].vin
    answer = net.call("plant").get("/trace/dossier.pdf", code=vin, lang="en")
    assert answer.status_code == 200, answer.text
    assert vin in _text(answer.content)
    document = pypdfium2.PdfDocument(answer.content)
    image = document[0].render(scale=2).to_pil()
    document.close()
    assert len(_read(image)) == 1
