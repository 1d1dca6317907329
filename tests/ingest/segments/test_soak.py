"""The soak of ``./xl soak ingest`` in its short form: the whole of it with few kills."""

from __future__ import annotations

from pathlib import Path

import pytest
from xinlian.services.soak.ingest import run
from xinlian.services.soak.ingest_child import STREAM
from xinlian.services.soak.ingest_judge import LogJudge
from xinlian.services.soak.ingest_site import Found, Key, compared


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("soak")


def test_four_kills_and_a_store_that_was_away(site: Path) -> None:
    report = run(site, rounds=4, seed=11, away=120, live=1)
    assert report.faults == []
    assert report.kills == 4
    assert report.acknowledged > 0
    assert report.rows_in_store == report.rows_in_log > 0
    assert report.proofs > 0
    assert report.collector_kills == 1
    assert report.collector_rows >= report.collector_rows_acknowledged > 0


def test_the_judge_sees_what_is_lost(site: Path) -> None:
    judge = LogJudge(site / "log" / STREAM)
    judge.read()
    assert judge.faults == []
    judge.acknowledged([(0, 999_999)])
    assert judge.faults == ["put 999999 of group 0 was acknowledged and is lost"]
    damaged = min((site / "log" / STREAM).glob("*.xlseg"))
    data = bytearray(damaged.read_bytes())
    data[len(data) // 2] ^= 1
    damaged.write_bytes(data)
    judge = LogJudge(site / "log" / STREAM)
    judge.read()
    assert "cannot be read" in judge.faults[0]


def test_the_judge_of_windows_sees_what_is_missing_double_or_other() -> None:
    wanted: dict[Key, Found] = {("g", at, 0): ((at,), b"root", (at, at + 1)) for at in range(3)}
    found = {key: (number, each) for number, (key, each) in enumerate(wanted.items())}
    assert compared(wanted, found) == []
    assert "no record" in compared(wanted, dict(list(found.items())[:2]))[0]
    other = {**found, ("g", 1, 0): (1, ((1,), b"another root", (1, 2)))}
    assert "another root" in compared(wanted, other)[0]
    assert "other segments" in compared(wanted, {**found, ("g", 1, 1): (3, found["g", 1, 0][1])})[0]
    gap = {**found, ("g", 2, 0): (3, found["g", 2, 0][1])}
    assert compared(wanted, gap) == [
        "records of windows are numbered with gaps, or one stands twice"
    ]
    assert compared({}, {}) == ["no window closed"]
