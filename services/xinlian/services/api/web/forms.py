"""Forms of pages, read within bounds: strangers send them too."""

from __future__ import annotations

from typing import Annotated, Final
from urllib.parse import parse_qsl

from fastapi import Depends, Request
from starlette.exceptions import HTTPException
from xinlian.services.api.web.visit import EntrantDep, Visitor, VisitorDep

__all__ = ["EntranceForm", "PageForm"]

BYTES_MAX: Final = 8 << 10
FIELDS_MAX: Final = 16
_FORM: Final = "application/x-www-form-urlencoded"


async def _read(request: Request, visitor: Visitor) -> dict[str, str]:
    """The fields of a form; of one that came beyond the visitor's rate nothing is read."""
    if visitor.wait_seconds:
        return {}
    kind = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if kind not in ("", _FORM):
        raise HTTPException(415, f"a form here has to be {_FORM}")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > BYTES_MAX:
            raise HTTPException(413, f"a form here has at most {BYTES_MAX} bytes")
    if body and not kind:
        raise HTTPException(415, f"a form here has to be {_FORM}")
    try:
        pairs = parse_qsl(
            body.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=FIELDS_MAX,
        )
    except ValueError as exc:
        raise HTTPException(400, "this form cannot be read") from exc
    return dict(pairs)


async def _page_form(request: Request, visitor: VisitorDep) -> dict[str, str]:
    return await _read(request, visitor)


async def _entrance_form(request: Request, visitor: EntrantDep) -> dict[str, str]:
    return await _read(request, visitor)


PageForm = Annotated[dict[str, str], Depends(_page_form)]
"""The form of a page, once the visitor's rate was looked at."""
EntranceForm = Annotated[dict[str, str], Depends(_entrance_form)]
"""The same for signing in, which has a rate of its own."""
