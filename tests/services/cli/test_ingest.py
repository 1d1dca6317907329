"""Collecting by the command line: what is asked before, while, and after a collector runs."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest
from xinlian.ingest.adapters.control import ask
from xinlian.services.cli.failure import CliError, Exit
from xinlian.services.cli.ingest_control import refuse_shared
from xinlian.services.cli.root import execute
from xinlian.services.demo_ingest.plant import SAMPLE, playing, sample_plant
from xinlian.services.workers.collecting import Collecting

PLANT = str(SAMPLE / "plant.yaml")


@pytest.fixture(autouse=True)
def own_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XINLIAN_DATA", str(tmp_path / "d"))


def test_the_sample_plant_and_the_catalogue_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["ingest", "check", PLANT, "--json"]) == Exit.OK
    told = json.loads(capsys.readouterr().out)
    assert [len(told["devices"]), told["party"]] == [7, 1]
    assert execute(["ingest", "classes", "--json"]) == Exit.OK
    assert len(json.loads(capsys.readouterr().out)) >= 50
    assert execute(["ingest", "classes", "stamping-press"]) == Exit.OK
    assert "slide_position" in capsys.readouterr().out
    assert execute(["ingest", "drivers", "--json"]) == Exit.OK
    kinds = {each["kind"]: each for each in json.loads(capsys.readouterr().out)}
    assert len(kinds) == 16
    assert [each["fault"] for each in kinds.values()] == [None] * 16


def test_what_is_wrong_is_told_with_its_place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = tmp_path / "plant.yaml"
    bad.write_text(Path(PLANT).read_text("utf-8").replace("stamping-press", "stamping-pres"))
    assert execute(["ingest", "check", str(bad)]) == Exit.USAGE
    assert "stamping-pres" in capsys.readouterr().err
    assert execute(["ingest", "status"]) == Exit.USAGE
    assert "no collector" in capsys.readouterr().err
    assert execute(["ingest", "classes", "warp-drive"]) == Exit.USAGE
    assert "warp-drive" in capsys.readouterr().err


def test_a_token_is_shown_once_and_kept_as_a_hash(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "push.token"
    assert execute(["ingest", "token", str(file)]) == Exit.OK
    token = capsys.readouterr().out.strip()
    assert len(token) >= 40
    assert token not in file.read_text("utf-8")
    assert file.stat().st_mode & 0o777 == 0o600
    assert execute(["ingest", "token", str(file)]) == Exit.USAGE


def test_a_running_collector_is_asked_and_reloaded(tmp_path: Path) -> None:
    plant = sample_plant(3)
    plant = replace(plant, devices=plant.devices[:2])
    folder = tmp_path / "t" / "3"
    collecting = Collecting(plant, folder, "c")
    socket = folder / "run" / "c.sock"
    with playing(plant):
        thread = threading.Thread(target=collecting.run, daemon=True)
        thread.start()
        try:
            end = time.monotonic() + 30
            while not (socket.exists() and ask(socket, {"do": "status"})["received"] >= 4):
                assert time.monotonic() < end
                time.sleep(0.1)
            devices = ask(socket, {"do": "devices"})
            assert {each["state"] for each in devices} == {"up"}
            assert {each["driver"] for each in devices} == {"modbus-tcp/1 (fast)"}
            with pytest.raises(CliError, match="already"):
                refuse_shared(socket.parents[1], "another", [each["id"] for each in devices])
            refuse_shared(socket.parents[1], "another", ["meter-elsewhere"])
            refuse_shared(socket.parents[1], socket.stem, [each["id"] for each in devices])
        finally:
            collecting.collector.stop()
            thread.join(30)
            collecting.close()
    newest = {(each.device, each.tag): each for each in collecting.newest()}
    assert newest["meter-main", "energy_import"].value
    assert collecting.status()["log"]["segments"] > 0
    assert not socket.exists()


def test_a_year_and_a_fleet_are_reported(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert execute(["energy", "report", "--json"]) == Exit.OK
    tables = {each["title"]: each["rows"] for each in json.loads(capsys.readouterr().out)}
    assert len(tables["Months"]) == 13
    assert execute(["energy", "fleet", "--devices", "40", "--series", "4",
                    "--footprint", str(tmp_path / "f.json")]) == Exit.OK  # fmt: skip
    assert json.loads((tmp_path / "f.json").read_text())["specVersion"]
    assert execute(["energy", "report", str(tmp_path / "f.json")]) == Exit.USAGE
