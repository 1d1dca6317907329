"""What was written to devices is shown from the log, whether a collector runs or not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from xinlian.ingest.adapters.log.entries import log_files
from xinlian.ingest.adapters.log.log import LogLimits, SegmentLog
from xinlian.ingest.usecases.log_ports import Kind
from xinlian.services.cli.failure import Exit
from xinlian.services.cli.root import execute


def record(number: int) -> bytes:
    told = {"device": "press-1", "tag": "speed", "value": str(number), "raw": str(10 * number)}
    told |= {"who": "uid 7 ann", "state": "done", "time_us": str(1_780_000_000_000_000 + number)}
    return json.dumps(told).encode()


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Twenty records between other entries, in several files."""
    monkeypatch.setenv("XINLIAN_DATA", str(tmp_path / "d"))
    folder = tmp_path / "d" / "telemetry" / "3" / "log" / "collector"
    folder.mkdir(parents=True)
    log = SegmentLog(folder, LogLimits(file_bytes=2_000))
    for number in range(20):
        entries = [(Kind.MARK, b"{}" + bytes(300)), (Kind.AUDIT, record(number))]
        log.turn(700)
        log.write(entries)
    log.close()
    assert len(log_files(folder)) > 3
    return folder


def shown(capsys: pytest.CaptureFixture[str], *words: str) -> list[str]:
    assert execute(["ingest", "audit", "--json", *words]) == Exit.OK
    return [each["value"] for each in json.loads(capsys.readouterr().out)]


def test_the_newest_records_come_first(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert shown(capsys) == [str(number) for number in reversed(range(20))]
    assert shown(capsys, "--limit", "3", "--party", "3") == ["19", "18", "17"]
    assert execute(["ingest", "audit", "--limit", "1"]) == Exit.OK
    told = capsys.readouterr().out
    assert all(word in told for word in ("press-1", "speed", "190", "uid 7 ann"))


def test_what_was_never_durable_is_not_shown(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A torn tail, and a file begun behind the watermark."""
    first, path = log_files(log)[-1]
    whole = path.read_bytes()
    path.write_bytes(whole + whole[-200:])
    (log / f"{first + 500:020}.xlseg").write_bytes(whole)
    assert len(shown(capsys)) == 20


def test_damage_costs_what_lies_behind_it_in_its_file(
    log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    _, path = log_files(log)[1]
    whole = bytearray(path.read_bytes())
    whole[whole.index(b"press-1")] ^= 1
    path.write_bytes(whole)
    found = shown(capsys)
    assert 15 <= len(found) < 20
    assert "19" in found


def test_a_log_that_is_not_there_is_told(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["ingest", "audit", "--name", "nobody"]) == Exit.USAGE
    assert "'nobody'" in capsys.readouterr().err
    assert execute(["ingest", "audit", "--name", "../log/collector"]) == Exit.USAGE
