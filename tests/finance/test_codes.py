import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from xinlian.finance.model.trade.codes import (
    ORG_ALPHABET,
    USCC_ALPHABET,
    CodeError,
    is_synthetic,
    organisation_check_char,
    parse_account,
    parse_cnaps,
    parse_einvoice_number,
    parse_plain_number,
    parse_uscc,
    synthetic_uscc,
)

# Codes that these companies publish in their annual reports and imprints.
REAL = (
    "914403001922038216",  # Huawei Technologies
    "9144030071526726XG",  # Tencent Computer Systems
    "91440300192317458F",  # BYD
    "91310000132260250X",  # SAIC Motor
    "91350900587527783P",  # CATL
    "91440400192548256N",  # Gree Electric
    "91110000802100433B",  # Baidu Online
    "91330100799655058B",  # Alibaba (China)
    "91110302562134916R",  # JD
    "91440606722473344C",  # Midea Group
    "91370200264574251E",  # Haier
)


@pytest.mark.parametrize("code", REAL)
def test_real_codes_keep_both_check_characters(code: str) -> None:
    assert parse_uscc(code) == code
    assert organisation_check_char(code[8:16]) == code[16]
    assert not is_synthetic(code)


@given(st.sampled_from(REAL), st.integers(0, 17), st.sampled_from(USCC_ALPHABET))
def test_any_changed_character_is_found(code: str, place: int, char: str) -> None:
    assume(code[place] != char)
    with pytest.raises(CodeError):
        parse_uscc(code[:place] + char + code[place + 1 :])


@given(st.sampled_from(REAL), st.integers(8, 16))
def test_swapped_neighbours_are_found(code: str, place: int) -> None:
    assume(code[place] != code[place + 1])
    swapped = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
    with pytest.raises(CodeError):
        parse_uscc(swapped)


@pytest.mark.parametrize(
    ("code", "why"),
    [
        ("", "18 characters"),
        ("91440300192317458", "18 characters"),
        ("91440300192317458FF", "18 characters"),
        ("9144030O192317458F", "character 8"),
        ("91440300192317458f", "character 18"),
        ("９1440300192317458F", "character 1"),
        ("91A40300192317458F", "region"),
        ("91440300192317458G", "check character"),
    ],
)
def test_says_what_is_wrong(code: str, why: str) -> None:
    with pytest.raises(CodeError, match=why):
        parse_uscc(code)


@given(st.text(max_size=30), st.text(max_size=30))
def test_made_up_codes_are_well_formed_and_repeatable(namespace: str, name: str) -> None:
    try:
        code = synthetic_uscc(namespace, name)
    except UnicodeEncodeError:
        assume(False)
    assert parse_uscc(code) == code
    assert organisation_check_char(code[8:16]) == code[16]
    assert is_synthetic(code)
    assert synthetic_uscc(namespace, name) == code


def test_made_up_codes_differ_by_namespace_and_name() -> None:
    codes = {synthetic_uscc(space, str(name)) for space in "ab" for name in range(500)}
    assert len(codes) == 1000


@pytest.mark.parametrize("first_8", ["", "1234567", "123456789", "1234567a"])
def test_organisation_codes_have_eight_characters(first_8: str) -> None:
    with pytest.raises(CodeError):
        organisation_check_char(first_8)


@given(st.text(ORG_ALPHABET, min_size=8, max_size=8))
def test_organisation_check_is_a_digit_or_x(first_8: str) -> None:
    assert organisation_check_char(first_8) in "0123456789X"


def test_einvoice_number_is_taken_apart() -> None:
    number = parse_einvoice_number("25312000000010638978", issue_year=2025)
    assert (number.year, number.region, number.channel) == (2025, "31", "2")
    assert number.sequence == "000000010638978"


@pytest.mark.parametrize(
    "text", ["", "2531200000001063897", "253120000000106389780", "2531200000001063897X", "２" * 20]
)
def test_einvoice_numbers_have_twenty_digits(text: str) -> None:
    with pytest.raises(CodeError, match="20 digits"):
        parse_einvoice_number(text)


def test_einvoice_number_of_another_year_is_found() -> None:
    with pytest.raises(CodeError, match="2025"):
        parse_einvoice_number("25312000000010638978", issue_year=2026)


@pytest.mark.parametrize("text", ["", "-1", "a b", "a\n", "=1+1", "a" * 65, "号1"])
def test_plain_numbers_hold_no_surprises(text: str) -> None:
    with pytest.raises(CodeError):
        parse_plain_number(text)


def test_bank_codes_and_accounts() -> None:
    assert parse_cnaps("102100099996") == "102100099996"
    assert parse_account("6222-0210-0111-6245") == "6222-0210-0111-6245"
    for bad in ("", "1234", "12 345", "x" * 35):
        with pytest.raises(CodeError):
            parse_account(bad)
    for bad in ("", "10210009999", "1021000999966", "10210009999X"):
        with pytest.raises(CodeError):
            parse_cnaps(bad)
