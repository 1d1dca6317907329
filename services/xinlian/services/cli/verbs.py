"""Commands that speak to the API, from a table: one frozen row a command, one request each."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any, Final

import click
from xinlian.services.cli.failure import CliError, Exit
from xinlian.services.cli.files import read_document, read_file
from xinlian.services.cli.i18n import language, pick, text
from xinlian.services.cli.outcome import check_import, check_order, check_receipts, is_refused

DAY_FORM: Final = "YYYY-MM-DD"


class In(Enum):
    """Where a value goes in the request."""

    PATH = "path"
    QUERY = "query"
    BODY = "body"
    FILE = "file"
    """Part of a multipart upload."""
    DOCUMENT = "document"
    """A JSON file that is the whole body."""


EXISTING_FILE: Final = click.Path(path_type=Path)


@dataclass(frozen=True, slots=True)
class Arg:
    """One argument or option. ``field``: its name in the request where that differs.

    ``fixed`` is a value that the command always sends and nobody gives.
    """

    name: str
    en: str
    zh: str
    place: In = In.BODY
    type: Any = str
    required: bool = True
    many: bool = False
    flag: bool = False
    positional: bool = False
    default: Any = None
    field: str = ""
    fixed: str = ""

    @property
    def key(self) -> str:
        """The name in the request."""
        return self.field or self.name


@dataclass(frozen=True, slots=True)
class Verb:
    """One command: the operation of the API that it calls, and how its answer is shown.

    ``shape`` makes the body from the values where it is more than an object of them; ``columns``
    are those of a list.
    """

    group: str
    name: str
    operation: str
    method: str
    path: str
    en: str
    zh: str
    args: tuple[Arg, ...] = ()
    columns: tuple[str, ...] = ()
    paged: bool = False
    as_of: bool = False
    waits: bool = False
    file: bool = False
    """The answer is a file: it goes where ``--out`` says."""
    keeps_receipt: bool = False
    """The answer holds a signed receipt: ``--receipt`` says where it is kept."""
    stream: bool = False
    """The answer is a stream of events: each is shown as it comes."""
    view: str = ""
    """The function of ``trace_show`` that shows the answer, where a table or record will not do."""
    shape: Callable[[dict[str, Any]], Any] | None = field(default=None)

    @property
    def writes(self) -> bool:
        """Whether the request needs an idempotency key."""
        return self.method != "GET"


def make_command(verb: Verb) -> click.Command:
    """The command of a row."""

    def call(**values: Any) -> int:
        return run(verb, values)

    params: list[click.Parameter] = [_parameter(arg) for arg in verb.args if not arg.fixed]
    if verb.paged:
        params.append(_option("limit", int, pick("rows at most", "最多行数"), default=50))
        params.append(_option("after", str, pick("cursor of the page before", "上一页的游标")))
    if verb.as_of:
        params.append(_option("at", int, pick("as of a block", "截至某区块")))
    if verb.waits:
        help_wait = pick("seconds to wait until it is final", "等待最终确认的秒数")
        params.append(_option("wait", int, help_wait, default=20))
    if verb.file:
        help_out = pick("file to write; - for standard output", "输出文件；- 为标准输出")
        kind = click.Path(dir_okay=False, allow_dash=True, path_type=Path)
        params.append(_option("out", kind, help_out))
    if verb.keeps_receipt:
        help_receipt = pick("file to keep the signed receipt in", "保存签名回执的文件")
        kind = click.Path(dir_okay=False, writable=True, path_type=Path)
        params.append(_option("receipt", kind, help_receipt))
    if verb.writes:
        help_key = pick("idempotency key: the same again when you repeat", "幂等键：重试时用同一个")
        params.append(_option("key", str, help_key))
    return click.Command(
        verb.name, params=params, callback=call, help=pick(verb.en, verb.zh), no_args_is_help=False
    )


def run(verb: Verb, values: dict[str, Any]) -> int:
    """Send the request of a command and print the answer; the exit code."""
    from xinlian.services.cli.client import Api
    from xinlian.services.cli.render import print_json

    options = click.get_current_context().find_object(dict) or {}
    api = Api(options.get("api"), options.get("token_file"))
    request = build(verb, values)
    if verb.file or verb.stream:
        from xinlian.services.cli import downloads

        done = downloads.save if verb.file else downloads.follow
        try:
            done(api, verb.method, request.path, values.get("out"), request.parts)
        except CliError as exc:
            raise placed(verb, exc) from exc
        return Exit.OK
    try:
        answer = api.call(verb.method, request.path, lang=language(), **request.parts)
        if answer.location:
            # What became of it stands elsewhere, as with EPCIS.
            answer = api.call("GET", answer.location, lang=language())
    except CliError as exc:
        raise placed(verb, exc) from exc
    if verb.keeps_receipt and values.get("receipt"):
        from xinlian.services.cli.downloads import keep_receipt

        keep_receipt(answer.body, values["receipt"])
    if options.get("json"):
        print_json(answer.body)
    else:
        show(verb, linked(answer.body, api.url))
    if verb.waits:
        check_order(answer.body)
    check_receipts(answer.body)
    if verb.operation == "import_receivables":
        check_import(api, answer.body, quiet=bool(options.get("json")))
    return Exit.REFUSED if verb.writes and is_refused(answer.body) else Exit.OK


def placed(verb: Verb, error: CliError) -> CliError:
    """The failure with the option that it is about, where the API named a field."""
    if error.problem and error.code is not Exit.UNREACHABLE:
        error.where = f"./xl {verb.group} {verb.name}"
    field = next((part for part in reversed(error.field.split(".")) if not part.isdigit()), "")
    for arg in verb.args:
        if field and field in (arg.key, arg.name) and not arg.fixed:
            plain = arg.positional or arg.place is In.PATH
            error.where = arg.name.upper() if plain else "--" + arg.name.replace("_", "-")
    return error


@dataclass(frozen=True, slots=True)
class Request:
    """A request in parts."""

    path: str
    parts: dict[str, Any]


def build(verb: Verb, values: Mapping[str, Any]) -> Request:
    """The request of a command with these values. Raises ``CliError`` for an unreadable file."""
    path, query, body, files = verb.path, {}, {}, {}
    whole: Any = None
    for arg in verb.args:
        value = arg.fixed or values.get(arg.name)
        if isinstance(value, tuple):
            value = list(value)
        if value is None or (arg.many and not value):
            continue
        if arg.flag and not value and arg.default is None:
            continue  # an API older than this command line may not know it
        if arg.place is In.PATH:
            path = path.replace("{" + arg.key + "}", str(value))
        elif arg.place is In.QUERY:
            query[arg.key] = str(value).lower() if isinstance(value, bool) else value
        elif arg.place is In.FILE:
            files[arg.key] = read_file(Path(str(value)))
        elif arg.place is In.DOCUMENT:
            whole = read_document(Path(str(value)))
        else:
            body[arg.key] = value
    query |= _paging(verb, values)
    parts: dict[str, Any] = {"query": query or None}
    if verb.writes:
        parts["key"] = values.get("key") or "cli-" + secrets.token_hex(12)
    if files:
        parts["files"] = files
    elif verb.writes:
        parts["json"] = whole if whole is not None else verb.shape(body) if verb.shape else body
    return Request(path, parts)


def _paging(verb: Verb, values: Mapping[str, Any]) -> dict[str, Any]:
    """Query parameters that many commands share. A file speaks as the command does."""
    unsaid = (arg for arg in verb.args if arg.key == "lang" and not values.get(arg.name))
    query: dict[str, Any] = {arg.key: language() for arg in unsaid}
    if verb.paged:
        query["limit"] = values.get("limit")
        query["cursor"] = values.get("after")
    if verb.as_of:
        query["as_of"] = values.get("at")
    seconds = values.get("wait")
    if verb.waits and seconds:
        query |= {"wait": "final", "timeout": seconds}
    return {name: value for name, value in query.items() if value is not None}


def linked(body: Any, base: str) -> Any:
    """An answer whose links to pages can be opened: with the address of the API before them."""
    found = body if isinstance(body, dict) else {}
    items = found.get("items")
    for item in [found.get("item"), *(items if isinstance(items, list) else ())]:
        if isinstance(item, dict) and str(item.get("link", "")).startswith("/t/"):
            item["link"] = base + item["link"]
    return body


def show(verb: Verb, body: Any) -> None:
    """Print an answer for people."""
    from xinlian.services.cli.render import print_record, print_rows

    if verb.view:
        from xinlian.services.cli import telemetry_show, trace_show

        shower = telemetry_show if verb.group == "telemetry" else trace_show
        getattr(shower, verb.view)(body)
    elif isinstance(body, dict) and isinstance(body.get("items"), list) and verb.columns:
        print_rows(body["items"], verb.columns)
        rest = {name: value for name, value in body.items() if name not in ("items", "next")}
        if rest:
            print_record(rest)
        if body.get("next"):
            click.echo(text("more", None, cursor=body["next"]), err=True)
    elif isinstance(body, dict):
        # Why an order failed is told by what follows, in the reader's language.
        print_record({name: value for name, value in body.items() if name != "failure"})
    elif body is not None:
        click.echo(body)


def _parameter(arg: Arg) -> click.Parameter:
    if arg.positional or arg.place is In.PATH:
        return click.Argument(
            [arg.name], type=arg.type, required=arg.required, nargs=-1 if arg.many else 1
        )
    if arg.flag:
        return click.Option([f"--{arg.name.replace('_', '-')}"], is_flag=True, help=_help(arg))
    return click.Option(
        [f"--{arg.name.replace('_', '-')}"],
        type=arg.type,
        required=arg.required and arg.default is None,
        show_default=arg.default is not None,
        multiple=arg.many,
        help=_help(arg),
        # A default of None would count as given, and nothing would be required.
        **({} if arg.default is None else {"default": arg.default}),
    )


def _help(arg: Arg) -> str:
    return pick(arg.en, arg.zh)


def _option(name: str, kind: Any, text_help: str, default: Any = None) -> click.Option:
    return click.Option(
        [f"--{name}"], type=kind, default=default, help=text_help, show_default=default is not None
    )
