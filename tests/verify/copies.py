"""The page holds the script, so that it is one file: after a change of the script run
`python -m tests.verify.copies`."""

from __future__ import annotations

from tests.support.repository import ROOT

FILE = ROOT / "docs/xinlian_verify.py"
SCRIPT = ROOT / "docs/verify.js"
PAGE = ROOT / "docs/verify.html"
BEGIN, END = "/* verify.js begins */\n", "/* verify.js ends */\n"


def page() -> str:
    """The page with the script inside it."""
    text = PAGE.read_text(encoding="utf-8")
    return text[: text.index(BEGIN)] + BEGIN + SCRIPT.read_text(encoding="utf-8") + _rest(text)


def _rest(text: str) -> str:
    return text[text.index(END) :]


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
