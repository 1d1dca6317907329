"""Gas by operation: as the checked-in table says, and within the limits."""

from __future__ import annotations

import json

import pytest
from xinlian.services.bench.gas import LIMITS, TABLE, measure


@pytest.fixture(scope="module")
def figures() -> dict[str, int]:
    return measure()


def test_gas_is_what_the_table_says(figures: dict[str, int]) -> None:
    table = json.loads(TABLE.read_text("utf-8"))
    told = {name: row["gas"] for name, row in table.items()}
    assert figures == told, "write it anew: ./xl bench gas --write"


@pytest.mark.parametrize("operation", sorted(LIMITS))
def test_gas_is_within_its_limit(figures: dict[str, int], operation: str) -> None:
    assert figures[operation] <= LIMITS[operation]
