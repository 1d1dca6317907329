"""The command line's way to the API: one request, its answer or a readable failure."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from xinlian.services.cli.failure import CliError, Exit
from xinlian.services.cli.i18n import pick

SECONDS_MAX: Final = 60.0
DEFAULT_FILE: Final = "cli-token"
_EXITS: Final = {
    400: Exit.USAGE,
    401: Exit.NO_ACCESS,
    403: Exit.NO_ACCESS,
    422: Exit.USAGE,
}
_RIGHTS: Final = frozenset({"scope_missing", "role_missing"})


@dataclass(frozen=True, slots=True)
class Answer:
    """A 2xx answer: its JSON; where it has none, the path under ``/api/v1`` that ``Location``
    names, if it names one."""

    status: int
    body: Any
    location: str = ""


class Api:
    """The API at a URL, with the token of XINLIAN_TOKEN, a token file, or none."""

    def __init__(self, url: str | None, token_file: Path | None) -> None:
        self.url = (url or os.environ.get("XINLIAN_API_URL") or default_url()).rstrip("/")
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise CliError(
                pick(f"not the address of an API: {self.url}", f"不是 API 地址：{self.url}"),
                todo=pick("give one such as http://127.0.0.1:8440", "例如 http://127.0.0.1:8440"),
                code=Exit.USAGE,
            )
        self._token = find_token(token_file)
        if not self._token.isascii():
            raise CliError(
                pick("what was given is no token", "所给内容不是令牌"),
                where="XINLIAN_TOKEN" if token_file is None else str(token_file),
                todo=pick("a token begins with xlt_", "令牌以 xlt_ 开头"),
                code=Exit.NO_ACCESS,
            )

    def call(
        self,
        method: str,
        path: str,
        *,
        query: dict[str, Any] | None = None,
        json: Any = None,
        files: Any = None,
        key: str | None = None,
        lang: str = "en",
    ) -> Answer:
        """Send one request under ``/api/v1``; raises ``CliError`` unless the answer is 2xx."""
        import httpx

        headers, url = self.prepared(key, lang), f"{self.url}/api/v1{path}"
        try:
            # The API is on loopback: a proxy from the environment would carry the token away.
            with httpx.Client(timeout=SECONDS_MAX, trust_env=False) as client:
                response = client.request(
                    method, url, params=query, json=json, files=files, headers=headers
                )
        except httpx.HTTPError as exc:
            raise self.unreachable(method, url, exc, key) from exc
        if response.is_success:
            body = _json(response, f"{method} {url}")
            place = response.headers.get("location", "") if body is None else ""
            within = place.startswith("/api/v1/")
            return Answer(
                response.status_code, body, place.removeprefix("/api/v1") if within else ""
            )
        raise problem(response, f"{method} {url}")

    def prepared(self, key: str | None = None, lang: str = "en") -> dict[str, str]:
        """The headers of a request."""
        headers = {"Accept": "application/json", "Accept-Language": lang}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        if key is not None:
            headers["Idempotency-Key"] = key
        return headers

    def unreachable(self, method: str, url: str, exc: Exception, key: str | None) -> CliError:
        """The failure that no answer is."""
        repeat = ""
        if key is not None:
            repeat = pick(
                f"; if it may have been carried out, repeat it with --key {key}",
                f"；若可能已执行，请用 --key {key} 重试",
            )
        return CliError(
            pick(f"no API answers at {self.url}", f"{self.url} 没有 API 应答")
            + f" ({type(exc).__name__})",
            where=f"{method} {url}",
            todo=pick(
                "start the network with ./xl up, or name another address with --api or "
                "XINLIAN_API_URL",
                "用 ./xl up 启动网络，或用 --api / XINLIAN_API_URL 指定其他地址",
            )
            + repeat,
            code=Exit.UNREACHABLE,
        )


def default_url() -> str:
    """The address that this machine's settings give."""
    from xinlian.services.settings import Settings

    settings = Settings()
    return f"http://{settings.api_host}:{settings.api_port}"


def find_token(token_file: Path | None) -> str:
    """The token: XINLIAN_TOKEN, or the file given, or XINLIAN_TOKEN_FILE, or the data folder's.

    Never an argument: other users of a machine can see those.
    """
    direct = os.environ.get("XINLIAN_TOKEN", "").strip()
    if direct and token_file is None:
        return direct
    from xinlian.services.settings import Settings, SettingsError, read_secret

    named = os.environ.get("XINLIAN_TOKEN_FILE")
    path = token_file or (Path(named) if named else None)
    if path is None:
        path = Settings().secrets_dir / DEFAULT_FILE
        if not path.is_file():
            return ""
    try:
        return read_secret(path)
    except SettingsError as exc:
        raise CliError(str(exc), where=str(path), code=Exit.NO_ACCESS) from exc


def problem(response: Any, where: str) -> CliError:
    """The failure that a problem document (RFC 9457), or whatever else came, stands for."""
    try:
        body = response.json()
    except ValueError:
        body = {}
    if not isinstance(body, dict):
        body = {}
    title = body.get(pick("title", "title_zh")) or f"HTTP {response.status_code}"
    detail = body.get(pick("detail", "detail_zh")) or body.get("detail")
    code = body.get("code")
    what = f"{title}" + (f" [{code}]" if code else "") + (f": {detail}" if detail else "")
    exit_code = _EXITS.get(response.status_code, Exit.REFUSED)
    todo = ""
    if response.status_code == 401:
        todo = pick(
            "put a token into XINLIAN_TOKEN or a file named by --token-file; make one with "
            "./xl token create",
            "把令牌放入 XINLIAN_TOKEN 或 --token-file 指定的文件；用 ./xl token create 创建",
        )
    elif response.status_code >= 500:
        instance = body.get("instance", "")
        todo = pick("look into the API's log", "查看 API 日志") + (
            f" ({instance})" if instance else ""
        )
    fields = body.get("fields")
    fields = fields if isinstance(fields, dict) else {}
    if code in _RIGHTS:
        todo = _other_token(str(code), fields)
    field = fields.get("field", "")
    return CliError(
        what, where=where, todo=todo, code=exit_code, problem=str(code or ""), field=str(field)
    )


def _other_token(code: str, fields: Mapping[str, Any]) -> str:
    """Which token would do."""
    if code == "scope_missing":
        scope = fields.get("scope", "")
        return pick(
            f"name a token with that right by --token-file; ./xl token create --scope {scope} "
            "makes one",
            f"用 --token-file 指定具有该权限的令牌；可用 ./xl token create --scope {scope} 创建",
        )
    if fields.get("who") == "party":
        return pick(
            "name a party's token by --token-file, or put it into XINLIAN_TOKEN: without either "
            "the operator's token of this folder is taken",
            "用 --token-file 指定参与方令牌，或放入 XINLIAN_TOKEN；否则使用本目录的运营方令牌",
        )
    return ""


def _json(response: Any, where: str) -> Any:
    if not response.content:
        return None
    try:
        return response.json()
    except ValueError as exc:
        raise CliError(
            pick("the answer is not JSON", "应答不是 JSON"),
            where=where,
            todo=pick("is this address really the API?", "请确认该地址确为 API"),
            code=Exit.UNREACHABLE,
        ) from exc
