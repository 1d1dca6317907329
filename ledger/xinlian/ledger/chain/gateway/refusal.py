"""A refusal inside the gateway: becomes one JSON-RPC error."""

from __future__ import annotations

from typing import Any


class RefusalError(Exception):
    """Why a call is not carried out: JSON-RPC code, text, and optional data."""

    def __init__(self, code: int, message: str, data: Any = None) -> None:
        super().__init__(message)
        self.code, self.message, self.data = code, message, data

    def as_json(self) -> dict[str, Any]:
        """The error object of the answer."""
        error: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.data is not None:
            error["data"] = self.data
        return error
