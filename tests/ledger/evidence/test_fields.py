"""Commitments to fields equal a plain second implementation, shown or hidden."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from xinlian.ledger.model.evidence.fields import (
    Shown,
    commitments,
    disclose,
    field_root,
    root_of_disclosed,
    salt,
)
from xinlian.ledger.model.evidence.leaf import Leaf, leaf_hash, schema_id, subject_tag

from tests.ledger.evidence.values import records, secrets, times
from tests.support import rfc9162_plain as plain


@given(records(), secrets)
def test_commitments_equal_the_plain_ones(record: dict[str, Any], secret: bytes) -> None:
    expected = plain.commitments(record, secret)
    assert commitments(record, secret) == expected
    assert field_root(expected) == plain.root(expected)


@given(st.lists(st.binary(min_size=32, max_size=32), max_size=40))
def test_field_root_is_the_root_of_the_rfc(entries: list[bytes]) -> None:
    assert field_root(entries) == plain.root(entries)


@given(records(), secrets, st.data())
def test_hidden_fields_change_no_root(
    record: dict[str, Any], secret: bytes, data: st.DataObject
) -> None:
    paths = [path for path, _ in plain.leaf_paths(record)]
    show = data.draw(st.sets(st.sampled_from(paths)))
    shown = disclose(record, secret, show)
    assert root_of_disclosed(shown) == field_root(commitments(record, secret))
    assert {field.path for field in shown if isinstance(field, Shown)} == show
    for path, field in zip(paths, shown, strict=True):
        if isinstance(field, Shown):
            assert (field.path, field.salt) == (path, salt(secret, path))
    assert root_of_disclosed(disclose(record, secret)) == root_of_disclosed(shown)


@given(records(), secrets, secrets)
def test_another_secret_gives_another_root(
    record: dict[str, Any], one: bytes, other: bytes
) -> None:
    same = commitments(record, one) == commitments(record, other)
    assert same == (one == other)


@given(secrets, secrets, st.integers(0, 2**63), secrets, times, secrets)
def test_a_leaf_is_189_bytes_as_laid_down(
    log: bytes, key: bytes, seq: int, before: bytes, ms: int, root: bytes
) -> None:
    tag = subject_tag(key, "VIN-A")
    leaf = Leaf(log, schema_id("weld/2"), tag, seq, before, ms, root)
    data = plain.leaf_data(log, "weld/2", plain.tag_of(key, "VIN-A"), seq, before, ms, root)
    assert leaf.pack() == data
    assert Leaf.unpack(data) == leaf
    assert leaf_hash(data) == plain.leaf_hash(data)
