"""Local keys and key files, judged by eth-account."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from eth_account import Account
from eth_keys.constants import SECPK1_N
from hypothesis import given, settings
from hypothesis import strategies as st
from xinlian.ledger.chain.files import write_whole
from xinlian.ledger.chain.keystore import Kdf, Keystore, load_key, save_key
from xinlian.ledger.chain.signer import LocalSigner, recover
from xinlian.ledger.model.errors import Failure, LedgerError
from xinlian.ledger.model.ids import Address, to_checksum
from xinlian.ledger.model.keccak import keccak256

KEY = bytes.fromhex("4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318")


@settings(max_examples=25)
@given(st.integers(1, SECPK1_N - 1), st.binary(max_size=99))
def test_signatures_are_those_of_eth_account(number: int, preimage: bytes) -> None:
    key = number.to_bytes(32, "big")
    signer = LocalSigner(key)
    judge = Account.from_key(key)
    assert to_checksum(signer.address) == judge.address
    signature = signer.sign(preimage)
    assert signature == Account.unsafe_sign_hash(keccak256(preimage), key).signature
    assert recover(keccak256(preimage), signature) == signer.address


def test_signatures_that_contracts_refuse_are_nobodys() -> None:
    digest = keccak256(b"x")
    signature = LocalSigner(KEY).sign_digest(digest)
    s = int.from_bytes(signature[32:64], "big")
    high = signature[:32] + (SECPK1_N - s).to_bytes(32, "big") + bytes((55 - signature[64],))
    assert Account._recover_hash(digest, signature=high) == to_checksum(LocalSigner(KEY).address)
    for bad in (high, signature[:64] + b"\x00", signature[:64], bytes(65), b"\xff" * 65, b""):
        assert recover(digest, bad) is None
    other = recover(keccak256(b"y"), signature)
    assert other != LocalSigner(KEY).address


def test_new_accounts_differ_and_do_not_show_their_keys() -> None:
    one, two = LocalSigner.create(), LocalSigner.create()
    assert one.address != two.address
    assert one.secret().hex() not in repr(one)


@pytest.mark.parametrize("kdf", [Kdf.TOY, Kdf.LIGHT])
def test_a_key_file_is_read_by_eth_account_and_one_of_it_by_us(tmp_path: Path, kdf: Kdf) -> None:
    store = Keystore(tmp_path / "keys")
    signer = store.create("correct horse", kdf)
    path = next((tmp_path / "keys").iterdir())
    assert Account.decrypt(json.loads(path.read_text()), "correct horse") == signer.secret()
    assert store.open(signer.address, "correct horse").secret() == signer.secret()

    foreign = Account.encrypt(KEY, "battery", kdf="pbkdf2", iterations=2)
    write_whole(tmp_path / "foreign.json", json.dumps(foreign).encode())
    assert load_key(tmp_path / "foreign.json", "battery").secret() == KEY


def test_key_files_are_private_and_whole(tmp_path: Path) -> None:
    store = Keystore(tmp_path / "keys")
    signer = store.create("p", Kdf.TOY)
    path = store.save(signer, "another password", Kdf.TOY)  # stays as it is
    assert [found.name for found in store.folder.iterdir()] == [path.name]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(store.folder.stat().st_mode) == 0o700
    assert store.addresses() == [signer.address]
    store.open(signer.address, "p")
    assert "p" not in json.loads(path.read_text()).values()


def test_what_is_wrong_with_a_key_file_is_said(tmp_path: Path) -> None:
    path = tmp_path / "key.json"
    signer = LocalSigner(KEY)
    save_key(path, signer, "right", Kdf.TOY)
    good = json.loads(path.read_text())

    def expect(reason: str, password: str = "right") -> None:
        with pytest.raises(LedgerError) as caught:
            load_key(path, password)
        assert caught.value.code is Failure.KEY_UNREADABLE
        assert reason in caught.value.fields["reason"]
        assert "right" not in str(caught.value)

    expect("wrong password", "wrong")
    path.chmod(0o640)
    expect("chmod 600")
    for content, reason in (
        (b"{", "Expecting"),
        (b"[]", "no key file of version 3"),
        (json.dumps(good | {"version": 1}).encode(), "no key file of version 3"),
        (json.dumps(good | {"crypto": {}}).encode(), "damaged"),
        (json.dumps(good | {"address": "00" * 20}).encode(), "not that of the address"),
    ):
        write_whole(path, content)
        expect(reason)
    path.unlink()
    expect("No such file")
    with pytest.raises(LedgerError, match="password is empty"):
        save_key(path, signer, "", Kdf.TOY)
    with pytest.raises(LedgerError, match="no key file 0x0101") as caught:
        Keystore(tmp_path).open(Address(b"\1" * 20), "right")
    assert caught.value.code is Failure.NOT_FOUND


def test_a_write_that_fails_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "file"
    write_whole(path, b"old")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        write_whole(path, b"new")
    assert [found.read_bytes() for found in tmp_path.iterdir()] == [b"old"]
