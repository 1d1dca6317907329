"""Recorded windows are found by time and device, however many there are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, insert, text
from xinlian.ledger.adapters.sql.engine import make_engine
from xinlian.services.app.errors import RefusedError
from xinlian.services.app.telemetry_evidence import packed
from xinlian.services.app.telemetry_tables import windows
from xinlian.services.app.telemetry_windows import RecordedWindows
from xinlian.services.migrations import upgrade

from tests.support.telemetry import PARTY, SECOND, START

MINUTE = 60 * SECOND
COUNT = 240


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """Four hours of two groups; ``moved`` was taken from the first after ten minutes."""
    made = make_engine(f"sqlite:///{tmp_path / 'x.db'}")
    upgrade(made)
    rows: list[dict[str, Any]] = []
    for number in range(COUNT):
        start = START + number * MINUTE
        for group in ("g1", "g2"):
            devices: dict[str, Any] = {"stays": {}} | (
                {"moved": {}} if group == "g1" and number < 10 else {}
            )
            rows.append(
                {
                    "party": PARTY, "device_group": group, "start_us": start, "part": 0,
                    "end_us": start + MINUTE, "first_us": start, "last_us": start + MINUTE - 1,
                    "stream": "c", "leaf": len(rows), "leaf_hash": bytes(32), "root": bytes(32),
                    "secret": bytes(32), "positions": packed([]), "devices": packed(devices),
                    "service": "{}",
                }
            )  # fmt: skip
    with made.begin() as connection:
        connection.execute(insert(windows), rows)
    yield made
    made.dispose()


def test_a_device_that_left_its_group_is_found_where_it_was(engine: Engine) -> None:
    found = RecordedWindows(engine)
    whole = (START, START + COUNT * MINUTE)
    assert found.group_of(PARTY, "moved", whole) == "g1"
    with pytest.raises(RefusedError, match="no readings of the device moved"):
        found.group_of(PARTY, "moved", (START + 30 * MINUTE, whole[1]))


def test_the_newest_windows_come_first_of_all_groups_or_one(engine: Engine) -> None:
    listed = RecordedWindows(engine).listed(PARTY, None, (START, START + 20 * MINUTE), 4)
    assert [(each.group, (each.start_us - START) // MINUTE) for each in listed] == [
        ("g1", 19), ("g2", 19), ("g1", 18), ("g2", 18),
    ]  # fmt: skip
    (one,) = RecordedWindows(engine).listed(PARTY, "g1", (START + MINUTE, START + 2 * MINUTE), 9)
    assert (one.group, one.start_us, one.devices) == ("g1", START + MINUTE, 2)


def test_windows_of_a_span_are_found_without_reading_the_others(engine: Engine) -> None:
    query = (
        "EXPLAIN QUERY PLAN SELECT * FROM telemetry_windows WHERE party = 1 AND start_us >= 1 "
        "AND start_us < 9 ORDER BY start_us DESC, device_group, part LIMIT 5"
    )
    with engine.connect() as connection:
        plan = " ".join(str(row) for row in connection.execute(text(query)))
    assert "start_us>? AND start_us<?" in plan
