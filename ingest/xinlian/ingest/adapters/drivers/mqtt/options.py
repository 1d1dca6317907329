"""What an endpoint of a broker says: shared by plain MQTT and Sparkplug."""

from __future__ import annotations

from dataclasses import dataclass, replace

from xinlian.ingest.adapters.drivers.endpoint import Endpoint

__all__ = ["Broker", "Will", "broker"]


@dataclass(frozen=True, slots=True)
class Will:
    """What the broker publishes when a connection is lost."""

    topic: str
    payload: bytes
    qos: int = 1
    retain: bool = True


@dataclass(frozen=True, slots=True)
class Broker:
    """A broker and how to speak to it. Devices with equal ones share a connection."""

    host: str
    port: int
    version: str
    tls: bool
    ca_file: str
    cert_file: str
    key_file: str
    user: str
    password_file: str
    client_id: str
    """With a name the broker keeps messages while the collector is away; empty: it does not."""
    session_s: int
    """How long it keeps them (MQTT 5; with 3.1.1 the broker's own rule holds)."""
    keepalive_s: int
    will: Will | None = None

    def with_will(self, will: Will) -> Broker:
        """The same with a will."""
        return replace(self, will=will)

    @property
    def place(self) -> str:
        """For messages."""
        return f"{self.host}:{self.port}"


def broker(ask: Endpoint) -> Broker:
    """Checked options; ``TagError``."""
    tls = ask.flag("tls", False)
    made = Broker(
        host=ask.text("host"),
        port=ask.integer("port", 1, 65_535, 8_883 if tls else 1_883),
        version=ask.one_of("version", ("3.1.1", "5"), "5"),
        tls=tls,
        ca_file=ask.text("ca_file", "", most=4_096),
        cert_file=ask.text("cert_file", "", most=4_096),
        key_file=ask.text("key_file", "", most=4_096),
        user=ask.text("user", ""),
        password_file=ask.text("password_file", "", most=4_096),
        client_id=ask.text("client_id", ""),
        session_s=ask.integer("session_s", 0, 2_592_000, 86_400),
        keepalive_s=ask.integer("keepalive_s", 1, 3_600, 30),
    )
    if made.password_file and not made.user:
        ask.refuse("user", "is missing beside password_file", "缺失，而给出了 password_file")
    if bool(made.cert_file) != bool(made.key_file):
        ask.refuse("cert_file", "goes with key_file", "须与 key_file 同时给出")
    if not tls and (made.ca_file or made.cert_file):
        ask.refuse("tls", "is true where certificates are named", "给出证书时须为 true")
    return made
