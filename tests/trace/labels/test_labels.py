"""Labels are read again by a reader library, from pictures and from rendered PDF pages."""

from __future__ import annotations

import io
from itertools import pairwise

import numpy as np
import pypdfium2
import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageFilter
from xinlian.trace.adapters.labels import (
    SHEETS,
    Label,
    LabelError,
    SheetLayout,
    Surface,
    Symbology,
    arrange,
    label_pdf,
    make_symbol,
    png,
    sheet_pdf,
    sheet_pngs,
    svg,
)

LINK = "https://id.gs1.org/01/09521100000017/10/CL-260906-2"
NETWORK = "https://trace.example.cn/t/LXLBE2A07TH100112"
PACK = Label("0HLPB080A10001G970000712", "0HLPB080A10001G970000712", "动力电池包", ("PK-08",))

PLAIN = [Symbology.QR, Symbology.DATA_MATRIX]


def _read(image: Image.Image) -> list[str]:
    return [found.text for found in zxingcpp.read_barcodes(image)]


def _page(data: bytes, number: int = 0, dpi: int = 200) -> Image.Image:
    document = pypdfium2.PdfDocument(data)
    try:
        image: Image.Image = document[number].render(scale=dpi / 72).to_pil().convert("L")
        return image
    finally:
        document.close()


def _words(data: bytes) -> str:
    document = pypdfium2.PdfDocument(data)
    try:
        return "\n".join(page.get_textpage().get_text_range() for page in document)
    finally:
        document.close()


def _worn(image: Image.Image, seed: int) -> Image.Image:
    """As a phone sees it: turned, out of focus, noisy, in uneven light."""
    random = np.random.default_rng(seed)
    turned = image.convert("L").rotate(7 + 11 * seed, expand=True, fillcolor=255)
    pixels = np.asarray(turned.filter(ImageFilter.GaussianBlur(1.2)), dtype=np.float64)
    light = np.linspace(0.7, 1.0, pixels.shape[1])[None, :]
    noise = random.normal(0, 12, pixels.shape)
    return Image.fromarray(np.clip(pixels * light + noise, 0, 255).astype(np.uint8))


@pytest.mark.parametrize("symbology", PLAIN)
@pytest.mark.parametrize("size", [(70.0, 37.0), (40.0, 50.0), (38.1, 21.2)])
@pytest.mark.parametrize("code", [LINK, NETWORK, PACK.code])
def test_a_label_reads_as_its_code(
    symbology: Symbology, size: tuple[float, float], code: str
) -> None:
    label = Label(code, PACK.human, PACK.title, PACK.lines, symbology)
    made = arrange(label, *size)
    assert _read(Image.open(io.BytesIO(png(made)))) == [code]
    data = label_pdf(label, *size)
    assert _read(_page(data)) == [code]
    assert "动力电池包" in _words(data)
    assert PACK.code in _words(data).replace("\r\n", "").replace("\n", "")
    assert made.missing == ()


@pytest.mark.parametrize("symbology", PLAIN)
@pytest.mark.parametrize("seed", range(4))
def test_a_worn_print_is_still_read(symbology: Symbology, seed: int) -> None:
    label = Label(NETWORK, symbology=symbology, surface=Surface.DIRTY)
    image = _page(label_pdf(label, 30, 30), dpi=300)
    assert _read(_worn(image, seed)) == [NETWORK]


@pytest.mark.parametrize(
    ("surface", "level"), [(Surface.CLEAN, "M"), (Surface.PAPER, "Q"), (Surface.DIRTY, "H")]
)
def test_the_surface_decides_the_error_level(surface: Surface, level: str) -> None:
    image = Image.open(io.BytesIO(png(arrange(Label(NETWORK, surface=surface), 40, 40))))
    found = zxingcpp.read_barcodes(image)
    assert [code.ec_level for code in found] == [level]


def test_a_smeared_code_of_a_dirty_surface_is_still_read() -> None:
    """A blot over a sixteenth of the label, away from the finder patterns."""
    made = arrange(Label(NETWORK, surface=Surface.DIRTY), 40, 40)
    image = Image.open(io.BytesIO(png(made)))
    width, height = image.size
    blot = Image.new("L", (width // 4, height // 4), 0)
    image.paste(blot, (width * 9 // 20, height * 9 // 20))
    assert _read(image) == [NETWORK]


def test_a_sheet_holds_every_label_once_in_order() -> None:
    sheet = SHEETS["a4-24"]
    labels = [Label(f"{NETWORK}-{n:03d}", f"件{n:03d}") for n in range(30)]
    data = sheet_pdf(labels, sheet, skip=3, offset_mm=(1.5, -0.4))
    first, second = _page(data, 0, 300), _page(data, 1, 300)
    height = sheet.height * 300 / 25.4
    codes = {
        (found.position.top_left.y // height, found.position.top_left.x): found.text
        for found in zxingcpp.read_barcodes(first)
    }
    in_order = [codes[at] for at in sorted(codes)]
    assert in_order == [label.code for label in labels[: sheet.count - 3]]
    assert sorted(_read(second)) == [label.code for label in labels[sheet.count - 3 :]]


def test_a_sheet_as_pictures_holds_the_same() -> None:
    sheet = SHEETS["a4-14"]
    labels = [Label(f"{NETWORK}-{n:03d}", f"件{n:03d}") for n in range(20)]
    pictures = list(sheet_pngs(labels, sheet, skip=2, offset_mm=(0.5, 1.0), dpi=200))
    read = [sorted(_read(Image.open(io.BytesIO(data)))) for data in pictures]
    assert read == [
        [label.code for label in labels[:12]],
        [label.code for label in labels[12:]],
    ]


@pytest.mark.parametrize("sheet", SHEETS.values(), ids=lambda sheet: sheet.name)
def test_every_layout_lies_on_the_sheet_without_overlap(sheet: SheetLayout) -> None:
    places = [sheet.place(n) for n in range(sheet.count)]
    assert max(x for x, _ in places) + sheet.width <= 210.01
    assert max(y for _, y in places) + sheet.height <= 297.01
    for (x, y), (next_x, next_y) in pairwise(places):
        assert next_x >= x + sheet.width - 1e-9 or next_y >= y + sheet.height - 1e-9
    data = sheet_pdf([Label(PACK.code, PACK.human)] * sheet.count, sheet)
    assert _read(_page(data, dpi=300)) == [PACK.code] * sheet.count


def test_the_quiet_zone_stays_white() -> None:
    image = Image.open(io.BytesIO(png(arrange(Label(NETWORK, "LXLBE2A07TH100112"), 70, 37))))
    code = zxingcpp.read_barcodes(image)[0].position
    unit = (code.top_right.x - code.top_left.x) / 33
    left, right = code.top_left.x - 3.5 * unit, code.top_right.x + 3.5 * unit
    pixels = np.asarray(image)[code.top_left.y : code.bottom_left.y]
    assert pixels[:, int(left) : code.top_left.x - 2].min() == 255
    assert pixels[:, code.top_right.x + 3 : int(right)].min() == 255


def test_what_the_font_lacks_is_told() -> None:
    made = arrange(Label(PACK.code, title="电池🔋\u202eX"), 70, 37)
    assert made.missing == ("🔋",)
    assert made.lines[0].text.startswith("电池[U+1F50B]")


def test_clear_text_is_never_cut() -> None:
    code = "X" * 60
    made = arrange(Label(code, human=code), 38.1, 21.2)
    assert "".join(line.text for line in made.lines) == code


def test_svg_holds_text_as_text() -> None:
    made = arrange(Label(PACK.code, title='<script>"&'), 70, 37)
    assert "&lt;script&gt;" in svg(made)
    assert "<script" not in svg(made)


@pytest.mark.parametrize(
    ("label", "size", "why"),
    [
        (Label(""), (40, 40), "printable text"),
        (Label("a\nb"), (40, 40), "printable text"),
        (Label("x" * 900), (40, 40), "at most 800"),
        (Label("电池", symbology=Symbology.DATA_MATRIX), (40, 40), "ASCII"),
        (Label(NETWORK, symbology=Symbology.GS1_DATA_MATRIX), (40, 40), "no GS1"),
        (Label("(01)09521100000018", symbology=Symbology.GS1_DATA_MATRIX), (40, 40), "check digit"),
        (Label(LINK, surface=Surface.DIRTY), (8, 8), "needs"),
        (Label(PACK.code, human="w" * 500), (38.1, 21.2), "words don't fit"),
        (Label(PACK.code, title="w" * 601), (99.1, 67.7), "at most 600"),
    ],
)
def test_what_can_not_be_read_is_refused(label: Label, size: tuple[float, float], why: str) -> None:
    with pytest.raises(LabelError, match=why) as refused:
        arrange(label, *size)
    assert refused.value.why_zh


def test_a_sheet_job_is_bounded() -> None:
    sheet = SHEETS["a4-65"]
    for labels, more in (
        ([], {}),
        ([PACK] * 10_001, {}),
        ([PACK], {"skip": 65}),
        ([PACK], {"offset_mm": (0, 11)}),
        ([PACK], {"offset_mm": (float("nan"), 0)}),
    ):
        with pytest.raises(LabelError):
            sheet_pdf(labels, sheet, **more)


@pytest.mark.parametrize(
    ("code", "read"),
    [
        (LINK, "(01)09521100000017(10)CL-260906-2"),
        ("(01)09521100000017(21)A/1", "(01)09521100000017(21)A/1"),
        ("https://id.gs1.org/8010/9521100ABC/8011/12", "(8010)9521100ABC(8011)12"),
        ("https://id.gs1.org/00/095211000000000017", "(00)095211000000000017"),
    ],
)
def test_a_gs1_mark_is_known_as_one(code: str, read: str) -> None:
    label = Label(code, symbology=Symbology.GS1_DATA_MATRIX)
    found = zxingcpp.read_barcodes(_page(label_pdf(label, 12, 12), dpi=300))
    assert [one.text for one in found] == [read]
    assert found[0].symbology_identifier == "]d2"


_ASCII = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=120)


@settings(max_examples=60, deadline=None)
@given(text=_ASCII, symbology=st.sampled_from(PLAIN))
def test_any_code_comes_back(text: str, symbology: Symbology) -> None:
    symbol = make_symbol(text, symbology, Surface.CLEAN)
    cells = np.pad(np.array(symbol.rows, dtype=np.uint8), symbol.quiet)
    image = 255 * (1 - np.kron(cells, np.ones((5, 5), dtype=np.uint8)))
    assert [found.text for found in zxingcpp.read_barcodes(image.astype(np.uint8))] == [text]
