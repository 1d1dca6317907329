"""Bundles and pinned heads made from a plain log: honest ones, and what a test needs to lie."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from tests.support import rfc9162_plain as plain
from tests.support.rfc9162_plain import PlainLog

Json = Any
BLOCK_TIME = 1_790_000_000
ALL = "*"


def record(subject: str, n: int = 0, **more: Json) -> Json:
    """A record of an inspection."""
    return {
        "schema": "inspection/1",
        "subject": subject,
        "event_time": f"2026-09-01T{n // 3600:02}:{n // 60 % 60:02}:{n % 60:02}.{n % 1000:03}Z",
        "characteristic": {"id": "M8-torque", "nominal": "24.5", "unit": "N·m"},
        "value": f"24.{n % 10}",
        "passed": True,
        "tools": ["扭矩扳手 7", n],
        "notes": [],
        **more,
    }


def sample_log(**names: Json) -> PlainLog:
    """Eleven records of four subjects."""
    log = PlainLog(**names)
    for n, subject in enumerate("ABACABADBAA"):
        log.append(record(f"VIN-{subject}", n))
    return log


def fields(log: PlainLog, at: int, show: Collection[str]) -> list[Json]:
    """The fields of a record: those of the paths to show in the open, the others hidden. At the
    leaf of another subject than the one it names, that name is hidden too."""
    found: list[Json] = []
    for path, value in plain.leaf_paths(log.records[at]):
        salt = plain.salt_of(log.secrets[at], path)
        if (show == ALL or path in show) and not (log.further[at] and path == "/subject"):
            found.append({"path": path, "value": value, "salt": salt.hex()})
        else:
            found.append(plain.commitment(salt, path, value).hex())
    return found


def part(
    log: PlainLog,
    shown: Iterable[int] = (),
    subjects: Sequence[str] = (),
    *,
    size: int | None = None,
    show: Collection[str] = ALL,
    joined: int | None = None,
    with_key: bool = True,
    with_ids: bool = True,
) -> Json:
    """One log's part: the given records, and everything (or nothing) about the given subjects.

    ``joined`` is the size of another head, earlier or later, that a consistency proof leads to.
    """
    size = len(log.leaves) if size is None else size
    leaves, values, index = log.leaves[:size], log.index_values(size), log.index_of(size)
    listed = {plain.tag_of(log.key, subject): subject for subject in subjects}
    indices = sorted({*shown, *(i for i in range(size) if log.tags[i] in listed)})
    entries = []
    for tag, subject in sorted(listed.items()):
        count, last = index.get(tag, (0, plain.ZERO))
        entries.append(
            {"tag": tag.hex(), "count": count}
            | ({"last": last.hex()} if count else {})
            | ({"id": subject} if with_ids else {})
        )
    made: dict[str, Json] = {
        "log": log.names(),
        "head": log.head(size),
        "anchor": {
            "transaction": "0x" + "aa" * 32,
            "block_number": 4242,
            "block_hash": "0x" + "bb" * 32,
            "block_time": BLOCK_TIME,
        },
        "subjects": entries,
        "index_proof": plain.index_proof(values, set(listed)),
        "records": [
            {"index": i, "leaf": log.leaves[i].hex(), "fields": fields(log, i, show)}
            for i in indices
        ],
        "inclusion": [node.hex() for node in plain.many(indices, leaves)],
    }
    if with_key:
        made["subject_key"] = log.key.hex()
    if log.with_sm3:
        made["sm3_inclusion"] = [node.hex() for node in plain.many(indices, leaves, plain.sm3)]
    if joined is not None:
        small, large = sorted((joined, size))
        proof = plain.consistency(small, log.leaves[:large])
        made["consistency"] = {
            "size": joined,
            "root": plain.root(log.leaves[:joined]).hex(),
            "proof": [node.hex() for node in proof],
        }
    return made


def bundle(*parts: Json) -> dict[str, Json]:
    """The whole bundle with its digest."""
    ordered = sorted(parts, key=lambda one: str(one["log"]["id"]))
    return sealed({"format": "xinlian-proof/1", "parts": ordered})


def sealed(loose: dict[str, Json]) -> dict[str, Json]:
    """The same with a digest that is right for it, however wrong the rest may be."""
    bare = {name: value for name, value in loose.items() if name != "digest"}
    return bare | {"digest": plain.sha256(plain.jcs(bare)).hex()}


def written(made: Json) -> bytes:
    """The bytes of a bundle's file."""
    return plain.jcs(made) + b"\n"


def pinned(log: PlainLog, size: int | None = None, **changed: Json) -> dict[str, Json]:
    """The pinned head an auditor may hold of a log."""
    names = log.names()
    return {
        "format": "xinlian-head/1",
        "log": names["id"],
        "chain_id": names["chain_id"],
        "contract": names["contract"],
        "key_commitment": names["key_commitment"],
        **log.head(size),
        "block_time": BLOCK_TIME,
        **changed,
    }


def pinned_file(head: Json) -> bytes:
    return json.dumps(head, indent=1).encode()
