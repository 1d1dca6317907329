"""``eth_keyfile`` without what importing it does to the whole process.

It loads ``py_ecc``, which raises Python's recursion limit to 100,000: more than the stack of a
thread holds, so that deep input would end the process instead of raising ``RecursionError``.
"""

from __future__ import annotations

import sys

_LIMIT = sys.getrecursionlimit()
from eth_keyfile.keyfile import create_keyfile_json, decode_keyfile_json  # noqa: E402

sys.setrecursionlimit(_LIMIT)

__all__ = ["create_keyfile_json", "decode_keyfile_json"]
