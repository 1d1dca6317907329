"""The API document as a page: Swagger UI from this machine, nothing from elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import fastapi_offline
from fastapi import APIRouter, Response
from starlette.responses import RedirectResponse
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from xinlian.services.api.route import PREFIX

__all__ = ["router"]

_PARTS: Final = Path(fastapi_offline.__file__).parent / "static"
# The page may run its own scripts, colour itself, and speak to this API; nothing else.
_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'"
)
_PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>Xinlian API</title>
<link rel="icon" href="/docs/parts/favicon.png">
<link rel="stylesheet" href="/docs/parts/swagger-ui.css">
</head>
<body>
<div id="api"></div>
<script src="/docs/parts/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
"""
_START: Final = f"""SwaggerUIBundle({{
  url: "{PREFIX}/openapi.json",
  dom_id: "#api",
  deepLinking: true,
  docExpansion: "none",
  persistAuthorization: false,
  validatorUrl: null,
}});
"""

router = APIRouter(include_in_schema=False)


@router.get("/")
def get_start() -> Response:
    """Whoever opens the address in a browser wants to read."""
    return RedirectResponse("/docs")


@router.get("/docs")
def get_docs() -> Response:
    """The page."""
    return _part(_PAGE, "text/html")


@router.get("/docs/start.js")
def get_docs_start() -> Response:
    """Its own script: inline ones are not allowed."""
    return _part(_START, "text/javascript")


def _part(content: str, kind: str) -> Response:
    return Response(content, media_type=kind, headers={"Content-Security-Policy": _POLICY})


router.routes.append(Mount("/docs/parts", StaticFiles(directory=_PARTS)))
