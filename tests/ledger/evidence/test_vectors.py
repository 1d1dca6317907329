"""docs/evidence-vectors.json: made by the code, and right by a second implementation."""

import json
from functools import cache
from typing import Any

from eth_account import Account
from xinlian.ledger.adapters import xinlian_verify
from xinlian.ledger.model.keccak import keccak256

from tests.ledger.evidence.make_vectors import FILE, written
from tests.support import rfc9162_plain as plain


@cache
def published() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(FILE.read_text("utf-8"))
    return found


@cache
def log() -> plain.PlainLog:
    """The log from the inputs in the file, by the plain implementation."""
    names = published()["log"]
    made = plain.PlainLog(
        chain_id=names["chain_id"],
        contract=names["contract"],
        party=names["party"],
        stream=names["stream"],
        key=bytes.fromhex(names["subject_key"]),
        with_sm3=True,
    )
    for given in published()["records"]:
        made.append(given["record"], bytes.fromhex(given["secret"]))
    return made


def _hex(hashes: list[bytes]) -> list[str]:
    return [found.hex() for found in hashes]


def test_the_code_still_makes_the_same_file() -> None:
    assert FILE.read_text("utf-8") == written()


def test_log_and_leaves() -> None:
    names = published()["log"]
    assert log().id.hex() == names["id"]
    assert log().names()["key_commitment"] == names["key_commitment"]
    for at, given in enumerate(published()["records"]):
        secret, leaf = bytes.fromhex(given["secret"]), log().leaves[at]
        assert plain.jcs(given["record"]) == given["canonical"].encode()
        pairs = plain.leaf_paths(given["record"])
        assert [(field["path"], field["value"]) for field in given["fields"]] == pairs
        salts = [plain.salt_of(secret, path) for path, _ in pairs]
        assert [field["salt"] for field in given["fields"]] == _hex(salts)
        entries = plain.commitments(given["record"], secret)
        assert [field["commitment"] for field in given["fields"]] == _hex(entries)
        assert given["field_root"] == plain.root(entries).hex()
        assert given["schema_id"] == plain.sha256(given["record"]["schema"].encode()).hex()
        assert given["subject_tag"] == log().tags[at].hex()
        assert given["event_time_ms"] == plain.time_ms(given["record"]["event_time"])
        assert given["leaf"] == leaf.hex()
        assert given["leaf_hash"] == plain.leaf_hash(leaf).hex()
        assert given["leaf_hash_sm3"] == plain.sm3(b"\0" + leaf).hex()
        assert leaf[109:117] == given["subject_seq"].to_bytes(8, "big")
        assert leaf[117:149].hex() == given["prev_subject_leaf"]


def test_trees_and_proofs() -> None:
    leaves = log().leaves
    assert [tree["size"] for tree in published()["trees"]] == list(range(len(leaves) + 1))
    for tree in published()["trees"]:
        part = leaves[: tree["size"]]
        assert tree["root"] == plain.root(part).hex()
        assert tree["sm3_root"] == plain.root(part, plain.sm3).hex()
        assert tree["inclusion"] == [_hex(plain.path(at, part)) for at in range(len(part))]
        joined = [[], *(_hex(plain.consistency(old, part)) for old in range(1, len(part)))]
        assert tree["consistency"] == joined[: len(part)]
    for shared in published()["shared_proofs"]:
        part = leaves[: shared["size"]]
        assert shared["proof"] == _hex(plain.many(shared["indices"], part))


def test_index_and_heads() -> None:
    for index in published()["index"]:
        values = log().index_values(index["size"])
        found = {one["tag"]: (one["count"], one["last"]) for one in index["subjects"]}
        expected = log().index_of(index["size"])
        assert found == {tag.hex(): (n, last.hex()) for tag, (n, last) in expected.items()}
        assert {one["tag"]: one["value"] for one in index["subjects"]} == {
            tag.hex(): value.hex() for tag, value in values.items()
        }
        assert index["root"] == plain.index_root(values).hex()
        for proof in index["proofs"]:
            asked = {plain.tag_of(log().key, name) for name in proof["asked"]}
            assert proof["tokens"] == plain.index_proof(values, asked)
    writer = published()["log"]["writer"]
    for head in published()["heads"]:
        expected_head = log().head(head["size"])
        assert {name: head[name] for name in expected_head} == expected_head
        assert head["digest"] == keccak256(bytes.fromhex(head["preimage"])).hex()
        assert head["digest"] == typed_digest(head)
        recovered = Account._recover_hash(
            bytes.fromhex(head["digest"]), signature=bytes.fromhex(head["signature"])
        )
        assert recovered.lower() == writer


def typed_digest(head: dict[str, Any]) -> str:
    """What eth-account would have a wallet sign."""
    from eth_account.messages import encode_typed_data

    names = published()["log"]
    words = {"root": "root", "indexRoot": "index_root", "sm3Root": "sm3_root"}
    message = encode_typed_data(
        domain_data={
            "name": "Xinlian",
            "version": "1",
            "chainId": names["chain_id"],
            "verifyingContract": names["contract"],
        },
        message_types={
            "Head": [
                {"name": "log", "type": "bytes32"},
                {"name": "size", "type": "uint64"},
                *({"name": name, "type": "bytes32"} for name in words),
            ]
        },
        message_data={"log": bytes.fromhex(names["id"]), "size": head["size"]}
        | {name: bytes.fromhex(head[member]) for name, member in words.items()},
    )
    return keccak256(b"\x19" + message.version + message.header + message.body).hex()


def test_receipt_is_signed_by_the_writer() -> None:
    receipt = published()["receipt"]
    bare = {name: value for name, value in receipt.items() if name != "signature"}
    digest = keccak256(plain.sha256(plain.jcs(bare)))
    recovered = Account._recover_hash(digest, signature=receipt["signature"])
    assert recovered.lower() == receipt["signer"] == published()["log"]["writer"]


def test_the_bundle_passes_the_auditors_file() -> None:
    given = published()["bundle"]
    data = given["text"].encode()
    assert plain.sha256(data).hex() == given["sha256"]
    names = log().names()
    head = {
        "format": "xinlian-head/1",
        "log": names["id"],
        **{name: names[name] for name in ("chain_id", "contract", "key_commitment")},
        **log().head(7),
        "block_time": 1_795_345_200,
    }
    report = xinlian_verify.verify(data, [json.dumps(head).encode()])
    states = {step["step"]: step["status"] for step in report["steps"]}
    assert [states[step] for step in range(1, 7)] == ["PASS"] * 6
    assert "FAIL" not in states.values()
