"""The spellings of GS1 keys: EPC URNs, Digital Link URIs, element strings, and back."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final
from urllib.parse import unquote

from biip import ParseError
from biip.gs1_messages import GS1Message
from biip.gs1_prefixes import GS1CompanyPrefix
from xinlian.trace.model.codes.gs1_keys import KINDS, Gs1Key, Kind, check_digit, make_key
from xinlian.trace.model.codes.text import CodeError

__all__ = [
    "canonical_uri",
    "parse_digital_link",
    "parse_element_string",
    "parse_epc_urn",
    "to_epc_urn",
]

_URN = re.compile(r"urn:epc:(id|class|idpat):([a-z]+):(.+)", re.ASCII)
_PREFIX = re.compile(r"[0-9]{6,12}", re.ASCII)
_LINK = re.compile(r"https?://[^/?#]+(/[^?#]*)(?:\?[^#]*)?(?:#.*)?", re.ASCII | re.IGNORECASE)
_ESCAPED = re.compile(r'[/"&<>?#\s]', re.ASCII)
_SHORT_NAMES: Final = {
    "gtin": "01", "itip": "8006", "cpid": "8010", "gln": "414", "party": "417", "gsrnp": "8017",
    "gsrn": "8018", "gcn": "255", "sscc": "00", "gdti": "253", "ginc": "401", "gsin": "402",
    "grai": "8003", "giai": "8004", "cpv": "22", "lot": "10", "ser": "21",
}  # fmt: skip
_PRIMARY_AIS: Final = frozenset(kind.ai for kind in KINDS.values())
_SYMBOLOGIES: Final = ("]d2", "]Q3", "]C1", "]e0", "]J1")


@lru_cache(maxsize=16_384)
def parse_epc_urn(urn: str) -> Gs1Key:
    """A key from an EPC URN of an instance, a class or a pattern (``…*``); or ``CodeError``."""
    match = _URN.fullmatch(urn)
    kind = KINDS.get(match.group(2)) if match else None
    if match is None or kind is None or (match.group(1) == "class") != (kind.name == "lgtin"):
        raise CodeError(f"{urn[:80]!r} is no known EPC URN", f"“{urn[:80]}”不是已知的 EPC URN")
    prefix, _, rest = match.group(3).partition(".")
    if _PREFIX.fullmatch(prefix) is None:
        raise CodeError(
            f"{urn[:80]!r}: the company prefix must have 6 to 12 digits",
            f"“{urn[:80]}”：厂商识别代码应为 6 至 12 位数字",
        )
    return _from_urn(kind, prefix, rest, pattern=match.group(1) == "idpat", urn=urn)


def _from_urn(kind: Kind, prefix: str, rest: str, *, pattern: bool, urn: str) -> Gs1Key:
    if kind.name in ("giai", "ginc"):
        return make_key(kind.ai, prefix + _unescape(rest, urn), {})
    if kind.name == "cpi":
        reference, _, tail = rest.rpartition(".")
        return make_key("8010", prefix + _unescape(reference, urn), _tail(kind, tail, pattern, urn))
    parts = rest.split(".", 3 if kind.name == "itip" else 1)
    reference = parts[0]
    if not (reference + "0").isdigit() or len(prefix + reference) != kind.digits:
        raise CodeError(
            f"{urn[:80]!r}: prefix and reference must have {kind.digits} digits together",
            f"“{urn[:80]}”：厂商识别代码与项目代码合计应为 {kind.digits} 位数字",
        )
    tail = parts[-1] if len(parts) > 1 else ""
    if (kind.tail is None) != (len(parts) == 1):
        raise CodeError(
            f"{urn[:80]!r} has too few or too many parts", f"“{urn[:80]}”的组成部分数目不对"
        )
    body = reference[:1] + prefix + reference[1:] if kind.leading else prefix + reference
    value = ("0" if kind.name == "grai" else "") + body
    value += check_digit(value)
    if kind.name == "itip":
        value += "".join(parts[1:3])
    if kind.tail == "value":
        return make_key(kind.ai, value + ("" if pattern else _unescape(tail, urn)), {})
    return make_key(kind.ai, value, _tail(kind, tail, pattern, urn))


def _tail(kind: Kind, tail: str, pattern: bool, urn: str) -> dict[str, str]:
    if kind.tail is None or (pattern and tail == "*") or (kind.name == "sgln" and tail == "0"):
        return {}
    return {kind.tail: _unescape(tail, urn)}


def _unescape(text: str, urn: str) -> str:
    made = unquote(text) if "%" in text else text
    if not text or not made.isascii() or _ESCAPED.search(text):
        raise CodeError(
            f"{urn[:80]!r} holds a character that must be written as %XX",
            f"“{urn[:80]}”含有须以 %XX 表示的字符",
        )
    return made


def parse_digital_link(uri: str, *, checked: bool = True) -> Gs1Key:
    """A key from a GS1 Digital Link URI of any host; or ``CodeError``."""
    match = _LINK.fullmatch(uri)
    segments = match.group(1).strip("/").split("/") if match else []
    # The last primary key of the path counts; an address may have folders before it.
    for start in range(len(segments) - 2, -1, -1):
        ai = _SHORT_NAMES.get(segments[start], segments[start])
        if ai not in _PRIMARY_AIS or (len(segments) - start) % 2:
            continue
        value = unquote(segments[start + 1])
        if ai == "01" and value.isdigit() and len(value) in (8, 12, 13):
            value = value.zfill(14)
        pairs = zip(segments[start + 2 :: 2], segments[start + 3 :: 2], strict=True)
        qualifiers = {_SHORT_NAMES.get(name, name): unquote(text) for name, text in pairs}
        return make_key(ai, value, qualifiers, checked=checked)
    raise CodeError(f"{uri[:80]!r} is no GS1 Digital Link", f"“{uri[:80]}”不是 GS1 Digital Link")


def parse_element_string(text: str) -> Gs1Key:
    """A key from a scan (``]d201…``) or print (``(01)…(21)…``); or ``CodeError``.

    Further elements (dates, weights) may stand beside the key; they are left out.
    """
    body = text[3:] if text.startswith(_SYMBOLOGIES) else text
    body = body.strip("\x1d")
    try:
        message = GS1Message.parse_hri(body) if body.startswith("(") else GS1Message.parse(body)
    except ParseError as exc:
        raise CodeError(
            f"{text[:80]!r} is no GS1 element string", f"“{text[:80]}”不是 GS1 单元数据串"
        ) from exc
    found = {part.ai.ai: part.value for part in message.element_strings}
    primary = next((ai for ai in found if ai in _PRIMARY_AIS), None)
    if primary is None:
        raise CodeError(
            f"{text[:80]!r} holds no GS1 key of a thing", f"“{text[:80]}”中没有物品的 GS1 标识"
        )
    return make_key(primary, found[primary], found)


def to_epc_urn(key: Gs1Key, prefix_length: int | None = None) -> str:
    """The EPC URN of a key; raises ``CodeError`` where it has none.

    The length of the company prefix is not in the key: given, or looked up in GS1's public table.
    """
    tail_ai = key.qualifier[0] if key.qualifier else None
    kind = next(
        (
            kind
            for kind in KINDS.values()
            if kind.ai == key.ai and (tail_ai in (kind.tail, None) or kind.tail == "value")
        ),
        None,
    )
    if kind is None:
        raise CodeError(
            f"{key.human_readable} has no EPC URN", f"{key.human_readable} 没有 EPC URN"
        )
    digits = key.value[1:] if kind.leading or kind.name == "grai" else key.value
    length = prefix_length or _prefix_length(digits, key)
    tail = _escape(key.qualifier[1]) if key.qualifier else ""
    if kind.digits == 0:
        made = f"{digits[:length]}.{_escape(digits[length:])}"
        return f"urn:epc:id:{kind.name}:{made}" + (f".{tail}" if kind.name == "cpi" else "")
    lead = key.value[0] if kind.leading else ""
    size = kind.digits - len(lead)
    made = f"{digits[:length]}.{lead}{digits[length:size]}"
    if kind.name == "itip":
        made += f".{key.value[14:16]}.{key.value[16:18]}"
    if kind.tail == "value":
        tail = _escape(digits[size + 1 :])
    space = "class" if kind.name == "lgtin" else "id"
    if kind.name == "sgln":
        tail = tail or "0"
    elif kind.tail is not None and not tail:
        space, tail = "idpat", "*"
    return f"urn:epc:{space}:{kind.name}:{made}" + (f".{tail}" if tail else "")


def _prefix_length(digits: str, key: Gs1Key) -> int:
    found = GS1CompanyPrefix.extract(digits[:12]) if digits[:6].isdigit() else None
    if found is None or not 6 <= len(found.value) <= 12:
        raise CodeError(
            f"{key.human_readable}: the length of the company prefix is not known",
            f"{key.human_readable}：厂商识别代码的长度未知",
        )
    return len(found.value)


def _escape(text: str) -> str:
    return re.sub(r'["%&/<>?#]', lambda found: f"%{ord(found.group()):02X}", text)


def canonical_uri(text: str) -> str | None:
    """The canonical Digital Link URI of an EPC URN or a Digital Link, or None for anything else.

    Check digits are not judged here: a hash is made of what was said.
    """
    try:
        if text.startswith("urn:epc:"):
            return parse_epc_urn(text).uri
        if text[:4].lower() == "http":
            return parse_digital_link(text, checked=False).uri
    except CodeError:
        return None
    return None
