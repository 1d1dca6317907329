"""The OpenAPI 3.1 document: FastAPI's, with what holds for every operation filled in.

Every answer of every operation is named: its success, its conditional form, and the problems that
the steps of ``route`` and the operation itself can end in.
"""

from __future__ import annotations

from importlib.metadata import version
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from xinlian.services.api.access import RULES
from xinlian.services.api.problems import MEDIA_TYPE, STATUS, Problem
from xinlian.services.api.route import GuardedRoute, intake_of, query_names
from xinlian.services.app.errors import Code
from xinlian.services.app.idempotency import KEY_PATTERN

__all__ = ["document"]

DESCRIPTION: Final = """\
Credit vouchers (电子信用凭证) on a permissioned chain.

Amounts are integer fen. Days are ISO dates in China Standard Time, times Unix seconds. Every write
needs an `Idempotency-Key`: the same key with the same content gives the same outcome (`exists` is
then true), with other content it is refused and told which field differs. Reads take `as_of` and
answer with a strong `ETag`. Lists go on with the `next` cursor, and every page of a list shows the
same block. Refusals are problem documents (RFC 9457) with a stable `code`; of several reasons the
first is given in this order: {codes}.
"""

_TITLES: Final = {
    400: "The request cannot be read.",
    401: "A valid token is needed.",
    403: "The token or the party may not do this.",
    404: "There is no such thing, or none that concerns you.",
    409: "In conflict with the state of things, or with an earlier use of the idempotency key.",
    413: "The body is too large.",
    415: "The body's media type is not taken.",
    422: "A value is not valid.",
    429: "Too many requests with this token.",
    503: "For the moment not available; try again.",
}


def document(api: FastAPI) -> dict[str, Any]:
    """The document, made once."""
    if api.openapi_schema is None:
        codes = ", ".join(f"`{code}`" for code in Code)
        made = get_openapi(
            title="Xinlian",
            version=version("xinlian"),
            summary="Credit vouchers from import to redemption.",
            description=DESCRIPTION.format(codes=codes),
            routes=api.routes,
            separate_input_output_schemas=True,
        )
        components = made.setdefault("components", {})
        components.setdefault("schemas", {})["Problem"] = _problem_schema()
        for stale in ("HTTPValidationError", "ValidationError"):
            components["schemas"].pop(stale, None)
        components["securitySchemes"] = {
            "token": {
                "type": "http",
                "scheme": "bearer",
                "bearerFormat": "xlt_<id>_<secret>",
                "description": "A token of your party, from the operator.",
            }
        }
        components["responses"] = {str(status): _problem(status) for status in _TITLES}
        for route in api.routes:
            _complete(made, route)
        _name_files(components["schemas"])
        api.openapi_schema = made
    return api.openapi_schema


def _complete(made: dict[str, Any], route: Any) -> None:
    if not isinstance(route, APIRoute) or not route.include_in_schema:
        return
    for method in route.methods or ():
        operation = made["paths"][route.path_format][method.lower()]
        responses: dict[str, Any] = operation["responses"]
        responses.pop("422", None)
        _name_headers(responses, method)
        if isinstance(route, GuardedRoute):
            operation["security"] = [{"token": []}]
            operation["x-xinlian-access"] = _access(route.name)
            if method != "GET":
                operation.setdefault("parameters", []).append(_KEY_PARAMETER)
            else:
                operation.setdefault("parameters", []).append(_IF_NONE_MATCH)
                responses["304"] = _not_modified()
            for status in _statuses(route, method):
                responses.setdefault(str(status), {"$ref": f"#/components/responses/{status}"})
        operation["responses"] = dict(sorted(responses.items()))


def _name_files(schemas: dict[str, Any]) -> None:
    """A file that may be left out is left out; no field of a form can be null."""
    for name, schema in schemas.items():
        if name.startswith("Body_"):
            for field, shape in schema["properties"].items():
                if "anyOf" in shape:
                    schema["properties"][field] = {**shape["anyOf"][0], "title": shape["title"]}


def _statuses(route: APIRoute, method: str) -> set[int]:
    found = {401, 403, 422, 429, 503}
    if method != "GET":
        found |= {400, 409, 413}
    if route.body_field is not None or intake_of(route.name).raw:
        found |= {400, 415}
    if "code" in query_names(route):
        found.add(404)
    if "code" in query_names(route) or (route.param_convertors and "/trace/" in route.path):
        found.add(409)
    if (
        route.param_convertors
        or method != "GET"
        or "/telemetry/" in route.path
        or query_names(route) & {"party", "as_of", "cursor", "point", "characteristic", "station"}
    ):
        found.add(404)
    return found


def _access(operation: str) -> dict[str, Any]:
    rule = RULES[operation]
    roles = [role.name.lower() for role in type(rule.roles) if role & rule.roles and role.name]
    return {"scope": rule.scope.words[0], "who": rule.who.value, "roles": roles}


def _problem_schema() -> dict[str, Any]:
    schema = Problem.model_json_schema()
    known = sorted(STATUS, key=lambda code: list(Code).index(code))
    schema["properties"]["code"]["examples"] = [code.value for code in known]
    return schema


def _problem(status: int) -> dict[str, Any]:
    headers: dict[str, Any] = {"X-Request-Id": _REQUEST_ID}
    if status == 401:
        headers["WWW-Authenticate"] = _text("How to authenticate.")
    if status in (429, 503):
        headers["Retry-After"] = {
            "description": "Seconds to wait.",
            "required": True,
            "schema": {"type": "integer", "minimum": 1},
        }
    return {
        "description": _TITLES[status],
        "headers": headers,
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }


def _name_headers(responses: dict[str, Any], method: str) -> None:
    _split_pending(responses)
    for status, response in responses.items():
        if "$ref" in response or not status.startswith(("2", "5")):
            continue
        headers = response.setdefault("headers", {})
        headers["X-Request-Id"] = _REQUEST_ID
        if method == "GET" and status == "200":
            headers.setdefault("ETag", _text("Strong entity tag.", required=False))
            headers["Xinlian-Block"] = {
                "description": "The block as of which this was read.",
                "schema": {"type": "integer", "minimum": -1},
            }


def _split_pending(responses: dict[str, Any]) -> None:
    """An order that is still under way is answered 202, a settled one 200; never the other way."""
    schema = responses.get("202", {}).get("content", {}).get("application/json", {}).get("schema")
    if schema and len(schema.get("anyOf", ())) == 4:
        schema["anyOf"] = schema["anyOf"][:2]


def _not_modified() -> dict[str, Any]:
    return {
        "description": "You have this already: the `If-None-Match` header names its tag.",
        "headers": {"X-Request-Id": _REQUEST_ID, "ETag": _text("Strong entity tag.")},
    }


def _text(description: str, *, required: bool = True) -> dict[str, Any]:
    return {"description": description, "required": required, "schema": {"type": "string"}}


_REQUEST_ID: Final = _text("Names this request in the server's logs and audit log.")
_KEY_PARAMETER: Final = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": True,
    "description": "Your name for this operation; the same again when you try it again.",
    "schema": {"type": "string", "pattern": KEY_PATTERN},
    "example": "issue-2026-03-31-0001",
}
_IF_NONE_MATCH: Final = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "description": "Tags that you have; if one is still right the answer is 304.",
    "schema": {"type": "string"},
}
