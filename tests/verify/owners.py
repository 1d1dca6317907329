"""Lies of a log's own owner: head, index and leaves are theirs, and the auditor pinned that head.

What such an owner signs is fixed; that it is well made is for the verifier to find out. Each lie is
one that a single check stands against.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.support import rfc9162_plain as plain
from tests.support.rfc9162_plain import PlainLog
from tests.support.xlproof import bundle, part, pinned, pinned_file, record, sample_log, written

Json = Any
Lie = tuple[str, int, bytes, tuple[bytes, ...]]


def _lie(name: str, step: int, log: PlainLog, made: Json) -> Lie:
    head = pinned(log) | made["head"]
    return name, step, written(bundle(made)), (pinned_file(head),)


def _fields(*pairs: tuple[str, Json]) -> tuple[PlainLog, Json]:
    """A log of one record with these fields in this order, and the part that shows them."""
    log, salt = PlainLog(), plain.sha256(b"salt")
    log.append(record("VIN-A"))
    root = plain.root([plain.commitment(salt, path, value) for path, value in pairs])
    log.leaves[0] = log.leaves[0][:157] + root
    made = part(log, [0])
    made["records"][0]["fields"] = [
        {"path": path, "value": value, "salt": salt.hex()} for path, value in pairs
    ]
    return log, made


def _leaf(low: int, new: bytes) -> tuple[PlainLog, Json]:
    """A log whose second leaf of VIN-A is written over; the part shows all of VIN-A."""
    log = PlainLog()
    for n in range(2):
        log.append(record("VIN-A", n))
    log.leaves[1] = log.leaves[1][:low] + new + log.leaves[1][low + len(new) :]
    return log, part(log, (), ["VIN-A"])


def _entry(count: int, last: bytes | None = None) -> tuple[PlainLog, Json]:
    """The same log, with a false count or last leaf in its index."""
    log = PlainLog()
    for n in range(2):
        log.append(record("VIN-A", n))
    made = part(log, (), ["VIN-A"])
    last = last or plain.leaf_hash(log.leaves[1])
    value = plain.index_value(count, last)
    made["head"]["index_root"] = plain.index_root({log.tags[0]: value}).hex()
    made["subjects"][0].update(count=count, last=last.hex())
    return log, made


def _index() -> Iterator[Lie]:
    """Indexes and index proofs that hide what is there."""
    log = sample_log()
    values = log.index_values(len(log.leaves))
    tag = plain.tag_of(log.key, "VIN-B")
    absent = {"tag": tag.hex(), "id": "VIN-B", "count": 0}

    made = part(log)
    made["subjects"] = [absent]
    made["index_proof"] = [
        ["l", tag.hex(), values[tag].hex()] if token == "s" else token
        for token in plain.index_proof(values, {tag})
    ]
    yield _lie("absence from the subject's own leaf", 6, log, made)

    made = part(log)
    made["subjects"] = [absent]
    yield _lie("absence from a part nobody can see", 6, log, made)

    made = part(log)
    nobody = plain.tag_of(log.key, "nobody")
    made["subjects"] = [{"tag": nobody.hex(), "count": 0}] * 2
    made["index_proof"] = plain.index_proof(values, {nobody})
    yield _lie("an absent subject twice", 6, log, made)

    # One subject, not where its first bit says but on the other side; and there all by itself.
    alone = PlainLog()
    alone.append(record("VIN-A"))
    tag = alone.tags[0]
    value = alone.index_values(1)[tag]
    leaf = plain.sha256(b"\x21" + tag + value)
    right = tag[0] >> 7
    sides = [plain.ZERO, leaf] if not right else [leaf, plain.ZERO]
    made = part(alone)
    made["subjects"] = [{"tag": tag.hex(), "count": 0}]
    made["head"]["index_root"] = plain.sha256(b"\x22" + sides[0] + sides[1]).hex()
    found = ["l", tag.hex(), value.hex()]
    made["index_proof"] = ["i", "e", found] if not right else ["i", found, "e"]
    yield _lie("a subject on the wrong side", 6, alone, made)

    made = part(alone, (), ["VIN-A"])
    sides = [leaf, plain.ZERO] if not right else [plain.ZERO, leaf]
    made["head"]["index_root"] = plain.sha256(b"\x22" + sides[0] + sides[1]).hex()
    made["index_proof"] = ["i", "s", "e"] if not right else ["i", "e", "s"]
    yield _lie("an index that is not packed", 6, alone, made)

    other = bytes([tag[0] ^ 0x80]) + tag[1:]
    made = part(alone)
    made["subjects"] = [{"tag": other.hex(), "count": 0}]
    two = [plain.sha256(b"\x21" + tag + value)] * 2
    made["head"]["index_root"] = plain.sha256(b"\x22" + two[0] + two[1]).hex()
    token = ["l", tag.hex(), value.hex()]
    made["index_proof"] = ["i", two[0].hex(), token] if not right else ["i", token, two[0].hex()]
    yield _lie("absence from a leaf of another place", 6, alone, made)


def lies() -> Iterator[Lie]:
    """Name, the step that has to fail, the bundle, and the pinned heads."""
    common: list[tuple[str, Json]] = [("/event_time", "2026-09-01T00:00:00.000Z")]
    twice = [*common, ("/schema", "inspection/1"), ("/value", "1"), ("/value", "2")]
    yield _lie("two values under one path", 3, *_fields(*twice))
    yield _lie("fields out of order", 3, *_fields(("/value", "1"), *common))
    yield _lie("a value that holds others", 3, *_fields(("/a", 1), ("/a!", 2), ("/a/b/c", 3)))
    yield _lie("a schema that is no text", 4, *_fields(("/schema", 1)))
    yield _lie("a schema of its own", 4, *_fields(("/schema", "inspection/2")))
    yield _lie("a subject of its own", 4, *_fields(("/subject", "VIN-B")))
    yield _lie("a time of its own", 4, *_fields(("/event_time", "2026-09-02T00:00:00.000Z")))
    yield _lie("a time that never was", 4, *_fields(("/event_time", "2026-02-30T00:00:00.000Z")))
    yield _lie("a number left out", 6, *_leaf(109, (5).to_bytes(8)))
    yield _lie("a link to nothing", 6, *_leaf(117, plain.ZERO))
    yield _lie("a count too high", 6, *_entry(3))
    yield _lie("a count too low", 6, *_entry(1))
    yield _lie("a last leaf from elsewhere", 6, *_entry(2, plain.sha256(b"elsewhere")))
    yield from _index()
