"""Check a Xinlian proof bundle (*.xlproof) without trusting whoever made it.

    python3 xinlian_verify.py FILE [--head FILE.xlhead ...] [--rpc URL] [--contract 0x...]

Python 3.9 or newer, its standard library and nothing else; no network unless --rpc is given.
Ten steps, numbered as in evidence.md; each ends as PASS, FAIL or NOT CHECKED, with the reason.
Files about readings of devices have seven more, 11 to 17: the sums they claim, and their gaps.
Exit status: 0 all passed, 1 something failed, 2 something could not be checked, 3 all passed, but
readings are missing where the file says so.

What you must bring yourself, because a liar would bring their own: a head that you pinned earlier
(--head), or the address of the network's EvidenceLog contract (--contract) and a node that you
trust (--rpc). Without them the best answer is NOT CHECKED.

In hashed bytes integers are big-endian; the first byte keeps kinds of hashes apart: 00 and 01
leaf and node of a tree, 10 field, 20 to 22 subject index, 30 commitment to a subject key.
"""

from __future__ import annotations

import argparse
import hashlib
import hmac
import http.client
import json
import os
import re
import struct
import sys
import time
import urllib.request
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

PASS, FAIL, OPEN, GAP = "PASS", "FAIL", "NOT CHECKED", "GAP STATED"
FILE_BYTES_MAX = 64 << 20
INT_MAX = 2**53 - 1
CLOCKS_DIFFER_MS_MAX = 300_000
ZERO = "00" * 32
# What the contract's log entry and its view are known by: keccak256 of
# HeadAppended(bytes32,uint32,uint64,bytes32,bytes32,bytes32); 4 bytes of that of logInfo(bytes32).
HEAD_APPENDED = "0x363db4b079089aa39fad1b4dc68293a8fb9ebd7e495ccef34d689fec3458f9ac"
LOG_INFO = "0xdbbcee35"
Json = Any  # whatever json.loads gives
# PASS, FAIL, NOT CHECKED or GAP STATED, then a sentence of the table ZH and what fills it.
Finding = tuple[Any, ...]


class Refused(Exception):  # noqa: N818 - a verdict, not a fault
    """The step fails; carries a sentence of the table ZH and what fills it."""


def sha256(*parts: bytes) -> bytes:
    """SHA-256 of the joined parts."""
    return hashlib.sha256(b"".join(parts)).digest()


def sm3(*parts: bytes) -> bytes:
    """SM3 of the joined parts; ValueError where this Python has none."""
    return hashlib.new("sm3", b"".join(parts)).digest()


canonical = json.JSONEncoder(  # RFC 8785 for what bundles hold: no floats, ASCII member names
    ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
).encode


# Step 1. Each line is a form: an object's members and their forms; "?": may be left out, "[]": a
# list. What is no object has a pattern, a range, or is explained in `fits`.

FORMS = """
bundle = format:bundle_format digest:hash parts:[part]
part = log:log head:head subjects:[subject] index_proof:[token] records:[record] inclusion:[hash]
  subject_key?:hash anchor?:anchor consistency?:link sm3_inclusion?:[hash]
log = id:hash chain_id:count contract:address party:party stream:stream key_commitment:hash
head = size:size root:hash index_root:hash sm3_root?:hash
anchor = transaction:0xhash block_number:count block_hash:0xhash block_time:time
link = size:size root:hash proof:[hash]
subject = tag:hash count:count last?:hash id?:text
record = index:count leaf:leaf fields:[field]
shown = path:path value:scalar salt:hash
pinned = format:head_format log:hash chain_id:count contract:address key_commitment:hash
  size:size root:hash index_root:hash sm3_root?:hash block_time:time
telemetry = format:telemetry_format digest:hash proof:bundle span:span tables:[text]
  windows:[window] claims:[claim] gaps?:gaps
gaps = silent:[silence] lost:[loss] unseen:[unseen]
silence = device:text tag:text start_us:count end_us:count
loss = collector:text first:count last:count segments:count
unseen = device:text windows:count start_us:count end_us:count
span = log:hash group:text start_us:count end_us:count
window = record:count devices:[entry] device_inclusion:[hash] segments:[segment] inclusion:[hash]
entry = index:count device:text counts:tally salt:hash
tally = expected:count received:count missed:count suppressed:count bad:count
segment = index:count summary:summary leaves:[column] inclusion:[hash]
summary = party:party group:text window_s:size sequence:count start_us:count end_us:count
  leaves:size root:hash
column = index:count salt:hash body:hex
claim = kind:kind device:text tag:text value:decimal unit:text rows:count covered_us?:count
  hold_us?:count
block = device:text rate_group:count period_ms:count table:hash driver:text calibration:text
  clock:any counts:tally rows:count columns:any source:any quality:any
table = name:text version:text fixed:any tags:[tag]
tag = name:text address:text type:type order?:text scale?:number offset?:number unit?:text
  low?:number high?:number period_ms?:count deadband?:number access?:text role?:text label?:text
  label_zh?:text
"""
MEMBERS = {
    line.split(" = ")[0]: dict(member.split(":") for member in line.split(" = ")[1].split())
    for line in FORMS.strip().replace("\n  ", " ").splitlines()
}
NEEDED = {form: {name for name in MEMBERS[form] if name[-1] != "?"} for form in MEMBERS}
MEMBERS = {form: {n.rstrip("?"): rest for n, rest in MEMBERS[form].items()} for form in MEMBERS}
PATTERNS: dict[str, Any] = {
    "hash": re.compile("[0-9a-f]{64}"),
    "0xhash": re.compile("0x[0-9a-f]{64}"),
    "leaf": re.compile("[0-9a-f]{378}"),
    "address": re.compile("0x[0-9a-f]{40}"),
    "stream": re.compile("[a-z0-9._-]{1,32}"),
    "path": re.compile(r"/(?![\s\S]*~(?![01]))[\s\S]{0,999}"),
    "text": re.compile(r"[\s\S]*"),
    "bundle_format": re.compile("xinlian-proof/1"),
    "head_format": re.compile("xinlian-head/1"),
    "telemetry_format": re.compile("xinlian-telemetry-proof/1"),
    "hex": re.compile("(?:[0-9a-f]{2})*"),
    "kind": re.compile("delta|sum|mean|min|max|integral"),
    "decimal": re.compile("(?!-0$)-?(?:0|[1-9][0-9]{0,399})(?:[.][0-9]{0,11}[1-9])?"),
    "number": re.compile("-?[0-9]{1,60}(?:[.][0-9]{1,60})?(?:E[+-]?[0-9]{1,3})?"),
    "type": re.compile("bool|u?int(?:8|16|32|64)|float(?:32|64)"),
}
RANGES = {
    "count": range(INT_MAX + 1),
    "size": range(1, INT_MAX + 1),
    "party": range(2**32),
    "time": range(253402300800),  # seconds since 1970, up to the end of the year 9999
}


def fits(value: Json, form: str) -> bool:
    """Whether a value that is no object has the form asked for."""
    if form == "any":
        inner = value.values() if isinstance(value, dict) else value
        if isinstance(value, (dict, list)):
            return all(fits(each, "any") for each in inner)
        return not isinstance(value, int) or abs(value) <= INT_MAX
    if form in PATTERNS:
        return isinstance(value, str) and bool(PATTERNS[form].fullmatch(value))
    if form in RANGES:
        return type(value) is int and value in RANGES[form]
    if form == "scalar":
        small = not isinstance(value, int) or abs(value) <= INT_MAX
        return small and (value in (None, {}, []) or isinstance(value, (str, int)))
    if isinstance(value, list):  # a token of the index proof, see step 6
        return len(value) == 3 and value[0] == "l" and all(fits(v, "hash") for v in value[1:])
    return value in ("i", "e", "s") or fits(value, "hash")


def misfit(value: Json, form: str) -> str | None:
    """Where a value differs from its form, as a path below it; None where nothing differs."""
    if form == "field":  # disclosed, or hidden behind its commitment
        form = "shown" if isinstance(value, dict) else "hash"
    if form not in MEMBERS and form[0] != "[":
        return None if fits(value, form) else ""
    if form in MEMBERS and isinstance(value, dict):
        for name in [*(NEEDED[form] - value.keys()), *(value.keys() - MEMBERS[form].keys())]:
            return f".{name}"
        items = [(name, item, MEMBERS[form][name]) for name, item in value.items()]
    elif form[0] == "[" and isinstance(value, list):
        items = [(place, item, form[1:-1]) for place, item in enumerate(value)]
    else:
        return ""
    for name, item, rest in items:
        found = misfit(item, rest)
        if found is not None:
            return f".{name}{found}"
    return None


def read_form(data: bytes, form: str) -> Json:
    """The object in a file, if every member is there, known and of its form."""
    value = read_json(data)
    found = misfit(value, form)
    if found is not None and form == "pinned":
        raise Refused("given as a pinned head, but is none: {}", form + found)
    if found is not None:
        raise Refused("missing, unknown or not of its form: {}", form + found)
    return value


def read_json(data: bytes) -> Json:
    """Parse JSON that holds no fraction and no number of absurd length."""

    def refuse(number: str) -> Json:
        raise ValueError(number[:20])

    def whole(number: str) -> Json:
        return int(number) if len(number) <= 17 else refuse(number)

    if not 2 <= len(data) <= FILE_BYTES_MAX:
        raise Refused("{} bytes: empty or too large", len(data))
    try:
        text = data.decode("utf-8")
        return json.loads(text, parse_int=whole, parse_float=refuse, parse_constant=refuse)
    except (ValueError, RecursionError) as exc:
        raise Refused("not JSON of the kind allowed here") from exc


def read_bundle(data: bytes) -> Json:
    """The bundle in a file: known members alone, canonical bytes, a digest that fits."""
    bundle = read_form(data, "bundle")
    bare = {name: value for name, value in bundle.items() if name != "digest"}
    try:
        rest = canonical(bare).encode("utf-8")
    except UnicodeEncodeError as exc:  # half a surrogate pair
        raise Refused("the bytes are not in canonical form") from exc
    if b'{"digest":"%s",%s\n' % (bundle["digest"].encode(), rest[1:]) != data:
        raise Refused("the bytes are not in canonical form")
    if sha256(rest).hex() != bundle["digest"]:
        raise Refused("the digest does not fit the content")
    ids = [part["log"]["id"] for part in bundle["parts"]]
    if not 1 <= len(ids) <= 1000 or ids != sorted(set(ids)):
        raise Refused("parts are missing, repeated or out of order")
    return bundle


# Step 2


def step_2(part: Json, trust: Json) -> Iterator[Finding]:
    """The log's id is that of its chain, contract, party and stream; its key is the fixed one."""
    log, key = part["log"], part.get("subject_key")
    place = log["chain_id"].to_bytes(32, "big") + bytes.fromhex(log["contract"][2:])
    made = sha256(place, log["party"].to_bytes(4, "big"), log["stream"].encode())
    if made.hex() != log["id"]:
        raise Refused("the log id fits not its chain, contract, party, stream")
    if trust["contracts"] and log["contract"] not in trust["contracts"]:
        raise Refused("the log belongs to a contract that you did not name")
    if key is not None and sha256(b"\x30", bytes.fromhex(key)).hex() != log["key_commitment"]:
        raise Refused("the subject key does not fit its commitment")
    fixed = [pin["key_commitment"] for pin in trust["pins"]]
    fixed += [trust["chain"]["key"]] if trust["chain_good"] else []
    if any(other != log["key_commitment"] for other in fixed):
        raise Refused("the key commitment is not the one that was fixed")
    if key is None:
        yield PASS, "the log id fits; no subject key is shown"
    elif fixed:
        yield PASS, "log id and subject key fit what was fixed"
    else:
        yield OPEN, "nobody confirms the subject key"


# Step 3


def tree_root(entries: list[bytes]) -> bytes:
    """The root of RFC 9162 over entries: pairs are joined level by level, an odd one moves up."""
    level = [sha256(b"\x00", entry) for entry in entries]
    while len(level) > 1:
        pairs = [sha256(b"\x01", level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
        level = pairs + level[len(level) // 2 * 2 :]
    return level[0] if level else sha256()


def shown(record: Json) -> dict[str, Json]:
    """The disclosed fields of a record: value by path."""
    return {item["path"]: item["value"] for item in record["fields"] if isinstance(item, dict)}


def step_3(part: Json, _: Json) -> Iterator[Finding]:
    """Shown fields and hidden commitments give the field root that stands in the leaf."""
    count = total = 0
    for record in part["records"]:
        index, commitments, before = record["index"], [], b""
        for item in record["fields"]:
            if isinstance(item, str):
                commitments.append(bytes.fromhex(item))
                continue
            path, before = before, item["path"].encode()
            if before <= path:
                raise Refused("record {}: fields repeat or are out of order", index)
            content = canonical([item["path"], item["value"]]).encode()
            commitments.append(sha256(b"\x10", bytes.fromhex(item["salt"]), content))
        if not commitments or tree_root(commitments) != unpack(record).field_root:
            raise Refused("record {}: the fields do not give the leaf's field root", index)
        fields = shown(record)
        for name in fields:
            while name := name.rpartition("/")[0]:
                if name in fields:
                    raise Refused("record {}: {} is a value and holds others", index, name)
        count, total = count + len(fields), total + len(commitments)
    yield PASS, "records: {}; fields shown: {} of {}", len(part["records"]), count, total


# Step 4


LEAF = struct.Struct(">13s 32s 32s 32s Q 32s Q 32s")  # 189 bytes


class Leaf(NamedTuple):
    """The members of a leaf, and its hash."""

    mark: bytes
    log: bytes
    schema: bytes
    tag: bytes
    seq: int
    previous: bytes
    event_ms: int
    field_root: bytes
    hash: bytes


def unpack(record: Json) -> Leaf:
    """The leaf of a record, taken apart."""
    data = bytes.fromhex(record["leaf"])
    return Leaf._make((*LEAF.unpack(data), sha256(b"\x00", data)))


def tag_of(key: str, subject: str) -> str:
    """A subject's tag: HMAC-SHA256 under the log's subject key."""
    return hmac.new(bytes.fromhex(key), subject.encode(), hashlib.sha256).hexdigest()


EVENT_TIME = re.compile(
    "([0-9]{4})-([0-9]{2})-([0-9]{2})T([01][0-9]|2[0-3]):([0-5][0-9]):([0-5][0-9])[.]([0-9]{3})Z"
)


def event_ms(text: str) -> int:
    """Milliseconds since 1970 of an event time; -1 where it is none."""
    found = EVENT_TIME.fullmatch(text)
    try:
        year, month, day, hour, minute, second, ms = map(int, found.groups() if found else ())
        days = date(year, month, day).toordinal() - date(1970, 1, 1).toordinal()
    except ValueError:
        return -1
    return (((days * 24 + hour) * 60 + minute) * 60 + second) * 1000 + ms


def step_4(part: Json, _: Json) -> Iterator[Finding]:
    """Each leaf is of this log, and says of schema, subject and time what the fields say."""
    key, untied = part.get("subject_key"), 0
    for record in part["records"]:
        index, leaf, fields = record["index"], unpack(record), shown(record)
        names = [fields.get(path, "") for path in ("/schema", "/subject", "/event_time")]
        if leaf.mark != b"XINLIAN-LEAF\x01" or leaf.log.hex() != part["log"]["id"]:
            raise Refused("record {}: not a leaf of this log", index)
        if not all(isinstance(name, str) for name in names):
            raise Refused("record {}: schema, subject or event time is no text", index)
        if "/schema" in fields and sha256(names[0].encode()) != leaf.schema:
            raise Refused("record {}: the schema is not the leaf's", index)
        if "/subject" in fields and key is not None and tag_of(key, names[1]) != leaf.tag.hex():
            raise Refused("record {}: the subject is not the leaf's", index)
        if "/event_time" in fields and event_ms(names[2]) != leaf.event_ms:
            raise Refused("record {}: the event time is not the leaf's", index)
        untied += "/subject" in fields and key is None
    yield PASS, "the leaves fit the log and the fields shown"
    if untied:
        yield OPEN, "subjects named in records, but no subject key: {}", untied


# Step 5


def in_order(items: list[Json]) -> bool:
    """Whether each item is greater than the one before."""
    return all(items[i] < items[i + 1] for i in range(len(items) - 1))


def rebuilt(part: Json, proof: list[str], h: Any) -> str:
    """The root over the shown leaves and the hashes of the largest subtrees that show none."""
    leaves = [bytes.fromhex(record["leaf"]) for record in part["records"]]
    return root_with([r["index"] for r in part["records"]], leaves, part["head"]["size"], proof, h)


def root_with(places: list[int], leaves: list[bytes], size: int, proof: list[str], h: Any) -> str:
    """The root of a tree of a size, from the leaves at some places and the rest of it."""
    nodes = iter(proof)
    if not in_order([*places, size]):
        raise Refused("records repeat, are out of order or outside the tree")

    def subtree(low: int, high: int, first: int, last: int) -> bytes:
        # Leaves low to high, of which those first to last are shown (each end excluded).
        if first == last:
            node = next(nodes, None)
            if node is None:
                raise Refused("the inclusion proof is too short")
            return bytes.fromhex(node)
        if high - low == 1:
            return bytes(h(b"\x00", leaves[first]))
        middle = low + (1 << (high - low - 1).bit_length() - 1)
        cut = bisect_left(places, middle, first, last)
        left = subtree(low, middle, first, cut)
        return bytes(h(b"\x01", left, subtree(middle, high, cut, last)))

    root = subtree(0, size, 0, len(places))
    if next(nodes, None) is not None:
        raise Refused("the inclusion proof is too long")
    return root.hex()


def step_5(part: Json, _: Json) -> Iterator[Finding]:
    """The leaves stand at their places in the tree whose root the head carries."""
    if rebuilt(part, part["inclusion"], sha256) != part["head"]["root"]:
        raise Refused("the leaves do not give the head's root")
    yield (
        PASS,
        "leaves shown: {} of {}, all in the tree",
        len(part["records"]),
        part["head"]["size"],
    )


# Step 6


def index_root(part: Json) -> str:
    """The root of the subject index, a sparse tree over tags, from subjects and proof.

    Tokens come in pre-order: "i" a node with two sides, "e" nothing, "s" the next listed subject,
    ["l", tag, value] the one other subject there, or the hash of a part without listed subjects.
    """
    subjects, tokens = part["subjects"], iter(part["index_proof"])
    tags = [int(one["tag"], 16) for one in subjects]
    present = [0]  # how many of the first subjects have records
    for one in subjects:
        present.append(present[-1] + (one["count"] > 0))

    def subtree(first: int, last: int, depth: int, prefix: int) -> tuple[str, bytes]:
        # The tags below a prefix of so many bits, among them the subjects first to last (excluded):
        # what is there ("e" nothing, "s" one subject, "i" more, "?" unseen), and its hash.
        word, known = next(tokens, None), present[last] - present[first]
        if word == "i" and depth < 256:
            right = prefix << 1 | 1
            cut = bisect_left(tags, right << 255 - depth, first, last)
            sides = [
                subtree(first, cut, depth + 1, right - 1),
                subtree(cut, last, depth + 1, right),
            ]
            if {sides[0][0], sides[1][0]} in ({"e"}, {"e", "s"}):
                raise Refused("the index is not in its packed form")
            return "i", sha256(b"\x22", sides[0][1], sides[1][1])
        if word == "s" and known == 1:
            one = next(one for one in subjects[first:last] if one["count"])
            value = sha256(b"\x20", one["count"].to_bytes(8, "big"), bytes.fromhex(one["last"]))
            return one_subject(one["tag"], value)
        if known:
            raise Refused("the index does not hold a listed subject")
        if word == "e":
            return "e", bytes(32)
        if isinstance(word, list) and int(word[1], 16) >> 256 - depth == prefix:
            if int(word[1], 16) in tags[first:last]:
                raise Refused("a subject said to be absent is in the index")
            return one_subject(word[1], bytes.fromhex(word[2]))
        if first == last and isinstance(word, str) and len(word) == 64 and word != ZERO:
            return "?", bytes.fromhex(word)
        raise Refused("the index proof is cut or ill-formed")

    root = subtree(0, len(subjects), 0, 0)[1].hex()
    if next(tokens, None) is not None:
        raise Refused("the index proof is too long")
    return root


def one_subject(tag: str, value: bytes) -> tuple[str, bytes]:
    """A subtree of the index that holds one subject."""
    return "s", sha256(b"\x21", bytes.fromhex(tag), value)


def check_complete(subject: Json, leaves: list[Leaf]) -> None:
    """Refuse unless these are all leaves of a subject, in order, each naming the one before."""
    name, before = subject.get("id", subject["tag"]), ZERO
    if len(leaves) != subject["count"]:
        raise Refused("{}: {} of {} records shown", name, len(leaves), subject["count"])
    for place, leaf in enumerate(leaves):
        if leaf.seq != place or leaf.previous.hex() != before:
            raise Refused("{}: the chain of records breaks at {}", name, place)
        before = leaf.hash.hex()
    if before != subject.get("last", ZERO):
        raise Refused("{}: the last record is another", name)


def step_6(part: Json, _: Json) -> Iterator[Finding]:
    """Everything about each listed subject is shown, or nothing is recorded about it."""
    subjects, key, other = part["subjects"], part.get("subject_key"), 0
    if not in_order([one["tag"] for one in subjects]):
        raise Refused("subjects repeat or are out of order")
    if any((one["count"] > 0) != ("last" in one) for one in subjects):
        raise Refused("a subject lacks its last leaf, or has one too many")
    if index_root(part) != part["head"]["index_root"]:
        raise Refused("the subjects do not give the head's index root")
    leaves_of: dict[str, list[Leaf]] = {one["tag"]: [] for one in subjects}
    for record in part["records"]:
        leaf = unpack(record)
        leaves_of.get(leaf.tag.hex(), []).append(leaf)
        other += leaf.tag.hex() not in leaves_of
    for one in subjects:
        if "id" in one and key is not None and tag_of(key, one["id"]) != one["tag"]:
            raise Refused("{}: the tag is not that of this subject", one["id"])
        check_complete(one, leaves_of[one["tag"]])
    full = sum(one["count"] > 0 for one in subjects)
    yield (
        PASS,
        "subjects with all their records: {}; with none at all: {}",
        full,
        len(subjects) - full,
    )
    if other:
        yield PASS, "records of other subjects, nothing claimed of these: {}", other
    if key is None and any("id" in one for one in subjects):
        yield OPEN, "subjects are named, but no subject key is shown"


# Step 7


def trust_in(part: Json, pins: list[Json], node: Any, contracts: list[str]) -> Json:
    """What the auditor's own pinned heads, contract and node say about this log and head."""
    log, head, link = part["log"], part["head"], part.get("consistency")
    mine = [pin for pin in pins if pin["log"] == log["id"]]
    holds = link is not None and joined(link, head)
    known = log["contract"] in contracts or any(
        agree(pin, log, "contract", "chain_id") for pin in pins
    )
    chain = asked(part, node) if node else {"status": OPEN}
    return {
        "pins": mine,
        "contracts": contracts,
        "known": known,
        "node": node,
        "chain": chain,
        "holds": holds,
        "same": [p for p in mine if p["size"] == head["size"] or p["root"] == head["root"]],
        "linked": [pin for pin in mine if holds and agree(pin, link, "size", "root")],
        "chain_good": known and chain["status"] == PASS,
    }


def agree(one: Json, other: Json, *names: str) -> bool:
    """Whether two objects agree in the named members, as far as both have them."""
    return all(one[name] == other[name] for name in names if name in one and name in other)


def step_7(part: Json, trust: Json) -> Iterator[Finding]:
    """Somebody other than the bundle's maker holds this head fast."""
    chain, size = trust["chain"], part["head"]["size"]
    for pin in trust["same"]:
        if not agree(pin, part["head"], "size", "root", "index_root", "sm3_root"):
            raise Refused("the pinned head of size {} is another", pin["size"])
        if not agree(pin, part.get("anchor", {}), "block_time"):
            raise Refused("the pinned head of size {} has another block time", size)
        yield PASS, "equals the pinned head of size {}", size
    if "anchor" in part and not trust["node"]:
        yield PASS, "the transaction named was not looked up; nothing rests on it"
    if trust["node"] and chain["status"] == PASS and not trust["known"]:
        yield OPEN, "on chain in contract {}: if you know it, say so", part["log"]["contract"]
    elif trust["node"]:
        yield (chain["status"], *chain["reason"])
    covered = max((pin["size"] for pin in trust["linked"]), default=0)
    if trust["same"] or trust["node"]:
        return
    if not covered or any(record["index"] >= covered for record in part["records"]):
        yield OPEN, "no pinned head and no node confirms this head"
    elif part["subjects"]:
        yield OPEN, "the pinned head of size {} holds the records, not the index", covered
    else:
        yield PASS, "the records are in the pinned head of size {}", covered


class Node:
    """A chain node that the auditor trusts, asked by JSON-RPC."""

    def __init__(self, url: str) -> None:
        if not url.startswith(("http://", "https://")):
            raise ValueError("--rpc takes an http or https address")
        self.url = url

    def ask(self, method: str, *params: Json) -> Json:
        """The result of a call; OSError or ValueError where there is none."""
        token = os.environ.get("XINLIAN_RPC_TOKEN")
        headers = {"Content-Type": "application/json", "User-Agent": "xinlian-verify/1"}
        headers.update({"Authorization": f"Bearer {token}"} if token else {})
        call = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        request = urllib.request.Request(self.url, json.dumps(call).encode(), headers)  # noqa: S310
        with urllib.request.build_opener(NoRedirect).open(request, timeout=20) as answer:
            found = json.loads(answer.read(8 << 20))
        if found.get("error") is not None:
            raise ValueError(str(found["error"]))
        return found["result"]


class NoRedirect(urllib.request.HTTPRedirectHandler):
    """Follows nothing: the token is for one address alone."""

    def redirect_request(self, *_: Any) -> None:
        """None makes a redirect an error."""


def asked(part: Json, node: Any) -> Json:
    """What the node says of the head: a status with its reason; time and key where it passed."""
    try:
        return ask_chain(part, node)
    except Refused as exc:
        return {"status": FAIL, "reason": exc.args}
    except (OSError, http.client.HTTPException) as exc:
        return {"status": OPEN, "reason": ("the node cannot be reached: {}", str(exc))}
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as exc:
        return {"status": OPEN, "reason": ("the node gave no usable answer: {}", str(exc))}


def ask_chain(part: Json, node: Any) -> Json:
    """Ask for the transaction's receipt, its block and the facts of the log."""
    log, head, anchor = part["log"], part["head"], part.get("anchor")
    if anchor is None:
        return {"status": OPEN, "reason": ("the bundle names no transaction",)}
    if int(node.ask("eth_chainId"), 16) != log["chain_id"]:
        raise Refused("the node serves another chain")
    receipt = node.ask("eth_getTransactionReceipt", anchor["transaction"])
    if receipt is None and int(node.ask("eth_blockNumber"), 16) < anchor["block_number"]:
        return {"status": OPEN, "reason": ("the node has not come to that block",)}
    if receipt is None or int(receipt["status"], 16) != 1:
        raise Refused("the chain has no such transaction")
    topics = [HEAD_APPENDED, "0x" + log["id"], f"0x{log['party']:064x}"]
    entries = [
        [entry["data"][place : place + 64] for place in (2, 66, 130, 194)]
        for entry in receipt["logs"]
        if entry["address"].lower() == log["contract"] and entry["topics"] == topics
    ]
    roots = [head["root"], head["index_root"]]
    entries = [e for e in entries if int(e[0], 16) == head["size"] and e[1:3] == roots]
    if not entries or head.get("sm3_root", entries[0][3]) != entries[0][3]:
        raise Refused("the transaction did not append this head")
    block = node.ask("eth_getBlockByNumber", hex(anchor["block_number"]), False)
    found = {
        "block_number": int(receipt["blockNumber"], 16),
        "block_hash": receipt["blockHash"],
        "block_time": int(block["timestamp"], 16),
    }
    if not agree(anchor, found, *found) or block["hash"] != anchor["block_hash"]:
        raise Refused("the block is not the one named")
    facts = node.ask("eth_call", {"to": log["contract"], "data": LOG_INFO + log["id"]}, "latest")
    key = facts[2 + 4 * 64 : 2 + 5 * 64]  # logInfo gives party, writer, sm3, stream, keyCommitment
    return {
        "status": PASS,
        "reason": ("on chain in block {}", anchor["block_number"]),
        "time": anchor["block_time"],
        "key": key,
        "sm3": entries[0][3],
    }


# Step 8


def joined(link: Json, head: Json) -> bool:
    """RFC 9162, 2.1.4.2: whether the proof joins the two heads, whichever is the earlier."""
    small, large = sorted((link, head), key=lambda one: int(one["size"]))
    first, second = small["size"] - 1, large["size"] - 1
    path = [bytes.fromhex(node) for node in link["proof"]]
    if first & (first + 1) == 0:  # the small tree is itself a subtree of the large one
        path.insert(0, bytes.fromhex(small["root"]))
    if first == second or not path:
        return False
    while first & 1:
        first, second = first >> 1, second >> 1
    old = new = path[0]
    for node in path[1:]:
        if second == 0:
            return False
        if first & 1 or first == second:
            old, new = sha256(b"\x01", node, old), sha256(b"\x01", node, new)
            while first and not first & 1:
                first, second = first >> 1, second >> 1
        else:
            new = sha256(b"\x01", new, node)
        first, second = first >> 1, second >> 1
    return second == 0 and (old.hex(), new.hex()) == (small["root"], large["root"])


def step_8(part: Json, trust: Json) -> Iterator[Finding]:
    """Nothing was removed or changed between the pinned heads and this one."""
    link = part.get("consistency")
    if link is not None and not trust["holds"]:
        raise Refused("the consistency proof does not join the two heads")
    for pin in trust["pins"]:
        if link is not None and pin["size"] == link["size"] and pin["root"] != link["root"]:
            raise Refused("the history is not that of the pinned head of size {}", pin["size"])
        if pin in trust["linked"] or pin in trust["same"]:
            yield PASS, "one history with the pinned head of size {}", pin["size"]
        elif not trust["chain_good"] and pin["size"] > part["head"]["size"]:
            yield OPEN, "the pinned head of size {} is newer: get the proof again", pin["size"]
        elif not trust["chain_good"]:
            yield OPEN, "the pinned head of size {} is not joined: pin the proof's", pin["size"]
    if trust["chain_good"]:
        yield PASS, "the contract takes a head only if it extends the one before"
    elif not trust["pins"]:
        yield OPEN, "no pinned head and no node to compare with"


# Step 9


def step_9(part: Json, trust: Json) -> Iterator[Finding]:
    """When the records were fixed, and how long after the events that was."""
    end = max((record["index"] for record in part["records"]), default=0)
    times = [pin["block_time"] for pin in trust["same"]]
    times += [trust["chain"]["time"]] if trust["chain_good"] else []
    times += [pin["block_time"] for pin in trust["linked"] if pin["size"] > end]
    if not times:
        yield OPEN, "nobody confirms a time"
        return
    gaps = []
    for record in part["records"]:
        gaps.append(min(times) * 1000 - unpack(record).event_ms)
        if gaps[-1] < -CLOCKS_DIFFER_MS_MAX:
            raise Refused("record {}: the event lies after the time it was fixed", record["index"])
    yield PASS, "fixed by {}", time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(min(times)))
    if gaps:
        yield PASS, "{} to {} (h:min:s) after the events", span(min(gaps)), span(max(gaps))


def span(ms: int) -> str:
    """A time span as hours, minutes and seconds."""
    s = max(ms, 0) // 1000
    return f"{s // 3600}:{s // 60 % 60:02}:{s % 60:02}"


# Step 10


def step_10(part: Json, trust: Json) -> Iterator[Finding]:
    """The same leaves under the national hash SM3, where the head carries such a root."""
    claimed, proof = part["head"].get("sm3_root"), part.get("sm3_inclusion")
    fixed = [pin.get("sm3_root", ZERO) for pin in trust["same"]]
    fixed += [trust["chain"]["sm3"]] if trust["chain_good"] else []
    if claimed is None and proof is None and not any(root != ZERO for root in fixed):
        yield PASS, "no SM3 root is claimed"
        return
    if claimed is None or proof is None:
        yield OPEN, "the bundle leaves out what proves the SM3 root"
        return
    try:
        root = rebuilt(part, proof, sm3)
    except ValueError:
        yield OPEN, "this Python has no SM3"
        return
    if root != claimed:
        raise Refused("the leaves do not give the SM3 root")
    if claimed in fixed:
        yield PASS, "the leaves give the SM3 root"
    else:
        yield OPEN, "nobody confirms the SM3 root"


# Steps 11 to 17, for files about readings. A window record commits to a tree over the segments of
# its window, a segment to a tree over its columns: a header leaf for each block (some rows of one
# rate group of one device), then the times, then one column a tag.

TEXTS = ("schema", "subject", "group", "collector", "root", "devices_root")
NUMBERS = (
    "party window_start_us window_end_us first_us last_us segments devices "
    "first_sequence last_sequence"
)
TYPES = "bool int8 uint8 int16 uint16 int32 uint32 int64 uint64 float32 float64"
DAY_US = 86_400_000_000
BAD_MIN = 16  # quality codes from here on: the value means nothing
COLUMN = struct.Struct("<BBBBI")  # then quality bytes, if any, and values
LATE_US = 3_600_000_000  # a segment lasts no longer
SLACK_US = 5_000_000  # between readings, beside two periods; more is a gap
GAPS_TOLD = 20
TIME_US_MAX = 253402300800 * 10**6  # the end of the year 9999


def read_telemetry(data: bytes) -> Json:
    """A file about readings: known members alone, canonical bytes, a digest that fits."""
    told = read_form(data, "telemetry")
    bare = {name: value for name, value in told.items() if name != "digest"}
    try:
        good = canonical(told).encode("utf-8") + b"\n" == data
        rest = canonical(bare).encode("utf-8")
    except UnicodeEncodeError:
        good, rest = False, b""
    if not good:
        raise Refused("the bytes are not in canonical form")
    if sha256(rest).hex() != told["digest"]:
        raise Refused("the digest does not fit the content")
    return told


def step_11(data: bytes, told: Json) -> Iterator[Finding]:
    """Form of the file about readings; the proof inside it is what steps 1 to 10 judge."""
    told.update(read_telemetry(data))
    if not told["span"]["start_us"] < told["span"]["end_us"] < TIME_US_MAX:
        raise Refused("the time span is empty")
    yield PASS, "windows shown: {}; claims: {}", len(told["windows"]), len(told["claims"])


def clock_of(us: int, form: str = "%Y-%m-%dT%H:%M:%SZ") -> str:
    """A time in microseconds since 1970 as text, to the second."""
    return time.strftime(form, time.gmtime(us // 10**6))


def step_12(told: Json, bundle: Json) -> Iterator[Finding]:
    """All window records of the days are there; those with readings in the span are shown."""
    asked_for, records = told["span"], {}
    told["numbered"] = []
    begin, end = asked_for["start_us"], asked_for["end_us"]
    parts = [part for part in bundle["parts"] if part["log"]["id"] == asked_for["log"]]
    if not parts:
        raise Refused("the log of the readings is not in the proof")
    tags = tags_of_days(parts[0], asked_for)
    for record in parts[0]["records"]:
        subject = tags.get(unpack(record).tag.hex())
        if subject is not None:
            fields = window_fields(record, subject, asked_for["group"], parts[0]["log"]["party"])
            names = ("collector", "first_sequence", "last_sequence", "segments")
            told["numbered"].append([fields[name] for name in names])
            if fields["first_us"] < end and fields["last_us"] >= begin:
                records[record["index"]] = fields
    if [one["record"] for one in told["windows"]] != sorted(records):
        raise Refused("the windows shown are not those with readings in the span")
    told["records"] = records
    words = "group {}, {} to {}: windows with readings {}, all shown"
    yield PASS, words, asked_for["group"], clock_of(begin), clock_of(end), len(records)


def tags_of_days(part: Json, asked_for: Json) -> dict[str, str]:
    """The subjects of the days that can hold readings of the span, by their tags."""
    listed = {one["id"]: one["tag"] for one in part["subjects"] if "id" in one}
    first, last = asked_for["start_us"] - LATE_US, asked_for["end_us"] - 1
    if last - first > 1000 * DAY_US:
        raise Refused("the time span is too long")
    found = {}
    for day in range(max(first, 0) // DAY_US, last // DAY_US + 1):
        date_ = clock_of(day * DAY_US, "%Y-%m-%d")
        name = f"telemetry:{part['log']['party']}:{asked_for['group']}:{date_}"
        if name not in listed:
            raise Refused("the windows of a day are not shown whole: {}", name)
        found[listed[name]] = name
    return found


def window_fields(record: Json, subject: str, group: str, party: int) -> Json:
    """The fields of a window's record, which has to be of this group and day."""
    fields = {path[1:]: value for path, value in shown(record).items()}
    for need in (*TEXTS, *NUMBERS.split()):
        if type(fields.get(need)) is not (str if need in TEXTS else int):
            raise Refused("record {}: a window without its {}", record["index"], need)
    names = [fields[name] for name in ("schema", "subject", "party", "group")]
    start, end = fields["window_start_us"], fields["window_end_us"]
    right = 0 <= start < end < TIME_US_MAX and subject.endswith(clock_of(start, ":%Y-%m-%d"))
    if names != ["xinlian-telemetry/1", subject, party, group] or not right:
        raise Refused("record {}: not a window of this group and day", record["index"])
    return fields


def step_13(told: Json, _: Json) -> Iterator[Finding]:
    """Segments give the root of their window, columns that of their segment."""
    columns, seen = 0, set()
    for window in told["windows"]:
        fields, before = told["records"][window["record"]], -1
        low, high = fields["first_sequence"], fields["last_sequence"] - fields["segments"] + 1
        data = [canonical(one["summary"]).encode() for one in window["segments"]]
        places = [one["index"] for one in window["segments"]]
        root = root_with(places, data, fields["segments"], window["inclusion"], sha256)
        if root != fields["root"]:
            raise Refused("record {}: the segments do not give the window's root", window["record"])
        for one in window["segments"]:
            summary, length = one["summary"], one["summary"]["window_s"] * 10**6
            begins = summary["start_us"] // length * length
            if (
                (summary["party"], summary["group"]) != (fields["party"], fields["group"])
                or begins != fields["window_start_us"]
                or begins + length != fields["window_end_us"]
                or not fields["first_us"] <= summary["start_us"] <= summary["end_us"]
                or not before < summary["sequence"]
                or summary["end_us"] > fields["last_us"]
                or not low <= summary["sequence"] - one["index"] <= high
            ):
                raise Refused("segment {} is not of this window", summary["sequence"])
            if (fields["collector"], summary["sequence"]) in seen:
                raise Refused("segment {} is shown twice", summary["sequence"])
            seen.add((fields["collector"], summary["sequence"]))
            before = one["sequence"] = summary["sequence"]
            bodies = [bytes.fromhex(leaf["salt"] + leaf["body"]) for leaf in one["leaves"]]
            places = [leaf["index"] for leaf in one["leaves"]]
            root = root_with(places, bodies, summary["leaves"], one["inclusion"], sha256)
            if root != summary["root"]:
                raise Refused("segment {}: the columns do not give its root", before)
            columns += len(bodies)
    yield PASS, "segments shown: {}, with {} columns and headers", len(seen), columns


def step_14(told: Json, _: Json) -> Iterator[Finding]:
    """Columns belong to the devices and tags of their headers; scale and unit are the table's."""
    tables = {sha256(text.encode()).hex(): tag_groups(text) for text in told["tables"]}
    told["readings"] = {(one["device"], one["tag"]): [] for one in told["claims"]}
    told["periods"], told["held"] = {}, {pair: [] for pair in told["readings"]}
    told["streams"] = {pair: [] for pair in told["readings"]}
    told["named"] = {}
    told["tallies"], rows, used = {}, 0, set()
    for window in told["windows"]:
        for one in window["segments"]:
            for index, block, leaves in blocks_of(one, tables):
                used.add(block["table"])
                clock = block["clock"].get("state") if isinstance(block["clock"], dict) else None
                named = told["named"].setdefault(block["device"], (set(), set()))
                named[0].add(block["calibration"] or "-")
                named[1].add(clock if isinstance(clock, str) else "-")
                tally = told["tallies"].setdefault((window["record"], block["device"]), {})
                for name, count in block["counts"].items():
                    tally[name] = tally.get(name, 0) + count
                one["collector"] = told["records"][window["record"]]["collector"]
                rows += taken(told, one, index, block, leaves)
    for readings in told["readings"].values():
        readings.sort(key=lambda reading: reading[0])
    for (device, tag), spans in told["streams"].items():
        end, before = -1, ""
        for start_us, end_us, collector in sorted(spans):
            if start_us <= end and collector != before:
                raise Refused("{}/{}: two collectors tell of it at once", device, tag)
            end, before = max(end, end_us), collector
    if list(tables) != sorted(used) or len(tables) != len(told["tables"]):
        raise Refused("tag tables repeat, are out of order or belong to nothing shown")
    yield PASS, "readings shown: {}", rows


def taken(told: Json, one: Json, index: int, block: Json, leaves: Json) -> int:
    """Note the readings of a block's claimed tags, and until when deadband held some back."""
    rows, start_us, end_us = 0, one["summary"]["start_us"], one["summary"]["end_us"]
    for place, tag in enumerate(block["tags"], index + 3):
        pair, period_us = (block["device"], tag["name"]), 1000 * tag.get("period_ms", 1000)
        if pair not in told["readings"]:
            continue
        told["periods"][pair] = max(told["periods"].get(pair, 0), period_us)
        if block["counts"]["suppressed"]:
            since = end_us - block["counts"]["received"] * period_us
            told["held"][pair].append((since, end_us))
        if not block["rows"]:
            continue
        told["streams"][pair].append((start_us, end_us, one["collector"]))
        if index + 1 not in leaves or place not in leaves:
            raise Refused("segment {}: a column is held back", one["sequence"])
        times, _ = column(leaves[index + 1], "int64", block["rows"])
        values, codes = column(leaves[place], tag["type"], block["rows"])
        if min(times) < start_us or max(times) > end_us:
            raise Refused("segment {}: readings of another time", one["sequence"])
        for at, raw in enumerate(values):
            told["readings"][pair].append((times[at], exact(raw, codes[at], tag), tag))
        rows += len(times)
    return rows


def blocks_of(one: Json, tables: Json) -> Iterator[tuple[int, Json, Json]]:
    """The headers shown of a segment, with the tags of their columns: place, header, leaves."""
    leaves, behind = {leaf["index"]: bytes.fromhex(leaf["body"]) for leaf in one["leaves"]}, 0
    for index, body in leaves.items():
        if body[:1] != b"\x01":
            if index >= behind:
                raise Refused("segment {}: a column without its header", one["sequence"])
            continue
        block = read_json(body[1:])
        right = canonical(block).encode("utf-8") == body[1:]
        if index < behind or not right or misfit(block, "block") is not None:
            raise Refused("segment {}: a header is ill-formed", one["sequence"])
        groups = tables.get(block["table"])
        if groups is None or block["rate_group"] >= len(groups):
            raise Refused("the tag table {} is not shown", block["table"])
        block["tags"] = groups[block["rate_group"]]
        behind = index + 3 + len(block["tags"])
        yield index, block, leaves


def tag_groups(text: str) -> Json:
    """The tags of a table by rate group, the shortest period first."""
    table = read_json(text.encode())
    if canonical(table) != text or misfit(table, "table") is not None:
        raise Refused("a tag table is ill-formed")
    tags = table["tags"]
    periods = sorted({tag.get("period_ms", 1000) for tag in tags})
    return [[tag for tag in tags if tag.get("period_ms", 1000) == period] for period in periods]


def column(body: bytes, kind: str, rows: int) -> Json:
    """Raw values and quality codes of a column."""
    code = TYPES.split().index(kind)
    head, values = COLUMN.unpack(body[:8]), struct.Struct(f"<{rows}{'BbBhHiIqQfd'[code]}")
    quality = body[8 : 8 + rows * head[2]]
    if head != (2, code + 1, head[2] & 1, 0, rows) or len(body) != 8 + len(quality) + values.size:
        raise Refused("a column is ill-formed")
    return values.unpack(body[8 + len(quality) :]), quality or bytes(rows)


def exact(raw: Json, quality: int, tag: Json) -> Fraction | None:
    """The engineering value without rounding; None where the value means nothing."""
    if quality >= BAD_MIN or (isinstance(raw, float) and raw - raw != 0):
        return None
    return Fraction(raw) * Fraction(tag.get("scale", "1")) + Fraction(tag.get("offset", "0"))


def step_15(told: Json, _: Json) -> Iterator[Finding]:
    """Every cycle of the devices that the window records count is in the headers shown."""
    total = dict.fromkeys(MEMBERS["tally"], 0)
    told["partly"], devices = [], sorted({one["device"] for one in told["claims"]}, key=str.encode)
    for window in told["windows"]:
        fields, entries = told["records"][window["record"]], window["devices"]
        data = [
            bytes.fromhex(one["salt"]) + canonical([one["device"], one["counts"]]).encode()
            for one in entries
        ]
        places = [one["index"] for one in entries]
        root = root_with(places, data, fields["devices"], window["device_inclusion"], sha256)
        if root != fields["devices_root"]:
            raise Refused("record {}: the devices do not give their root", window["record"])
        for device in devices:
            counts = counts_of(device, entries, fields["devices"])
            if counts is None:
                raise Refused("record {}: nothing is said of device {}", window["record"], device)
            tally = told["tallies"].get((window["record"], device), {})
            total = {name: count + counts.get(name, 0) for name, count in total.items()}
            if any(tally.get(name, 0) > counts.get(name, 0) for name in total):
                raise Refused("record {}: more cycles are shown than counted", window["record"])
            if any(tally.get(name, 0) != counts.get(name, 0) for name in total):
                times = fields["first_us"], fields["last_us"]
                told["partly"].append((device, *times, counts.get("received", 0)))
    words = "cycles due: {}, missed: {}, held back: {}; bad values: {}"
    yield PASS, words, *(total[name] for name in ("expected", "missed", "suppressed", "bad"))
    for device in devices:
        named = [sorted(names, key=str.encode) for names in told["named"].get(device, ())]
        if named:
            yield PASS, "{}: calibration {}; clock {}", device, *map(", ".join, named)


def counts_of(device: str, entries: Json, size: int) -> Json:
    """A device's counts in a window; none where its neighbours show that it is not there."""
    before, key = -1, device.encode()
    for one in entries:
        if one["device"] == device:
            return one["counts"]
        if one["device"].encode() > key:
            return {} if one["index"] == before + 1 else None
        before = one["index"]
    return {} if before + 1 == size else None


def step_16(told: Json, _: Json) -> Iterator[Finding]:
    """What is claimed is reckoned again from the readings shown, without rounding on the way."""
    for claim in told["claims"]:
        device, tag, kind = claim["device"], claim["tag"], claim["kind"]
        bounds, name = told["span"], f"{device}/{tag}"
        rows = [
            row
            for row in told["readings"][device, tag]
            if bounds["start_us"] <= row[0] < bounds["end_us"] and row[1] is not None
        ]
        if not rows:
            raise Refused("{}: no good reading in the span", name)
        for owner, low, high, _ in told["partly"]:
            if owner == device and not (kind == "delta" and rows[0][0] < low <= high < rows[-1][0]):
                raise Refused("{}: readings are left out that the claim needs", name)
        units = {row[2].get("unit", "") + (".h" if kind == "integral" else "") for row in rows}
        value, covered = reckoned(kind, rows, claim.get("hold_us"), bounds["end_us"])
        said = [{claim["unit"]}, claim["rows"], claim.get("covered_us")]
        if said != [units, len(rows), covered]:
            raise Refused("{}: unit, rows or time are not those of the readings", name)
        if as_text(value) != claim["value"]:
            raise Refused("{}: the readings give {}, not {}", name, as_text(value), claim["value"])
        words = "{}: {} is {} {}, from {} readings"
        yield PASS, words, name, kind, claim["value"], claim["unit"], len(rows)


def reckoned(kind: str, rows: Json, hold_us: int | None, end_us: int) -> Json:
    """The value of a claim; for a time integral also the time that the readings cover."""
    values = [row[1] for row in rows]
    if (hold_us is not None) != (kind == "integral"):
        raise Refused("how long a reading holds belongs to time integrals alone")
    if kind == "delta":
        if values != sorted(values):
            raise Refused("the counter goes backwards")
        return values[-1] - values[0], None
    if kind == "integral":
        ends = [row[0] for row in rows[1:]] + [end_us]
        held = [min(end - row[0], hold_us) for row, end in zip(rows, ends)]  # noqa: B905
        total = sum(value * us for value, us in zip(values, held))  # noqa: B905
        return Fraction(total, 3_600_000_000), sum(held)
    if kind in ("min", "max"):
        return (min if kind == "min" else max)(values), None
    total = sum(values, Fraction(0))
    return (total if kind == "sum" else total / len(values)), None


def step_17(told: Json, _: Json) -> Iterator[Finding]:
    """Where readings are missing, the file says so: exactly there, and nowhere else."""
    stated = told.get("gaps", {"silent": [], "lost": [], "unseen": []})
    found = {
        "silent": list(silences(told)),
        "lost": list(losses(told)),
        "unseen": list(unseen(told)),
    }
    for one in found["silent"][:GAPS_TOLD]:
        times = clock_of(one["start_us"]), clock_of(one["end_us"])
        words = "{}/{}: nothing was heard from {} to {}"
        yield GAP if one in stated["silent"] else FAIL, words, one["device"], one["tag"], *times
    for one in found["lost"][:GAPS_TOLD]:
        words = "{}: of the segments {} to {} no record holds {}"
        yield GAP if one in stated["lost"] else FAIL, words, *one.values()
    for one in found["unseen"][:GAPS_TOLD]:
        where = one["device"], one["windows"], clock_of(one["start_us"]), clock_of(one["end_us"])
        words = "{}: windows shown without their readings: {}, {} to {}"
        yield GAP if one in stated["unseen"] else FAIL, words, *where
    if found != stated or ("gaps" in told and not any(stated.values())):
        raise Refused("the gaps that the file states are not those of its readings and records")
    if "gaps" in told:
        number = sum(len(each) for each in found.values())
        yield GAP, "gaps stated: {}; the claims are about what lies around them", number
    else:
        yield PASS, "heard throughout the span, and no segment's number is missing"


def silences(told: Json) -> Iterator[Json]:
    """Times in the span without a good reading of a claimed tag or one held back by deadband."""
    begin, end = told["span"]["start_us"], told["span"]["end_us"]
    for pair in sorted(told["readings"], key=lambda pair: [name.encode() for name in pair]):
        heard = [
            (time_us, time_us) for time_us, value, _ in told["readings"][pair] if value is not None
        ]
        heard += told["held"][pair]
        heard += [
            (low, high) for device, low, high, some in told["partly"] if device == pair[0] and some
        ]
        at = begin
        for low, high in [*sorted(heard), (end, end)]:
            if min(low, end) - at > 2 * told["periods"][pair] + SLACK_US:
                names = {"device": pair[0], "tag": pair[1]}
                yield {**names, "start_us": at, "end_us": min(low, end)}
            at = max(at, high)


def unseen(told: Json) -> Iterator[Json]:
    """By device the windows between the readings shown: a counter that went back is not seen."""
    for device in sorted({one[0] for one in told["partly"]}, key=str.encode):
        times = [(low, high) for name, low, high, _ in told["partly"] if name == device]
        bounds = {"start_us": min(times)[0], "end_us": max(high for _, high in times)}
        yield {"device": device, "windows": len(times), **bounds}


def losses(told: Json) -> Iterator[Json]:
    """Numbers of segments in no record, from the records about the span to those beside them."""
    shown_: Json = {one["collector"]: [] for one in told["records"].values()}
    for one in told["records"].values():
        shown_[one["collector"]].append(one["first_sequence"])
    for collector in sorted(shown_, key=str.encode):
        runs: Json = []  # of numbers: first, last, how many of these are in records
        for _, first, last, count in sorted(one for one in told["numbered"] if one[0] == collector):
            if runs and first <= runs[-1][1]:
                first, last, count = runs[-1][0], max(last, runs[-1][1]), runs.pop()[2] + count
            runs.append((first, last, count))
            if count > last - first + 1:
                raise Refused("{}: numbers of segments repeat in the records", collector)
        firsts = [run[0] for run in runs]
        low, high = (bisect_right(firsts, most(shown_[collector])) for most in (min, max))
        before = None
        for first, last, count in runs[max(low - 2, 0) : high + 1]:
            if before is not None and first > before + 1:
                yield loss(collector, before + 1, first - 1, first - before - 1)
            if count < last - first + 1:
                yield loss(collector, first, last, last - first + 1 - count)
            before = last


def loss(collector: str, first: int, last: int, segments: int) -> Json:
    """Numbers of a collector, of which so many are missing."""
    return {"collector": collector, "first": first, "last": last, "segments": segments}


def as_text(value: Fraction) -> str:
    """A number with at most 12 places after the point, rounded half to even."""
    whole = round(value * 10**12)
    digits = f"{abs(whole):013}"
    return ("-" if whole < 0 else "") + (digits[:-12] + "." + digits[-12:]).rstrip("0").rstrip(".")


# The report


STEPS = (
    ("Form", "格式"),
    ("Logs and their subject keys", "日志与主体密钥"),
    ("Fields", "字段"),
    ("Leaves", "叶节点"),
    ("Inclusion in the tree", "树内包含"),
    ("Completeness and absence", "完整与缺失"),
    ("The head is fixed", "树头已固定"),
    ("History", "历史"),
    ("Time", "时间"),
    ("SM3 root", "SM3 根"),
    ("Form of the readings", "读数文件格式"),
    ("Windows", "时间窗"),
    ("Segments", "数据段"),
    ("Columns", "数据列"),
    ("Cycles", "采集周期"),
    ("Claims", "主张"),
    ("Gaps", "缺口"),
)
PART_STEPS = (step_2, step_3, step_4, step_5, step_6, step_7, step_8, step_9, step_10)
READING_STEPS = (step_12, step_13, step_14, step_15, step_16, step_17)


def judge(step: Any, *given: Json) -> list[Finding]:
    """The findings of a step; nothing hostile gets past it as an exception."""
    found: list[Finding] = []
    try:
        for finding in step(*given):
            found.append(finding)  # noqa: PERF402 - what was found before a refusal stays
    except Refused as exc:
        found.append((FAIL, *exc.args))
    except Exception as exc:  # noqa: BLE001 - the last resort: what cannot be judged has failed
        found.append((FAIL, "cannot be judged: {}", type(exc).__name__))
    return found


def verify(
    data: bytes, heads: Iterable[bytes] = (), node: Any = None, contracts: Iterable[str] = ()
) -> Json:
    """Judge a bundle's bytes; the report, whose member ``exit`` is 0, 1, 2 or 3."""
    bundle: Json = {"parts": []}
    told: Json = {}
    pins: list[Json] = []
    # Ordinary files begin with their digest, those about readings with what they claim.
    about = [judge(step_11, data, told)] if data.startswith(b'{"claims":') else []
    inner = canonical(told["proof"]).encode() + b"\n" if told else data

    def step_1() -> Iterator[Finding]:
        pins.extend(read_form(head, "pinned") for head in heads)
        bundle.update(read_bundle(inner))
        logs = len(bundle["parts"])
        yield PASS, "{} bytes; logs: {}; pinned heads: {}", len(inner), logs, len(pins)

    found: list[list[Json]] = [[reason(0, one) for one in judge(step_1)], *([] for _ in PART_STEPS)]
    for number, part in enumerate(bundle["parts"], 1):
        trust = trust_in(part, pins, node, [address.lower() for address in contracts])
        for reasons, step in zip(found[1:], PART_STEPS):  # noqa: B905 - Python 3.9
            reasons += [reason(number, one) for one in judge(step, part, trust)]
    for reading_step in READING_STEPS if about else ():
        good = bundle["parts"] and all(one[0] == PASS for one in about[-1])
        about.append(
            judge(reading_step, told, bundle) if good else [(OPEN, "an earlier step failed")]
        )
    found += [[reason(0, one) for one in each] for each in about]
    steps = []
    for number, (en, zh) in enumerate(STEPS[: len(found)], 1):
        reasons = found[number - 1] or [reason(0, (OPEN, "step 1 failed"))]
        states = [one["status"] for one in reasons]
        worst = next((state for state in (FAIL, OPEN, GAP) if state in states), PASS)
        name = {"en": en, "zh": zh}
        steps.append({"step": number, "name": name, "status": worst, "reasons": reasons})
    states = [step["status"] for step in steps]
    logs = [{**part["log"], "size": part["head"]["size"]} for part in bundle["parts"]]
    return {
        "format": "xinlian-report/1",
        "sha256": sha256(data).hex(),
        "logs": logs,
        "steps": steps,
        "exit": 1 if FAIL in states else 2 if OPEN in states else 3 if GAP in states else 0,
    }


def reason(number: int, finding: Finding) -> Json:
    """A finding as it stands in the report, in both languages; log 0 is the whole bundle."""
    status, sentence, *fill = finding
    words = [clean(str(word)) for word in fill]
    zh = ZH[sentence].format(*words)
    return {"log": number, "status": status, "en": sentence.format(*words), "zh": zh}


def clean(text: str, most: int = 80) -> str:
    """Text of the bundle or of a node, safe and short enough for a terminal."""
    bad = "[\x00-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]"
    cut = text if len(text) <= most else text[: most - 1] + "…"
    return re.sub(bad, lambda found: f"\\u{ord(found.group()):04x}", cut)


def lines_of(report: Json, lang: str) -> Iterator[str]:
    """The report for people; ``lang`` is en or zh."""
    for number, log in enumerate(report["logs"], 1):
        yield LOG_LINE[lang].format(number, *(log[name] for name in ("party", "stream", "size")))
        yield CHAIN_LINE[lang].format(log["contract"], log["chain_id"])
    for step in report["steps"]:
        yield f"{step['step']:2} {STATUS[lang][step['status']]} {step['name'][lang]}"
        for one in step["reasons"]:
            mark = f"[{one['log']}] " if len(report["logs"]) > 1 and one["log"] else ""
            word = STATUS[lang][one["status"]].strip() + ": "
            what = "" if one["status"] == step["status"] else word
            yield f"               {mark}{what}{one[lang]}"
    yield RESULT[lang][report["exit"]]


def records_of(data: bytes) -> Iterator[str]:
    """The disclosed fields of every record, as the bundle has them, for people."""
    about = data.startswith(b'{"claims":')
    bundle = read_telemetry(data)["proof"] if about else read_bundle(data)
    for number, part in enumerate(bundle["parts"], 1):
        for record in part["records"]:
            yield f"[{number}] {record['index']}"
            for path, value in shown(record).items():
                yield f"    {clean(path, 1000)} = {clean(canonical(value), 10_000)}"


STATUS = {
    "en": {PASS: "PASS       ", FAIL: "FAIL       ", OPEN: "NOT CHECKED", GAP: "GAP STATED "},
    "zh": {PASS: "通过  ", FAIL: "不通过", OPEN: "未核验", GAP: "有缺口"},
}
LOG_LINE = {
    "en": "log {}: party {}, stream {}, {} leaves",
    "zh": "日志 {}：主体 {}，流 {}，{} 个叶节点",
}
CHAIN_LINE = {"en": "       contract {} on chain {}", "zh": "       合约 {}，链 {}"}
RESULT = {
    "en": (
        "ALL PASSED",
        "FAILED",
        "NOTHING FAILED, BUT NOT ALL COULD BE CHECKED",
        "ALL PASSED, BUT READINGS ARE MISSING WHERE THE FILE SAYS SO: SEE STEP 17",
    ),
    "zh": (
        "全部通过",
        "不通过",
        "无一不通过，但有未核验项",
        "全部通过，但在文件所声明处缺少读数：见第 17 步",
    ),
}
ZH_LINES = """
given as a pinned head, but is none: {} = 作为已固定树头提供，但不是树头文件：{}
missing, unknown or not of its form: {} = 缺失、未知或格式不符：{}
{} bytes: empty or too large = {} 字节：为空或过大
not JSON of the kind allowed here = 不是此处允许的 JSON
the bytes are not in canonical form = 字节不是规范形式
the digest does not fit the content = 摘要与内容不符
parts are missing, repeated or out of order = 日志部分缺失、重复或次序有误
the log id fits not its chain, contract, party, stream = 日志编号与其链、合约、主体、流不符
the log belongs to a contract that you did not name = 日志不属于您指定的合约
the subject key does not fit its commitment = 主体密钥与其承诺不符
the key commitment is not the one that was fixed = 密钥承诺与已固定的不一致
the log id fits; no subject key is shown = 日志编号相符；未出示主体密钥
log id and subject key fit what was fixed = 日志编号与主体密钥均与已固定的一致
nobody confirms the subject key = 主体密钥尚无人证实
record {}: fields repeat or are out of order = 记录 {}：字段重复或次序有误
record {}: the fields do not give the leaf's field root = 记录 {}：由字段算不出叶节点中的字段根
record {}: {} is a value and holds others = 记录 {}：{} 既是值又含下级
records: {}; fields shown: {} of {} = 记录 {} 条；出示字段 {} 个（共 {} 个）
record {}: not a leaf of this log = 记录 {}：不是本日志的叶节点
record {}: schema, subject or event time is no text = 记录 {}：模式、主体或事件时间不是文本
record {}: the schema is not the leaf's = 记录 {}：模式与叶节点不符
record {}: the subject is not the leaf's = 记录 {}：主体与叶节点不符
record {}: the event time is not the leaf's = 记录 {}：事件时间与叶节点不符
the leaves fit the log and the fields shown = 叶节点与日志及出示字段相符
subjects named in records, but no subject key: {} = 记录写明主体但未出示主体密钥：{} 条
records repeat, are out of order or outside the tree = 记录重复、次序有误或超出树外
the inclusion proof is too short = 包含证明过短
the inclusion proof is too long = 包含证明过长
the leaves do not give the head's root = 由叶节点算不出树头的根
leaves shown: {} of {}, all in the tree = 出示叶节点 {} 个（共 {} 个），均在树内
the index is not in its packed form = 索引不是压缩形式
the index does not hold a listed subject = 索引中没有所列主体
a subject said to be absent is in the index = 称为无记录的主体在索引中
the index proof is cut or ill-formed = 索引证明被截断或格式有误
the index proof is too long = 索引证明过长
subjects repeat or are out of order = 主体重复或次序有误
a subject lacks its last leaf, or has one too many = 主体缺少或多出末个叶节点
the subjects do not give the head's index root = 由主体算不出树头的索引根
{}: the tag is not that of this subject = {}：标签不属于该主体
{}: {} of {} records shown = {}：出示 {} 条（共 {} 条）记录
{}: the chain of records breaks at {} = {}：记录链在第 {} 条处中断
{}: the last record is another = {}：末条记录不符
subjects with all their records: {}; with none at all: {} = 记录完整的主体 {} 个；无记录的 {} 个
records of other subjects, nothing claimed of these: {} = 其他主体的记录（未主张完整）：{} 条
subjects are named, but no subject key is shown = 写明了主体，但未出示主体密钥
the pinned head of size {} is another = 已固定的大小为 {} 的树头与此不同
the pinned head of size {} has another block time = 已固定的大小为 {} 的树头区块时间不同
equals the pinned head of size {} = 与已固定的大小为 {} 的树头一致
the transaction named was not looked up; nothing rests on it = 所列交易未查询；结论不依赖它
on chain in contract {}: if you know it, say so = 在链上合约 {} 中：若认可该合约请指定
no pinned head and no node confirms this head = 没有已固定树头或节点证实此树头
the pinned head of size {} holds the records, not the index = 大小为 {} 的树头含这些记录，不含索引
the records are in the pinned head of size {} = 记录在大小为 {} 的已固定树头内
the node cannot be reached: {} = 无法连接节点：{}
the node gave no usable answer: {} = 节点答复不可用：{}
the bundle names no transaction = 证明文件未列出交易
the node serves another chain = 节点属于另一条链
the node has not come to that block = 节点尚未到达该区块
the chain has no such transaction = 链上没有该交易
the transaction did not append this head = 该交易未追加此树头
the block is not the one named = 区块与所列不符
on chain in block {} = 在链上第 {} 区块
the consistency proof does not join the two heads = 一致性证明无法连接两个树头
the history is not that of the pinned head of size {} = 历史与已固定的大小为 {} 的树头不同
one history with the pinned head of size {} = 与已固定的大小为 {} 的树头同属一个历史
the pinned head of size {} is newer: get the proof again = 大小为 {} 的已固定树头较新：请重取证明
the pinned head of size {} is not joined: pin the proof's = 未与大小为 {} 的树头相连：请固定证明树头
the contract takes a head only if it extends the one before = 合约只接受延续前一个的树头
no pinned head and no node to compare with = 没有可比对的已固定树头或节点
nobody confirms a time = 没有经证实的时间
record {}: the event lies after the time it was fixed = 记录 {}：事件晚于其固定时间
fixed by {} = 不晚于 {} 固定
{} to {} (h:min:s) after the events = 距事件 {} 至 {}（时:分:秒）
no SM3 root is claimed = 未主张 SM3 根
the bundle leaves out what proves the SM3 root = 证明文件省略了 SM3 根的证明
this Python has no SM3 = 此 Python 不支持 SM3
the leaves do not give the SM3 root = 由叶节点算不出 SM3 根
the leaves give the SM3 root = 由叶节点算出 SM3 根
nobody confirms the SM3 root = SM3 根无人证实
cannot be judged: {} = 无法判断：{}
{} bytes; logs: {}; pinned heads: {} = {} 字节；日志 {} 个；已固定树头 {} 个
step 1 failed = 第 1 步未通过
an earlier step failed = 前面的步骤未通过
the time span is empty = 时间段为空
the time span is too long = 时间段过长
windows shown: {}; claims: {} = 出示时间窗 {} 个；主张 {} 项
the log of the readings is not in the proof = 证明中没有读数所在的日志
the windows of a day are not shown whole: {} = 未完整出示某日的时间窗：{}
record {}: a window without its {} = 记录 {}：时间窗缺少 {}
record {}: not a window of this group and day = 记录 {}：不是该设备组当日的时间窗
the windows shown are not those with readings in the span = 出示的时间窗不是该时段内有读数的时间窗
group {}, {} to {}: windows with readings {}, all shown = 设备组 {}，{} 至 {}：时间窗 {} 个，均出示
{}: calibration {}; clock {} = {}：校准证书 {}；时钟 {}
record {}: the segments do not give the window's root = 记录 {}：由数据段算不出时间窗的根
segment {} is shown twice = 数据段 {} 重复出示
{}/{}: two collectors tell of it at once = {}/{}：有两个采集器同时采集
segment {}: readings of another time = 数据段 {}：读数不在该段时间内
segment {} is not of this window = 数据段 {} 不属于该时间窗
segment {}: the columns do not give its root = 数据段 {}：由数据列算不出其根
segments shown: {}, with {} columns and headers = 出示数据段 {} 个，含数据列与段头 {} 个
segment {}: a column without its header = 数据段 {}：数据列缺少段头
segment {}: a header is ill-formed = 数据段 {}：段头格式有误
segment {}: a column is held back = 数据段 {}：有数据列未出示
the tag table {} is not shown = 未出示点表 {}
a tag table is ill-formed = 点表格式有误
tag tables repeat, are out of order or belong to nothing shown = 点表重复、次序有误或与出示内容无关
a column is ill-formed = 数据列格式有误
readings shown: {} = 出示读数 {} 个
record {}: the devices do not give their root = 记录 {}：由设备算不出其根
record {}: nothing is said of device {} = 记录 {}：未说明设备 {}
record {}: more cycles are shown than counted = 记录 {}：出示的周期多于计数
cycles due: {}, missed: {}, held back: {}; bad values: {} = 周期应采 {}、缺失 {}、抑制 {}；坏值 {}
{}: no good reading in the span = {}：时段内没有有效读数
{}: readings are left out that the claim needs = {}：缺少该主张所需的读数
{}: unit, rows or time are not those of the readings = {}：单位、行数或时长与读数不符
{}: the readings give {}, not {} = {}：由读数得 {}，而非 {}
{}: {} is {} {}, from {} readings = {}：{} 为 {} {}，取自 {} 个读数
how long a reading holds belongs to time integrals alone = 保持时长仅用于时间积分
the counter goes backwards = 计数器倒退
{}/{}: nothing was heard from {} to {} = {}/{}：{} 至 {} 没有读数
{}: windows shown without their readings: {}, {} to {} = {}：未出示读数的时间窗 {} 个，{} 至 {}
{}: of the segments {} to {} no record holds {} = {}：编号 {} 至 {} 的数据段中 {} 个无记录
{}: numbers of segments repeat in the records = {}：记录中的数据段编号重复
the gaps that the file states are not those of its readings and records = 声明的缺口与读数、记录不符
gaps stated: {}; the claims are about what lies around them = 声明缺口 {} 处；主张只涉及缺口之外
heard throughout the span, and no segment's number is missing = 全时段均有读数，数据段编号无缺
"""
ZH = {line.split(" = ")[0]: line.split(" = ")[1] for line in ZH_LINES.strip().splitlines()}


def main(arguments: list[str] | None = None) -> int:
    """The command line; the exit status."""
    parser = argparse.ArgumentParser(description="Check a Xinlian proof bundle. 核验信链证明文件。")
    parser.add_argument("file", type=Path, help="the bundle, *.xlproof; 证明文件")
    parser.add_argument(
        "--head", type=Path, action="append", default=[], help="pinned head, folder of them; 树头"
    )
    parser.add_argument("--rpc", type=Node, metavar="URL", help="a chain node you trust; 可信节点")
    parser.add_argument("--contract", action="append", default=[], help="EvidenceLog; 合约地址")
    parser.add_argument("--lang", choices=("en", "zh"), default="en", help="language; 语言")
    parser.add_argument("--records", action="store_true", help="show the records; 显示记录")
    parser.add_argument("--json", action="store_true", help="the report as JSON; 以 JSON 输出")
    given = parser.parse_args(arguments)
    lang = "json" if given.json else given.lang
    return run(given.file, given.head, given.rpc, given.contract, lang, records=given.records)


def run(
    file: Path,
    heads: Iterable[Path],
    node: Any,
    contracts: Iterable[str],
    lang: str,
    *,
    records: bool = False,
) -> int:
    """Verify a file and print the report in English (en), Chinese (zh) or as json; exit status."""
    try:
        files = [f for h in heads for f in (sorted(h.glob("*.xlhead")) if h.is_dir() else [h])]
        data, pins = file.read_bytes(), [head.read_bytes() for head in files]
    except OSError as exc:
        print(f"cannot be read 无法读取: {exc.filename}: {exc.strerror}", file=sys.stderr)
        return 2
    report = verify(data, pins, node, contracts)
    text = json.dumps(report, indent=1) if lang == "json" else "\n".join(lines_of(report, lang))
    if records and lang != "json" and report["steps"][0]["status"] == PASS:
        text = "\n".join([*records_of(data), text])
    sys.stdout.buffer.write(text.encode("utf-8", "backslashreplace") + b"\n")
    sys.stdout.flush()
    return int(report["exit"])


if __name__ == "__main__":
    sys.exit(main())
