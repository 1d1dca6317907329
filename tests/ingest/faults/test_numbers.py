"""Numbers at the edge: scales that no double holds, readings that overflow, NaN and infinities."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from xinlian.ingest.model.tags import Tag, TagError


@pytest.mark.parametrize("member", ["scale", "offset", "deadband", "low", "high"])
@pytest.mark.parametrize("number", ["1e400", "1e-400", "9.9e-99999", "1e30", "-1e31"])
def test_numbers_that_no_store_can_reckon_with_are_refused(member: str, number: str) -> None:
    with pytest.raises(TagError, match="below 1e30"):
        replace(Tag(name="power", address="holding:0"), **{member: Decimal(number)})  # type: ignore[arg-type]
