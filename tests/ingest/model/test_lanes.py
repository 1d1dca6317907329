"""Ranges are judged on raw values, and mean what they say of engineering values."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from xinlian.ingest.model.lanes import lanes
from xinlian.ingest.model.quality import Quality
from xinlian.ingest.model.tags import Tag, TagTable, ValueType

KINDS = [kind for kind in ValueType if not kind.is_float]
SCALES = ["1", "0.1", "-0.1", "0.3", "25", "-7", "0.000001"]
DECIMALS = st.decimals(-(10**6), 10**6, places=3)


@given(
    st.sampled_from(KINDS),
    st.sampled_from(SCALES),
    DECIMALS,
    st.none() | DECIMALS,
    st.none() | DECIMALS,
    st.data(),
)
def test_out_of_range_is_what_lies_beyond_the_ends(
    kind: ValueType,
    scale: str,
    offset: Decimal,
    low: Decimal | None,
    high: Decimal | None,
    data: st.DataObject,
) -> None:
    """The oracle is exact: value = raw * scale + offset in fractions."""
    if low is not None and high is not None and low > high:
        low, high = high, low
    tag = Tag(
        name="t", address="1", type=kind, scale=Decimal(scale), offset=offset, low=low, high=high
    )
    limits = np.iinfo(kind.dtype)
    least, most = (0, 1) if kind is ValueType.BOOL else (int(limits.min), int(limits.max))
    near = [
        round((Fraction(end) - Fraction(offset)) / Fraction(scale)) + step
        for end in (low, high)
        if end is not None
        for step in (-1, 0, 1)
    ]
    some = data.draw(st.lists(st.integers(least, most), max_size=4))
    told = [raw for raw in (*near, *some, least, most) if least <= raw <= most]
    (lane,) = lanes(TagTable("t", (tag,)), 0)
    quality = lane.judge(np.array([told], kind.dtype))
    found = [0] * len(told) if quality is None else quality[0].tolist()
    for raw, code in zip(told, found, strict=True):
        value = raw * Fraction(scale) + Fraction(offset)
        beyond = (low is not None and value < low) or (high is not None and value > high)
        assert code == (Quality.OUT_OF_RANGE if beyond else 0)
