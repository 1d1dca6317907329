"""What a column of a store holds leads back to the value that a device told."""

from decimal import Decimal
from fractions import Fraction

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from xinlian.ingest.adapters.store.values import column_type, engineering, refined
from xinlian.ingest.model.tags import Tag, ValueType

SCALES = st.sampled_from(["1", "0.1", "0.001", "0.5", "25", "-0.01", "0.3"])
OFFSETS = st.sampled_from(["0", "-40", "273.15", "100000", "-99999.5", "1e9"])
SMALL = st.sampled_from([ValueType.INT16, ValueType.UINT16, ValueType.UINT8, ValueType.UINT32])


@given(SMALL, SCALES, OFFSETS, st.data())
def test_neighbouring_raw_values_stay_apart(
    kind: ValueType, scale: str, offset: str, data: st.DataObject
) -> None:
    """Stored and read again, a value is nearer to its decimal than to its neighbours' half-way."""
    tag = Tag(name="t", address="1", type=kind, scale=Decimal(scale), offset=Decimal(offset))
    limits = np.iinfo(kind.dtype)
    told = data.draw(st.lists(st.integers(limits.min, limits.max), min_size=1, max_size=20))
    raw = np.array(told, kind.dtype)
    stored = engineering(tag, raw, column_type(tag).to_pandas_dtype())
    for number, value in zip(told, refined(tag, stored).tolist(), strict=True):
        exact = Fraction(tag.scale) * number + Fraction(tag.offset)
        assert abs(Fraction(value) - exact) < abs(Fraction(tag.scale)) / 1_000


def test_a_float_with_an_offset_keeps_its_digits() -> None:
    tag = Tag(name="t", address="1", type=ValueType.FLOAT32, offset=Decimal(100_000))
    raw = np.array([0.001, 0.002], np.float32)
    stored = engineering(tag, raw, column_type(tag).to_pandas_dtype())
    assert np.diff(refined(tag, stored))[0] > 0.0009
