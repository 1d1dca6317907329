"""The client of paho-mqtt, without its leaks."""

from __future__ import annotations

import socket
import ssl
from typing import Any

import paho.mqtt.client as paho

__all__ = ["Client"]


class Client(paho.Client):
    """Closes sockets that the library would leave open: of a failed handshake, and of a connection
    that came to be after nobody waited for it any more."""

    given_up = False

    def _create_socket(self) -> Any:
        made = super()._create_socket()
        if self.given_up:
            made.close()
            raise OSError("given up")
        return made

    def _ssl_wrap_socket(self, tcp_sock: socket.socket) -> ssl.SSLSocket:
        context = self._ssl_context
        if context is None:
            raise ValueError("no TLS context")
        made = context.wrap_socket(
            tcp_sock, server_hostname=self._host, do_handshake_on_connect=False
        )
        try:
            made.settimeout(self._connect_timeout)
            made.do_handshake()
        except BaseException:
            made.close()
            raise
        return made
