"""What pages load: styles, scripts, the reader of codes and the verifier, all from this machine."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

from fastapi import APIRouter, Request, Response
from xinlian.services.api.etags import etag_of, matches

__all__ = ["router"]

_OWN: Final = Path(__file__).parent / "static"
_ROOT: Final = Path(__file__).resolve().parents[5]
_READER: Final = _ROOT / "contracts" / "node_modules" / "zxing-wasm" / "dist"
_FILES: Final[dict[str, tuple[Path, str]]] = {
    "page.css": (_OWN / "page.css", "text/css"),
    "page.js": (_OWN / "page.js", "text/javascript"),
    "scan.js": (_OWN / "scan.js", "text/javascript"),
    "icon.svg": (_OWN / "icon.svg", "image/svg+xml"),
    # Set up by npm from contracts/package-lock.json, pinned by hash.
    "zxing.js": (_READER / "iife" / "reader" / "index.js", "text/javascript"),
    "zxing_reader.wasm": (_READER / "reader" / "zxing_reader.wasm", "application/wasm"),
    "verify.js": (_OWN / "verify.js", "text/javascript"),
}

router = APIRouter(include_in_schema=False)


@router.get("/t/-/{name}")
def get_part(request: Request, name: str) -> Response:
    """A file of the pages."""
    # Looked up before it is kept: names come from strangers.
    found = _read(name) if name in _FILES else None
    if found is None:
        return Response(status_code=404)
    data, kind, tag = found
    headers = {"ETag": tag, "Cache-Control": "public, max-age=300"}
    if matches(request.headers.get("if-none-match", ""), tag):
        return Response(status_code=304, headers=headers)
    return Response(data, media_type=kind, headers=headers)


@cache
def _read(name: str) -> tuple[bytes, str, str] | None:
    path, kind = _FILES[name]
    try:
        data = path.read_bytes()
    except OSError:
        return None
    return data, kind, etag_of(data, None)
