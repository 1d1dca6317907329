"""The file as an auditor has it: alone, in an empty environment, elsewhere, without a network."""

from __future__ import annotations

import ast
import json
import re
import shutil
import subprocess
import sys
import venv
from dataclasses import replace
from pathlib import Path

import pytest
from xinlian.ledger.adapters import xinlian_verify
from xinlian.services.cli.root import execute

from tests.support import rfc9162_plain as plain
from tests.support import xlproof
from tests.verify import copies
from tests.verify.corpus import Case, cases

CASES = {case.name: case for case in cases()}
# Without a network where the system lets us; else at least without an address to go to.
NO_NETWORK = (
    ("unshare", "-rn")
    if shutil.which("unshare")
    and subprocess.run(["unshare", "-rn", "true"], capture_output=True, check=False).returncode == 0
    else ()
)


def test_the_page_holds_the_script_as_it_is() -> None:
    assert copies.PAGE.read_text(encoding="utf-8") == copies.page(), copies.__doc__


def test_every_sentence_is_there_in_chinese() -> None:
    """Whatever a step may say stands in the table, and the table holds nothing else."""
    source = copies.FILE.read_text(encoding="utf-8")
    said = {
        node.value
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    assert set(xinlian_verify.ZH) <= said
    script = copies.SCRIPT.read_text(encoding="utf-8")
    for english, chinese in xinlian_verify.ZH.items():
        assert english.count("{}") == chinese.count("{}"), english
        assert re.search("[\u4e00-\u9fff]", chinese), english
        assert f"\n{english} = {chinese}\n" in script
    for form in xinlian_verify.FORMS.strip().splitlines():
        assert f"\n{form}\n" in script


def test_it_uses_the_standard_library_alone() -> None:
    tree = ast.parse(copies.FILE.read_text(encoding="utf-8"), feature_version=(3, 9))
    used = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            used |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            used.add(str(node.module).split(".")[0])
    assert used <= sys.stdlib_module_names


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an empty virtual environment."""
    folder = tmp_path_factory.mktemp("auditor") / "env"
    venv.create(folder, with_pip=False, symlinks=True)
    return folder / "bin" / "python"


# A gibibyte of address space is all that the file may ask for.
BOUNDED = ("sh", "-c", 'ulimit -v "$0" && exec "$@"', str(1 << 20))


def run(python: Path, folder: Path, case: Case, *more: str) -> subprocess.CompletedProcess[str]:
    """Mail the file and the case to a folder, and run it there."""
    shutil.copy(copies.FILE, folder / "xinlian_verify.py")
    (folder / "case.xlproof").write_bytes(case.data)
    pins = []
    for number, head in enumerate(case.heads):
        (folder / f"{number}.xlhead").write_bytes(head)
        pins += ["--head", f"{number}.xlhead"]
    contracts = [word for address in case.contracts for word in ("--contract", address)]
    return subprocess.run(
        [
            *(*BOUNDED, *NO_NETWORK, python, "-W", "error", "xinlian_verify.py", "case.xlproof"),
            *(*pins, *contracts, *more),
        ],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", "PYTHONDONTWRITEBYTECODE": "1", "LC_ALL": "C"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


@pytest.mark.parametrize(
    "name",
    [
        *("pinned", "two logs, one with SM3", "nobody to ask", "a value", "rewritten history"),
        *("hidden record, count lowered", "absence under another key", "form: deep", "form: NaN"),
        *("form: surrogate", "form: empty", "index proof deep", "form: deep in a value"),
    ],
)
def test_alone_in_an_empty_environment(python: Path, tmp_path: Path, name: str) -> None:
    case = CASES[name]
    told = run(python, tmp_path, case)
    assert (told.returncode, told.stderr) == (case.exit, "")
    assert told.stdout.splitlines()[-1] == xinlian_verify.RESULT["en"][case.exit]
    if case.failed is not None:
        assert f"{case.failed:2} FAIL" in told.stdout
    assert json.loads(run(python, tmp_path, case, "--json").stdout) == xinlian_verify.verify(
        case.data, case.heads, None, case.contracts
    )
    chinese = run(python, tmp_path, case, "--lang", "zh")
    assert chinese.stdout.splitlines()[-1] == xinlian_verify.RESULT["zh"][case.exit]


def test_flipped_bytes_alone_in_an_empty_environment(python: Path, tmp_path: Path) -> None:
    case = CASES["pinned"]
    for place in range(0, len(case.data), len(case.data) // 12):
        flipped = bytearray(case.data)
        flipped[place] ^= 1 << place % 8
        told = run(python, tmp_path, Case("", bytes(flipped), 1, heads=case.heads))
        assert (told.returncode, told.stderr) == (1, ""), place


def test_without_a_network_a_node_is_not_there(python: Path, tmp_path: Path) -> None:
    told = run(python, tmp_path, CASES["pinned"], "--rpc", "http://192.0.2.1:8545")
    if not NO_NETWORK:
        pytest.skip("this system does not let a test cut itself off the network")
    assert told.returncode == 2
    assert "the node cannot be reached" in told.stdout


def test_records_are_shown_on_request(python: Path, tmp_path: Path) -> None:
    log = xlproof.sample_log()
    log.append(xlproof.record("VIN-A", 3, note="two\nlines\x9b31m\u202eend"))
    part = xlproof.part(log, [1, 11], show=("/value", "/note"))
    case = Case("", xlproof.written(xlproof.bundle(part)), 2)
    told = run(python, tmp_path, case, "--records", "--lang", "zh")
    assert told.returncode == 2
    assert '[1] 1\n    /value = "24.1"\n[1] 11\n' in told.stdout
    assert r'/note = "two\nlines\u009b31m\u202eend"' in told.stdout
    broken = run(python, tmp_path, CASES["form: half"], "--records")
    assert (broken.returncode, broken.stderr) == (1, "")


def test_files_that_cannot_be_read(python: Path, tmp_path: Path) -> None:
    """Nothing was checked, so nothing failed either: 2, in plain words."""
    case = CASES["pinned"]
    told = run(python, tmp_path, case, "--head", "missing.xlhead")
    assert (told.returncode, told.stdout) == (2, "")
    assert told.stderr.strip() == (
        "cannot be read 无法读取: missing.xlhead: No such file or directory"
    )


def test_heads_may_lie_in_a_folder(python: Path, tmp_path: Path) -> None:
    case = CASES["two logs, one with SM3"]
    folder = tmp_path / "heads"
    folder.mkdir()
    for number, head in enumerate(case.heads):
        (folder / f"{number}.xlhead").write_bytes(head)
    (folder / "notes.txt").write_text("no head", encoding="utf-8")
    bare = replace(case, heads=())
    assert run(python, tmp_path, bare).returncode == 2
    assert run(python, tmp_path, bare, "--head", "heads").returncode == 0


def test_what_is_no_pinned_head_is_told_as_such() -> None:
    case = CASES["pinned"]
    report = xinlian_verify.verify(case.data, (case.data,))
    assert report["exit"] == 1
    assert report["steps"][0]["reasons"][0]["en"].startswith(
        "given as a pinned head, but is none: pinned."
    )


@pytest.mark.parametrize(
    ("pinned", "words"), [(11, "newer: get the proof again"), (3, "not joined: pin the proof's")]
)
def test_a_head_of_another_size_tells_what_to_do(pinned: int, words: str) -> None:
    log = xlproof.sample_log()
    data = xlproof.written(xlproof.bundle(xlproof.part(log, [0], size=5)))
    heads = (xlproof.pinned_file(xlproof.pinned(log, pinned)),)
    report = xinlian_verify.verify(data, heads)
    assert report["exit"] == 2
    assert words in report["steps"][7]["reasons"][0]["en"]


def test_the_command_line_says_the_same(
    tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    for name in ("pinned", "a value", "nobody to ask", "form: half"):
        case = CASES[name]
        (tmp_path / "case.xlproof").write_bytes(case.data)
        words = ["verify", str(tmp_path / "case.xlproof")]
        for number, head in enumerate(case.heads):
            (tmp_path / f"{number}.xlhead").write_bytes(head)
            words += ["--head", str(tmp_path / f"{number}.xlhead")]
        report = xinlian_verify.verify(case.data, case.heads)
        assert execute([*words, "--json"]) == case.exit
        assert json.loads(capfdbinary.readouterr().out) == report
        assert execute([*words, "--lang", "zh"]) == case.exit
        shown = capfdbinary.readouterr().out.decode().splitlines()
        assert shown == list(xinlian_verify.lines_of(report, "zh"))
    for words in (["missing"], ["case.xlproof", "--head", str(tmp_path / "missing")]):
        given = ["verify", str(tmp_path / words[0]), *words[1:], "--lang", "zh"]
        assert execute(given) == 2
        assert "文件不存在" in capfdbinary.readouterr().err.decode()
    assert execute(["verify", str(tmp_path / "case.xlproof"), "--rpc", "ftp://x"]) == 2


def test_an_honest_bundle_of_5000_records(python: Path, tmp_path: Path) -> None:
    """It passes, in bounded memory; how long it takes is the business of the measurements."""
    log = plain.PlainLog()
    for n in range(6000):
        log.append(xlproof.record(f"VIN-{n % 700}", n))
    subjects = [f"VIN-{n}" for n in range(500)]
    shown = [n for n in range(6000) if n % 700 >= 500][:800]
    data = xlproof.written(xlproof.bundle(xlproof.part(log, shown, subjects)))
    case = Case("5000", data, 0, heads=(xlproof.pinned_file(xlproof.pinned(log)),))
    assert len(json.loads(data)["parts"][0]["records"]) >= 5000
    told = run(python, tmp_path, case)
    assert told.returncode == 0, told.stdout


def test_the_steps_are_numbered_as_in_the_document() -> None:
    page = (copies.FILE.parent / "evidence.md").read_text(encoding="utf-8")
    named = re.findall(r"^(\d+)\. \*\*(.+?)\.\*\*", page, re.MULTILINE)
    steps = [(str(n), en) for n, (en, _) in enumerate(xinlian_verify.STEPS, 1)]
    assert named == steps
    chinese = "；".join(f"{n} {zh}" for n, (_, zh) in enumerate(xinlian_verify.STEPS, 1))
    assert chinese in page.replace("\n", "")
