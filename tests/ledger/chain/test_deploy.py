"""Founding a network on a real node: complete, repeatable, resumed after a break, verified."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from xinlian.ledger.chain import deploy as module
from xinlian.ledger.chain.abi import Transaction, decode_result, encode_call
from xinlian.ledger.chain.contracts import artifact
from xinlian.ledger.chain.deploy import create_address, deploy
from xinlian.ledger.chain.deployment import Deployment
from xinlian.ledger.chain.rpc import Rpc
from xinlian.ledger.chain.signer import LocalSigner
from xinlian.ledger.model.errors import Failure, LedgerError
from xinlian.ledger.model.ids import Address, to_checksum
from xinlian.ledger.model.items import ContractName

from tests.support.network import GUARDIAN, MEMBERS, REGISTRAR, genesis
from tests.support.node import NodeProcess


def read(rpc: Rpc, to: Address, signature: str, types: list[str], *arguments: Any) -> Any:
    data = encode_call(signature, arguments)
    answer = rpc.call("eth_call", {"to": to_checksum(to), "data": "0x" + data.hex()}, "latest")
    return decode_result(types, bytes.fromhex(answer[2:]))[0]


def test_a_contracts_address_is_known_before_it_exists() -> None:
    # From EIP-1014's neighbourhood: the well-known first three contracts of this account.
    account = Address(bytes.fromhex("6ac7ea33f8831ea9dcc53393aaa88b25a785dbf0"))
    assert [create_address(account, nonce).hex() for nonce in (0, 1, 2)] == [
        "cd234a471b72ba2f1ccf0a70fcaba648a5eecd8d",
        "343c43a37d37dff08ae8c4a11544c718abb4fcf8",
        "f778b86fa74e846c4f0a1fbd1335fe81c00a0c91",
    ]


def test_a_network_is_founded_as_its_genesis_says(node: NodeProcess, tmp_path: Path) -> None:
    with node.rpc() as rpc:
        found = deploy(rpc, LocalSigner.create(), genesis())
        found.verify(rpc)
        assert read(rpc, found.council, "threshold()", ["uint256"]) == 2
        assert read(rpc, found.council, "members()", ["address[]"]) == tuple(
            to_checksum(member.address).lower() for member in MEMBERS
        )
        roles = {"timelock": 0, "registrar": 1, "guardian": 2}
        for role, holder in zip(
            roles.values(), (found.timelock, REGISTRAR.address, GUARDIAN.address), strict=True
        ):
            signature = "hasRole(uint64,address)"
            assert read(
                rpc, found.authority, signature, ["bool", "uint32"], role, to_checksum(holder)
            )
        for name in ContractName:
            address = found.addresses[name]
            assert (
                read(rpc, address, "authority()", ["address"])
                == to_checksum(found.authority).lower()
            )
        assert read(rpc, found.addresses[ContractName.VOUCHERS], "name()", ["string"])

        found.save(tmp_path / "deployment.json")
        assert Deployment.load(tmp_path / "deployment.json") == found


class BrokeOffError(Exception):
    pass


@pytest.mark.parametrize("sent", [0, 1, 7, 13, 15])
def test_a_founding_that_broke_off_is_finished(
    node: NodeProcess, monkeypatch: pytest.MonkeyPatch, sent: int
) -> None:
    deployer = LocalSigner.create()

    def part(rpc: Rpc, raws: list[bytes]) -> None:
        rpc.send_raw(raws[:sent])
        raise BrokeOffError

    with node.rpc() as rpc:
        with monkeypatch.context() as broken:
            broken.setattr(module, "_send", part)
            with pytest.raises(BrokeOffError):
                deploy(rpc, deployer, genesis())
        found = deploy(rpc, deployer, genesis())
        assert found == deploy(rpc, deployer, genesis())
        count = rpc.call("eth_getTransactionCount", to_checksum(deployer.address), "latest")
        assert int(count, 16) == 15


def test_an_account_with_a_past_is_refused(node: NodeProcess) -> None:
    with node.rpc() as rpc:
        used = LocalSigner.create()
        tx = Transaction(node.chain_id, 0, 30_000, used.address, b"")
        rpc.send_raw([tx.signed(used)[1]])
        rpc.wait_final(int(rpc.call("eth_blockNumber"), 16) + 1, 5)
        for deployer, other in ((used, genesis()), (LocalSigner.create(), genesis(delay_s=7))):
            if deployer is not used:
                deploy(rpc, deployer, genesis())
            with pytest.raises(LedgerError) as caught:
                deploy(rpc, deployer, other)
            assert caught.value.code is Failure.CONFLICT
            assert to_checksum(deployer.address) in caught.value.fields["what"]


def test_another_chain_or_other_code_is_noticed(node: NodeProcess) -> None:
    with node.rpc() as rpc:
        found = deploy(rpc, LocalSigner.create(), genesis())
        content = found.to_json()
        for change, code in (
            ({"chain_id": 1}, Failure.CHAIN_MISMATCH),
            (
                {"code_hashes": {**content["code_hashes"], "desk": "0x" + "00" * 32}},
                Failure.CHAIN_MISMATCH,
            ),
            (
                {"others": {**content["others"], "office": "0x" + "11" * 20}},
                Failure.NOT_DEPLOYED,
            ),
        ):
            with pytest.raises(LedgerError) as caught:
                Deployment.from_json({**content, **change}).verify(rpc)
            assert caught.value.code is code


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (None, Failure.NOT_FOUND),
        ("{", Failure.INVALID),
        ("[]", Failure.INVALID),
        ('{"version": 9}', Failure.INVALID),
        ('{"version": 1, "chain_id": 5}', Failure.INVALID),
    ],
)
def test_a_file_that_is_no_deployment_is_named(
    tmp_path: Path, content: str | None, code: Failure
) -> None:
    path = tmp_path / "deployment.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(LedgerError, match=str(path)) as caught:
        Deployment.load(path)
    assert caught.value.code is code


def test_artifacts_tell_signatures_and_refuse_wrong_arguments() -> None:
    registry = artifact("PartyRegistry")
    assert registry.signature("register") == "register((bytes32,uint16,uint8,address[])[])"
    with pytest.raises(ValueError, match="0 functions called fly"):
        registry.signature("fly")
    with pytest.raises(ValueError, match="takes 5 arguments"):
        registry.init_code()
    with pytest.raises(LedgerError, match="no compiled contract Nothing"):
        artifact("Nothing")
