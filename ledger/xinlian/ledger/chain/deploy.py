"""Founding a network: its contracts on a chain, in one fixed order from one fresh account.

Every address follows from the account and the number of its transaction, and a contract that has to
know another's address is given it before that other exists. Signatures are deterministic, so the
whole plan can be made again at any time, byte for byte: ``deploy`` may be called again after a
crash, and sends what is missing.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from xinlian.ledger.chain.abi import Transaction, encode_call, rlp
from xinlian.ledger.chain.contracts import artifact
from xinlian.ledger.chain.deployment import Deployment, code_at
from xinlian.ledger.chain.errors import AlreadyKnownError, ChainError, NonceTooLowError, RpcError
from xinlian.ledger.chain.packing import GAS_MAX
from xinlian.ledger.chain.rpc import Rpc
from xinlian.ledger.model.errors import Failure, LedgerError
from xinlian.ledger.model.ids import Address, to_checksum
from xinlian.ledger.model.items import ContractName
from xinlian.ledger.model.keccak import keccak256
from xinlian.ledger.model.orders import Signer
from xinlian.ledger.model.vouchers import Policy

log = logging.getLogger(__name__)

# Each name is the contract at the address made by the transaction with that number.
_PLAN: Final = (
    "council", "timelock",
    "authority_code", "registry_code", "documents_code", "office", "vouchers_code", "desk_code",
    "authority", "registry", "documents", "vouchers", "desk", "evidence_code", "evidence",
)  # fmt: skip
_ARTIFACTS: Final = {
    "council": "Council",
    "timelock": "TimelockController",
    "authority_code": "NetworkAuthority",
    "registry_code": "PartyRegistry",
    "documents_code": "TradeDocuments",
    "office": "VoucherOffice",
    "vouchers_code": "CreditVouchers",
    "desk_code": "FinancingDesk",
    "evidence_code": "EvidenceLog",
}
_POLICY: Final = "(uint32,uint8,uint8,uint8,uint16,uint32,uint16)"
_WAIT_S: Final = 120.0
_POLL_S: Final = 0.05
_ZERO: Final = Address(bytes(20))


@dataclass(frozen=True, slots=True)
class NetworkGenesis:
    """Who runs a network from its first day, and its first row of market rules.

    ``registrar`` admits parties and sets limits (the operator), ``guardian`` can only pause;
    ``threshold`` of the ``council`` decide everything else, after ``delay_s`` seconds.
    """

    registrar: Address
    guardian: Address
    council: tuple[Address, ...]
    threshold: int
    delay_s: int
    policy: Policy


def create_address(account: Address, nonce: int) -> Address:
    """The address of the contract that an account makes with its transaction number ``nonce``."""
    return Address(keccak256(rlp((bytes(account), nonce)))[12:])


def deploy(rpc: Rpc, deployer: Signer, genesis: NetworkGenesis) -> Deployment:
    """Put a network's contracts on the chain, or finish what was begun; waits until it is final.

    ``deployer`` is an account that does nothing else. Raises ``LedgerError(CONFLICT)`` if it sent
    anything else before (another genesis counts as that), and ``ChainError`` if the node is away.
    """
    chain_id = int(rpc.call("eth_chainId"), 16)
    at = {name: create_address(deployer.address, n) for n, name in enumerate(_PLAN)}
    txs = [
        Transaction(chain_id, nonce, GAS_MAX, b"", _init_code(name, at, genesis)).signed(deployer)
        for nonce, name in enumerate(_PLAN)
    ]
    hashes = ["0x" + tx_hash.hex() for tx_hash, _ in txs]
    used = int(rpc.call("eth_getTransactionCount", to_checksum(deployer.address), "latest"), 16)
    known = _receipts(rpc, hashes)
    strange = next((n for n in range(min(used, len(txs))) if known[n] is None), None)
    if strange is not None or used > len(txs):
        fields = {
            "what": f"the deploying account {to_checksum(deployer.address)}",
            "field": f"transaction (number {len(txs) if strange is None else strange})",
        }
        raise LedgerError(Failure.CONFLICT, fields=fields)
    if used < len(txs):
        log.info("Deploying %d of %d contracts.", len(txs) - used, len(txs))
        _send(rpc, [raw for _, raw in txs[used:]])
    receipts = _wait(rpc, hashes)
    for name, receipt in zip(_PLAN, receipts, strict=True):
        if int(receipt["status"], 16) != 1:
            fields = {"contract": name, "address": to_checksum(at[name])}
            raise LedgerError(Failure.NOT_DEPLOYED, fields=fields)
    orders = {name: at.pop(name.value) for name in ContractName}
    found = Deployment(
        chain_id, min(int(receipt["blockNumber"], 16) for receipt in receipts), orders, at, {}
    )
    hashed = {name: keccak256(code) for name, code in code_at(rpc, found.names()).items()}
    return Deployment(chain_id, found.block, orders, at, hashed)


def _init_code(name: str, at: dict[str, Address], genesis: NetworkGenesis) -> bytes:
    to = {key: to_checksum(address) for key, address in at.items()}
    arguments: dict[str, Sequence[Any]] = {
        "council": (to["timelock"], [to_checksum(m) for m in genesis.council], genesis.threshold),
        # Once the delay is over anyone may carry out what the council decided.
        "timelock": (genesis.delay_s, [to["council"]], [to_checksum(_ZERO)], to_checksum(_ZERO)),
        "authority_code": (),
        "registry_code": tuple(
            to[name] for name in ("registry", "documents", "vouchers", "desk", "evidence")
        ),
        "documents_code": (to["registry"], to["vouchers"]),
        "office": (to["registry"], to["desk"]),
        "vouchers_code": (to["registry"], to["documents"], to["office"]),
        "desk_code": (to["registry"], to["vouchers"]),
        "evidence_code": (to["registry"],),
    }
    if name in arguments:
        return artifact(_ARTIFACTS[name]).init_code(*arguments[name])
    proxy = artifact("ERC1967Proxy")
    return proxy.init_code(to[f"{name}_code"], _first_call(name, to, genesis))


def _first_call(name: str, to: dict[str, str], genesis: NetworkGenesis) -> bytes:
    """The call that a proxy makes as it is created, so that nobody else can be first."""
    if name == "authority":
        named = ("registry", "documents", "vouchers", "desk", "evidence")
        members = ",".join(["address"] * 8)
        return encode_call(
            f"initializeNetwork(({members}))",
            [
                (
                    to["timelock"],
                    to_checksum(genesis.registrar),
                    to_checksum(genesis.guardian),
                    *(to[contract] for contract in named),
                )
            ],
        )
    if name == "vouchers":
        return encode_call(
            f"initialize(address,{_POLICY})", (to["authority"], policy_tuple(genesis.policy))
        )
    return encode_call("initialize(address)", (to["authority"],))


def policy_tuple(policy: Policy) -> tuple[int, ...]:
    """A row of market rules as ``addPolicy`` and ``initialize`` take it."""
    return (
        policy.valid_from, policy.tenor_months_soft, policy.tenor_months_hard, policy.max_depth,
        policy.max_pieces, policy.offer_seconds_max, policy.grace_days,
    )  # fmt: skip


def _send(rpc: Rpc, raws: Sequence[bytes]) -> None:
    for answer in rpc.send_raw(raws):
        if isinstance(answer, RpcError) and not isinstance(
            answer, (AlreadyKnownError, NonceTooLowError)
        ):
            raise answer


def _receipts(rpc: Rpc, hashes: Sequence[str]) -> list[Any]:
    answers = rpc.batch([("eth_getTransactionReceipt", [tx_hash]) for tx_hash in hashes])
    for answer in answers:
        if isinstance(answer, RpcError):
            raise answer
    return answers


def _wait(rpc: Rpc, hashes: Sequence[str]) -> list[Any]:
    end = time.monotonic() + _WAIT_S
    while True:
        receipts = _receipts(rpc, hashes)
        if all(receipt is not None for receipt in receipts):
            return receipts
        if time.monotonic() >= end:
            raise ChainError(f"the deployment was not in a block after {_WAIT_S:.0f} s")
        time.sleep(_POLL_S)
