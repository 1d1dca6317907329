"""Newest values are found however long ago they were told, and without a look at every day."""

from typing import Any

import pytest
from xinlian.ingest.model.query import DAY_US
from xinlian.ingest.usecases.store_ports import TelemetryStore

from tests.ingest.store.conftest import Opener
from tests.ingest.store.made import START, frame

DAYS = 40


def test_what_was_silent_for_months_is_found_in_a_few_looks(
    opener: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    store: TelemetryStore = opener()
    silent = {"first": 0, "third": 2, "middle": 21, "later": DAYS - 3, "goes-on": DAYS - 1}
    entries = [
        (
            day,
            [
                frame(device, [START + day * DAY_US + 7], first=day)
                for device, last in silent.items()
                if day == last or device == "goes-on"
            ],
        )
        for day in range(DAYS)
    ]
    store.append_many("s", entries)
    looks = []
    read = store._read  # type: ignore[attr-defined]

    def counted(sql: str) -> Any:
        looks.append(sql)
        return read(sql)

    monkeypatch.setattr(store, "_read", counted)
    found = store.latest(list(silent), ["volts"])
    assert {each.device: (each.time_us - START) // DAY_US for each in found} == silent
    assert {each.device: each.value for each in found} == {
        device: last / 2 for device, last in silent.items()
    }
    assert len(looks) <= 15
