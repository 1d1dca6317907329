"""What an endpoint of OPC UA says."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from xinlian.ingest.adapters.drivers.endpoint import Endpoint
from xinlian.ingest.model.devices import Device

__all__ = ["Options", "options"]


@dataclass(frozen=True, slots=True)
class Options:
    """A server, how to be safe from others, and how to read."""

    url: str
    subscribe: bool
    """Whether the server reports changes; otherwise it is polled."""
    security: str
    """``none``, ``sign`` or ``encrypt``, the latter by Basic256Sha256."""
    cert_file: str
    key_file: str
    server_cert_file: str
    application_uri: str
    user: str
    password_file: str
    queue: int
    """Changes of a tag that the server keeps between two publications."""


def options(device: Device) -> Options:
    """The checked options; ``TagError``."""
    ask = Endpoint(device)
    made = Options(
        url=ask.text("url", most=2_048),
        subscribe=ask.one_of("mode", ("subscribe", "poll"), "subscribe") == "subscribe",
        security=ask.one_of("security", ("none", "sign", "encrypt"), "none"),
        cert_file=ask.text("cert_file", "", most=4_096),
        key_file=ask.text("key_file", "", most=4_096),
        server_cert_file=ask.text("server_cert_file", "", most=4_096),
        application_uri=ask.text("application_uri", "urn:xinlian:collector"),
        user=ask.text("user", ""),
        password_file=ask.text("password_file", "", most=4_096),
        queue=ask.integer("queue", 1, 1_000, 10),
    )
    plain = ask.flag("plain_password", False)
    ask.done()
    try:
        parts = urlsplit(made.url)
        good = parts.scheme == "opc.tcp" and bool(parts.hostname) and "@" not in parts.netloc
    except ValueError:
        good = False
    if not good:
        ask.refuse("url", "is opc.tcp://host:port without a user", "须为 opc.tcp://主机:端口")
    if made.security != "none":
        for name in ("cert_file", "key_file", "server_cert_file"):
            if not getattr(made, name):
                ask.refuse(name, "is missing beside security", "缺失，而启用了 security")
    if bool(made.user) != bool(made.password_file):
        ask.refuse("user", "goes with password_file", "须与 password_file 同时给出")
    if made.user and made.security != "encrypt" and not plain:
        ask.refuse(
            "security", "is encrypt where a password is sent (or plain_password: true)",
            "发送口令时须为 encrypt（或设 plain_password: true）",
        )  # fmt: skip
    return made
