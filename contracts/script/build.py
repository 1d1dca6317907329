"""Compile the contracts and write ``contracts/artifacts/<Name>.json``.

    python contracts/script/build.py            write the artifacts
    python contracts/script/build.py --check    compare only; exit 1 and name what differs

An artifact holds ``abi``, ``bytecode`` and ``deployedBytecode``. Settings come from
``foundry.toml``, so that the artifacts are the code that the Foundry tests run. The build is the
same bit for bit on every machine: no metadata and no path enters the code.
"""

from __future__ import annotations

import json
import sys
import tomllib
from pathlib import Path
from typing import Any

import solcx

CONTRACTS = Path(__file__).resolve().parent.parent
ARTIFACTS = CONTRACTS / "artifacts"
OPENZEPPELIN = "node_modules/@openzeppelin/contracts"
SOURCES = {
    "PartyRegistry": "src/PartyRegistry.sol",
    "TradeDocuments": "src/TradeDocuments.sol",
    "CreditVouchers": "src/CreditVouchers.sol",
    "VoucherOffice": "src/VoucherOffice.sol",
    "FinancingDesk": "src/FinancingDesk.sol",
    "EvidenceLog": "src/EvidenceLog.sol",
    "NetworkAuthority": "src/NetworkAuthority.sol",
    "Council": "src/Council.sol",
    "TimelockController": f"{OPENZEPPELIN}/governance/TimelockController.sol",
    "ERC1967Proxy": f"{OPENZEPPELIN}/proxy/ERC1967/ERC1967Proxy.sol",
}
# The voucher contract's address answers to both parts of its code; callers see one ABI.
MERGED_ABI = {"CreditVouchers": "VoucherOffice"}


def compile_all() -> dict[str, str]:
    """Return the text of each artifact file by contract name."""
    profile = tomllib.loads((CONTRACTS / "foundry.toml").read_text("utf-8"))["profile"]["default"]
    request = {
        "language": "Solidity",
        "sources": {
            path: {"content": (CONTRACTS / path).read_text("utf-8")} for path in SOURCES.values()
        },
        "settings": {
            "remappings": profile["remappings"],
            "optimizer": {"enabled": profile["optimizer"], "runs": profile["optimizer_runs"]},
            "evmVersion": profile["evm_version"],
            "viaIR": profile.get("via_ir", False),
            "metadata": {"appendCBOR": False, "bytecodeHash": "none"},
            "outputSelection": {
                "*": {"*": ["abi", "evm.bytecode.object", "evm.deployedBytecode.object"]}
            },
        },
    }
    output = solcx.compile_standard(
        request, solc_binary=CONTRACTS / "tools" / "solc", base_path=CONTRACTS
    )
    compiled = {name: output["contracts"][path][name] for name, path in SOURCES.items()}
    for name, other in MERGED_ABI.items():
        compiled[name]["abi"] = merge_abi(compiled[name]["abi"], compiled[other]["abi"])
    return {name: render(entry) for name, entry in compiled.items()}


def merge_abi(abi: list[dict[str, Any]], other: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return ``abi`` with the functions, events and errors of ``other`` that it lacks."""
    extra = [
        entry
        for entry in other
        if entry not in abi and entry["type"] not in ("constructor", "fallback", "receive")
    ]
    return abi + extra


def render(entry: dict[str, Any]) -> str:
    """Return an artifact file's text; one ABI entry a line, so that a diff is short."""
    abi = ",\n".join("    " + json.dumps(item) for item in entry["abi"])
    code = entry["evm"]["bytecode"]["object"]
    deployed = entry["evm"]["deployedBytecode"]["object"]
    return (
        f'{{\n  "abi": [\n{abi}\n  ],\n  "bytecode": "0x{code}",\n'
        f'  "deployedBytecode": "0x{deployed}"\n}}\n'
    )


def main(argv: list[str]) -> int:
    """Write or check the artifacts; return the exit status."""
    texts = compile_all()
    if "--check" in argv:
        wrong = [name for name, text in texts.items() if read(name) != text]
        extra = sorted({path.stem for path in ARTIFACTS.glob("*.json")} - set(texts))
        for name in wrong:
            print(f"contracts/artifacts/{name}.json is not what the sources compile to")
        for name in extra:
            print(f"contracts/artifacts/{name}.json belongs to no contract")
        if wrong or extra:
            print("write them anew: python contracts/script/build.py")
        return 1 if wrong or extra else 0
    ARTIFACTS.mkdir(exist_ok=True)
    for name, text in texts.items():
        (ARTIFACTS / f"{name}.json").write_text(text, "utf-8")
    print(f"wrote {len(texts)} artifacts")
    return 0


def read(name: str) -> str:
    """Return the committed text of an artifact; empty if there is none."""
    path = ARTIFACTS / f"{name}.json"
    return path.read_text("utf-8") if path.exists() else ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
