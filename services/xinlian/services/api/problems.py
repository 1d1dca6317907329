"""Problem documents (RFC 9457): the one table from codes to HTTP status.

``type`` is ``urn:xinlian:problem:<code>``; ``code`` is stable and what a program should look at.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field
from starlette.responses import Response
from xinlian.services.app.errors import Code

__all__ = ["MEDIA_TYPE", "STATUS", "TITLES", "Problem", "problem_response"]

MEDIA_TYPE: Final = "application/problem+json"

STATUS: Final[Mapping[Code, int]] = {
    Code.UNAUTHENTICATED: 401,
    Code.RATE_LIMITED: 429,
    Code.SCOPE_MISSING: 403,
    Code.ROLE_MISSING: 403,
    Code.OTHER_PARTY: 403,
    Code.PARTY_SUSPENDED: 403,
    Code.IDEMPOTENCY_KEY_MISSING: 400,
    Code.IDEMPOTENCY_KEY_MALFORMED: 400,
    Code.BODY_TOO_LARGE: 413,
    Code.MEDIA_TYPE: 415,
    Code.MALFORMED: 400,
    Code.INVALID: 422,
    Code.CURSOR: 404,
    Code.AS_OF_AHEAD: 404,
    Code.NOT_FOUND: 404,
    Code.METHOD_NOT_ALLOWED: 405,
    Code.IDEMPOTENCY_CONFLICT: 409,
    Code.CONFLICT: 409,
    Code.STATE: 409,
    Code.NO_KEY_IN_CUSTODY: 409,
    Code.HALTED: 503,
    Code.UNAVAILABLE: 503,
    Code.INTERNAL: 500,
}

TITLES: Final[Mapping[Code, tuple[str, str]]] = {
    Code.UNAUTHENTICATED: ("A valid token is needed", "需要有效的访问令牌"),
    Code.RATE_LIMITED: ("Too many requests", "请求过于频繁"),
    Code.SCOPE_MISSING: ("The token lacks the scope", "令牌缺少所需权限"),
    Code.ROLE_MISSING: ("The party lacks the role", "参与方缺少所需角色"),
    Code.OTHER_PARTY: ("The token speaks for another party", "令牌属于另一参与方"),
    Code.PARTY_SUSPENDED: ("The party is suspended", "参与方已被暂停"),
    Code.IDEMPOTENCY_KEY_MISSING: ("An Idempotency-Key is needed", "缺少幂等键"),
    Code.IDEMPOTENCY_KEY_MALFORMED: ("The Idempotency-Key is malformed", "幂等键格式错误"),
    Code.BODY_TOO_LARGE: ("The body is too large", "请求内容过大"),
    Code.MEDIA_TYPE: ("The media type is not taken", "不支持的内容类型"),
    Code.MALFORMED: ("The body cannot be read", "请求内容无法解析"),
    Code.INVALID: ("A value is not valid", "取值无效"),
    Code.CURSOR: ("The cursor is not valid here", "分页游标无效"),
    Code.AS_OF_AHEAD: ("The block is not there yet", "区块尚未到达"),
    Code.NOT_FOUND: ("Not found", "未找到"),
    Code.METHOD_NOT_ALLOWED: ("The method is not allowed here", "不支持的方法"),
    Code.IDEMPOTENCY_CONFLICT: ("The key stands for other content", "幂等键对应的内容不同"),
    Code.CONFLICT: ("In conflict with what is there", "与现有内容冲突"),
    Code.STATE: ("Not possible in this state", "当前状态不允许此操作"),
    Code.NO_KEY_IN_CUSTODY: ("No key of the party is kept here", "本机未托管该参与方的密钥"),
    Code.HALTED: ("Writing is halted", "写入已停止"),
    Code.UNAVAILABLE: ("For the moment not available", "暂时不可用"),
    Code.INTERNAL: ("An error of this server", "服务器内部错误"),
}


class Problem(BaseModel):
    """Why a request was refused (RFC 9457)."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "example": {
                "type": "urn:xinlian:problem:not_found",
                "title": "Not found",
                "title_zh": "未找到",
                "status": 404,
                "code": "not_found",
                "detail": "there is no piece 131072 that concerns you",
                "detail_zh": "没有与您相关的凭证段 131072",
                "instance": "urn:xinlian:request:5f0c1b9a62d84a7b",
                "fields": {},
            }
        },
    )

    type: str = Field(pattern=r"^urn:xinlian:problem:[a-z0-9_]+$")
    title: str
    title_zh: str
    status: int = Field(ge=400, le=599)
    code: str = Field(pattern=r"^[a-z0-9_]+$")
    detail: str
    detail_zh: str
    instance: str
    fields: dict[str, Any]


def problem_response(
    code: str,
    *,
    status: int,
    titles: tuple[str, str],
    detail: str,
    detail_zh: str,
    request_id: str,
    fields: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The response that carries a problem document."""
    problem = Problem(
        type=f"urn:xinlian:problem:{code}",
        title=titles[0] or HTTPStatus(status).phrase,
        title_zh=titles[1],
        status=status,
        code=code,
        detail=detail,
        detail_zh=detail_zh,
        instance=f"urn:xinlian:request:{request_id}",
        fields=dict(fields or {}),
    )
    response = Response(
        problem.model_dump_json(), status, headers=dict(headers or {}), media_type=MEDIA_TYPE
    )
    response.headers["Xinlian-Problem"] = code
    return response
