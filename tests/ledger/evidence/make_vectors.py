"""Writes docs/evidence-vectors.json: ``python -m tests.ledger.evidence.make_vectors``.

Everything from fixed inputs by the pure model of the product. A test makes it again and compares,
another computes it from its inputs with the plain second implementation.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import Any, Final

from xinlian.ledger.chain.signer import LocalSigner
from xinlian.ledger.model.evidence.bundle import Consistency, Part, ShownRecord, bundle
from xinlian.ledger.model.evidence.canonical import canonical, event_time_ms
from xinlian.ledger.model.evidence.fields import Shown, commitments, disclose, field_root
from xinlian.ledger.model.evidence.heads import Anchor, Head, LogInfo, log_id
from xinlian.ledger.model.evidence.index import (
    Node,
    Subject,
    SubjectState,
    entry,
    root_of,
    subtree_node,
    tokens,
    value_of,
)
from xinlian.ledger.model.evidence.leaf import (
    NOTHING,
    Leaf,
    key_commitment,
    leaf_hash,
    schema_id,
    subject_tag,
)
from xinlian.ledger.model.evidence.receipts import Promise, make_receipt
from xinlian.ledger.model.evidence.tree import (
    MemoryNodes,
    consistency,
    inclusion,
    leaf_sm3,
    multiproof,
    node_sm3,
)
from xinlian.ledger.model.evidence.tree import root_of as tree_root
from xinlian.ledger.model.ids import Address, PartyId
from xinlian.ledger.model.orders import Domain

from tests.ledger.evidence.vector_inputs import SUBJECTS, record, secret
from tests.support.repository import ROOT

FILE: Final = ROOT / "docs" / "evidence-vectors.json"
SIZE: Final = 20
INDEX_SIZES: Final = (0, 1, 2, 7, SIZE)
ABSENT: Final = ("nobody", "nothing", "VIN-9")
KEY: Final = hashlib.sha256(b"subject key of the vectors").digest()
SIGNER: Final = LocalSigner(hashlib.sha256(b"writer of the vectors").digest())
INFO: Final = LogInfo(
    log_id(31337, Address(b"\xe1" * 20), PartyId(7), "line-1"),
    31337,
    Address(b"\xe1" * 20),
    PartyId(7),
    "line-1",
    key_commitment(KEY),
    sm3=True,
)
ANCHOR: Final = Anchor(b"\xaa" * 32, 4242, b"\xbb" * 32, 1_795_345_200)


class _Index:
    """All entries in one bucket."""

    bucket_bits = 0

    def __init__(self, states: dict[bytes, SubjectState]) -> None:
        self._entries = [entry(tag, state) for tag, state in sorted(states.items())]

    def upper(self, depth: int, prefix: int) -> Node:
        return subtree_node(self._entries, depth)

    def bucket(self, prefix: int) -> list[bytes]:
        return self._entries


class Vectors:
    """A small log, with everything that is computed on the way."""

    def __init__(self) -> None:
        self.leaves: list[bytes] = []
        self.states: list[dict[bytes, SubjectState]] = [{}]
        self.records = [self._record(at) for at in range(SIZE)]
        self.nodes = MemoryNodes([leaf_hash(leaf) for leaf in self.leaves])
        self.sm3_nodes = MemoryNodes([leaf_sm3(leaf) for leaf in self.leaves], node_sm3)

    def _record(self, at: int) -> dict[str, Any]:
        values, states = record(at), dict(self.states[-1])
        tag = subject_tag(KEY, values["subject"])
        before = states.get(tag, SubjectState(0, 0, NOTHING))
        entries = commitments(values, secret(at))
        leaf = Leaf(
            INFO.log_id,
            schema_id(values["schema"]),
            tag,
            before.records,
            before.last_leaf,
            event_time_ms(values["event_time"]),
            field_root(entries),
        )
        packed = leaf.pack()
        states[tag] = SubjectState(before.records + 1, at, leaf_hash(packed))
        self.leaves.append(packed)
        self.states.append(states)
        shown = [field for field in disclose(values, secret(at)) if isinstance(field, Shown)]
        return {
            "record": values,
            "canonical": canonical(values).decode(),
            "secret": secret(at).hex(),
            "fields": [
                {
                    "path": field.path,
                    "value": field.value,
                    "salt": field.salt.hex(),
                    "commitment": found.hex(),
                }
                for field, found in zip(shown, entries, strict=True)
            ],
            "field_root": leaf.field_root.hex(),
            "schema_id": leaf.schema_id.hex(),
            "subject_tag": tag.hex(),
            "subject_seq": leaf.subject_seq,
            "prev_subject_leaf": leaf.previous.hex(),
            "event_time_ms": leaf.event_time_ms,
            "leaf": packed.hex(),
            "leaf_hash": leaf_hash(packed).hex(),
            "leaf_hash_sm3": leaf_sm3(packed).hex(),
        }

    def head(self, size: int) -> Head:
        return Head(
            INFO.log_id,
            size,
            tree_root(self.nodes, size),
            root_of(self.states[size].items()),
            tree_root(self.sm3_nodes, size, node_sm3),
        )

    def trees(self) -> list[dict[str, Any]]:
        """Sizes 0 to 20 with every inclusion and consistency proof."""
        return [
            {
                "size": size,
                "root": tree_root(self.nodes, size).hex(),
                "sm3_root": tree_root(self.sm3_nodes, size, node_sm3).hex(),
                "inclusion": [_hex(inclusion(self.nodes, at, size)) for at in range(size)],
                "consistency": [_hex(consistency(self.nodes, old, size)) for old in range(size)],
            }
            for size in range(SIZE + 1)
        ]

    def shared(self) -> list[dict[str, Any]]:
        """Proofs of several leaves at once."""
        return [
            {
                "size": size,
                "indices": indices,
                "proof": _hex(multiproof(self.nodes, indices, size)),
            }
            for size, indices in ((1, [0]), (7, [0, 6]), (20, [3, 4, 16]), (20, []), (13, [12]))
        ]

    def index(self) -> list[dict[str, Any]]:
        """The subject index at a few sizes, with proofs of presence and absence."""
        return [self._index_at(size) for size in INDEX_SIZES]

    def _index_at(self, size: int) -> dict[str, Any]:
        states = self.states[size]
        asked = [SUBJECTS[:1], SUBJECTS, ABSENT, (*SUBJECTS[1:3], *ABSENT), ()]
        return {
            "size": size,
            "subjects": [
                {
                    "tag": tag.hex(),
                    "count": state.records,
                    "last": state.last_leaf.hex(),
                    "value": value_of(state).hex(),
                }
                for tag, state in sorted(states.items())
            ],
            "root": root_of(states.items()).hex(),
            "proofs": [
                {
                    "asked": list(names),
                    "tokens": tokens(_Index(states), self._subjects(size, names)),
                }
                for names in asked
            ],
        }

    def _subjects(self, size: int, names: Sequence[str]) -> list[Subject]:
        tags = sorted(subject_tag(KEY, name) for name in names)
        return [Subject(tag, self.states[size].get(tag)) for tag in tags]

    def heads(self) -> list[dict[str, Any]]:
        """Heads with the digest that the writer signs, and its signature."""
        domain = Domain(INFO.chain_id, INFO.contract)
        return [
            {
                "size": size,
                "root": head.root.hex(),
                "index_root": head.index_root.hex(),
                "sm3_root": head.sm3_root.hex(),
                "preimage": head.preimage(domain).hex(),
                "digest": head.digest(domain).hex(),
                "signature": SIGNER.sign(head.preimage(domain)).hex(),
            }
            for size in (1, 7, SIZE)
            for head in [self.head(size)]
        ]

    def bundle(self) -> str:
        """Two subjects whole, one absent, one record besides; some fields hidden."""
        names = (*SUBJECTS[1:3], ABSENT[0])
        subjects = self._subjects(SIZE, names)
        tags = {subject.tag for subject in subjects}
        listed = {at for at in range(SIZE) if Leaf.unpack(self.leaves[at]).subject_tag in tags}
        indices = sorted({0, *listed})
        show = {"/schema", "/subject", "/event_time", "/value", "/values/1", "/empty/list"}
        part = Part(
            log=INFO,
            head=self.head(SIZE),
            subjects=subjects,
            index_proof=tokens(_Index(self.states[SIZE]), subjects),
            records=[
                ShownRecord(
                    at, self.leaves[at], disclose(record(at), secret(at), show if at % 2 else None)
                )
                for at in indices
            ],
            inclusion=multiproof(self.nodes, indices, SIZE),
            subject_key=KEY,
            anchor=ANCHOR,
            consistency=Consistency(7, tree_root(self.nodes, 7), consistency(self.nodes, 7, SIZE)),
            sm3_inclusion=multiproof(self.sm3_nodes, indices, SIZE, node_sm3),
            subject_ids={subject_tag(KEY, name): name for name in names},
        )
        return bundle([part]).decode()

    def receipt(self) -> dict[str, Any]:
        leaves = [(at, leaf_hash(self.leaves[at])) for at in range(2)]
        made = make_receipt(INFO.log_id, leaves, 1_795_345_200_250, Promise(300_000), SIGNER)
        return made.to_json()


def vectors() -> dict[str, Any]:
    """The content of the file."""
    made = Vectors()
    text = made.bundle()
    return {
        "format": "xinlian-vectors/1",
        "log": {
            "chain_id": INFO.chain_id,
            "contract": "0x" + INFO.contract.hex(),
            "party": INFO.party,
            "stream": INFO.stream,
            "id": INFO.log_id.hex(),
            "subject_key": KEY.hex(),
            "key_commitment": INFO.key_commitment.hex(),
            "writer_private_key": SIGNER.secret().hex(),
            "writer": "0x" + SIGNER.address.hex(),
        },
        "records": made.records,
        "trees": made.trees(),
        "shared_proofs": made.shared(),
        "index": made.index(),
        "heads": made.heads(),
        "receipt": made.receipt(),
        "bundle": {"text": text, "sha256": hashlib.sha256(text.encode()).hexdigest()},
    }


def written() -> str:
    """The text of the file."""
    return json.dumps(vectors(), ensure_ascii=False, indent=1) + "\n"


def _hex(hashes: Sequence[bytes]) -> list[str]:
    return [found.hex() for found in hashes]


if __name__ == "__main__":
    FILE.write_text(written(), "utf-8")
