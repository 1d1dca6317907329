"""Templates become pages: everything escaped, nothing from elsewhere, nothing inline."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from fastapi import Request, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from xinlian.services.api.web.charts import draw_chart
from xinlian.services.api.web.curves import curve_facts, curve_name, draw_curve
from xinlian.services.api.web.texts import Lang, language_of, translator, word
from xinlian.services.api.web.times import clock_ms, moment_ms
from xinlian.trace.model.dossier import Language
from xinlian.trace.model.items import Item

__all__ = ["LANG_COOKIE", "POLICY", "SCAN_POLICY", "fragment", "language", "page"]

_HERE: Final = Path(__file__).parent
LANG_COOKIE: Final = "xl_lang"
_COOKIE_SECONDS: Final = 366 * 86_400
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# WebAssembly is compiled on this page alone; photos and the camera stay in the page.
SCAN_POLICY: Final = POLICY.replace("script-src 'self'", "script-src 'self' 'wasm-unsafe-eval'")


@cache
def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters |= {"moment": moment_ms, "clock": clock_ms}
    made.globals |= {
        "draw_chart": draw_chart,
        "draw_curve": draw_curve,
        "curve_facts": curve_facts,
        "curve_name": curve_name,
    }
    return made


def language(request: Request) -> Lang:
    """The reader's language: the address, the cookie, or the browser's."""
    chosen = request.query_params.get("lang") or request.cookies.get(LANG_COOKIE)
    return language_of(chosen, request.headers.get("accept-language", ""))


def page(
    request: Request,
    template: str,
    values: dict[str, Any],
    *,
    visitor: str | None = None,
    status: int = 200,
    policy: str = POLICY,
) -> Response:
    """A whole page. ``visitor`` is the name of the party that has signed in, if any."""
    lang = language(request)
    rest = [(k, v) for k, v in request.query_params.multi_items() if k != "lang"]
    everything = {
        "visitor": visitor,
        "path": request.url.path,
        "other_language": urlencode([*rest, ("lang", "en" if lang == "zh" else "zh")]),
        **values,
    }
    response = Response(_render(lang, template, everything), status, media_type="text/html")
    response.headers["Content-Security-Policy"] = policy
    response.headers["Cache-Control"] = "private, no-store"
    if request.query_params.get("lang") in ("zh", "en"):
        response.set_cookie(
            LANG_COOKIE, lang, max_age=_COOKIE_SECONDS, samesite="lax", httponly=True
        )
    return response


def fragment(request: Request, template: str, values: dict[str, Any]) -> Response:
    """A part of a page, fetched by the page's own script."""
    response = Response(_render(language(request), template, values), media_type="text/html")
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _render(lang: Lang, template: str, values: dict[str, Any]) -> str:
    text = translator(lang)
    made = _environment().get_template(template)

    def name(item: Item) -> str:
        return str(item.attributes.get(f"name_{lang}") or item.name)

    return made.render(
        lang=lang,
        language=Language(lang),
        t=text,
        w=lambda key: word(lang, key),
        name_of=name,
        **values,
    )
