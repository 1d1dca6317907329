"""`evidence pin`: heads of logs as files, one log's, or those of every log in a proof file."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import click
from xinlian.services.cli.common import wants_json
from xinlian.services.cli.failure import CliError, Exit
from xinlian.services.cli.files import read_document
from xinlian.services.cli.i18n import language, pick
from xinlian.services.cli.verbs import Verb, run

__all__ = ["with_proof_files"]


def with_proof_files(verb: Verb, command: click.Command) -> None:
    """Give the command of one log its second form, ``--for FILE.xlproof``."""
    for param in command.params:
        if isinstance(param, click.Argument) and param.name == "log":
            param.required = False
    help_for = pick(
        "of every log in this proof file, as large as it needs; --out is a folder then",
        "该证明文件中的每个日志，取其所需大小；此时 --out 为文件夹",
    )
    command.params.append(
        click.Option(["--for", "proof"], type=click.Path(path_type=Path), help=help_for)
    )

    def call(log: str | None, proof: Path | None, **values: Any) -> int:
        if (log is None) == (proof is None):
            what = pick(
                "Missing: either a LOG or a proof file with --for",
                "缺少：日志，或用 --for 指定的证明文件，二者择一",
            )
            raise click.UsageError(what, click.get_current_context())
        return run(verb, {"log": log, **values}) if proof is None else _pin(proof, values["out"])

    command.callback = call


def _pin(proof: Path, out: Path | None) -> int:
    """Write the head of every log of a proof file, as the chain has it, into a folder."""
    from xinlian.services.cli.client import Api

    wanted = _heads(proof)
    options = click.get_current_context().find_object(dict) or {}
    api = Api(options.get("api"), options.get("token_file"))
    folder = out or proof.with_suffix(".heads")
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for log, size in wanted:
        path = f"/evidence/logs/0x{log}/pin"
        head = api.call("GET", path, query={"size": size}, lang=language()).body
        file = folder / f"{log[:16]}-{size}.xlhead"
        file.write_text(_text(head), encoding="utf-8")
        written.append(str(file))
    if wants_json():
        click.echo(_text({"files": written}), nl=False)
        return Exit.OK
    for name in written:
        click.echo(name)
    check = f"xinlian_verify.py {shlex.quote(str(proof))} --head {shlex.quote(str(folder))}"
    click.echo(pick("check with: ", "核验命令：") + check)
    return Exit.OK


def _heads(proof: Path) -> list[tuple[str, int]]:
    """The logs of a proof file and how large their heads are; ``CliError`` where it is none."""
    bundle = read_document(proof)
    try:
        # A file about readings has the proof of its records within it.
        bundle = bundle.get("proof", bundle)
        found = [(part["log"]["id"], part["head"]["size"]) for part in bundle["parts"]]
        good = all(len(bytes.fromhex(log)) == 32 and int(size) > 0 for log, size in found)
    except (AttributeError, KeyError, TypeError, ValueError):
        found, good = [], False
    if not (good and found):
        what = pick("this is no proof file", "这不是证明文件")
        raise CliError(what, where=str(proof), code=Exit.USAGE)
    return found


def _text(value: Any) -> str:
    import json

    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"
