"""How the NATS servers of the bus are reached: who we are to them, and whom we trust."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from xinlian.ingest.adapters.bus.trusted import BusKey
from xinlian.services.settings import Settings, SettingsError, read_secret

__all__ = ["bus_key", "bus_options"]

_KEY_CHARS_MIN: Final = 32


def bus_options(settings: Settings, servers: Sequence[str]) -> dict[str, Any]:
    """What ``nats.connect`` needs beside the addresses. ``SettingsError`` for secrets in addresses
    (other users of the machine see them) and for files that are of no use or open to others."""
    for server in servers:
        place = urlsplit(server if "://" in server else f"nats://{server}")
        if place.username is not None or place.password is not None:
            raise SettingsError(
                "the address of a NATS server must not say who you are: set XINLIAN_BUS_USER and "
                "XINLIAN_BUS_PASSWORD_FILE, or XINLIAN_BUS_TOKEN_FILE (files of mode 0600)"
            )
    options: dict[str, Any] = {}
    if settings.bus_user is not None and settings.bus_password_file is not None:
        options |= {"user": settings.bus_user, "password": read_secret(settings.bus_password_file)}
    if settings.bus_token_file is not None:
        options["token"] = read_secret(settings.bus_token_file)
    if settings.bus_ca_file is not None:
        try:
            options["tls"] = ssl.create_default_context(cafile=settings.bus_ca_file)
        except (OSError, ssl.SSLError) as exc:
            raise SettingsError(
                f"XINLIAN_BUS_CA_FILE {settings.bus_ca_file} holds no certificates: {exc}"
            ) from exc
    return options


def bus_key(settings: Settings) -> BusKey:
    """The key that both ends share; an empty one if none is set."""
    if settings.bus_key_file is None:
        return BusKey()
    key = read_secret(settings.bus_key_file)
    if len(key) < _KEY_CHARS_MIN:
        raise SettingsError(
            f"XINLIAN_BUS_KEY_FILE {settings.bus_key_file} holds fewer than {_KEY_CHARS_MIN} "
            "characters: make one with `openssl rand -hex 32`"
        )
    return BusKey(key.encode())
