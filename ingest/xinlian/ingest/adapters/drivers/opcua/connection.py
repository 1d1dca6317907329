# mypy: disable-error-code="attr-defined, arg-type, assignment"
# (asyncua exports names without saying so, and has types of its own for plain integers.)
"""Connecting to a server of OPC UA, and letting go of it."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import Any, Final

from asyncua import Client, ua
from asyncua.crypto.security_policies import SecurityPolicyBasic256Sha256
from asyncua.ua import ua_binary
from xinlian.ingest.adapters.drivers.endpoint import secret
from xinlian.ingest.adapters.drivers.opcua.options import Options
from xinlian.ingest.model.quality import Quality
from xinlian.ingest.usecases.ports import DriverError

__all__ = ["ERRORS", "connect", "let_go"]

KEEP_S: Final = 2.0
"""How often the server's life is looked at."""
ERRORS: Final = (OSError, ua.UaError, ConnectionError, ValueError, KeyError, TypeError)
"""What the library raises where a server is gone or speaks nonsense."""


_unpack_array: Final = ua_binary.unpack_uatype_array


def _bounded_array(kind: Any, data: Any) -> Any:
    """An array of nulls takes four bytes and, as the library reads it, gigabytes: no server has
    a reason to send one."""
    if kind == ua.VariantType.Null:
        raise ua.UaError("an array of nulls")
    return _unpack_array(kind, data)


ua_binary.unpack_uatype_array = _bounded_array


async def connect(wanted: Options, timeout_s: float) -> Client:
    """A client with an active session; ``DriverError``."""
    client = Client(wanted.url, timeout=timeout_s, watchdog_intervall=KEEP_S)
    client.application_uri = wanted.application_uri
    client.name = client.description = "xinlian"
    client.max_messagesize = 16 << 20
    client.max_chunkcount = 4_096
    try:
        async with asyncio.timeout(timeout_s):
            if wanted.user:
                client.set_user(wanted.user)
                client.set_password(secret(wanted.password_file))
            if wanted.security != "none":
                mode = ua.MessageSecurityMode.SignAndEncrypt
                if wanted.security == "sign":
                    mode = ua.MessageSecurityMode.Sign
                await client.set_security(
                    SecurityPolicyBasic256Sha256, wanted.cert_file, wanted.key_file,
                    server_certificate=wanted.server_cert_file, mode=mode,
                )  # fmt: skip
            await client.connect()
    except TimeoutError as exc:
        await let_go(client)
        raise DriverError(f"{wanted.url} does not answer", Quality.TIMEOUT) from exc
    except ERRORS as exc:
        await let_go(client)
        raise DriverError(f"no session with {wanted.url}: {exc!r}") from exc
    except BaseException:
        await let_go(client)
        raise
    return client


async def let_go(client: Client) -> None:
    """End a session; what is left of it does not matter."""
    with suppress(Exception):
        async with asyncio.timeout(2):
            await client.disconnect()
    client.disconnect_socket()
