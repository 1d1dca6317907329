"""Reading a code, and signing in."""

from __future__ import annotations

from typing import Final

from fastapi import APIRouter, Request, Response
from starlette.responses import RedirectResponse
from xinlian.services.api.state import StateDep
from xinlian.services.api.web.engine import SCAN_POLICY, language, page
from xinlian.services.api.web.forms import EntranceForm, PageForm
from xinlian.services.api.web.texts import translator
from xinlian.services.api.web.visit import (
    COOKIE,
    EntrantDep,
    Visitor,
    VisitorDep,
    refusal,
    same_site,
)
from xinlian.services.app.page_sessions import SESSION_SECONDS

__all__ = ["router"]

CODE_CHARS_MAX: Final = 2_048

router = APIRouter(include_in_schema=False)


@router.get("/scan")
def get_scan(request: Request, visitor: VisitorDep) -> Response:
    """The reader of codes."""
    if visitor.wait_seconds:
        return refusal(request, visitor, 429)
    return _scan(request, visitor)


@router.post("/scan")
def find_code(request: Request, state: StateDep, visitor: VisitorDep, form: PageForm) -> Response:
    """Where a code leads. It never leads off this server, whatever stands in it."""
    text = translator(language(request))
    if visitor.wait_seconds:
        return refusal(request, visitor, 429)
    code = form.get("code", "").strip()
    if not code or len(code) > CODE_CHARS_MAX:
        return _scan(request, visitor, code[:100], text("empty_code"))
    found = state.app.trace.items.find(code, visitor.reader)
    if not found:
        return _scan(request, visitor, code, text("unknown_code"))
    if len(found) == 1:
        return RedirectResponse(found[0].address, 303)
    matches = [
        {"link": each.address, "title": each.item.id.id, "about": each.item.name or each.item.maker}
        for each in found
    ]
    return _scan(request, visitor, code, matches=matches)


@router.get("/t/-/login")
def get_login(request: Request, visitor: EntrantDep, back: str = "/scan") -> Response:
    """The form for a token."""
    if visitor.wait_seconds:
        return refusal(request, visitor, 429)
    return page(request, "login.html", {"back": _inside(back), "problem": ""}, visitor=visitor.name)


@router.post("/t/-/login")
def sign_in(request: Request, state: StateDep, visitor: EntrantDep, form: EntranceForm) -> Response:
    """Exchange a token for a cookie."""
    text = translator(language(request))
    if visitor.wait_seconds:
        return refusal(request, visitor, 429)
    token, back = form.get("token", ""), form.get("back", "/scan")
    problem = ""
    found = state.app.tokens.verify(token.strip()) if same_site(request) else None
    if not same_site(request):
        problem = "other_site"
    elif found is None:
        problem = "bad_token"
    elif found.party is None:
        problem = "operator_login"
    if problem or found is None:
        values = {"back": _inside(back), "problem": text(problem)}
        return page(request, "login.html", values, visitor=visitor.name, status=403)
    answer = RedirectResponse(_inside(back), 303)
    answer.set_cookie(
        COOKIE,
        state.app.page_sessions.open(found),
        max_age=SESSION_SECONDS,
        httponly=True,
        samesite="strict",
        # What the proxy before the pages speaks with people is not in its requests.
        secure=state.app.settings.pages_over_https,
    )
    return answer


@router.post("/t/-/logout")
def sign_out(
    request: Request, state: StateDep, visitor: EntrantDep, form: EntranceForm
) -> Response:
    """End the session."""
    if visitor.wait_seconds:
        return refusal(request, visitor, 429)
    if same_site(request):
        state.app.page_sessions.close(request.cookies.get(COOKIE, ""))
    answer = RedirectResponse(_inside(form.get("back", "/scan")), 303)
    secure = state.app.settings.pages_over_https
    answer.delete_cookie(COOKIE, httponly=True, samesite="strict", secure=secure)
    return answer


def _inside(back: str) -> str:
    """An address on this server, whatever was asked for."""
    good = back.startswith("/") and not back.startswith(("//", "/\\")) and back.isprintable()
    return back if good and "\\" not in back and len(back) < CODE_CHARS_MAX else "/scan"


def _scan(
    request: Request,
    visitor: Visitor,
    code: str = "",
    problem: str = "",
    matches: list[dict[str, str]] | None = None,
) -> Response:
    text = translator(language(request))
    words = {
        "found": text("found"),
        "looking": text("looking"),
        "reading": text("reading"),
        "nothing": text("nothing_found"),
        "badphoto": text("bad_photo"),
        "nocamera": text("no_camera"),
        "noreader": text("no_reader"),
    }
    values = {"code": code, "problem": problem, "matches": matches or [], "words": words}
    status = 404 if problem else 200
    return page(
        request, "scan.html", values, visitor=visitor.name, status=status, policy=SCAN_POLICY
    )
