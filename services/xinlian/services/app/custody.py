"""Keys that this server keeps for its parties: one encrypted file per account.

The server of a party keeps that party's keys; a rehearsal on one machine keeps everybody's. The
password of the files stands in a file of its own, readable by the owner alone. Where a Web3Signer
server is named, its keys (vaults, HSMs) sign here as well.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from xinlian.ledger.chain.keystore import Kdf, Keystore
from xinlian.ledger.chain.signer import LocalSigner
from xinlian.ledger.chain.web3signer import connect
from xinlian.ledger.model.ids import Address
from xinlian.ledger.model.orders import Signer
from xinlian.services.settings import read_secret, write_secret

__all__ = ["Custody"]


class Custody:
    """The accounts that can sign here."""

    def __init__(
        self,
        folder: Path,
        password_file: Path,
        kdf: Kdf = Kdf.LIGHT,
        web3signer_url: str | None = None,
    ) -> None:
        self._store = Keystore(folder)
        self._web3signer_url = web3signer_url
        self._remote: Mapping[Address, Signer] | None = None
        self._password_file = password_file
        self._kdf = kdf
        self._open: dict[Address, Signer] = {}
        self._lock = threading.Lock()

    def create(self) -> Address:
        """A new account, its key kept before it is returned."""
        signer = self._store.create(self._password(), self._kdf)
        with self._lock:
            self._open[signer.address] = signer
        return signer.address

    def add(self, signer: LocalSigner) -> None:
        """Keep the key of an account that was made elsewhere."""
        self._store.save(signer, self._password(), self._kdf)
        with self._lock:
            self._open[signer.address] = signer

    def signers(self, accounts: Sequence[Address], most: int) -> list[Signer]:
        """Up to ``most`` of the accounts whose keys are kept here."""
        found: list[Signer] = []
        for account in accounts:
            if len(found) == most:
                break
            signer = self._signer(account)
            if signer is not None:
                found.append(signer)
        return found

    def _signer(self, account: Address) -> Signer | None:
        with self._lock:
            known = self._open.get(account)
            if known is None and account in self._store.addresses():
                known = self._open[account] = self._store.open(account, self._password())
            return known if known is not None else self._remote_signer(account)

    def _remote_signer(self, account: Address) -> Signer | None:
        """The account at the Web3Signer server; its list is asked for once.

        Raises ``LedgerError`` (``SIGNER_UNAVAILABLE``).
        """
        if self._web3signer_url is None:
            return None
        if self._remote is None:
            self._remote = connect(self._web3signer_url)
        return self._remote.get(account)

    def _password(self) -> str:
        if not self._password_file.exists():
            write_secret(self._password_file, secrets.token_urlsafe(32))
        return read_secret(self._password_file)
