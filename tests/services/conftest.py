"""What the tests of the services share: a store on an SQLite file, with a clock that stands."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from xinlian.services.bootstrap import Store, build_store
from xinlian.services.settings import Settings


@dataclass
class StandingClock:
    time: int = 1_750_000_000

    def now(self) -> int:
        return self.time


@pytest.fixture
def clock() -> StandingClock:
    return StandingClock()


@pytest.fixture
def store(tmp_path: Path, clock: StandingClock) -> Iterator[Store]:
    made = build_store(Settings(data=tmp_path / "data", cheap_keystores=True), clock)
    yield made
    made.engine.dispose()
