"""The conservation check itself: true for every way to cut a face, false for every way to lie."""

from hypothesis import given
from hypothesis import strategies as st
from xinlian.ledger.model.vouchers import PieceState
from xinlian.ledger.usecases.conservation import Range, broken

STATES = st.sampled_from([state for state in PieceState if state != PieceState.MERGED])


@st.composite
def books(draw: st.DrawFn) -> tuple[int, list[Range]]:
    """A face cut into pieces, in any order, with empty merged ones between."""
    sizes = draw(st.lists(st.integers(1, 10**12), min_size=1, max_size=20))
    pieces: list[Range] = []
    at = 0
    for size in sizes:
        pieces.append((at, at + size, int(draw(STATES))))
        if draw(st.booleans()):
            pieces.append((at, at, int(PieceState.MERGED)))
        at += size
    return at, draw(st.permutations(pieces))


@given(books())
def test_disjoint_pieces_that_cover_the_face_conserve_it(found: tuple[int, list[Range]]) -> None:
    face, pieces = found
    assert broken(face, pieces) is None


@given(books(), st.data())
def test_every_change_of_one_range_is_found(
    found: tuple[int, list[Range]], data: st.DataObject
) -> None:
    face, pieces = found
    at = data.draw(st.integers(0, len(pieces) - 1))
    start, end, state = pieces[at]
    how = data.draw(st.sampled_from(["gone", "longer", "shorter", "moved", "state", "twice"]))
    changed = list(pieces)
    if how == "gone" and start != end:
        del changed[at]
    elif how == "twice" and start != end:
        changed.append(changed[at])
    elif how == "longer":
        changed[at] = (start, end + 1, state)
    elif how == "shorter" and start != end:
        changed[at] = (start, end - 1, state)
    elif how == "moved" and start != end:
        changed[at] = (start + 1, end + 1, state)
    else:
        changed[at] = (start, end, 0 if start != end else int(PieceState.HELD))
    assert broken(face, changed) is not None


@given(books())
def test_another_face_is_found(found: tuple[int, list[Range]]) -> None:
    face, pieces = found
    assert broken(face + 1, pieces) is not None
    assert broken(0, []) is None
    assert broken(face, []) is not None
