"""Signing by a Web3Signer server, which keeps the keys (files, vaults, HSMs) away from us.

Source: its published API for execution-layer keys, ``POST /api/v1/eth1/sign/{identifier}`` with
``{"data": "0x…"}`` and ``GET /api/v1/eth1/publicKeys``. The server signs Keccak-256(data), so it is
given what is to be hashed: for an order the 66 bytes 0x1901, domain separator, struct hash; for a
transaction its unsigned RLP. It answers with r, s, v in hex.
"""

from __future__ import annotations

import time
from typing import Any, Final

import httpx
from coincurve import PublicKey
from xinlian.ledger.chain.signer import address_of_public_key, recover
from xinlian.ledger.model.errors import Failure, LedgerError
from xinlian.ledger.model.ids import Address, to_checksum
from xinlian.ledger.model.keccak import keccak256

_ATTEMPTS: Final = 3
_PAUSE_S: Final = 0.2
_PUBLIC_KEY_BYTES: Final = 64
_PARITY_MAX: Final = 1


class Web3Signer:
    """One account of a Web3Signer server.

    Every signature is checked before it is returned, so a server that is set up with other keys or
    another scheme is noticed here and not on the chain.
    """

    def __init__(self, client: httpx.Client, address: Address, identifier: str) -> None:
        self._client = client
        self._identifier = identifier
        self.address = address

    def sign(self, preimage: bytes) -> bytes:
        """Sign the Keccak-256 of ``preimage``: 65 bytes r, s, v with v 27 or 28.

        Raises ``LedgerError``: the server does not answer after three attempts
        (SIGNER_UNAVAILABLE), or it refuses or answers with something else (SIGNER_REFUSED).
        """
        answer = _request(
            self._client,
            "POST",
            f"/api/v1/eth1/sign/{self._identifier}",
            json={"data": "0x" + preimage.hex()},
        )
        if not answer.is_success:
            reason = f"HTTP {answer.status_code} {answer.text[:200]}".strip()
            raise self._refused(reason)
        try:
            raw = bytes.fromhex(answer.text.strip().strip('"').removeprefix("0x"))
        except ValueError as exc:
            raise self._refused("the answer is no hex text") from exc
        # Some versions count v from 0.
        if len(raw) == 65 and raw[64] <= _PARITY_MAX:
            raw = raw[:64] + bytes((raw[64] + 27,))
        if recover(keccak256(preimage), raw) != self.address:
            raise self._refused("the signature is not one of this account")
        return raw

    def _refused(self, reason: str) -> LedgerError:
        fields = {"address": to_checksum(self.address), "reason": reason}
        return LedgerError(Failure.SIGNER_REFUSED, fields=fields)

    def __repr__(self) -> str:
        return f"Web3Signer({to_checksum(self.address)})"


def connect(
    url: str,
    *,
    headers: dict[str, str] | None = None,
    timeout_s: float = 5.0,
    verify: Any = True,
) -> dict[Address, Web3Signer]:
    """The accounts of the server at ``url``, by address.

    ``headers`` go with every request (a reverse proxy's token, say); ``verify`` is an
    ``ssl.SSLContext`` where the server wants a client certificate. Raises ``LedgerError``.
    """
    client = httpx.Client(base_url=url, headers=headers, timeout=timeout_s, verify=verify)
    answer = _request(client, "GET", "/api/v1/eth1/publicKeys")
    if not answer.is_success:
        raise _unavailable(f"HTTP {answer.status_code} for the list of keys")
    try:
        keys = [_public_key(text) for text in answer.json()]
    except (ValueError, TypeError, AttributeError) as exc:
        raise _unavailable(f"its list of keys cannot be read: {exc}") from exc
    return {
        address: Web3Signer(client, address, identifier)
        for address, identifier in ((address_of_public_key(key), text) for key, text in keys)
    }


def _public_key(text: str) -> tuple[PublicKey, str]:
    raw = bytes.fromhex(text.removeprefix("0x"))
    return PublicKey(b"\x04" + raw if len(raw) == _PUBLIC_KEY_BYTES else raw), text


def _request(client: httpx.Client, method: str, path: str, **arguments: Any) -> httpx.Response:
    """One request; repeated when the connection fails, since the same data give the same answer."""
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            answer = client.request(method, path, **arguments)
        except httpx.HTTPError as exc:
            if attempt == _ATTEMPTS:
                raise _unavailable(str(exc) or type(exc).__name__) from exc
        else:
            if not answer.is_server_error or attempt == _ATTEMPTS:
                return answer
        time.sleep(_PAUSE_S * attempt)
    raise AssertionError("the last attempt returns or raises")


def _unavailable(reason: str) -> LedgerError:
    return LedgerError(Failure.SIGNER_UNAVAILABLE, fields={"reason": reason})
