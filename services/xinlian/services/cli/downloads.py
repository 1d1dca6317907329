"""Answers that are files, and streams of events."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import click
from xinlian.services.cli.client import Api, problem
from xinlian.services.cli.common import wants_json
from xinlian.services.cli.failure import CliError, Exit
from xinlian.services.cli.i18n import language, pick

__all__ = ["follow", "keep_receipt", "save"]

SECONDS_MAX: Final = 300.0
_NAME: Final = re.compile(r'filename="([A-Za-z0-9._\-]{1,120})"', re.ASCII)


def keep_receipt(body: Any, out: Path) -> None:
    """Write the signed receipt of a capture's answer; tells on standard error what became of it."""
    found = body["signed_receipt"]
    if found is None:
        click.echo(pick("no receipt: nothing was recorded", "没有回执：未记录任何内容"), err=True)
        return
    out.write_text(json.dumps(found, indent=2) + "\n", "utf-8")
    count, rest = len(found["leaves"]), body["receipt_after"]
    click.echo(
        pick(f"{out}: receipt for {count:,} records", f"{out}：{count:,} 条记录的回执"), err=True
    )
    if rest is not None:
        more = f"./xl capture receipt {body['capture']} --after {rest}"
        click.echo(pick(f"for the records behind them: {more}", f"其后的记录：{more}"), err=True)


def save(api: Api, method: str, path: str, out: Path | None, parts: dict[str, Any]) -> None:
    """Send a request and write the file that is answered; tells where it is."""
    import httpx

    if out is not None and not out.parent.is_dir():
        what = pick("there is no such folder", "文件夹不存在")
        raise CliError(what, where=str(out.parent), code=Exit.USAGE)
    url = f"{api.url}/api/v1{path}"
    try:
        with httpx.Client(timeout=SECONDS_MAX, trust_env=False) as client:
            response = client.request(
                method,
                url,
                params=_known(parts.get("query")),
                json=parts.get("json"),
                headers=api.prepared(parts.get("key"), language()),
            )
    except httpx.HTTPError as exc:
        raise api.unreachable(method, url, exc, parts.get("key")) from exc
    if not response.is_success:
        raise problem(response, f"{method} {url}")
    if out is not None and str(out) == "-":
        sys.stdout.buffer.write(response.content)
        return
    named = _NAME.search(response.headers.get("content-disposition", ""))
    target = out or Path(named[1] if named else "answer.bin")
    if out is None and target.exists():
        raise CliError(
            pick("the file is there already", "文件已存在"),
            where=str(target),
            todo=pick("name another with --out", "用 --out 指定其他文件"),
            code=Exit.USAGE,
        )
    target.write_bytes(response.content)
    if wants_json():
        click.echo(json.dumps({"file": str(target), "bytes": len(response.content)}))
    else:
        click.echo(f"{target}  ({len(response.content):,} B)")


def follow(api: Api, method: str, path: str, _: Path | None, parts: dict[str, Any]) -> None:
    """Show events as they come until the stream ends or Ctrl-C."""
    import httpx

    url = f"{api.url}/api/v1{path}"
    patience = httpx.Timeout(30.0)
    try:
        with (
            httpx.Client(timeout=patience, trust_env=False) as client,
            client.stream(
                method,
                url,
                params=_known(parts.get("query")),
                headers={**api.prepared(), "Accept": "text/event-stream"},
            ) as answer,
        ):
            if not answer.is_success:
                answer.read()
                raise problem(answer, f"{method} {url}")
            for event in events(answer.iter_lines()):
                _show(event)
    except httpx.HTTPError as exc:
        raise api.unreachable(method, url, exc, None) from exc


def events(lines: Iterator[str]) -> Iterator[Any]:
    """The data of server-sent events."""
    data: list[str] = []
    for line in lines:
        if line.startswith("data:"):
            data.append(line[5:].removeprefix(" "))
        elif not line and data:
            yield json.loads("\n".join(data))
            data = []


def _show(event: dict[str, Any]) -> None:
    if wants_json():
        click.echo(json.dumps(event, ensure_ascii=False))
        return
    from xinlian.services.cli.cells import cell, moment_of_ms
    from xinlian.services.cli.telemetry_show import live_lines

    if "items" in event:
        for line in live_lines(event):
            click.echo(line)
        return
    vehicles = event["detail"].get("vehicles") or []
    told = ", ".join(str(each) for each in vehicles[:5])
    more = f" … +{len(vehicles) - 5}" if len(vehicles) > 5 else ""
    kind = cell("kind", event["kind"])
    click.echo(f"{moment_of_ms(event['raised_ms'])}  {kind}  {event['subject']}  {told}{more}")


def _known(query: dict[str, Any] | None) -> dict[str, Any] | None:
    return None if query is None else {k: v for k, v in query.items() if v is not None}
