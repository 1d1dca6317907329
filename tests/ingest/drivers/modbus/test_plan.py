"""The read planner covers what was asked for, once, within the bounds; address forms."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from xinlian.ingest.model.plan import Place, Space, coalesce, place_of
from xinlian.ingest.model.tags import Tag, TagError, ValueType

PLACES = st.lists(
    st.tuples(st.integers(0, 3_000) | st.integers(0, 65_532), st.integers(1, 4)), max_size=200
)


@given(PLACES, st.integers(0, 200), st.integers(4, 125))
def test_every_place_is_covered_once_within_the_bounds(
    places: list[tuple[int, int]], max_gap: int, size_max: int
) -> None:
    requests = coalesce(places, max_gap=max_gap, size_max=size_max)
    assert sorted(index for each in requests for index in each.members) == list(range(len(places)))
    assert [each.start for each in requests] == sorted(each.start for each in requests)
    for request in requests:
        assert 1 <= request.size <= size_max
        covered: set[int] = set()
        for index in request.members:
            start, size = places[index]
            assert request.start <= start
            assert start + size <= request.start + request.size
            covered.update(range(start, start + size))
        gap = 0
        for unit in range(request.start, request.start + request.size):
            gap = 0 if unit in covered else gap + 1
            assert gap <= max_gap
        assert {request.start, request.start + request.size - 1} <= covered


@given(PLACES, st.integers(0, 50), st.integers(4, 125))
def test_neighbours_that_fit_are_one_request(
    places: list[tuple[int, int]], max_gap: int, size_max: int
) -> None:
    requests = coalesce(places, max_gap=max_gap, size_max=size_max)
    for before, after in itertools.pairwise(requests):
        first = after.members[0]
        end = max(before.start + before.size, sum(places[first]))
        far = places[first][0] - (before.start + before.size) > max_gap
        assert far or end - before.start > size_max


def test_a_place_beyond_a_request_is_refused() -> None:
    with pytest.raises(ValueError, match="5 units at 9 do not fit a request of 4"):
        coalesce([(9, 5)], max_gap=0, size_max=4)


@pytest.mark.parametrize(
    ("address", "kind", "place"),
    [
        ("holding:100", ValueType.UINT16, Place(Space.HOLDING, 100, 1)),
        ("Holding:0x64", ValueType.FLOAT32, Place(Space.HOLDING, 100, 2)),
        ("40101", ValueType.FLOAT64, Place(Space.HOLDING, 100, 4)),
        ("400101", ValueType.INT16, Place(Space.HOLDING, 100, 1)),
        ("465536", ValueType.INT16, Place(Space.HOLDING, 65_535, 1)),
        ("30001", ValueType.INT8, Place(Space.INPUT, 0, 1)),
        ("input:5.3", ValueType.BOOL, Place(Space.INPUT, 5, 1, 3)),
        ("40006.15", ValueType.BOOL, Place(Space.HOLDING, 5, 1, 15)),
        ("coil:7", ValueType.BOOL, Place(Space.COIL, 7, 1)),
        ("00008", ValueType.BOOL, Place(Space.COIL, 7, 1)),
        ("discrete:0", ValueType.BOOL, Place(Space.DISCRETE, 0, 1)),
        ("10001", ValueType.BOOL, Place(Space.DISCRETE, 0, 1)),
    ],
)
def test_address_forms(address: str, kind: ValueType, place: Place) -> None:
    assert place_of(Tag(name="a", address=address, type=kind)) == place


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("", ValueType.UINT16),
        ("holding", ValueType.UINT16),
        ("holding:-1", ValueType.UINT16),
        ("holding:65536", ValueType.UINT16),
        ("holding:65535", ValueType.UINT32),
        ("40000", ValueType.UINT16),
        ("50001", ValueType.UINT16),
        ("465537", ValueType.UINT16),
        ("holding:1.16", ValueType.BOOL),
        ("holding:1.3", ValueType.UINT16),
        ("coil:1", ValueType.UINT16),
        ("coil:1.2", ValueType.BOOL),
        ("DB1.DBD4", ValueType.UINT16),
    ],
)
def test_addresses_that_are_none(address: str, kind: ValueType) -> None:
    with pytest.raises(TagError) as caught:
        place_of(Tag(name="a", address=address, type=kind))
    assert caught.value.tag == "a"
    assert "点位" in caught.value.zh
