"""Commands about access tokens; they work on the data folder, for whoever runs the server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from xinlian.services.cli.common import common_options, wants_json
from xinlian.services.cli.failure import CliError, Exit
from xinlian.services.cli.i18n import pick

_SCOPES = ("read", "write", "sign", "admin")


def make_group() -> click.Group:
    """`token create|list|revoke`."""
    group = click.Group(
        "token", help=pick("Access tokens.", "访问令牌。"), params=[*common_options()]
    )
    create: list[click.Parameter] = [
        click.Option(["--party"], type=int, help=pick("party it speaks for", "所属参与方")),
        click.Option(
            ["--scope"],
            type=click.Choice(_SCOPES),
            multiple=True,
            required=True,
            help=pick("right; repeat for more", "权限，可多次"),
        ),
        click.Option(["--label"], required=True, help=pick("what it is for", "用途")),
        click.Option(["--days"], type=int, default=90, show_default=True),
        click.Option(
            ["--out"],
            type=click.Path(path_type=Path),
            help=pick("write it to this file (0600) instead of showing it", "写入此文件而不显示"),
        ),
    ]
    revoke: list[click.Parameter] = [click.Argument(["token_id"])]
    for name, callback, text, params in (
        ("create", _create, pick("Make one; it is shown once.", "创建；仅显示一次。"), create),
        ("list", _list, pick("What is known of them.", "令牌列表。"), []),
        ("revoke", _revoke, pick("End one at once.", "立即吊销。"), revoke),
    ):
        group.add_command(
            click.Command(name, callback=callback, help=text, params=[*params, *common_options()])
        )
    return group


def _create(
    party: int | None, scope: tuple[str, ...], label: str, days: int, out: Path | None
) -> None:
    from xinlian.ledger.model.ids import PartyId
    from xinlian.services.app.actors import Scope
    from xinlian.services.app.tokens import TokenError
    from xinlian.services.cli.render import print_json
    from xinlian.services.settings import write_secret

    _check_out(out)
    store = _store()
    if party is not None and store.parties.member(party) is None:
        raise CliError(
            pick(f"there is no party {party}", f"没有参与方 {party}"),
            where="--party",
            todo=pick("see ./xl party list", "参见 ./xl party list"),
        )
    try:
        made = store.tokens.create(
            party=None if party is None else PartyId(party),
            scopes=Scope.of(list(scope)),
            label=label,
            days=days,
        )
    except TokenError as exc:
        raise CliError(str(exc), code=Exit.USAGE) from exc
    if out is not None:
        try:
            write_secret(out, made.text)
        except OSError as exc:
            what = pick("the file cannot be written", "无法写入文件") + f": {exc.strerror}"
            raise CliError(what, where=str(out), code=Exit.USAGE) from exc
    if wants_json():
        shown = {"id": made.token.id, "expires_at": made.token.expires_at}
        print_json(shown if out else {**shown, "token": made.text})
    else:
        click.echo(str(out) if out else made.text)


def _check_out(out: Path | None) -> None:
    """A file that is there already may hold another token: it is never written over."""
    if out is None:
        return
    what = ""
    if out.exists():
        what = pick("there is such a file already", "文件已存在")
    elif not out.absolute().parent.is_dir():
        what = pick("there is no such folder", "文件夹不存在")
    if what:
        raise CliError(
            what,
            where=f"--out {out}",
            todo=pick("remove it or name another", "请删除或另选文件"),
            code=Exit.USAGE,
        )


def _list() -> None:
    from xinlian.services.cli.render import print_json, print_rows

    rows = [_row(token) for token in _tokens().listed(limit=1_000)]
    if wants_json():
        print_json({"items": rows})
    else:
        print_rows(rows)


def _revoke(token_id: str) -> None:
    token = _tokens().revoke(token_id)
    if token is None:
        raise CliError(
            pick(f"there is no token {token_id}", f"没有令牌 {token_id}"),
            todo=pick("see ./xl token list", "参见 ./xl token list"),
        )
    click.echo(pick(f"revoked: {token_id}", f"已吊销：{token_id}"))


def _row(token: Any) -> dict[str, Any]:
    return {
        "id": token.id,
        "party": token.party,
        "scopes": token.scopes.words,
        "label": token.label,
        "created_at": token.created_at,
        "expires_at": token.expires_at,
        "revoked_at": token.revoked_at,
        "last_used_at": token.last_used_at,
    }


def _tokens() -> Any:
    return _store().tokens


def _store() -> Any:
    from xinlian.services.bootstrap import build_store
    from xinlian.services.settings import Settings

    settings = Settings()
    if not settings.data.is_dir():
        raise CliError(
            pick("there is no network here yet", "此处还没有网络"),
            where=str(settings.data),
            todo=pick(
                "start it once with ./xl up, or set XINLIAN_DATA",
                "先运行 ./xl up，或设置 XINLIAN_DATA",
            ),
            code=Exit.UNREACHABLE,
        )
    return build_store(settings)
