"""Whatever is done to a bundle, it never passes: every byte flipped, every member changed.

Changes of members come with a digest that fits, so that the checksum is not what catches them.
"""

from __future__ import annotations

import copy
import json
import random
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from xinlian.ledger.adapters import xinlian_verify

from tests.support import rfc9162_plain as plain
from tests.support import xlproof
from tests.support.xlproof import bundle, part, pinned, pinned_file, sealed, written
from tests.verify.changes import edited, get, odd_values, places, small
from tests.verify.lies import base

Json = Any
PATTERNS = (0x01, 0x20, 0x80, 0xFF)


def exit_of(data: bytes, heads: tuple[bytes, ...]) -> int:
    return int(xinlian_verify.verify(data, heads)["exit"])


def test_every_byte_flipped_in_turn() -> None:
    data, heads = small()
    assert exit_of(data, heads) == 0
    for place in range(len(data)):
        for pattern in PATTERNS:
            flipped = bytearray(data)
            flipped[place] ^= pattern
            assert exit_of(bytes(flipped), heads) == 1, (place, pattern)


def test_every_byte_dropped_doubled_and_every_end_cut() -> None:
    data, heads = small()
    for place in range(len(data)):
        assert exit_of(data[:place] + data[place + 1 :], heads) == 1, place
        assert exit_of(data[:place] + data[place : place + 1] + data[place:], heads) == 1, place
        assert exit_of(data[:place], heads) == 1, place


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_noise_is_no_bundle(data: bytes) -> None:
    assert exit_of(data, ()) == 1


@settings(deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_json_of_any_shape_is_no_bundle(value: Json) -> None:
    assert exit_of(json.dumps(value).encode(), ()) == 1
    _, heads = small()
    data, _ = small()
    assert exit_of(data, (*heads, json.dumps(value).encode())) == 1


# --- members ---


def claims(made: Json) -> Json:
    """What a bundle that passed says, but for what no step rests on or what may be kept back.

    That is the transaction (not looked up here), names of subjects beside their tags, subjects of
    which nothing is recorded, and the join to other heads.
    """
    said = copy.deepcopy(made["parts"])
    for one in said:
        one.pop("anchor", None)
        one.pop("consistency", None)
        one["subjects"] = [
            {name: value for name, value in subject.items() if name != "id"}
            for subject in one["subjects"]
            if subject["count"]
        ]
    return said


def holds(made: Json, lie: Json, heads: tuple[bytes, ...]) -> bool:
    """Whether a changed bundle is refused, or passes because it says less, and nothing else."""
    return exit_of(written(lie), heads) != 0 or claims(lie) == claims(made)


def test_every_member_changed_under_a_digest_that_fits() -> None:
    data, heads = small()
    made = json.loads(data)
    tried = 0
    for at in places(made):
        if not at or at[0] == "digest":
            continue
        for new in odd_values(get(made, at)):
            lie = edited(made, at, new)
            assert holds(made, lie, heads), (at, new)
            tried += 1
    assert tried > 1000


def test_every_member_dropped_under_a_digest_that_fits() -> None:
    data, heads = small()
    made = json.loads(data)
    for at in places(made):
        if at and at[0] != "digest":
            lie = edited(made, at)
            assert holds(made, lie, heads), at


def test_every_two_items_of_a_list_swapped_under_a_digest_that_fits() -> None:
    data, heads = small()
    made = json.loads(data)
    tried = 0
    for at in places(made):
        value = get(made, at)
        if not isinstance(value, list):
            continue
        for left in range(len(value)):
            for right in range(left + 1, len(value)):
                if value[left] == value[right]:
                    continue
                copied = copy.deepcopy(made)
                items = get(copied, at)
                items[left], items[right] = items[right], items[left]
                assert exit_of(written(sealed(copied)), heads) != 0, (at, left, right)
                tried += 1
    assert tried > 20


def test_parts_of_one_bundle_in_another() -> None:
    """Every part, head, proof and record of one log put into the bundle of another."""
    log, made = base()
    heads = (pinned_file(pinned(log)),)
    other = bundle(part(xlproof.sample_log(party=8), [3], ["VIN-B", "VIN-Q"], joined=5))
    assert exit_of(written(made), heads) == 0
    for name in made["parts"][0]:
        if made["parts"][0][name] == other["parts"][0][name]:
            continue
        mixed = copy.deepcopy(made)
        mixed["parts"][0][name] = other["parts"][0][name]
        assert exit_of(written(sealed(mixed)), heads) == 1, name


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_several_changes_at_once(data: st.DataObject) -> None:
    log, made = base()
    heads = (pinned_file(pinned(log)),)
    all_of = [at for at in places(made) if at and at[0] == "parts" and len(at) > 2]
    lie = copy.deepcopy(made)
    for at in data.draw(st.lists(st.sampled_from(all_of), min_size=2, max_size=4, unique=True)):
        try:
            value = get(lie, at)
        except (KeyError, IndexError, TypeError):
            continue
        new = data.draw(st.sampled_from(odd_values(value)))
        get(lie, at[:-1])[at[-1]] = new
    lie = sealed(lie)
    assert holds(made, lie, heads)


# --- trees of every size: proofs as honest makers and as cheats make them ---


@settings(deadline=None, max_examples=60)
@given(st.integers(1, 40), st.data())
def test_trees_of_every_size_and_choice(size: int, data: st.DataObject) -> None:
    log = plain.PlainLog()
    names = data.draw(st.lists(st.sampled_from("ABCDE"), min_size=size, max_size=size))
    for n, name in enumerate(names):
        log.append(xlproof.record(name, n))
    shown = data.draw(st.sets(st.integers(0, size - 1)))
    subjects = sorted(data.draw(st.sets(st.sampled_from("ABCDEXYZ"))))
    joined = (
        data.draw(st.integers(1, size).filter(lambda n: n != size) | st.none())
        if size > 1
        else None
    )
    made = bundle(part(log, shown, subjects, joined=joined))
    heads = [pinned_file(pinned(log))]
    if joined is not None:
        heads.append(pinned_file(pinned(log, joined)))
    report = xinlian_verify.verify(written(made), heads)
    assert report["exit"] == 0, report["steps"]
    hidden = copy.deepcopy(made)
    records = hidden["parts"][0]["records"]
    mine = [
        n for n, record in enumerate(records) if log.records[record["index"]]["subject"] in subjects
    ]
    if mine:
        del records[data.draw(st.sampled_from(mine))]
        kept = [record["index"] for record in records]
        proof = [node.hex() for node in plain.many(kept, log.leaves)]
        hidden["parts"][0]["inclusion"] = proof
        report = xinlian_verify.verify(written(sealed(hidden)), heads)
        assert report["steps"][5]["status"] == "FAIL"


def test_a_deep_index_is_no_trouble() -> None:
    """Two tags that differ in their last bit alone put the proof 256 nodes deep."""
    log = xlproof.sample_log()
    tags = [bytes(31) + b"\0", bytes(31) + b"\1"]
    values = {tag: plain.sha256(tag) for tag in tags}
    made = part(log)
    made["head"]["index_root"] = plain.index_root(values).hex()
    made["subjects"] = [{"tag": tags[0].hex(), "count": 0}]
    made["index_proof"] = plain.index_proof(values, {tags[0]})
    limit = sys.getrecursionlimit()
    report = xinlian_verify.verify(written(bundle(made)))
    assert sys.getrecursionlimit() == limit
    # The tag is there: a proof of its absence cannot be made from its own leaf.
    assert report["steps"][5]["status"] == "FAIL"
    made["subjects"] = [{"tag": (b"\x80" + bytes(31)).hex(), "count": 0}]
    made["index_proof"] = plain.index_proof(values, {b"\x80" + bytes(31)})
    assert xinlian_verify.verify(written(bundle(made)))["steps"][5]["status"] == "PASS"


@pytest.mark.parametrize("seed", range(3))
def test_random_flips_of_a_larger_bundle(seed: int) -> None:
    log, made = base()
    data, heads = written(made), (pinned_file(pinned(log)),)
    chance = random.Random(seed)
    for _ in range(150):
        flipped = bytearray(data)
        for _ in range(chance.randint(1, 3)):
            flipped[chance.randrange(len(data))] ^= chance.randint(1, 255)
        assert bytes(flipped) == data or exit_of(bytes(flipped), heads) == 1
