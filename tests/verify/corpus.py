"""Honest and dishonest bundles with the verdict each deserves; Python and JavaScript judge them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.support import rfc9162_plain as plain
from tests.support import xlproof
from tests.support.xlproof import bundle, part, pinned, sample_log, sealed, written
from tests.verify import owners
from tests.verify.lies import LIES, base, field_of, lie

Json = Any


@dataclass(frozen=True)
class Case:
    """A bundle as bytes, the heads the auditor holds, and what has to come out."""

    name: str
    data: bytes
    exit: int
    failed: int | None = None  # the step that has to say FAIL
    heads: tuple[bytes, ...] = ()
    contracts: tuple[str, ...] = ()
    open_steps: tuple[int, ...] = field(default=())  # the steps that have to say NOT CHECKED


def _heads(*heads: Json) -> tuple[bytes, ...]:
    """The files of pinned heads."""
    return tuple(xlproof.pinned_file(head) for head in heads)


def honest() -> list[Case]:
    """Bundles that pass, or that leave something open."""
    log, made = base()
    full, older = _heads(pinned(log)), _heads(pinned(log, 5))
    later = part(log, [0, 4], size=5, joined=11)
    two = sample_log(stream="process", party=9, with_sm3=True)
    one = plain.PlainLog()
    one.append(xlproof.record("VIN-A"))
    both = bundle(part(log, [1]), part(two, [], ["VIN-D"]))
    unseen = part(log, [3], ["VIN-B"], show=("/value", "/passed"), with_key=False, with_ids=False)
    nameless = bundle(part(log, [3], ["VIN-B"], with_key=False))
    return [
        Case("pinned", written(made), 0, heads=full),
        Case("pinned and joined to an older head", written(made), 0, heads=(*full, *older)),
        Case("nobody to ask", written(made), 2, open_steps=(2, 7, 8, 9)),
        Case("joined to an older head alone", written(made), 2, heads=older, open_steps=(7, 9)),
        Case("records joined to a later head", written(bundle(later)), 0, heads=full),
        Case("two logs, one with SM3", written(both), 0, heads=_heads(pinned(log), pinned(two))),
        Case("two logs, one pinned", written(both), 2, heads=full, open_steps=(7, 8, 9)),
        Case("one leaf", written(bundle(part(one, [0]))), 0, heads=_heads(pinned(one))),
        Case("nothing but absence", written(bundle(part(log, (), ["X", "Y"]))), 0, heads=full),
        Case("no record, no subject", written(bundle(part(log))), 0, heads=full),
        Case("hidden fields and no key", written(bundle(unseen)), 0, heads=full),
        Case("names but no key", written(nameless), 2, heads=full, open_steps=(4, 6)),
        Case("the contract named", written(made), 0, heads=full, contracts=(log.contract.upper(),)),
        Case("a head of another log alone", written(made), 2, heads=_heads(pinned(two))),
    ]


def dishonest() -> list[Case]:
    """Bundles that must fail, each with the step that says so; heads are pinned and right."""
    log, _ = base()
    heads = _heads(pinned(log))
    cases = [Case(name, written(lie(change)), 1, step, heads) for name, step, change in LIES]
    own = [Case(f"owner: {name}", data, 1, step, held) for name, step, data, held in owners.lies()]
    return [*cases, *own, *_forged(log), *_malformed(heads)]


def _forged(log: plain.PlainLog) -> list[Case]:
    """Lies by somebody who can compute everything anew, but not what the auditor holds."""
    heads = _heads(pinned(log))
    rewritten = sample_log()
    rewritten.records[2] = xlproof.record("VIN-A", 2, value="99.9")
    rewritten.leaves[2] = rewritten.leaves[2][:157] + plain.root(
        plain.commitments(rewritten.records[2], rewritten.secrets[2])
    )
    # Everything about VIN-A under another key: to its own index it is not there.
    other_key = sample_log(key=plain.sha256(b"another"))
    shorter = sample_log()
    for rows in (shorter.records, shorter.secrets, shorter.leaves, shorter.tags):
        del rows[9:]
    masked = sample_log()
    masked.tags = [b"\xff" * 32 if tag == masked.tags[1] else tag for tag in masked.tags]
    stranger = sample_log(party=8)
    mixed = part(log, [3])
    mixed["records"][0] = part(stranger, [3])["records"][0]
    borrowed = part(log, [3])
    borrowed["head"] = stranger.head()
    sm3 = sample_log(with_sm3=True)
    wrong_sm3 = part(sm3, [3])
    wrong_sm3["sm3_inclusion"] = wrong_sm3["inclusion"]
    future = plain.PlainLog()
    future.append(xlproof.record("VIN-A", event_time="2027-01-01T00:00:00.000Z"))
    nested = plain.PlainLog()
    nested.append(xlproof.record("VIN-A", event_time="2026-01-01T00:00:00.000Z"))
    older = _heads(pinned(log, 5))

    def case(name: str, step: int, made: Json, held: tuple[bytes, ...] = heads) -> Case:
        return Case(name, written(bundle(made)), 1, step, held)

    return [
        case("rewritten history", 7, part(rewritten, [2])),
        case("rewritten history since an older head", 8, part(rewritten, [9], joined=5), older),
        case("a fork of the same size", 7, part(rewritten, [2], ["VIN-A"])),
        case("absence under another key", 2, part(other_key, (), ["VIN-A"])),
        case("absence in another index", 7, part(masked, (), ["VIN-B"])),
        case(
            "an older head as if newest",
            7,
            part(shorter, [1]),
            _heads(pinned(log, 9) | {"root": "00" * 32}),
        ),
        case("record of another party's log", 4, mixed),
        case("head of another log", 5, borrowed),
        case("wrong SM3 proof", 10, wrong_sm3, _heads(pinned(sm3))),
        case("event after it was fixed", 9, part(future, [0]), _heads(pinned(future))),
        Case("a contract not named", written(base()[1]), 1, 2, heads, ("0x" + "c1" * 20,)),
        Case(
            "pinned with another key",
            written(base()[1]),
            1,
            2,
            _heads(pinned(log, key_commitment="33" * 32)),
        ),
    ]


def _malformed(heads: tuple[bytes, ...]) -> list[Case]:
    """Files that are no bundles, each failing in step 1."""
    good = written(base()[1])
    text = good.decode()
    made: dict[str, bytes] = {
        "empty": b"",
        "one byte": b"{",
        "cut": good[:-2],
        "half": good[: len(good) // 2],
        "no line feed": good[:-1],
        "two line feeds": good + b"\n",
        "byte order mark": b"\xef\xbb\xbf" + good,
        "UTF-16": text.encode("utf-16"),
        "not UTF-8": good.replace(b"VIN-B", b"VIN-\xff", 1),
        "surrogate": good.replace(b"VIN-B", b"VIN-\\ud800"),
        "escaped text": good.replace(b"VIN-B", b"VIN\\u002dB"),
        "spaces": good.replace(b":", b": ", 1),
        "a name twice": good.replace(b'{"digest"', b'{"digest":"","digest"', 1),
        "NaN": good.replace(b'"size":11', b'"size":NaN', 1),
        "fraction": good.replace(b'"size":11', b'"size":11.0', 1),
        "exponent": good.replace(b'"size":11', b'"size":11e0', 1),
        "minus zero": good.replace(b'"count":0', b'"count":-0', 1),
        "huge number": good.replace(b'"size":11', b'"size":' + b"9" * 5000, 1),
        "number above 2^53": good.replace(b'"size":11', b'"size":9007199254740993', 1),
        "deep": b"[" * 100_000 + b"]" * 100_000,
        "deep in a value": good.replace(
            b'"value":true', b'"value":' + b"[" * 9000 + b"]" * 9000, 1
        ),
        "null": b"null\n",
        "list": b"[]\n",
        "text": b'"xinlian-proof/1"\n',
        "unknown member": written(lie(lambda p: p.update(receipt_proof=[]))),
        "__proto__": written(lie(lambda p: p["log"].update(__proto__="x"))),
        "missing member": written(lie(lambda p: p.pop("inclusion"))),
        "null member": written(lie(lambda p: p.update(anchor=None))),
        "wrong type": written(lie(lambda p: p.update(records={}))),
        "true as a number": written(lie(lambda p: p["records"][0].update(index=False))),
        "capital hex": written(lie(lambda p: p["head"].update(root=p["head"]["root"].upper()))),
        "a list as value": written(lie(lambda p: field_of(p, 0, "/value").update(value=["x"]))),
        "no pointer": written(lie(lambda p: field_of(p, 0, "/value").update(path="value"))),
        "long pointer": written(lie(lambda p: field_of(p, 0, "/value").update(path="/" * 10**6))),
        "bad pointer": written(lie(lambda p: field_of(p, 0, "/value").update(path="/val~ue"))),
        "wrong digest": good.replace(b'"digest":"', b'"digest":"0', 1).replace(
            b'","format"', b'","format"', 1
        ),
        "digest of something else": written(base()[1] | {"digest": "00" * 32}),
        "no parts": written(sealed({"format": "xinlian-proof/1", "parts": []})),
        "another version": written(sealed(base()[1] | {"format": "xinlian-proof/2"})),
        "a part twice": written(sealed(base()[1] | {"parts": base()[1]["parts"] * 2})),
    }
    assert [name for name, data in made.items() if data == good] == []
    head = heads[0]
    return [
        *(Case(f"form: {name}", data, 1, 1, heads) for name, data in made.items()),
        Case("form: pinned head is none", good, 1, 1, (b"{}",)),
        Case("form: pinned head cut", good, 1, 1, (head[:-3],)),
        Case("form: pinned head is a bundle", good, 1, 1, (good,)),
    ]


def cases() -> list[Case]:
    """All of them."""
    return [*honest(), *dishonest()]
