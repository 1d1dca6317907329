"""Values that records may hold, for Hypothesis."""

import unicodedata
from typing import Any

from hypothesis import strategies as st

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12).map(
    lambda text: unicodedata.normalize("NFC", text)
)
scalars = st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | texts
values: st.SearchStrategy[Any] = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)
times = st.integers(0, 253402300799999)
secrets = st.binary(min_size=32, max_size=32)


@st.composite
def records(draw: st.DrawFn) -> dict[str, Any]:
    """A record: anything, with the three texts."""
    record = draw(st.dictionaries(texts, values, max_size=5))
    record["schema"] = draw(st.sampled_from(["inspection/1", "weld/2", "检验/1"]))
    record["subject"] = draw(st.sampled_from(["VIN-A", "VIN-B", "车-丙", "D"]))
    record["event_time"] = "2026-09-01T08:00:00.250Z"
    return record
