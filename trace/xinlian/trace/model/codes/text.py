"""The text of a code as scanned or typed: made plain, and refused where it deceives the eye."""

from __future__ import annotations

import unicodedata
from typing import Final

__all__ = ["CODE_CHARS_MAX", "CodeError", "plain", "refuse_look_alikes"]

CODE_CHARS_MAX: Final = 256

# Letters that print like a Latin letter or digit (Unicode TR 39, the ones with capital or small
# forms that a keyboard of the script has).
_CYRILLIC: Final = dict(
    zip("АВЕЅІЈКМНОРСТУХЗаеорсухіјѕ", "ABESIJKMHOPCTYX3aeopcyxijs", strict=True)
)
_GREEK: Final = dict(zip("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧοαν", "ABEZHIKMNOPTYXoav", strict=True))
LOOK_ALIKES: Final = _CYRILLIC | _GREEK
_DASHES: Final = frozenset("‐‑‒–—―−﹣")
_FULL_WIDTH: Final = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: 0x20}


class CodeError(ValueError):
    """A code is no good. ``why`` and ``why_zh`` are sentences for people."""

    def __init__(self, why: str, why_zh: str) -> None:
        super().__init__(why)
        self.why = why
        self.why_zh = why_zh


def plain(text: str) -> str:
    """The text without surrounding blanks, in Unicode form C, full-width forms made ASCII.

    Raises ``CodeError`` if nothing is left, it is too long, or it holds characters that do not
    show: controls (but the group separator of GS1 scans), bidirectional marks, zero-width ones.
    """
    if text.isascii():
        made = text.strip(" \t\r\n")
    else:
        made = unicodedata.normalize("NFC", text.translate(_FULL_WIDTH)).strip(" \t\r\n")
    if not made:
        raise CodeError("the code is empty", "编码为空")
    if len(made) > CODE_CHARS_MAX:
        raise CodeError(
            f"the code has {len(made)} characters; at most {CODE_CHARS_MAX} are taken",
            f"编码有 {len(made)} 个字符，上限为 {CODE_CHARS_MAX}",
        )
    if made.isascii() and made.isprintable():
        return made
    for position, char in enumerate(made, start=1):
        if char != "\x1d" and unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp"):
            raise CodeError(
                f"character {position} (U+{ord(char):04X}) does not show",
                f"第 {position} 个字符（U+{ord(char):04X}）不可见",
            )
    return made


def refuse_look_alikes(text: str) -> None:
    """Raise ``CodeError`` naming the first character that passes for a Latin letter or a hyphen.

    A text in a script's own letters is no deceit: a Cyrillic or Greek letter is refused only where
    it stands with Latin letters, or where every letter of that script has a Latin double.
    """
    if text.isascii():
        return
    for position, char in enumerate(text, start=1):
        if char in _DASHES:
            raise _look_alike(position, char, "-")
    latin = any(char.isascii() and char.isalpha() for char in text)
    for script in ("CYRILLIC", "GREEK"):
        own = [char for char in text if unicodedata.name(char, "").startswith(script)]
        if not own or not (latin or all(char in LOOK_ALIKES for char in own)):
            continue
        for position, char in enumerate(text, start=1):
            if char in own:
                raise _look_alike(position, char, LOOK_ALIKES.get(char, ""))


def _look_alike(position: int, char: str, like: str) -> CodeError:
    name = f"{unicodedata.name(char, 'a character')} (U+{ord(char):04X})"
    if not like:
        return CodeError(
            f"character {position} is {name}, among Latin letters",
            f"第 {position} 个字符是 {name}，混在拉丁字母之中",
        )
    return CodeError(
        f"character {position} is {name}, which looks like {like!r}",
        f"第 {position} 个字符是 {name}，形似“{like}”",
    )
