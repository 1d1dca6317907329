"""The tree over a segment a second time, from its description alone: plain recursion, no numpy."""

from __future__ import annotations

import hashlib
import json
import struct
from typing import Any

WIDTHS = {1: 1, 2: 1, 3: 1, 4: 2, 5: 2, 6: 4, 7: 4, 8: 8, 9: 8, 10: 4, 11: 8}
CODES = {
    "bool": 1, "int8": 2, "uint8": 3, "int16": 4, "uint16": 5, "int32": 6, "uint32": 7,
    "int64": 8, "uint64": 9, "float32": 10, "float64": 11,
}  # fmt: skip


def mth(leaves: list[bytes]) -> bytes:
    """Merkle tree hash of RFC 9162, section 2.1.1, over leaf hashes."""
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return hashlib.sha256(b"\1" + mth(leaves[:k]) + mth(leaves[k:])).digest()


def segment_leaves(data: bytes) -> tuple[dict[str, Any], list[bytes]]:
    """Head and leaf hashes of a segment's bytes."""
    _magic, party, window_s, sequence, start, end, blocks, leaves = struct.unpack_from(
        "<8sIIQqqII", data
    )
    at = struct.calcsize("<8sIIQqqII")
    secret, root = data[at : at + 32], data[at + 32 : at + 64]
    at += 64
    (length,) = struct.unpack_from("<H", data, at)
    group = data[at + 2 : at + 2 + length].decode()
    at += 2 + length
    assert hashlib.sha256(data[:at]).digest() == data[at : at + 32]
    at += 32
    bodies: list[bytes] = []
    for _ in range(blocks):
        header_size, body_size = struct.unpack_from("<II", data, at)
        at += 8
        header, body = data[at : at + header_size], data[at + header_size :][:body_size]
        at += header_size + body_size
        bodies += _block(header, body)
    assert at == len(data)
    assert len(bodies) == leaves
    stream = hashlib.shake_256(b"XINLIAN-SALT\x01" + secret).digest(32 * leaves)
    hashes = [
        hashlib.sha256(b"\0" + stream[32 * i : 32 * i + 32] + body).digest()
        for i, body in enumerate(bodies)
    ]
    head = {
        "party": party, "window_s": window_s, "sequence": sequence, "start_us": start,
        "end_us": end, "group": group, "leaves": leaves, "root": root.hex(),
    }  # fmt: skip
    return head, hashes


def _block(header: bytes, body: bytes) -> list[bytes]:
    members = json.loads(header)
    assert (
        header
        == json.dumps(members, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    )
    n = members["rows"]
    bodies = [b"\x01" + header]
    at = 8 * n
    bodies.append(struct.pack("<BBBBI", 2, 8, 0, 0, n) + body[:at])
    if members["source"]:
        bodies.append(struct.pack("<BBBBI", 2, 8, 0, 0, n) + body[at : at + 8 * n])
        at += 8 * n
    else:
        bodies.append(struct.pack("<BBBBI", 2, 8, 0, 0, 0))
    codes = [CODES[kind] for kind, count in members["columns"] for _ in range(count)]
    qualities = [b""] * len(codes)
    if members["quality"]:
        size = -(-len(codes) // 8)
        bits = body[at : at + size]
        at += size
        for k in range(len(codes)):
            if bits[k // 8] >> (k % 8) & 1:
                qualities[k] = body[at : at + n]
                at += n
    for code, quality in zip(codes, qualities, strict=True):
        values = body[at : at + n * WIDTHS[code]]
        at += n * WIDTHS[code]
        bodies.append(struct.pack("<BBBBI", 2, code, bool(quality), 0, n) + quality + values)
    assert at == len(body)
    return bodies
