# mypy: disable-error-code="no-untyped-call, override, index, assignment"
"""pycomm3 as this product needs it: types from the address table instead of an upload of all tags,
types of answers checked, and reading bounded.

An upload takes seconds at every connect and cannot be made from controllers that have no symbol
object. The library does not compare the type of an answer with what it expects, and reads on for
ever where the other end closed in the middle of an answer; both are mended here. Its methods have
no types, hence the first line.
"""

from __future__ import annotations

import struct
import time
from typing import Any, Final

from pycomm3 import LogixDriver
from pycomm3.cip import DataTypes
from pycomm3.exceptions import CommError
from pycomm3.packets.logix import ReadTagResponsePacket, WriteTagRequestPacket
from pycomm3.socket_ import Socket

__all__ = ["Plc"]

HEADER: Final = 24
ANSWER_MAX: Final = 65_535 + HEADER


class _BoundedSocket(Socket):
    """An answer is whole within the timeout, or it is an error."""

    def __init__(self, timeout: float) -> None:
        super().__init__(timeout)
        self.timeout_s = timeout

    def receive(self, timeout: float = 0) -> bytes:
        due = time.monotonic() + (timeout or self.timeout_s)
        data = b""
        while len(data) < HEADER or len(data) < HEADER + struct.unpack_from("<H", data, 2)[0]:
            left = due - time.monotonic()
            if left <= 0:
                raise TimeoutError("no whole answer in time")
            self.sock.settimeout(left)
            got = self.sock.recv(ANSWER_MAX)
            if not got:
                raise CommError("the controller closed the connection")
            data += got
            if len(data) > ANSWER_MAX:
                raise CommError("an answer without end")
        return data


class _Checked(ReadTagResponsePacket):
    def _parse_reply(self, dont_parse: bool = False) -> None:
        super()._parse_reply(dont_parse)
        wanted = self.tag_info["type_class"].code
        if self.is_valid() and self.data[:2] != struct.pack("<H", wanted):
            self._error = f"type is 0x{self.data[:2][::-1].hex()}, not 0x{wanted:04x}"
            self.value = None


class Plc(LogixDriver):
    """A controller whose tags' types are told by ``types``: base address to name of a CIP type."""

    def __init__(self, path: str, types: dict[str, str], timeout_s: float) -> None:
        super().__init__(path, init_tags=False, init_program_tags=False)
        self.types = types
        self._sock = _BoundedSocket(timeout_s)

    def _initialize_driver(self, **_options: Any) -> None:
        """Nothing is asked of the controller but what is to be read."""
        self._cfg["use_instance_ids"] = False
        self._micro800 = False

    def _get_tag_info(self, base: str, attrs: list[str]) -> dict[str, Any]:
        name = self.types[".".join([base, *attrs])]
        kind = DataTypes.get(name)
        return {
            "tag_name": base, "tag_type": "atomic", "dim": 0, "data_type": name,
            "data_type_name": name, "type_class": kind,
        }  # fmt: skip

    def _read_build_requests(self, parsed_tags: Any) -> Any:
        requests = super()._read_build_requests(parsed_tags)
        for request in requests:
            for each in getattr(request, "requests", [request]):
                each.response_class = _Checked
        return requests

    def _write_build_single_request(self, parsed_tag: Any) -> Any:
        request = super()._write_build_single_request(parsed_tag)
        if type(request) is WriteTagRequestPacket:
            # It was built once to learn its size; built again, it would carry itself twice.
            request._msg = []
            request._msg_setup = False
        return request

    def read(self, *tags: str) -> Any:
        """As the library's; of an answer with fewer parts than were asked for it makes a
        ``StopIteration``, which cannot leave a thread."""
        try:
            return super().read(*tags)
        except StopIteration as exc:
            raise ValueError("an answer lacks parts") from exc

    def shut(self) -> None:
        """Close the socket from another thread: whatever waits on it ends."""
        if self._sock is not None:
            self._sock.close()
