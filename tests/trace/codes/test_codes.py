import csv
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from xinlian.trace.model.codes import CodeError, identify
from xinlian.trace.model.codes.battery import parse_battery_code
from xinlian.trace.model.codes.gs1 import (
    canonical_uri,
    parse_digital_link,
    parse_element_string,
    parse_epc_urn,
    to_epc_urn,
)
from xinlian.trace.model.codes.gs1_keys import check_digit, make_key
from xinlian.trace.model.codes.vin import VinRegion, check_character, judge_vin
from xinlian.trace.model.items import WORLD, ItemType, Scheme

VECTORS = Path(__file__).parents[4] / "shared" / "data" / "vin" / "vectors.csv"
BATTERY = "001PE12345678A51C1000012"
URNS = [
    "urn:epc:id:sgtin:4012345.011111.9876",
    "urn:epc:id:sgtin:4012345.011111.a%2Fb%22",
    "urn:epc:class:lgtin:4012345.012345.998877",
    "urn:epc:idpat:sgtin:4012345.098765.*",
    "urn:epc:id:sscc:0614141.1234567890",
    "urn:epc:id:sgln:4012345.00001.0",
    "urn:epc:id:sgln:4012345.00001.9%2FA",
    "urn:epc:id:grai:4012345.55555.987",
    "urn:epc:id:giai:4000001.12345",
    "urn:epc:id:gdti:95252084.0001.0003555480001000",
    "urn:epc:id:gsrn:95252084.000000001",
    "urn:epc:id:cpi:0614141.123456ABC.123456789",
    "urn:epc:id:itip:4012345.011111.01.02.987",
    "urn:epc:id:pgln:4012345.00000",
]


def test_published_vins_get_their_verdicts() -> None:
    if not VECTORS.exists():
        pytest.skip("the public VIN vectors are not on this machine")
    with VECTORS.open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) >= 10
    assert [(row["vin"], judge_vin(row["vin"]).verdict.value) for row in rows] == [
        (row["vin"], row["expected"]) for row in rows
    ]


@given(st.text("0123456789ABCDEFGHJKLMNPRSTUVWXYZ", min_size=17, max_size=17))
def test_a_vin_made_to_fit_is_valid_and_one_changed_character_shows(text: str) -> None:
    made = text[:8] + "0" + text[9:]
    made = made[:8] + check_character(made) + made[9:]
    assert judge_vin(made).verdict.value == "valid"
    other = "1" if made[8] != "1" else "2"
    verdict = judge_vin(made[:8] + other + made[9:]).verdict.value
    assert verdict in ("bad-check-digit", "check-digit-advisory")


@pytest.mark.parametrize(
    ("vin", "region"),
    [
        ("LGBH52E08DY076543", VinRegion.CHINA),
        ("HJNAABGF7PP000001", VinRegion.CHINA),
        ("1M8GDM9AXKP042788", VinRegion.NORTH_AMERICA),
        ("3VWFE21C04M000001", VinRegion.NORTH_AMERICA),
        ("7SAYGDEE0NF000001", VinRegion.NORTH_AMERICA),
        ("7A8CF0000NF000001", VinRegion.OCEANIA),
        ("93HFB2630HZ000001", VinRegion.SOUTH_AMERICA),
        ("WP0ZZZ99ZTS392124", VinRegion.EUROPE),
        ("JT2BF22K1W0000001", VinRegion.ASIA),
    ],
)
def test_the_makers_code_tells_the_region(vin: str, region: VinRegion) -> None:
    assert judge_vin(vin).region is region


def test_a_year_code_names_every_cycle() -> None:
    assert judge_vin("1M8GDM9AXKP042788").model_years(2027) == (2019, 1989)
    assert judge_vin("WP0ZZZ99ZZS392124").model_years(2027) == ()


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("1М8GDM9AXKP042788", "CYRILLIC CAPITAL LETTER EM (U+041C), which looks like 'M'"),
        ("AΒ-12", "GREEK CAPITAL LETTER BETA"),
        ("АВС-12", "CYRILLIC CAPITAL LETTER A"),
        ("AB‐12", "HYPHEN (U+2010), which looks like '-'"),
        ("AB\u200b12", "does not show"),
        ("AB\u202e12", "does not show"),
        ("", "empty"),
        ("x" * 257, "at most 256"),
    ],
)
def test_codes_that_deceive_the_eye_are_refused_by_name(text: str, word: str) -> None:
    with pytest.raises(CodeError) as caught:
        identify(text, 7)
    assert word in caught.value.why
    assert caught.value.why_zh


def test_full_width_and_own_scripts_are_taken() -> None:
    assert identify("１Ｍ８ＧＤＭ９ＡＸＫＰ０４２７８８", 7).id.id == "1M8GDM9AXKP042788"
    assert identify("电池-001", 7).id.id == "电池-001"
    assert identify("Щит-7", 7).scheme is Scheme.MAKER


@pytest.mark.parametrize(
    ("text", "hint", "owner", "kind", "scheme"),
    [
        ("1m8gdm9axkp042788", None, WORLD, ItemType.VEHICLE, Scheme.VIN),
        ("OMAOYGBDTSRCMYSCX", ItemType.VEHICLE, 7, ItemType.VEHICLE, Scheme.VEHICLE_ID),
        ("1M8GDM9AXKP042789", ItemType.VEHICLE, 7, ItemType.VEHICLE, Scheme.VEHICLE_ID),
        ("1M8GDM9AXKP042789", None, 7, ItemType.SERIAL, Scheme.MAKER),
        ("1M8GDM9AXKP042788", ItemType.SERIAL, 7, ItemType.SERIAL, Scheme.MAKER),
        (BATTERY, None, WORLD, ItemType.SERIAL, Scheme.BATTERY),
        (BATTERY, ItemType.BATCH, 7, ItemType.BATCH, Scheme.MAKER),
        (
            "URN:UUID:A1FA0F85-697D-4C9D-982F-2501AF8E8636",
            ItemType.BATCH,
            WORLD,
            ItemType.BATCH,
            Scheme.CATENA_X,
        ),
        ("(01)04012345111118(21)9876", None, WORLD, ItemType.SERIAL, Scheme.SGTIN),
        ("]d201040123451111181098\x1d11220101", None, WORLD, ItemType.BATCH, Scheme.LGTIN),
        ("00106141412345678908", None, WORLD, ItemType.PACKAGE, Scheme.SSCC),
        ("00106141412345678907", None, 7, ItemType.SERIAL, Scheme.MAKER),
        ("https://example.com/about", None, WORLD, ItemType.SERIAL, Scheme.URI),
        ("NO-279116411757901451427562", ItemType.BATCH, 7, ItemType.BATCH, Scheme.MAKER),
    ],
)
def test_texts_are_told_apart(
    text: str, hint: ItemType | None, owner: int, kind: ItemType, scheme: Scheme
) -> None:
    found = identify(text, 7, hint)
    assert (found.id.owner, found.id.type, found.scheme) == (owner, kind, scheme)
    assert found.scanned == text


def test_an_id_that_is_like_a_vin_carries_a_note() -> None:
    found = identify("OMAOYGBDTSRCMYSCX", 7, ItemType.VEHICLE)
    assert "character 1 is 'O'" in found.note
    assert "不是 VIN" in found.note_zh
    assert identify("WP0ZZZ99ZTS392124", 7).note.startswith("the check digit")


@pytest.mark.parametrize("urn", URNS)
def test_the_three_spellings_of_gs1_lead_to_one_key(urn: str) -> None:
    key = parse_epc_urn(urn)
    prefix = len(urn.split(":")[4].split(".")[0])
    assert to_epc_urn(key, prefix) == urn
    assert parse_digital_link(key.uri) == key
    assert parse_element_string(key.element_string) == key
    assert parse_element_string(key.human_readable) == key


@pytest.mark.parametrize(
    "uri",
    [
        "https://example.com/some/path/gtin/04012345111118/lot/77/ser/9876?linkType=x#y",
        "http://example.com/01/4012345111118/22/2A/21/9876",
        "https://id.gs1.org/01/04012345111118/10/77/21/9876/",
    ],
)
def test_digital_links_of_any_host_become_canonical(uri: str) -> None:
    assert parse_digital_link(uri).uri == "https://id.gs1.org/01/04012345111118/21/9876"


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("https://id.gs1.org/01/04012345111119/21/9876", "check digit is 9, 8 would fit"),
        ("urn:epc:id:sgtin:4012345.0111.9876", "13 digits together"),
        ("urn:epc:id:sgtin:4012345.011111", "too few or too many parts"),
        ("urn:epc:id:sgtin:40123.01111111.1", "6 to 12 digits"),
        ("urn:epc:id:nosuch:4012345.011111.1", "no known EPC URN"),
        ("urn:epc:id:sgtin:4012345.011111.a/b", "must be written as %XX"),
        ("(01)04012345111119(21)1", "check digit"),
        ("]d2zzzz", "no GS1 element string"),
        ("(17)260101", "no GS1 key of a thing"),
    ],
)
def test_broken_gs1_is_named(text: str, word: str) -> None:
    with pytest.raises(CodeError, match=word):
        identify(text, 7)


SERIAL = st.text("""!"%&'()*+,-./0123456789:;<=>?ABCXYZ_abcxyz""", min_size=1, max_size=20)


@given(st.text("0123456789", min_size=13, max_size=13), SERIAL, st.integers(6, 12))
@settings(deadline=None)
def test_any_serial_survives_every_spelling(body: str, serial: str, prefix: int) -> None:
    key = make_key("01", body + check_digit(body), {"21": serial})
    assert parse_digital_link(key.uri) == key
    urn = to_epc_urn(key, prefix)
    assert parse_epc_urn(urn) == key
    assert canonical_uri(urn) == canonical_uri(key.uri) == key.uri


@given(st.text(max_size=60))
@settings(deadline=None)
def test_no_text_breaks_identification(text: str) -> None:
    for hint in (None, *ItemType):
        try:
            found = identify(text, 7, hint)
        except CodeError:
            continue
        assert identify(found.id.id, 7, hint).id.id == found.id.id


def test_a_battery_code_is_taken_apart() -> None:
    code = parse_battery_code(BATTERY.lower())
    assert (code.maker, code.product, code.specification, code.serial) == (
        "001",
        "pack",
        "12",
        "1000012",
    )
    assert code.chemistry == "lithium nickel manganese cobalt oxide"
    assert (code.traceability, code.date_code) == ("345678A", "51C")


@pytest.mark.parametrize(
    ("text", "word"),
    [
        (BATTERY[:-1], "24 characters"),
        (BATTERY[:3] + "X" + BATTERY[4:], "character 4"),
        (BATTERY[:4] + "Q" + BATTERY[5:], "character 5"),
        (BATTERY[:10] + "-" + BATTERY[11:], "character 11"),
        (BATTERY[:14] + "1D1" + BATTERY[17:], "date code"),
    ],
)
def test_broken_battery_codes_are_named(text: str, word: str) -> None:
    with pytest.raises(CodeError, match=word):
        parse_battery_code(text)
