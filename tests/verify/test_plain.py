"""The second implementation before foreign judges: published trees, RFCs, other programs."""

from __future__ import annotations

from typing import Any

import pytest
import rfc8785
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support import rfc9162_plain as plain

# Inputs and roots of the reference tests of Certificate Transparency (google/certificate-
# transparency, merkletree tests): the first n inputs have the n-th root.
INPUTS = [
    bytes.fromhex(text) for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657")
] + [bytes(range(0x60, 0x70))]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def test_published_trees() -> None:
    assert plain.root([]).hex() == plain.sha256(b"").hex()
    assert [plain.root(INPUTS[:n]).hex() for n in range(1, 9)] == ROOTS


def test_examples_of_the_rfc() -> None:
    """RFC 9162, 2.1.5: proofs over seven leaves, named as there."""
    d = [b"d%d" % n for n in range(7)]
    a, b, c, e, f, j = (plain.root([one]) for one in (*d[:3], d[3], d[4], d[6]))
    g, h, i = plain.root(d[:2]), plain.root(d[2:4]), plain.root(d[4:6])
    k, ell = plain.root(d[:4]), plain.root(d[4:])
    assert plain.path(0, d) == [b, h, ell]
    assert plain.path(3, d) == [c, g, ell]
    assert plain.path(4, d) == [plain.root([d[5]]), j, k]
    assert plain.path(6, d) == [i, k]
    assert plain.consistency(3, d) == [c, e, g, ell]
    assert plain.consistency(4, d) == [ell]
    assert plain.consistency(6, d) == [i, j, k]
    assert plain.root(d[:2]) == plain.sha256(b"\1" + a + b)
    assert plain.path(5, d)[0] == f


def test_sm3_is_that_of_the_standard() -> None:
    wanted = "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
    assert plain.sm3(b"abc").hex() == wanted


TEXT = st.text(st.characters(exclude_categories=["Cs"]))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


@settings(deadline=None)
@given(JSON)
def test_canonical_json_is_that_of_another_program(value: Any) -> None:
    assert plain.jcs(value) == rfc8785.dumps(value)


@settings(deadline=None)
@given(st.dictionaries(TEXT, JSON, max_size=4))
def test_paths_lead_to_their_values(record: dict[str, Any]) -> None:
    pairs = plain.leaf_paths(record)
    assert [path for path, _ in pairs] == sorted(path for path, _ in pairs)
    for path, wanted in pairs:
        found: Any = record
        for token in path.split("/")[1:]:
            name = token.replace("~1", "/").replace("~0", "~")
            found = found[int(name)] if isinstance(found, list) else found[name]
        assert found == wanted


@pytest.mark.parametrize("size", range(1, 20))
def test_one_shown_leaf_needs_the_hashes_of_its_path(size: int) -> None:
    leaves = [b"%d" % n for n in range(size)]
    for place in range(size):
        assert sorted(plain.many({place}, leaves)) == sorted(plain.path(place, leaves))
