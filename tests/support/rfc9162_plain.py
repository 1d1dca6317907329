"""The evidence format a second time, straight from RFC 9162 and docs/evidence.md.

Plain recursion over whole lists, slow and short, and nothing of the product imported: what the
product computes is compared with this, and the verifiers are fed with bundles that this made.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import struct
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

Hash = Callable[[bytes], bytes]
Json = Any
ZERO = bytes(32)


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def sm3(data: bytes) -> bytes:
    return hashlib.new("sm3", data).digest()


# --- the tree of RFC 9162, section 2.1 ---


def _split(n: int) -> int:
    """The largest power of two smaller than n."""
    k = 1
    while k * 2 < n:
        k *= 2
    return k


def root(entries: Sequence[bytes], h: Hash = sha256) -> bytes:
    """MTH, 2.1.1."""
    n = len(entries)
    if n == 0:
        return h(b"")
    if n == 1:
        return h(b"\x00" + entries[0])
    k = _split(n)
    return h(b"\x01" + root(entries[:k], h) + root(entries[k:], h))


def path(m: int, entries: Sequence[bytes], h: Hash = sha256) -> list[bytes]:
    """PATH, 2.1.3.1: the inclusion proof of entry m."""
    n = len(entries)
    if n == 1:
        return []
    k = _split(n)
    if m < k:
        return [*path(m, entries[:k], h), root(entries[k:], h)]
    return [*path(m - k, entries[k:], h), root(entries[:k], h)]


def consistency(m: int, entries: Sequence[bytes], h: Hash = sha256) -> list[bytes]:
    """PROOF, 2.1.4.1: that the tree of these entries begins with the first m of them."""
    return _subproof(m, entries, True, h)


def _subproof(m: int, entries: Sequence[bytes], whole: bool, h: Hash) -> list[bytes]:
    n = len(entries)
    if m == n:
        return [] if whole else [root(entries, h)]
    k = _split(n)
    if m <= k:
        return [*_subproof(m, entries[:k], whole, h), root(entries[k:], h)]
    return [*_subproof(m - k, entries[k:], False, h), root(entries[:k], h)]


def many(shown: Collection[int], entries: Sequence[bytes], h: Hash = sha256) -> list[bytes]:
    """What a bundle needs for several entries: roots of the subtrees that show none."""
    if not shown:
        return [root(entries, h)]
    if len(entries) == 1:
        return []
    k = _split(len(entries))
    left, right = {i for i in shown if i < k}, {i - k for i in shown if i >= k}
    return [*many(left, entries[:k], h), *many(right, entries[k:], h)]


# --- the subject index: a sparse tree over tags, packed where a subtree holds one tag ---


def _bit(tag: bytes, depth: int) -> int:
    return tag[depth // 8] >> (7 - depth % 8) & 1


def index_value(count: int, last: bytes) -> bytes:
    return sha256(b"\x20" + struct.pack(">Q", count) + last)


def index_root(values: Mapping[bytes, bytes], depth: int = 0) -> bytes:
    """Root over {tag: value}."""
    if not values:
        return ZERO
    if len(values) == 1:
        ((tag, value),) = values.items()
        return sha256(b"\x21" + tag + value)
    left = {tag: value for tag, value in values.items() if not _bit(tag, depth)}
    right = {tag: value for tag, value in values.items() if _bit(tag, depth)}
    return sha256(b"\x22" + index_root(left, depth + 1) + index_root(right, depth + 1))


def index_proof(values: Mapping[bytes, bytes], asked: Collection[bytes], depth: int = 0) -> Json:
    """The tokens for the tags asked for, present and absent."""
    if not values:
        return ["e"]
    if not asked:
        return [index_root(values, depth).hex()]
    if len(values) == 1:
        ((tag, value),) = values.items()
        return ["s"] if tag in asked else [["l", tag.hex(), value.hex()]]
    tokens: list[Json] = ["i"]
    for side in (0, 1):
        tokens += index_proof(
            {tag: value for tag, value in values.items() if _bit(tag, depth) == side},
            {tag for tag in asked if _bit(tag, depth) == side},
            depth + 1,
        )
    return tokens


# --- records, fields, leaves ---


def jcs(value: Json) -> bytes:
    """RFC 8785 for what this format allows: no floats."""
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: name.encode("utf-16-be"))
        return b"{" + b",".join(jcs(name) + b":" + jcs(value[name]) for name in names) + b"}"
    if isinstance(value, list):
        return b"[" + b",".join(jcs(item) for item in value) + b"]"
    assert not isinstance(value, float)
    return json.dumps(value, ensure_ascii=False).encode()


def leaf_paths(value: Json, at: str = "") -> list[tuple[str, Json]]:
    """Every scalar and every empty container with its JSON pointer, in order of UTF-8 bytes."""
    if isinstance(value, dict | list) and value:
        items: Iterable[tuple[Any, Json]] = (
            value.items() if isinstance(value, dict) else enumerate(value)
        )
        found = []
        for name, item in items:
            token = str(name).replace("~", "~0").replace("/", "~1")
            found += leaf_paths(item, f"{at}/{token}")
        return sorted(found, key=lambda pair: pair[0].encode())
    return [(at, value)]


def salt_of(secret: bytes, at: str) -> bytes:
    return hmac.digest(secret, at.encode(), "sha256")


def commitment(salt: bytes, at: str, value: Json) -> bytes:
    return sha256(b"\x10" + salt + jcs([at, value]))


def commitments(record: Json, secret: bytes) -> list[bytes]:
    return [commitment(salt_of(secret, at), at, value) for at, value in leaf_paths(record)]


def log_id(chain_id: int, contract: str, party: int, stream: str) -> bytes:
    address = bytes.fromhex(contract.removeprefix("0x"))
    return sha256(chain_id.to_bytes(32) + address + party.to_bytes(4) + stream.encode("ascii"))


def tag_of(key: bytes, subject: str) -> bytes:
    return hmac.digest(key, subject.encode(), "sha256")


def time_ms(text: str) -> int:
    since = datetime.fromisoformat(text) - datetime(1970, 1, 1, tzinfo=UTC)
    return since // timedelta(milliseconds=1)


def leaf_data(
    log: bytes, schema: str, tag: bytes, seq: int, before: bytes, event_ms: int, field_root: bytes
) -> bytes:
    """The 189 bytes of a leaf."""
    parts = [b"XINLIAN-LEAF\x01", log, sha256(schema.encode()), tag, seq.to_bytes(8), before]
    data = b"".join([*parts, event_ms.to_bytes(8), field_root])
    assert len(data) == 189
    return data


def leaf_hash(data: bytes) -> bytes:
    return sha256(b"\x00" + data)


# --- a log, and the bundles it can give ---


@dataclass
class PlainLog:
    """One log in memory; whatever stands in it may be changed by a test that wants to lie."""

    chain_id: int = 31337
    contract: str = "0x" + "c0" * 20
    party: int = 7
    stream: str = "quality"
    key: bytes = sha256(b"subject key")
    with_sm3: bool = False
    records: list[Json] = field(default_factory=list)
    secrets: list[bytes] = field(default_factory=list)
    leaves: list[bytes] = field(default_factory=list)
    tags: list[bytes] = field(default_factory=list)
    further: list[bool] = field(default_factory=list)
    latest: dict[bytes, tuple[int, bytes]] = field(default_factory=dict)

    @property
    def id(self) -> bytes:
        return log_id(self.chain_id, self.contract, self.party, self.stream)

    def append(self, record: Json, secret: bytes | None = None, also: Iterable[str] = ()) -> bytes:
        """Take a record in, at a leaf for its subject and one for each of ``also``; the leaf hash
        of the first."""
        secret = secret or sha256(b"secret %d" % len(self.records))
        first = self._leaf(record, secret, record["subject"])
        for subject in also:
            self._leaf(record, secret, subject)
        return first

    def _leaf(self, record: Json, secret: bytes, subject: str) -> bytes:
        tag = tag_of(self.key, subject)
        count, last = self.latest.get(tag, (0, ZERO))
        data = leaf_data(
            self.id,
            record["schema"],
            tag,
            count,
            last,
            time_ms(record["event_time"]),
            root(commitments(record, secret)),
        )
        self.records.append(record)
        self.secrets.append(secret)
        self.tags.append(tag)
        self.further.append(subject != record["subject"])
        self.leaves.append(data)
        self.latest[tag] = (count + 1, leaf_hash(data))
        return leaf_hash(data)

    def index_of(self, size: int) -> dict[bytes, tuple[int, bytes]]:
        """Count and last leaf of every tag among the first leaves."""
        found: dict[bytes, tuple[int, bytes]] = {}
        for tag, data in zip(self.tags[:size], self.leaves[:size], strict=True):
            found[tag] = (found.get(tag, (0, ZERO))[0] + 1, leaf_hash(data))
        return found

    def index_values(self, size: int) -> dict[bytes, bytes]:
        return {tag: index_value(*entry) for tag, entry in self.index_of(size).items()}

    def head(self, size: int | None = None) -> dict[str, Json]:
        """The head over the first leaves, as it stands in a bundle."""
        size = len(self.leaves) if size is None else size
        found = {
            "size": size,
            "root": root(self.leaves[:size]).hex(),
            "index_root": index_root(self.index_values(size)).hex(),
        }
        return found | ({"sm3_root": root(self.leaves[:size], sm3).hex()} if self.with_sm3 else {})

    def names(self) -> dict[str, Json]:
        return {
            "id": self.id.hex(),
            "chain_id": self.chain_id,
            "contract": self.contract,
            "party": self.party,
            "stream": self.stream,
            "key_commitment": sha256(b"\x30" + self.key).hex(),
        }
