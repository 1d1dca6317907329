"""What the chain itself says about orders, against what the API acknowledged."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any, Final

from xinlian.ledger.chain.abi import encode_call
from xinlian.ledger.chain.deployment import Deployment
from xinlian.ledger.chain.events import NUMBER, SHAPES
from xinlian.ledger.chain.rpc import Rpc
from xinlian.ledger.model.ids import to_checksum
from xinlian.services.soak.load import Load, Record

__all__ = ["ChainFacts", "judge", "read_hashes"]

FAULTS_MAX: Final = 20
"""Faults that are named one by one; of more only the number."""


@dataclass(frozen=True)
class ChainFacts:
    """Orders on the chain by digest (0x hex), and the places where they took effect."""

    executed: Counter[str]
    failed: Counter[str]
    places: dict[str, tuple[int, str]]
    used: dict[tuple[str, int, int], bool]
    blocks: int
    transactions: int
    rpc: Rpc
    deployment: Deployment

    @classmethod
    def read(cls, rpc: Rpc, deployment: Deployment) -> ChainFacts:
        """Read every order event of the chain, block range by block range."""
        head = int(rpc.call("eth_blockNumber"), 16)
        addresses = [to_checksum(address) for address in deployment.addresses.values()]
        executed, failed = (_topic(name) for name in ("OrderExecuted", "OrderFailed"))
        counts: dict[str, Counter[str]] = {executed: Counter(), failed: Counter()}
        places: dict[str, tuple[int, str]] = {}
        for first in range(0, head + 1, 500):
            logs: list[dict[str, Any]] = rpc.call(
                "eth_getLogs",
                {
                    "fromBlock": hex(first),
                    "toBlock": hex(min(head, first + 499)),
                    "address": addresses,
                    "topics": [[executed, failed]],
                },
            )
            for log in logs:
                name, order = log["topics"][0], log["topics"][1]
                counts[name][order] += 1
                if name == executed:
                    places[order] = int(log["blockNumber"], 16), log["transactionHash"]
        transactions = rpc.call("xinlian_status")["transactions"]
        return cls(
            counts[executed], counts[failed], places, {}, head, transactions, rpc, deployment
        )

    def unused(self, records: list[Record]) -> list[Record]:
        """Orders whose number the contracts do not know as used."""
        calls = []
        for record in records:
            order = record.signed.order
            data = encode_call("nonceUsed(uint32,uint256)", (int(order.party), order.nonce))
            to = to_checksum(self.deployment.addresses[order.contract])
            calls.append(("eth_call", [{"to": to, "data": "0x" + data.hex()}, "latest"]))
        answers = self.rpc.batch(calls)
        return [
            record
            for record, answer in zip(records, answers, strict=True)
            if not isinstance(answer, str) or int(answer, 16) != 1
        ]


def judge(load: Load, facts: ChainFacts) -> list[str]:
    """Everything that does not hold; empty if all does."""
    faults = list(load.complaints)
    final = [record for record in load.records if record.state == "final"]
    for record in final:
        name = "0x" + record.digest.hex()
        times = facts.executed[name]
        if times != 1:
            faults.append(f"order {name} was acknowledged as final and took effect {times} times")
        elif facts.places[name] != (record.block, record.tx_hash):
            faults.append(
                f"order {name}: acknowledged in {record.block} {record.tx_hash}, "
                f"the chain has it in {facts.places[name]}"
            )
    faults += [f"order {name} took effect {n} times" for name, n in facts.executed.items() if n > 1]
    settled = [record for record in load.records if record.state in ("final", "failed")]
    faults += [
        f"order 0x{record.digest.hex()} is {record.state} and its number is unused"
        for record in facts.unused(settled)
    ]
    for record in load.records:
        name = "0x" + record.digest.hex()
        if record.taken and record.state not in ("final", "failed"):
            faults.append(f"order {name} was taken in and stays {record.state}")
        if record.state == "failed" and facts.executed[name]:
            faults.append(f"order {name} was acknowledged as failed and took effect")
    if not final:
        faults.append("no order was acknowledged as final: this proves nothing")
    if len(faults) > FAULTS_MAX:
        faults = [*faults[:FAULTS_MAX], f"and {len(faults) - FAULTS_MAX} more"]
    return faults


def read_hashes(rpc: Rpc) -> dict[int, str]:
    """Hash of every block by height."""
    head = int(rpc.call("eth_blockNumber"), 16)
    answers = rpc.batch([("eth_getBlockByNumber", [hex(n), False]) for n in range(head + 1)])
    return {int(answer["number"], 16): answer["hash"] for answer in answers}


def _topic(name: str) -> str:
    return "0x" + SHAPES[NUMBER[name]].topic.hex()
