"""The committed artifacts are what the sources compile to, bit for bit."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import pytest

from tests.support.repository import ROOT

CODE_MAX = 24_576  # EIP-170
ARTIFACTS = sorted((ROOT / "contracts" / "artifacts").glob("*.json"))


@pytest.fixture(scope="module")
def build() -> ModuleType:
    spec = importlib.util.spec_from_file_location("build", ROOT / "contracts/script/build.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_artifacts_are_what_the_sources_compile_to(
    build: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    assert build.main(["--check"]) == 0, capsys.readouterr().out


@pytest.mark.parametrize("path", ARTIFACTS, ids=lambda path: path.stem)
def test_code_can_be_deployed(path: Path) -> None:
    code = json.loads(path.read_text("utf-8"))["deployedBytecode"]
    assert 0 < len(bytes.fromhex(code[2:])) <= CODE_MAX


def test_the_voucher_abi_is_that_of_both_parts() -> None:
    def functions(name: str) -> set[str]:
        path = ROOT / "contracts" / "artifacts" / f"{name}.json"
        abi = json.loads(path.read_text("utf-8"))["abi"]
        return {entry["name"] for entry in abi if entry["type"] == "function"}

    assert functions("VoucherOffice") <= functions("CreditVouchers")
    assert {"issue", "relay", "rootDigests", "tokenURI"} <= functions("CreditVouchers")
