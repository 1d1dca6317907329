"""A network with the battery plant of the sample taken in: real node, real database, real server.

The fixture ``plant`` (one per module) gives a ``Site``; its companies are those of the sample, each
of which shares with the others, and ``outsider``, with whom nobody shares.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from xinlian.finance.model.trade.codes import synthetic_uscc
from xinlian.services.app.actors import Scope
from xinlian.services.demo_trace.run import FILES, SAMPLE
from xinlian.services.demo_trace.site import Site

EXPECTED = json.loads((SAMPLE / "expected.json").read_text("utf-8"))
SUSPECT = "LXLBE2A00TH100114"
COIL = EXPECTED["recall_coil"]["cause"]
SCOPES = Scope.READ | Scope.WRITE | Scope.SIGN
_keys = itertools.count(1)


def found_plant(folder: Path) -> Site:
    """The network with everything taken in, evidence on chain, served."""
    site = Site(folder).open()
    rows = json.loads((SAMPLE / "parties.json").read_text("utf-8"))
    rows = rows if isinstance(rows, list) else rows["parties"]
    companies = [(row["key"], row["credit_code"], row["name_zh"], row["name_en"]) for row in rows]
    outsider = ("outsider", synthetic_uscc("tests", "outsider"), "局外公司", "Outsider")
    site.admit([*companies, outsider])
    for reader in ("pack", "car"):
        for owner, *_ in companies:
            if owner != reader:
                site.share(owner, reader)
    for company, file, mapping in FILES:
        receipt = site.capture(company, SAMPLE / file, SAMPLE / mapping if mapping else None)
        assert receipt.taken, receipt.rows[:3]
    site.anchor()
    site.serve()
    return site


def client(site: Site, company: str | None, scopes: Scope = SCOPES) -> httpx.Client:
    """Speaks to the API for a company, or for nobody."""
    headers = {}
    if company is not None:
        party = site.party[company]
        made = site.app.tokens.create(party=party, scopes=scopes, label="test", days=1)
        headers = {"Authorization": f"Bearer {made.text}"}
    return httpx.Client(base_url=f"{site.url}/api/v1", headers=headers, timeout=60, trust_env=False)


def post(http: httpx.Client, path: str, body: Any, key: str | None = None) -> httpx.Response:
    """A write with a key of its own."""
    headers = {"Idempotency-Key": key or f"trace-test-{next(_keys)}"}
    return http.post(path, json=body, headers=headers)


@pytest.fixture(scope="module")
def plant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The plant, shared by the tests of one module."""
    site = found_plant(tmp_path_factory.mktemp("plant"))
    yield site
    site.close()


@pytest.fixture(scope="module")
def pack(plant: Site) -> Iterator[httpx.Client]:
    """The API for the maker of packs."""
    with client(plant, "pack") as http:
        yield http


@pytest.fixture(scope="module")
def outsider(plant: Site) -> Iterator[httpx.Client]:
    """The API for a company with which nobody shares."""
    with client(plant, "outsider") as http:
        yield http


def inspection(number: str, **changes: Any) -> dict[str, Any]:
    return {
        "type": "inspection",
        "inspection_id": number,
        "item": {"id": "0HLPB080A10001G9A0000714", "type": "serial"},
        "characteristic": "绝缘电阻",
        "result": "passed",
        "time": "2026-10-02T08:00:00.000+08:00",
        "value": "540",
        "unit": "MΩ",
        **changes,
    }
