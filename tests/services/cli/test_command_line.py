"""The command line as people and scripts meet it: help, languages, exit codes, hostile input."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import ClassVar

import pytest
from xinlian.services.cli.failure import Exit
from xinlian.services.cli.i18n import set_language
from xinlian.services.cli.root import execute

NOWHERE = "http://127.0.0.1:1"


@pytest.fixture(autouse=True)
def plain_surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    for name in ("XINLIAN_TOKEN", "XINLIAN_TOKEN_FILE", "XINLIAN_API_URL", "XINLIAN_DEBUG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XINLIAN_DATA", str(tmp_path / "data"))
    monkeypatch.setenv("LANG", "C.UTF-8")
    monkeypatch.setenv("LC_ALL", "")
    set_language(None)
    yield
    set_language(None)


def test_version_imports_little() -> None:
    code = (
        "import sys; from xinlian.services.cli.root import execute; execute(['version']);"
        "print(sorted({'sqlalchemy', 'httpx', 'fastapi', 'web3', 'rich', 'pydantic'}"
        " & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    version, imported = done.stdout.splitlines()
    assert version.startswith("xinlian ")
    assert imported == "[]"


def test_help_names_every_command_in_both_languages(capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["--help"]) == Exit.OK
    english = capsys.readouterr().out
    set_language("zh")
    assert execute(["--help"]) == Exit.OK
    chinese = capsys.readouterr().out
    for name in ("demo", "voucher", "piece", "financing", "token", "ledger"):
        assert f"\n  {name}" in english
        assert f"\n  {name}" in chinese
    assert "Exit codes" in english
    assert "退出码" in chinese


def test_json_for_machines(capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["version", "--json"]) == Exit.OK
    assert set(json.loads(capsys.readouterr().out)) == {"xinlian"}


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["completion", shell]) == Exit.OK
    assert "_XINLIAN_COMPLETE" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["nonsense"], Exit.USAGE, "No such command"),
        (["piece", "show"], Exit.USAGE, "PIECE"),
        (["piece", "show", "x"], Exit.USAGE, "not a valid integer"),
        (["piece", "transfer", "1", "--amount", "1.234"], Exit.USAGE, "two decimals"),
        (["piece", "transfer", "1", "--amount", "1e9"], Exit.USAGE, "two decimals"),
        (["party", "limit", "1", "--limit", "-5"], Exit.USAGE, "yuan from 0 to"),
        (["party", "limit", "1", "--limit", "9" * 20], Exit.USAGE, "yuan from 0 to"),
        (["quote", "give", "x", "--rate", "4.56789"], Exit.USAGE, "four decimals"),
        (["voucher", "list", "--api", NOWHERE], Exit.UNREACHABLE, "no API answers"),
        (["voucher", "list", "--api", "ftp://x"], Exit.USAGE, "not the address of an API"),
        (["voucher", "list", "--token-file", "/nonexistent"], Exit.NO_ACCESS, "secret file"),
        (["ledger", "verify"], Exit.UNREACHABLE, "deployment"),
        (["node", "status"], Exit.UNREACHABLE, "no node answers"),
        (["token", "list"], Exit.UNREACHABLE, "no network"),
        (["demo", "--receivables", "/nonexistent.csv"], Exit.USAGE, "go together"),
    ],
)
def test_failures_are_one_readable_block(
    arguments: list[str], code: Exit, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert execute(arguments) == code
    shown = capsys.readouterr()
    assert shown.out == ""
    assert shown.err.startswith("error: ")
    assert words in shown.err
    assert "Traceback" not in shown.err
    assert len(shown.err.splitlines()) <= 6


def test_failures_speak_chinese(capsys: pytest.CaptureFixture[str]) -> None:
    set_language("zh")
    assert execute(["voucher", "list", "--api", NOWHERE]) == Exit.UNREACHABLE
    shown = capsys.readouterr().err
    assert shown.startswith("错误: ")
    assert "./xl up" in shown


def test_files_that_cannot_be_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    good = tmp_path / "map.yaml"
    good.write_text("version: 1\n", encoding="utf-8")
    for path, words in ((tmp_path, "folder"), (tmp_path / "missing", "no such file")):
        arguments = ["import", "receivables", str(path), "--mapping", str(good), "--api", NOWHERE]
        assert execute(arguments) == Exit.USAGE
        assert words in " ".join(capsys.readouterr().err.split())  # long paths break the line
    not_json = tmp_path / "order.json"
    not_json.write_text("{", encoding="utf-8")
    assert execute(["order", "submit", str(not_json), "--api", NOWHERE]) == Exit.USAGE
    assert "not JSON" in " ".join(capsys.readouterr().err.split())


class Answers(BaseHTTPRequestHandler):
    """A server that answers what its ``script`` says: status, type and body by path."""

    script: ClassVar[dict[str, tuple[int, str, bytes]]] = {}
    seen: ClassVar[list[tuple[str, str | None]]] = []

    def do_GET(self) -> None:
        path = self.path.split("?")[0]
        self.seen.append((path, self.headers["Authorization"]))
        status, kind, body = self.script[path]
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[str]:
    Answers.seen = []
    http = HTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=http.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{http.server_port}"
    http.shutdown()
    thread.join()
    http.server_close()


def test_problems_of_the_api(server: str, capsys: pytest.CaptureFixture[str]) -> None:
    problem = {
        "title": "Not found",
        "title_zh": "未找到",
        "code": "not_found",
        "detail": "no piece 9",
    }
    operator = {"code": "role_missing", "fields": {"who": "party"}}
    clerk = {"code": "scope_missing", "fields": {"scope": "sign"}}
    Answers.script = {
        "/api/v1/trace/recalls": (403, "application/json", json.dumps(operator).encode()),
        "/api/v1/trace/recalls/1": (403, "application/json", json.dumps(clerk).encode()),
        "/api/v1/pieces/9": (404, "application/problem+json", json.dumps(problem).encode()),
        "/api/v1/me": (401, "application/problem+json", b'{"title":"A valid token is needed"}'),
        "/api/v1/parties": (200, "text/html", b"<html>"),
        "/api/v1/chain": (500, "text/plain", b"boom"),
    }
    for arguments, code, words in (
        (["piece", "show", "9"], Exit.REFUSED, "[not_found]: no piece 9"),
        (["party", "me"], Exit.NO_ACCESS, "XINLIAN_TOKEN"),
        (["recall", "list"], Exit.NO_ACCESS, "name a party's token by --token-file"),
        (["recall", "show", "1"], Exit.NO_ACCESS, "./xl token create --scope sign"),
        (["party", "list"], Exit.UNREACHABLE, "not JSON"),
        (["chain", "status"], Exit.REFUSED, "HTTP 500"),
    ):
        assert execute([*arguments, "--api", server]) == code
        assert words in capsys.readouterr().err


def test_tables_show_yuan_and_days(
    server: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = {
        "items": [{"root": 3, "state": "active", "face_fen": 1234567, "due_day": "2026-03-31"}],
        "next": "abc",
    }
    Answers.script = {"/api/v1/vouchers": (200, "application/json", json.dumps(rows).encode())}
    monkeypatch.setenv("XINLIAN_TOKEN", "xlt_secret")
    assert execute(["voucher", "list", "--api", server]) == Exit.OK
    shown = capsys.readouterr()
    assert "12,345.67" in shown.out
    assert "2026-03-31" in shown.out
    assert "--after abc" in shown.err
    assert Answers.seen == [("/api/v1/vouchers", "Bearer xlt_secret")]
    assert execute(["voucher", "list", "--api", server, "--json"]) == Exit.OK
    assert json.loads(capsys.readouterr().out) == rows


def test_objects_in_an_answer_become_sections(
    server: str, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = {
        "piece": {"piece": 65536, "steps": [{"block": 3, "name": "OfferAccepted"}]},
        "height": 9,
    }
    body = json.dumps(answer).encode()
    Answers.script = {"/api/v1/pieces/65536/lineage": (200, "application/json", body)}
    assert execute(["piece", "lineage", "65536", "--api", server]) == Exit.OK
    lines = [line.split() for line in capsys.readouterr().out.splitlines() if line.strip()]
    assert lines == [
        ["height", "9"],
        ["piece"],
        ["piece", "65536"],
        ["piece", "·", "steps"],
        ["block", "name"],
        ["3", "OfferAccepted"],
    ]


def test_a_token_file_open_to_others_is_refused(
    server: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    token = tmp_path / "token"
    token.write_text("xlt_secret\n", encoding="ascii")
    token.chmod(0o644)
    arguments = ["party", "me", "--api", server, "--token-file", str(token)]
    assert execute(arguments) == Exit.NO_ACCESS
    assert "chmod 600" in capsys.readouterr().err
    assert Answers.seen == []


def test_tokens_are_made_listed_and_revoked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "data").mkdir(mode=0o700)
    monkeypatch.setenv("XINLIAN_DATA", str(tmp_path / "data"))
    out = tmp_path / "token"
    arguments = ["token", "create", "--scope", "read", "--label", "test", "--out", str(out)]
    assert execute([*arguments, "--json"]) == Exit.OK
    made = json.loads(capsys.readouterr().out)
    assert out.read_text("ascii").startswith(f"xlt_{made['id']}_")
    assert out.stat().st_mode & 0o077 == 0
    assert execute(["token", "list", "--json"]) == Exit.OK
    listed = json.loads(capsys.readouterr().out)["items"]
    assert [(row["id"], row["scopes"], row["revoked_at"]) for row in listed] == [
        (made["id"], ["read"], None)
    ]
    assert execute(["token", "revoke", made["id"]]) == Exit.OK
    assert execute(["token", "revoke", "nosuchtoken"]) == Exit.REFUSED
    capsys.readouterr()
    assert execute(["token", "list", "--json"]) == Exit.OK
    assert json.loads(capsys.readouterr().out)["items"][0]["revoked_at"] is not None
    arguments = ["token", "create", "--scope", "sign", "--label", "x"]
    assert execute(arguments) == Exit.USAGE
