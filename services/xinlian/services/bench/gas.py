"""`./xl bench gas`: what each operation costs, here and on the ERC-3525 reference.

    xl bench gas             a table
    xl bench gas --json      one object
    xl bench gas --write     also writes contracts/gas.json, the table that a test compares

Every figure is the gas of a whole transaction as its receipt states it: 21,000, call data, proxy
and every check included. The reference is `ERC3525Mintable` of npm's `@solvprotocol/erc-3525`,
compiled with the compiler and settings of our contracts. It has no proxy, no parties, no documents,
no limits and no acceptance, which favours it.
"""

from __future__ import annotations

import hashlib
import json
import sys
import tomllib
from pathlib import Path
from typing import Any, Final

from xinlian.ledger.chain.abi import encode_call
from xinlian.ledger.model import items as it
from xinlian.ledger.model.ids import (
    DocumentKey,
    FinancingId,
    PieceId,
    RootId,
    piece_id,
    to_checksum,
)
from xinlian.services.bench.gas_chain import (
    BANK,
    EXPIRY,
    FUNDER,
    ISSUER,
    SUPPLIER,
    SUPPLIER_2,
    TODAY,
    GasChain,
    gas_chain,
    key,
)
from xinlian.services.bench.gas_evidence import appends

CONTRACTS: Final = Path(__file__).resolve().parents[4] / "contracts"
TABLE: Final = CONTRACTS / "gas.json"
FACE: Final = 1_000_000_00
BATCH: Final = 100
RECEIPT: Final = hashlib.sha256(b"receipt").digest()
TERMS: Final = hashlib.sha256(b"terms").digest()

LIMITS: Final = {
    "issue": 160_000,
    "accept": 50_000,
    "accept_transfer": 50_000,
    "transfer_split": 110_000,
    "transfer_whole": 50_000,
    "redeem": 50_000,
    "append_head": 150_000,
    "append_head_worst": 150_000,
    "relayed_extra": 25_000,
    "issue_in_batch_of_100": 125_000,
    "transfer_split_in_batch_of_100": 75_000,
}
"""Most gas that an operation may use."""


def main(arguments: list[str]) -> int:
    """Measure, print, and write the table if asked to."""
    figures = measure()
    reference = measure_reference()
    ratios = {
        "ratio_issue": reference["mint"] / figures["issue"],
        "ratio_split_transfer": reference["transfer_split"] / figures["transfer_split"],
        "ratio_transfer": reference["transfer_whole"] / figures["transfer_whole"],
        "ratio_split_transfer_with_accept": reference["transfer_split"]
        / (figures["transfer_split"] + figures["accept_transfer"]),
    }
    ratios = {name: round(value, 3) for name, value in ratios.items()}
    if "--write" in arguments:
        TABLE.write_text(table_text(figures), "utf-8")
    if "--json" in arguments:
        print(json.dumps({**ratios, "gas": figures, "reference": reference}))
        return 0
    print(f"{'operation':<36}{'gas':>10}{'at most':>10}")
    for name, gas in figures.items():
        print(f"{name:<36}{gas:>10,}{LIMITS.get(name, 0) or '':>10}")
    print(f"\n{'ERC-3525 reference':<36}{'gas':>10}")
    for name, gas in reference.items():
        print(f"{name:<36}{gas:>10,}")
    print()
    for name, value in ratios.items():
        print(f"{name:<36}{value:>10.2f}")
    return 0


def table_text(figures: dict[str, int]) -> str:
    """Text of ``contracts/gas.json``: gas, and the limit where there is one, by operation."""
    rows = {
        name: {"gas": gas, **({"limit": LIMITS[name]} if name in LIMITS else {})}
        for name, gas in figures.items()
    }
    return json.dumps(rows, indent=2) + "\n"


def measure() -> dict[str, int]:
    """Gas by operation of our contracts, on a fresh chain."""
    with gas_chain() as chain:
        return Work(chain).run()


class Work:
    """The operations in an order in which each finds what it needs, in a steady state.

    Steady: a voucher, an offer and a financing exist before the measured one, so that no counter is
    written for the first time.
    """

    def __init__(self, chain: GasChain) -> None:
        self._chain = chain
        self._roots = 0
        self._documents = 0
        self._gas: dict[str, int] = {}

    def run(self) -> dict[str, int]:
        """Gas by operation."""
        warm = self._held()
        self._transfer(warm, FACE // 4)
        self._daily()
        self._endings()
        self._financing()
        self._relayed()
        self._batches()
        self._gas.update(appends(self._chain))
        return self._gas

    def _daily(self) -> None:
        gas, chain = self._gas, self._chain
        document = self._document()
        gas["issue"] = chain.call(ISSUER, self._issue_item(document))
        piece = self._newest()
        gas["accept"] = chain.call(SUPPLIER, it.Accept(piece))
        gas["transfer_split"] = self._transfer(piece, FACE // 4)
        part = PieceId(piece + 1)
        gas["accept_transfer"] = chain.call(SUPPLIER_2, it.Accept(part))
        gas["redeem_part"] = chain.call(BANK, it.Redeem(piece, FACE // 4, RECEIPT))
        gas["redeem"] = chain.call(BANK, it.Redeem(piece, FACE // 2, RECEIPT))
        gas["transfer_whole"] = self._transfer(self._held(), FACE)

    def _endings(self) -> None:
        gas, chain = self._gas, self._chain
        gas["decline_issue"] = chain.call(SUPPLIER, it.Decline(self._offered(), 0))
        piece = self._held()
        self._transfer(piece, FACE // 4)
        gas["decline_transfer"] = chain.call(SUPPLIER_2, it.Decline(PieceId(piece + 1), 0))
        gas["merge"] = chain.call(SUPPLIER, it.Merge(piece, PieceId(piece + 1)))
        self._transfer(piece, FACE)
        gas["withdraw_transfer"] = chain.call(SUPPLIER, it.Withdraw(piece))

    def _financing(self) -> None:
        gas, chain = self._gas, self._chain
        for number in (1, 2):
            financing = FinancingId(number)
            piece = self._held()
            gas["open_financing_split"] = chain.call(
                SUPPLIER,
                it.OpenFinancing(
                    piece, FACE // 2, False, FUNDER, BANK, False, True, FACE // 2 - 1,
                    TODAY + 90, EXPIRY, TERMS,
                ),
            )  # fmt: skip
            registration = hashlib.sha256(b"registration %d" % number).digest()
            gas["register_financing"] = chain.call(
                FUNDER, it.RegisterFinancing(financing, registration, bytes(32))
            )
            gas["disburse"] = chain.call(BANK, it.Disburse(financing, FACE // 2 - 1, RECEIPT))
            gas["repay"] = chain.call(BANK, it.Repay(financing, FACE // 2, RECEIPT))

    def _relayed(self) -> None:
        gas, chain = self._gas, self._chain
        transfer = [self._transfer_item(self._held(), FACE) for _ in range(2)]
        fresh = chain.relay(chain.order(SUPPLIER, transfer[0]))
        gas["transfer_whole_relayed"] = chain.relay(chain.order(SUPPLIER, transfer[1]))
        gas["relayed_extra"] = gas["transfer_whole_relayed"] - gas["transfer_whole"]
        gas["relayed_extra_first_of_256"] = fresh - gas["transfer_whole"]
        orders = [
            chain.order(SUPPLIER, self._transfer_item(self._held(), FACE)) for _ in range(BATCH)
        ]
        gas["transfer_whole_in_relay_of_100"] = chain.relay(*orders) // BATCH

    def _batches(self) -> None:
        gas, chain = self._gas, self._chain
        issues = tuple(self._issue_item(self._document()) for _ in range(BATCH))
        gas["issue_in_batch_of_100"] = chain.batch(ISSUER, issues) // BATCH
        first = self._roots + 1
        self._roots += BATCH
        pieces = [piece_id(RootId(root), 0) for root in range(first, first + BATCH)]
        accepts = tuple(it.Accept(piece) for piece in pieces)
        gas["accept_in_batch_of_100"] = chain.batch(SUPPLIER, accepts) // BATCH
        parts = tuple(self._transfer_item(piece, FACE // 4) for piece in pieces)
        gas["transfer_split_in_batch_of_100"] = chain.batch(SUPPLIER, parts) // BATCH
        redemptions = tuple(it.Redeem(piece, FACE * 3 // 4, RECEIPT) for piece in pieces)
        gas["redeem_in_batch_of_100"] = chain.batch(BANK, redemptions) // BATCH

    def _document(self) -> DocumentKey:
        self._documents += 1
        document = DocumentKey(hashlib.sha256(b"document %d" % self._documents).digest())
        item = it.RegisterDocument(document, 4, SUPPLIER, FACE)
        self._gas["register_document"] = self._chain.call(ISSUER, item)
        return document

    def _issue_item(self, document: DocumentKey) -> it.Issue:
        return it.Issue(SUPPLIER, BANK, FACE, TODAY + 90, EXPIRY, document, TERMS)

    def _newest(self) -> PieceId:
        self._roots += 1
        return piece_id(RootId(self._roots), 0)

    def _offered(self) -> PieceId:
        self._chain.call(ISSUER, self._issue_item(self._document()))
        return self._newest()

    def _held(self) -> PieceId:
        piece = self._offered()
        self._chain.call(SUPPLIER, it.Accept(piece))
        return piece

    def _transfer_item(self, piece: PieceId, amount: int) -> it.Transfer:
        return it.Transfer(piece, amount, False, SUPPLIER_2, EXPIRY, 1)

    def _transfer(self, piece: PieceId, amount: int) -> int:
        return self._chain.call(SUPPLIER, self._transfer_item(piece, amount))


def measure_reference() -> dict[str, int]:
    """Gas of the same work on the ERC-3525 reference, in a steady state as well."""
    issuer, supplier, supplier_2 = (key("party", party) for party in (ISSUER, SUPPLIER, SUPPLIER_2))
    code = compile_reference()
    with gas_chain() as chain:
        token = chain.create(key("deployer of the reference"), code)

        def mint(number: int) -> int:
            arguments = [to_checksum(supplier.address), number, 1, FACE]
            return chain.transact(
                issuer, token, encode_call("mint(address,uint256,uint256,uint256)", arguments)
            )

        def pass_on(signature: str, *arguments: Any) -> int:
            return chain.transact(supplier, token, encode_call(signature, arguments))

        part = "transferFrom(uint256,address,uint256)"
        whole = "transferFrom(address,address,uint256)"
        to = to_checksum(supplier_2.address)
        for number in (1001, 1002, 1003):
            mint(number)
        pass_on(part, 1001, to, FACE // 4)
        return {
            "mint": mint(1004),
            "transfer_split": pass_on(part, 1002, to, FACE // 4),
            "transfer_whole": pass_on(whole, to_checksum(supplier.address), to, 1003),
        }


def compile_reference() -> bytes:
    """Init code of the reference with our compiler and settings."""
    import solcx  # a development tool; nothing else here needs it

    path = "node_modules/@solvprotocol/erc-3525/ERC3525Mintable.sol"
    profile = tomllib.loads((CONTRACTS / "foundry.toml").read_text("utf-8"))["profile"]["default"]
    request = {
        "language": "Solidity",
        "sources": {path: {"content": (CONTRACTS / path).read_text("utf-8")}},
        "settings": {
            "remappings": profile["remappings"],
            "optimizer": {"enabled": True, "runs": profile["optimizer_runs"]},
            "evmVersion": profile["evm_version"],
            "outputSelection": {"*": {"ERC3525Mintable": ["evm.bytecode.object"]}},
        },
    }
    output = solcx.compile_standard(
        request, solc_binary=CONTRACTS / "tools" / "solc", base_path=CONTRACTS
    )
    code = output["contracts"][path]["ERC3525Mintable"]["evm"]["bytecode"]["object"]
    arguments = encode_call("_(string,string,uint8)", ["Credit voucher", "CV", 2])[4:]
    return bytes.fromhex(code) + arguments


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
