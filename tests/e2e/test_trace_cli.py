"""The command line about parts against a running network, and the demo as people start it."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from xinlian.services.app.actors import Scope
from xinlian.services.cli.root import execute
from xinlian.services.demo.failure import DemoError
from xinlian.services.demo_trace import run as demo_run
from xinlian.services.demo_trace.site import Site

from tests.support.repository import ROOT
from tests.support.trace_site import COIL, EXPECTED, SUSPECT

VERIFIER = ROOT / "docs" / "xinlian_verify.py"
CONTAINER = ROOT.parent / "shared" / "data" / "catenax" / "vehicles_as_built.json"

MAPPING = """
version: 1
name: parts
kind: items
columns: {item: Code, part_number: Number}
constants: {item_type: serial}
"""


@pytest.fixture
def shell(plant: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    scopes = Scope.READ | Scope.WRITE | Scope.SIGN
    token = plant.app.tokens.create(party=plant.party["pack"], scopes=scopes, label="t", days=1)
    monkeypatch.setenv("XINLIAN_API_URL", plant.url)
    monkeypatch.setenv("XINLIAN_TOKEN", token.text)


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    code = execute(list(arguments))
    told = capsys.readouterr()
    assert code == 0, told.err
    return told.out


@pytest.mark.usefixtures("shell")
def test_a_vehicle_is_shown_as_a_tree_with_what_is_known(
    capsys: pytest.CaptureFixture[str],
) -> None:
    shown = run(capsys, "trace", SUSPECT, "--lang", "zh")
    assert "├─ " in shown
    assert "└─ " in shown
    for words in ("动力电池包", "EL-260908-3", "绝缘电阻", "合格", "已上链"):
        assert words in shown, words
    body = json.loads(run(capsys, "trace", SUSPECT, "--json"))
    assert body["item"]["id"] == SUSPECT
    up = run(capsys, "trace", "tree", COIL, "--direction", "up")
    assert SUSPECT in up


@pytest.mark.usefixtures("shell")
def test_a_recall_is_made_and_written_out(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    wanted = EXPECTED["recall_coil"]
    shown = run(capsys, "recall", COIL, "--title", "bad coil", "--lang", "en")
    assert "bad coil: draft" in shown
    certain, possible = len(wanted["certain"]), len(wanted["possible"])
    assert f"at least {certain}, at most {certain + possible} of 40" in shown
    number = json.loads(run(capsys, "recall", "list", "--json"))["items"][0]["number"]
    made = str(number)
    assert "published" in run(capsys, "recall", "publish", made, "--lang", "en")
    reasons = run(capsys, "trace", wanted["certain"][0], "--lang", "en")
    assert f"recall {made} (bad coil) names it for certain" in reasons
    out = tmp_path / "recall.csv"
    run(capsys, "recall", "export", made, "--shape", "csv", "--out", str(out))
    assert wanted["certain"][0] in out.read_text("utf-8-sig")
    vehicles = run(capsys, "recall", "vehicles", made, "--finding", "possible")
    assert all(vin in vehicles for vin in wanted["possible"])
    chinese = run(capsys, "recall", "vehicles", made, "--lang", "zh")
    assert "车内装有受影响零件" in chinese
    assert "已交付" in chinese
    listed = run(capsys, "recall", "list", "--lang", "zh")
    assert "零件或批次: https://id.gs1.org" in listed
    drill = run(capsys, "recall", "drill", COIL, "--lang", "zh")
    assert "零件或批次: https://id.gs1.org" in drill
    ended = run(capsys, "recall", "withdraw", made, "--reason", "a rehearsal", "--lang", "zh")
    assert "已撤回" in ended
    assert "已撤回" in run(capsys, "recall", "list", "--lang", "zh")
    assert execute(["recall", "make"]) == 2


@pytest.mark.usefixtures("shell")
def test_labels_files_and_proofs_are_written(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, plant: Site
) -> None:
    for arguments, name, magic in (
        (("label", SUSPECT), "label.png", b"\x89PNG"),
        (("trace", "dossier", SUSPECT), "dossier.pdf", b"%PDF"),
        (("trace", "proof", SUSPECT), "proof.xlproof", b'{"digest"'),
    ):
        out = tmp_path / name
        run(capsys, *arguments, "--out", str(out))
        assert out.read_bytes().startswith(magic), name
    facts = tmp_path / "facts.json"
    row = {
        "type": "claim",
        "claim_id": "CLI-1",
        "item": {"id": SUSPECT},
        "kind": "field",
        "time": "2026-11-01T08:00:00.000+08:00",
    }
    facts.write_text(json.dumps({"facts": [row]}), encoding="utf-8")
    assert "taken in" in run(capsys, "capture", str(facts), "--lang", "en")
    assert "exists 1" in run(capsys, "capture", str(facts), "--lang", "en")
    plan = run(capsys, "spc", "sampling", "--lot", "1000", "--aql", "0.65", "--json")
    assert json.loads(plan)["letter"] == "J"


@pytest.mark.usefixtures("shell")
def test_a_capture_that_is_refused_ends_as_refused(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    mapping = tmp_path / "items.yaml"
    mapping.write_text(MAPPING, encoding="utf-8")
    rows = tmp_path / "rows.csv"
    rows.write_text("Code,Number\nRF-1,A\n", encoding="utf-8")
    file = ("capture", "file", str(rows), "--mapping", str(mapping))
    assert execute([*file]) == 0
    rows.write_text("Code,Number\nRF-2,A\nRF-1,B\n", encoding="utf-8")
    capsys.readouterr()
    assert execute([*file, "--lang", "zh"]) == 1
    told = capsys.readouterr().out
    for words in ("未接收", "第 3 行", "Number"):
        assert words in told, told
    assert "part_number" not in told
    facts, event = tmp_path / "facts.json", tmp_path / "event.json"
    facts.write_text(json.dumps({"facts": [{"type": "item"}]}), encoding="utf-8")
    assert execute(["capture", "facts", str(facts), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["taken"] is False
    event.write_text('{"type": "ObjectEvent", "action": "ADD"}', encoding="utf-8")
    assert execute(["epcis", "capture", str(event), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["success"] is False
    assert execute(["capture", str(tmp_path / "none.csv")]) == 2
    assert execute(["capture", str(rows)]) == 2


@pytest.mark.usefixtures("shell")
def test_what_is_taken_in_with_a_note_is_told(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    facts = tmp_path / "facts.json"
    row = {"type": "item", "item": {"id": "LXLBE2A90TH100114", "type": "vehicle"}}
    facts.write_text(json.dumps({"facts": [row]}), encoding="utf-8")
    assert "校验位" in run(capsys, "capture", "facts", str(facts), "--lang", "zh")
    assert "check digit" in run(capsys, "capture", "facts", str(facts), "--lang", "en")


@pytest.mark.usefixtures("shell")
def test_links_can_be_opened(capsys: pytest.CaptureFixture[str], plant: Site) -> None:
    for command in (("trace", SUSPECT), ("trace", "find", SUSPECT)):
        assert f"{plant.url}/t/" in run(capsys, *command)


@pytest.mark.usefixtures("shell")
def test_heads_of_all_logs_in_a_proof_file_are_pinned(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    proof, heads = tmp_path / "vehicle.xlproof", tmp_path / "heads"
    run(capsys, "trace", "proof", SUSPECT, "--whole-tree", "--out", str(proof))
    run(capsys, "evidence", "pin", "--for", str(proof), "--out", str(heads))
    parts = json.loads(proof.read_bytes())["parts"]
    assert len(parts) == len(list(heads.iterdir())) == 3
    checked = subprocess.run(
        [sys.executable, "-I", str(VERIFIER), str(proof), "--head", str(heads)],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert checked.returncode == 0, checked.stdout
    of_another = "0x" + parts[-1]["log"]["id"]
    run(capsys, "evidence", "pin", of_another, "--out", str(tmp_path / "one.xlhead"))
    for wrong in (["evidence", "pin"], ["evidence", "pin", "--for", str(heads)]):
        assert execute(wrong) == 2


def demo(*arguments: str, out: Path) -> dict[str, Any]:
    command = [sys.executable, "-c", "from xinlian.services.cli import main; main()", "demo"]
    done = subprocess.run(
        [*command, "trace", *arguments, "--out", str(out), "--json"],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        cwd=ROOT,
    )
    assert done.returncode == 0, done.stdout[-3_000:] + done.stderr[-3_000:]
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_the_demo_takes_in_recalls_proves_and_writes(tmp_path: Path) -> None:
    told = demo(out=tmp_path)
    assert told["good"] is True
    assert told["recall"]["certain"] == sorted(EXPECTED["recall_coil"]["certain"])
    assert told["checks"]["verified vehicle.xlproof"] is True
    assert told["checks"]["tampered vehicle.xlproof refused"] is True
    assert (tmp_path / "dossier.pdf").read_bytes().startswith(b"%PDF")
    assert told["page"].startswith("http://127.0.0.1:")


@pytest.mark.skipif(not CONTAINER.exists(), reason="the shared data are not beside this checkout")
def test_the_demo_takes_a_catena_x_container(tmp_path: Path) -> None:
    told = demo("--catenax", str(CONTAINER), out=tmp_path)
    assert told["good"] is True
    assert told["rows"] == 46
    assert told["tree_nodes"] > 10


@pytest.mark.parametrize("content", ["# A readme", '{"policies": 1}', "[1]", None])
def test_the_demo_refuses_what_is_no_container_before_it_starts_anything(
    content: str | None, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "file.json"
    file.write_text(content, encoding="utf-8") if content else file.mkdir()
    kept = ROOT / ".xl" / "demo-trace"
    before = sorted(kept.iterdir()) if kept.is_dir() else None
    assert execute(["demo", "trace", "--catenax", str(file), "--lang", "en"]) == 2
    told = capsys.readouterr()
    assert "unforeseen" not in told.err
    assert str(file) in told.err
    assert told.out == ""
    assert (sorted(kept.iterdir()) if kept.is_dir() else None) == before


def test_a_demo_that_fails_leaves_the_files_of_the_run_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = tmp_path / ".xl" / "demo-trace"
    kept.mkdir(parents=True)
    (kept / "dossier.pdf").write_bytes(b"kept")

    def fail(_: object) -> None:
        raise DemoError("the node does not start")

    monkeypatch.setattr(demo_run, "checkout", lambda: tmp_path)
    monkeypatch.setattr(demo_run, "play_sample", fail)
    with pytest.raises(DemoError):
        demo_run.run_demo_trace(demo_run.Options(), io.StringIO())
    assert (kept / "dossier.pdf").read_bytes() == b"kept"
