"""A chain with the contracts on it, made for measuring, used by every test of this folder."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from xinlian.services.bench.gas_chain import GasChain, gas_chain

from tests.support.repository import ROOT


@pytest.fixture(scope="package", autouse=True)
def tools() -> Iterator[None]:
    """The tools that ./xl installed, for whoever starts pytest by hand."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", f"{ROOT / '.xl/bin'}:{os.environ['PATH']}")
        yield


@pytest.fixture(scope="module")
def chain(tools: None) -> Iterator[GasChain]:
    """A fresh network with five parties; shared by the tests of one module."""
    with gas_chain() as made:
        yield made
