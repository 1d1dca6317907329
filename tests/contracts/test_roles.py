"""`contracts/roles.json`, who may call what: every function against every kind of caller.

The words of the table: *anyone*; *account* (any account of a party), *party* (an account that may
act for an active party), a party role or several; *registrar*, *guardian*, *admin* (the timelock);
a contract of the network; *itself*; *writer* (of the evidence log, or an account of its party);
*authority* (its AccessManager); *member* (of the council); *nobody* (closed since deployment);
*scheduler*, *target* (AccessManager's own rules for delayed calls, which no role of the network
has).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import pytest
from eth_abi.abi import encode
from xinlian.ledger.chain.abi import argument_types, encode_call, selector
from xinlian.ledger.chain.contracts import artifact
from xinlian.ledger.chain.errors import RpcError
from xinlian.ledger.model.ids import Address, to_checksum
from xinlian.ledger.model.items import ContractName
from xinlian.ledger.model.keccak import keccak256
from xinlian.ledger.model.parties import Role
from xinlian.services.bench.gas_chain import GasChain, key

from tests.support.repository import ROOT

TABLE: dict[str, dict[str, str]] = json.loads((ROOT / "contracts/roles.json").read_text("utf-8"))
ROWS = [(name, function) for name, functions in TABLE.items() for function in functions]
ROLE_NUMBERS = {"admin": 0, "registrar": 1, "guardian": 2}
PARTY_ROLES = {
    "issuer": Role.ISSUER,
    "supplier": Role.SUPPLIER,
    "funder": Role.FUNDER,
    "paying bank": Role.PAYING_BANK,
    "inspector": Role.INSPECTOR,
    "auditor": Role.AUDITOR,
    "operator": Role.OPERATOR,
    "regulator": Role.REGULATOR,
}
CONTRACTS = {
    "PartyRegistry": ContractName.REGISTRY,
    "TradeDocuments": ContractName.DOCUMENTS,
    "CreditVouchers": ContractName.VOUCHERS,
    "FinancingDesk": ContractName.DESK,
    "EvidenceLog": ContractName.EVIDENCE,
}
CONTRACT_CALLERS = ("registry", "documents", "vouchers", "desk", "evidence", "authority", "council")
UNSURE = ("scheduler", "target", "writer")


def error(signature: str) -> str:
    """Selector of a custom error."""
    return "0x" + keccak256(signature.encode())[:4].hex()


UNAUTHORIZED = error("AccessManagedUnauthorized(address)")
NO_ACCOUNT = error("DirectoryUnknownAccount(address)")
NO_ROLE = error("DirectoryMissingRole(uint32,uint16)")
REFUSALS = {
    "account": NO_ACCOUNT,
    "party": NO_ACCOUNT,
    "registrar": UNAUTHORIZED,
    "guardian": UNAUTHORIZED,
    "admin": UNAUTHORIZED,
    "authority": UNAUTHORIZED,
    "registry": error("DirectoryNotRegistry(address)"),
    "vouchers": error("DocumentsVouchersOnly(address)"),
    "desk": error("VouchersDeskOnly(address)"),
    "itself": error("OrdersSelfOnly(address)"),
    "member": error("CouncilNotMember(address)"),
    "nobody": error("InvalidInitialization()"),
}


def refusal(contract: str, who: str) -> str:
    """Selector of the error by which the function refuses a caller that it is not for."""
    if who == "admin" and contract == "NetworkAuthority":
        return error("AccessManagerUnauthorizedAccount(address,uint64)")
    if who == "admin" and contract == "Council":
        return error("CouncilTimelockOnly(address)")
    return REFUSALS.get(who, NO_ROLE)


@pytest.fixture(scope="module")
def callers(chain: GasChain) -> Mapping[str, Address]:
    """One address of each kind of caller; the parties have one role each."""
    accounts = {word: key("only", word).address for word in PARTY_ROLES}
    registrations = [
        (
            hashlib.sha256(word.encode()).digest(),
            int(PARTY_ROLES[word]),
            1,
            [to_checksum(account)],
        )
        for word, account in accounts.items()
    ]
    register = artifact("PartyRegistry").signature("register")
    registry = chain.deployment.addresses[ContractName.REGISTRY]
    chain.transact(key("registrar"), registry, encode_call(register, [registrations]))
    names = chain.deployment.names()
    return {
        **accounts,
        **{name: names[name] for name in CONTRACT_CALLERS},
        "admin": chain.deployment.timelock,
        "registrar": key("registrar").address,
        "guardian": key("guardian").address,
        "member": key("member", 0).address,
        "deployer": key("deployer").address,
        "stranger": key("stranger").address,
    }


def zero(entry: dict[str, Any]) -> Any:
    """The zero value of an ABI type; lists are empty."""
    kind = entry["type"]
    if kind.endswith("[]"):
        return []
    if kind == "tuple":
        return tuple(zero(part) for part in entry["components"])
    if kind == "bool":
        return False
    if kind == "address":
        return to_checksum(Address(bytes(20)))
    if kind == "string":
        return ""
    return b"" if kind.startswith("bytes") else 0


def call_data(contract: str, function: str) -> str:
    """Call of a function with zeros for arguments."""
    name = function.split("(", 1)[0]
    abi = artifact(contract).abi
    inputs = next(
        entry["inputs"]
        for entry in abi
        if entry.get("name") == name
        and entry["type"] == "function"
        and len(entry["inputs"]) == len(argument_types(function))
    )
    values = [zero(entry) for entry in inputs]
    return "0x" + (selector(function) + encode(argument_types(function), values)).hex()


def address_of(chain: GasChain, contract: str) -> Address:
    if contract in CONTRACTS:
        return chain.deployment.addresses[CONTRACTS[contract]]
    names = {"NetworkAuthority": "authority", "Council": "council"}
    return chain.deployment.names()[names[contract]]


def answer(chain: GasChain, caller: Address, to: Address, data: str) -> str | None:
    """Revert data of a call, or None if it succeeded."""
    request = {"from": to_checksum(caller), "to": to_checksum(to), "data": data}
    try:
        chain.rpc.call("eth_call", request, "latest")
    except RpcError as exc:
        return str(getattr(exc, "data", None) or "0x")
    return None


def may(who: str, caller: str, contract: str) -> bool:
    """Whether the table lets this kind of caller in."""
    if who in ("account", "party"):
        return caller in PARTY_ROLES
    if who == "itself":
        return caller == CONTRACTS[contract].value
    return caller in who.split(" or ")


def test_the_table_names_every_function_that_can_change_something() -> None:
    for contract, functions in TABLE.items():
        found = {
            artifact_signature(entry)
            for entry in artifact(contract).abi
            if entry["type"] == "function" and entry["stateMutability"] not in ("view", "pure")
        }
        assert set(functions) == found, contract


def artifact_signature(entry: dict[str, Any]) -> str:
    def kind(part: dict[str, Any]) -> str:
        if not part["type"].startswith("tuple"):
            return str(part["type"])
        inside = ",".join(kind(inner) for inner in part["components"])
        return f"({inside}){part['type'].removeprefix('tuple')}"

    return f"{entry['name']}({','.join(kind(part) for part in entry['inputs'])})"


@pytest.mark.parametrize(("contract", "function"), ROWS, ids=lambda word: word.split("(")[0])
def test_only_those_named_get_in(
    chain: GasChain, callers: Mapping[str, Address], contract: str, function: str
) -> None:
    who = TABLE[contract][function]
    to = address_of(chain, contract)
    data = call_data(contract, function)
    answers = {name: answer(chain, caller, to, data) for name, caller in callers.items()}
    if who in UNSURE:
        assert None not in answers.values(), "nothing is due, and there is no log"
        return
    refused = refusal(contract, who)
    for caller, got in answers.items():
        start = got[:10] if got is not None else None
        if who == "anyone" or may(who, caller, contract):
            assert start not in {refused, *REFUSALS.values(), NO_ROLE}, caller
        elif refused == NO_ROLE and caller not in PARTY_ROLES:
            assert start == NO_ACCOUNT, caller
        else:
            assert start == refused, caller


@pytest.mark.parametrize(("contract", "function"), ROWS, ids=lambda word: word.split("(")[0])
def test_the_authority_says_the_same(chain: GasChain, contract: str, function: str) -> None:
    who = TABLE[contract][function]
    if who not in ROLE_NUMBERS or contract == "Council":
        return
    data = encode_call(
        "getTargetFunctionRole(address,bytes4)",
        [to_checksum(address_of(chain, contract)), selector(function)],
    )
    request = {"to": to_checksum(chain.deployment.authority), "data": "0x" + data.hex()}
    assert int(chain.rpc.call("eth_call", request, "latest"), 16) == ROLE_NUMBERS[who]


def test_nobody_but_the_timelock_is_admin(chain: GasChain, callers: Mapping[str, Address]) -> None:
    for name, caller in callers.items():
        for word, number in ROLE_NUMBERS.items():
            data = encode_call("hasRole(uint64,address)", [number, to_checksum(caller)])
            request = {"to": to_checksum(chain.deployment.authority), "data": "0x" + data.hex()}
            has = int(chain.rpc.call("eth_call", request, "latest")[2:66], 16)
            assert bool(has) == (name == word), (name, word)
