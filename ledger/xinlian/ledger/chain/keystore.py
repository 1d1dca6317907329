"""Keys on disk: one encrypted file per account (Web3 Secret Storage, version 3, scrypt).

Any wallet that reads such files can take a key over. Files are written whole or not at all and
readable by their owner alone; passwords are arguments of functions, never of programs.
"""

from __future__ import annotations

import json
import os
import stat
from enum import IntEnum
from pathlib import Path
from typing import Any

from xinlian.ledger.chain.files import write_whole
from xinlian.ledger.chain.keyfile import create_keyfile_json, decode_keyfile_json
from xinlian.ledger.chain.signer import LocalSigner
from xinlian.ledger.model.errors import Failure, LedgerError
from xinlian.ledger.model.ids import Address, parse_address, to_checksum

_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class Kdf(IntEnum):
    """Cost N of scrypt (r = 8): how dear each guess of a password is."""

    STANDARD = 1 << 18
    """About a second and 256 MiB a guess: the default, for every key that is worth something."""
    LIGHT = 1 << 12
    """About 20 ms and 4 MiB a guess: where many keys are opened, with long random passwords."""
    TOY = 2
    """No protection against guessing: for keys that a demonstration makes and throws away."""


class Keystore:
    """A folder of key files named by their address."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def save(self, signer: LocalSigner, password: str, kdf: Kdf = Kdf.STANDARD) -> Path:
        """Encrypt a key into the folder; the file. A key that is already there stays as it is."""
        path = self._path(signer.address)
        if not path.exists():
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            save_key(path, signer, password, kdf)
        return path

    def create(self, password: str, kdf: Kdf = Kdf.STANDARD) -> LocalSigner:
        """A new account, saved before it is returned."""
        signer = LocalSigner.create()
        self.save(signer, password, kdf)
        return signer

    def open(self, address: Address, password: str) -> LocalSigner:
        """The account's signer. Raises ``LedgerError``: no such key, or unreadable."""
        path = self._path(address)
        if not path.exists():
            raise LedgerError(
                Failure.NOT_FOUND, fields={"what": "key file", "id": to_checksum(address)}
            )
        return load_key(path, password)

    def addresses(self) -> list[Address]:
        """Accounts whose keys are here, in order."""
        return sorted(parse_address(path.stem) for path in self.folder.glob("0x*.json"))

    def _path(self, address: Address) -> Path:
        return self.folder / f"0x{address.hex()}.json"


def save_key(path: Path, signer: LocalSigner, password: str, kdf: Kdf = Kdf.STANDARD) -> None:
    """Write a key file (mode 0600), durable when this returns; an existing file is replaced."""
    if not password:
        raise _unreadable(path, "the password is empty")
    keyfile = create_keyfile_json(
        signer.secret(), password.encode(), kdf="scrypt", iterations=kdf.value
    )
    write_whole(path, json.dumps(keyfile, indent=1, sort_keys=True).encode() + b"\n")


def load_key(path: Path, password: str) -> LocalSigner:
    """Open a key file.

    Raises ``LedgerError(KEY_UNREADABLE)``: others may read the file, it is damaged, the password
    is wrong, or the key is not the one of the address in the file.
    """
    try:
        if os.name == "posix" and stat.S_IMODE(path.stat().st_mode) & _OTHERS:
            raise _unreadable(path, f"others may read it; run: chmod 600 {path}")
        keyfile: Any = json.loads(path.read_bytes())
    except (OSError, ValueError) as exc:
        raise _unreadable(path, str(exc)) from exc
    if not isinstance(keyfile, dict) or keyfile.get("version") != 3:
        raise _unreadable(path, "it is no key file of version 3")
    try:
        secret = decode_keyfile_json(keyfile, password.encode())
    except ValueError as exc:
        raise _unreadable(path, "wrong password, or the file is damaged") from exc
    except Exception as exc:
        raise _unreadable(path, "the file is damaged") from exc
    signer = LocalSigner(secret)
    if keyfile.get("address", "").removeprefix("0x").lower() != signer.address.hex():
        raise _unreadable(path, "the key is not that of the address in the file")
    return signer


def _unreadable(path: Path, reason: str) -> LedgerError:
    return LedgerError(Failure.KEY_UNREADABLE, fields={"path": str(path), "reason": reason})
