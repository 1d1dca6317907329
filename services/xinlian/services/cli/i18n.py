"""The language of the command line: `--lang`, or else the locale; English and Chinese."""

from __future__ import annotations

import os
from typing import Final, Literal

Lang = Literal["en", "zh"]

_TEXTS: Final[dict[str, tuple[str, str]]] = {
    "error": ("error", "错误"),
    "where": ("where", "位置"),
    "todo": ("what to do", "处理办法"),
    "nothing": ("nothing to show", "没有可显示的内容"),
    "more": ("more follow: add --after {cursor}", "还有更多：请加 --after {cursor}"),
    "yes": ("yes", "是"),
    "no": ("no", "否"),
}

_chosen: Lang | None = None


def set_language(lang: Lang | None) -> None:
    """Choose the language of this run; None leaves it to the locale."""
    global _chosen  # noqa: PLW0603 - one language per process
    _chosen = lang


def language() -> Lang:
    """The language chosen, or the locale's if it is Chinese, or English."""
    if _chosen is not None:
        return _chosen
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        value = os.environ.get(name, "")
        if value:
            return "zh" if value.lower().startswith("zh") else "en"
    return "en"


def text(key: str, lang: Lang | None = None, /, **values: object) -> str:
    """A text of the command line in a language."""
    pair = _TEXTS[key]
    return pair[(lang or language()) == "zh"].format(**values)


def pick(en: str, zh: str) -> str:
    """The one of two texts that is in the language of this run."""
    return zh if language() == "zh" else en
