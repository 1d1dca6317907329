"""Connections by hand: requests that stop half-way, and whether a server ends them."""

import socket
from contextlib import ExitStack

import pytest

HALF_HEAD = b"POST / HTTP/1.1\r\nHost: x\r\n"
HALF_BODY = HALF_HEAD + b"Content-Length: 100\r\n\r\nabc"
SILENT = pytest.mark.parametrize(
    "sent", [b"", HALF_HEAD, HALF_BODY], ids=["silent", "head", "body"]
)


def opened(stack: ExitStack, port: int, sent: bytes) -> socket.socket:
    """A connection over which ``sent`` went; closed with the stack."""
    made = stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=20))
    made.sendall(sent)
    return made


def ended(connection: socket.socket) -> bool:
    """Whether the server ends it, however it does that."""
    try:
        while connection.recv(1 << 20):
            pass
    except ConnectionResetError:
        return True
    except TimeoutError:
        return False
    return True
