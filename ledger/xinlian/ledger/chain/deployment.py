"""Where the contracts of a network are: written once at its founding, read by everything else."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from xinlian.ledger.chain.errors import RpcError
from xinlian.ledger.chain.files import write_whole
from xinlian.ledger.chain.rpc import Rpc
from xinlian.ledger.model.errors import Failure, LedgerError
from xinlian.ledger.model.ids import Address, parse_address, to_checksum
from xinlian.ledger.model.items import ContractName
from xinlian.ledger.model.keccak import keccak256
from xinlian.ledger.model.orders import Domain

_VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class Deployment:
    """A network's contracts.

    ``addresses``: the contracts that take orders (proxies). ``others``: authority, timelock,
    council and the codes behind the proxies, by name. ``block``: the first block with anything of
    the network in it. ``code_hashes``: Keccak-256 of the code at each address, by name.
    """

    chain_id: int
    block: int
    addresses: dict[ContractName, Address]
    others: dict[str, Address]
    code_hashes: dict[str, bytes]

    @property
    def authority(self) -> Address:
        """The contract that knows who may administer."""
        return self.others["authority"]

    @property
    def timelock(self) -> Address:
        """The only admin."""
        return self.others["timelock"]

    @property
    def council(self) -> Address:
        """The members, whose approvals the timelock carries out."""
        return self.others["council"]

    def domain(self, contract: ContractName) -> Domain:
        """The EIP-712 domain of a contract's orders."""
        return Domain(self.chain_id, self.addresses[contract])

    def names(self) -> dict[str, Address]:
        """Every address by its name."""
        return {**{name.value: found for name, found in self.addresses.items()}, **self.others}

    def to_json(self) -> dict[str, Any]:
        """As plain JSON values; addresses with checksum."""
        return {
            "version": _VERSION,
            "chain_id": self.chain_id,
            "block": self.block,
            "contracts": {n.value: to_checksum(found) for n, found in self.addresses.items()},
            "others": {name: to_checksum(found) for name, found in self.others.items()},
            "code_hashes": {name: "0x" + value.hex() for name, value in self.code_hashes.items()},
        }

    @classmethod
    def from_json(cls, content: Any) -> Deployment:
        """The reverse of ``to_json``; ``ValueError`` if it is something else."""
        try:
            if content["version"] != _VERSION:
                raise ValueError(f"version {content['version']} is not known here")
            lacking = [n.value for n in ContractName if n.value not in content["contracts"]]
            if lacking:
                raise ValueError(
                    f"the network was founded without the contract {', '.join(lacking)}; how a "
                    "network gets one that was added later stands in contracts/docs/deployment.md"
                )
            return cls(
                int(content["chain_id"]),
                int(content["block"]),
                {name: parse_address(content["contracts"][name.value]) for name in ContractName},
                {name: parse_address(text) for name, text in content["others"].items()},
                {name: bytes.fromhex(t[2:]) for name, t in content["code_hashes"].items()},
            )
        except (KeyError, TypeError, AttributeError) as exc:
            raise ValueError(f"it is no deployment: {exc!r}") from exc

    def save(self, path: Path) -> None:
        """Write the file in one step, durable when this returns."""
        text = json.dumps(self.to_json(), indent=2, sort_keys=True) + "\n"
        write_whole(path, text.encode())

    @classmethod
    def load(cls, path: Path) -> Deployment:
        """Read the file. Raises ``LedgerError``: NOT_FOUND, or INVALID with the reason."""
        try:
            return cls.from_json(json.loads(path.read_text(encoding="utf-8")))
        except FileNotFoundError as exc:
            fields = {"what": "deployment file", "id": str(path)}
            raise LedgerError(Failure.NOT_FOUND, fields=fields) from exc
        except (OSError, ValueError) as exc:
            fields = {"field": str(path), "reason": str(exc)}
            raise LedgerError(Failure.INVALID, fields=fields) from exc

    def verify(self, rpc: Rpc) -> None:
        """Whether the node serves this very network.

        Raises ``LedgerError``: CHAIN_MISMATCH (another chain id, or other code at an address) or
        NOT_DEPLOYED (no code there). The code behind a proxy may have been upgraded since; only
        what stands at the addresses themselves is compared.
        """
        found = int(rpc.call("eth_chainId"), 16)
        if found != self.chain_id:
            raise _mismatch("the chain id", found, self.chain_id)
        for name, code in code_at(rpc, self.names()).items():
            if not code:
                fields = {"contract": name, "address": to_checksum(self.names()[name])}
                raise LedgerError(Failure.NOT_DEPLOYED, fields=fields)
            if keccak256(code) != self.code_hashes[name]:
                raise _mismatch(f"the code of {name}", keccak256(code), self.code_hashes[name])


def code_at(rpc: Rpc, addresses: dict[str, Address]) -> dict[str, bytes]:
    """The code at each address, by the same names."""
    answers = rpc.batch(
        [("eth_getCode", [to_checksum(address), "latest"]) for address in addresses.values()]
    )
    for answer in answers:
        if isinstance(answer, RpcError):
            raise answer
    return {
        name: bytes.fromhex(answer[2:]) for name, answer in zip(addresses, answers, strict=True)
    }


def _mismatch(what: str, actual: Any, expected: Any) -> LedgerError:
    fields = {"what": what, "actual": actual, "expected": expected}
    return LedgerError(Failure.CHAIN_MISMATCH, fields=fields)
