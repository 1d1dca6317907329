"""What runs between the gateway's fork and the engine: seal it in, tie its life to ours, become it.

Started as ``python -I -S engine_child.py PARENT_PID PROGRAM ARGUMENT...``; needs nothing but the
standard library. Linux only where marked; elsewhere those steps are left out.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys
from typing import Final

_CLONE_NEWUSER: Final = 0x10000000
_CLONE_NEWNET: Final = 0x40000000
_PR_SET_PDEATHSIG: Final = 1


def isolate(libc: ctypes.CDLL) -> bool:
    """Move into a network of our own (Linux): no one on this machine can reach the engine's port.

    anvil cannot be told to open no port, and whoever reaches that port can rob everyone. What is
    left is its Unix socket, in a folder that only this user may enter.
    """
    if libc.unshare(_CLONE_NEWNET) == 0:
        return True
    return bool(libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNET) == 0)


def main(argv: list[str]) -> int:
    """Become the engine. Does not return unless the parent is already gone or exec fails."""
    parent, program, arguments = int(argv[1]), argv[2], argv[3:]
    isolated = False
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        isolated = isolate(libc)
        # After unshare: a change of credentials would clear it.
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            return 1
    # 127.0.0.1 does not exist in a new network; every address there is out of reach from here.
    host = ["--host", "0.0.0.0", "--port", "8545"] if isolated else ["--port", "0"]
    os.write(1, b"isolated\n" if isolated else b"reachable\n")
    os.dup2(2, 1)
    os.execv(program, [program, *arguments, *host])  # noqa: S606 - a fixed program, no shell
    raise AssertionError("exec returned")


if __name__ == "__main__":
    sys.exit(main(sys.argv))
