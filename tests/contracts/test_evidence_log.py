"""Heads of evidence logs on a real chain: our trees against the contract, and forged histories."""

from __future__ import annotations

import hashlib
import random

import pytest
from eth_abi.abi import decode
from xinlian.ledger.chain.abi import encode_call
from xinlian.ledger.chain.errors import RpcError
from xinlian.ledger.chain.head_calls import APPEND_SIGNED, append_arguments
from xinlian.ledger.model.errors import LedgerError, decode_revert
from xinlian.ledger.model.evidence.heads import Head, log_id, stream_word
from xinlian.ledger.model.evidence.tree import MemoryNodes, consistency, root_of
from xinlian.ledger.model.failures import Failure
from xinlian.ledger.model.ids import to_checksum
from xinlian.ledger.model.items import ContractName, OpenLog, SetWriter
from xinlian.services.bench.gas_chain import SUPPLIER, SUPPLIER_2, GasChain, key

WRITER = key("writer of heads")
HEAD = "head(bytes32)"


def leaves(count: int, salt: str = "") -> list[bytes]:
    return [hashlib.sha256(f"{salt}{number}".encode()).digest() for number in range(count)]


class Log:
    """A log on chain, and what is sent to it."""

    def __init__(self, chain: GasChain, stream: str) -> None:
        self.chain, self.domain = chain, chain.deployment.domain(ContractName.EVIDENCE)
        self.id = log_id(self.domain.chain_id, self.domain.address, SUPPLIER, stream)
        chain.call(SUPPLIER, OpenLog(stream_word(stream), b"\x0c" * 32, WRITER.address, False))

    def data(self, found: list[bytes], old: int, *, key_of: str = "writer of heads") -> bytes:
        """The call with a head over these leaves and the proof that fits them."""
        tree = MemoryNodes(found)
        head = Head(self.id, len(found), root_of(tree, len(found)), b"\x0d" * 32)
        signature = key(key_of).sign(head.preimage(self.domain))
        proof = consistency(tree, old, len(found))
        return encode_call(APPEND_SIGNED, append_arguments(head, proof, signature))

    def grow(self, found: list[bytes], old: int) -> None:
        self.chain.transact(key("relayer"), self.domain.address, self.data(found, old))

    def refusal(self, data: bytes) -> LedgerError:
        request = {"to": to_checksum(self.domain.address), "data": "0x" + data.hex()}
        with pytest.raises(RpcError) as caught:
            self.chain.rpc.call("eth_call", request, "latest")
        return decode_revert(bytes.fromhex(str(getattr(caught.value, "data", "0x"))[2:]))

    def head(self) -> tuple[int, bytes]:
        request = {
            "to": to_checksum(self.domain.address),
            "data": "0x" + encode_call(HEAD, [self.id]).hex(),
        }
        answer = bytes.fromhex(self.chain.rpc.call("eth_call", request, "latest")[2:])
        size, _, root, _, _ = decode(["uint64", "uint64", "bytes32", "bytes32", "bytes32"], answer)
        return size, root


def test_a_log_grows_step_by_step_as_our_trees_do(chain: GasChain) -> None:
    log, everything = Log(chain, "growing"), leaves(3_000)
    chance, old = random.Random(7), 0
    for _ in range(25):
        size = chance.randint(old + 1, old + 110)
        log.grow(everything[:size], old)
        assert log.head() == (size, root_of(MemoryNodes(everything), size))
        old = size


def test_a_rewritten_history_is_refused(chain: GasChain) -> None:
    log, honest = Log(chain, "rewritten"), leaves(90)
    log.grow(honest[:40], 0)
    before = log.head()
    changed = [*honest[:17], hashlib.sha256(b"another record").digest(), *honest[18:]]
    hidden = [*honest[:5], *honest[6:]]
    for forged in (changed, hidden, honest[1:], honest[::-1]):
        found = log.refusal(log.data(forged, 40))
        assert found.code is Failure.EVIDENCE_INCONSISTENT
        assert (found.fields["size"], found.fields["current"]) == (len(forged), 40)
        assert "rewritten" in found.text()
    with pytest.raises(RuntimeError):
        log.grow(changed, 40)
    assert log.head() == before
    log.grow(honest, 40)
    assert log.head()[0] == 90


def test_a_log_never_shrinks_nor_stands_still(chain: GasChain) -> None:
    log, honest = Log(chain, "shrinking"), leaves(20)
    log.grow(honest, 0)
    for size in (1, 19, 20):
        assert log.refusal(log.data(honest[:size], 0)).code is Failure.EVIDENCE_SIZE


def test_only_the_writer_signs_heads(chain: GasChain) -> None:
    log, honest = Log(chain, "writers"), leaves(5)
    found = log.refusal(log.data(honest, 0, key_of="somebody"))
    assert found.code is Failure.EVIDENCE_NOT_WRITER
    assert found.fields["account"] == to_checksum(key("somebody").address)
    chain.call(SUPPLIER, SetWriter(log.id, key("somebody").address))
    assert log.refusal(log.data(honest, 0)).code is Failure.EVIDENCE_NOT_WRITER
    chain.transact(key("relayer"), log.domain.address, log.data(honest, 0, key_of="somebody"))
    assert log.head()[0] == 5
    with pytest.raises(RuntimeError):
        chain.call(SUPPLIER_2, SetWriter(log.id, WRITER.address))


def test_the_log_id_is_that_of_the_contract(chain: GasChain) -> None:
    log = Log(chain, "named.after_9-chars")
    request = {
        "to": to_checksum(log.domain.address),
        "data": "0x"
        + encode_call(
            "logId(uint32,bytes32)", [int(SUPPLIER), stream_word("named.after_9-chars")]
        ).hex(),
    }
    assert chain.rpc.call("eth_call", request, "latest") == "0x" + log.id.hex()
