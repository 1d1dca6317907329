"""What is kept twice, so that each holder has one file: run `python -m tests.verify.copies`."""

from __future__ import annotations

from tests.support.repository import ROOT

FILE = ROOT / "docs/xinlian_verify.py"
MODULE = ROOT / "ledger/xinlian/ledger/adapters/xinlian_verify.py"
SCRIPT = ROOT / "docs/verify.js"
SERVED = ROOT / "services/xinlian/services/api/web/static/verify.js"
PAGE = ROOT / "docs/verify.html"
BEGIN, END = "/* verify.js begins */\n", "/* verify.js ends */\n"


def page() -> str:
    """The page with the script inside it."""
    text = PAGE.read_text(encoding="utf-8")
    return text[: text.index(BEGIN)] + BEGIN + SCRIPT.read_text(encoding="utf-8") + _rest(text)


def _rest(text: str) -> str:
    return text[text.index(END) :]


if __name__ == "__main__":
    MODULE.write_bytes(FILE.read_bytes())
    SERVED.write_bytes(SCRIPT.read_bytes())
    PAGE.write_text(page(), encoding="utf-8")
