"""The compiled contracts: ABI and bytecode, as committed in ``contracts/artifacts``."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from eth_abi.abi import encode
from xinlian.ledger.model.errors import Failure, LedgerError

_FOLDER: Final = Path(__file__).resolve().parents[4] / "contracts" / "artifacts"


@dataclass(frozen=True, slots=True)
class Artifact:
    """A compiled contract."""

    name: str
    abi: tuple[dict[str, Any], ...]
    bytecode: bytes

    def init_code(self, *arguments: Any) -> bytes:
        """The code that deploys the contract with these constructor arguments."""
        inputs: list[dict[str, Any]] = []
        for entry in self.abi:
            if entry["type"] == "constructor":
                inputs = entry["inputs"]
        types = [_type(entry) for entry in inputs]
        if len(types) != len(arguments):
            raise ValueError(f"the constructor of {self.name} takes {len(types)} arguments")
        return self.bytecode + encode(types, list(arguments))

    def signature(self, function: str) -> str:
        """``name(type,…)`` of a function that has one form only."""
        found = [e for e in self.abi if e["type"] == "function" and e["name"] == function]
        if len(found) != 1:
            raise ValueError(f"{self.name} has {len(found)} functions called {function}")
        return f"{function}({','.join(_type(entry) for entry in found[0]['inputs'])})"

    def output(self, function: str) -> list[tuple[str, str]]:
        """(name, type) of the members of the one struct that a view returns."""
        (entry,) = (e for e in self.abi if e["type"] == "function" and e["name"] == function)
        (returned,) = entry["outputs"]
        return [(member["name"], member["type"]) for member in returned["components"]]


def _type(entry: dict[str, Any]) -> str:
    kind: str = entry["type"]
    if not kind.startswith("tuple"):
        return kind
    inside = ",".join(_type(part) for part in entry["components"])
    return f"({inside}){kind.removeprefix('tuple')}"


@lru_cache(maxsize=32)
def artifact(name: str) -> Artifact:
    """The contract called ``name``. Raises ``LedgerError(NOT_FOUND)`` if there is no such file."""
    path = _FOLDER / f"{name}.json"
    if not path.exists():
        raise LedgerError(Failure.NOT_FOUND, fields={"what": "compiled contract", "id": name})
    content = json.loads(path.read_text(encoding="utf-8"))
    code = bytes.fromhex(content["bytecode"].removeprefix("0x"))
    return Artifact(name, tuple(content["abi"]), code)
