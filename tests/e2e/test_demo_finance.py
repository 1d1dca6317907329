"""`demo finance` and `simulate` as a user runs them: real nodes, contracts, books that add up."""

from __future__ import annotations

import json

import pytest
from xinlian.services.cli.failure import Exit
from xinlian.services.cli.i18n import set_language
from xinlian.services.cli.root import execute


@pytest.fixture(autouse=True)
def _english() -> None:
    set_language("en")


def test_the_demo_tells_its_story_and_the_books_add_up(capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["demo", "finance", "--json"]) == Exit.OK
    told = capsys.readouterr()
    result = json.loads(told.out.splitlines()[-1])
    assert result["good"], result["checks"]
    assert {"cast", "issued", "quotes", "ring", "owes", "default", "tree"} <= set(result["scenes"])
    assert result["issued_fen"] == (
        result["redeemed_fen"] + result["written_fen"] + result["open_fen"]
    )
    assert result["stopped_fen"] > 0
    for words in ("all-in cost", "is stopped before it flows", "Who bears it", "why"):
        assert words in " ".join(told.err.split()), words


@pytest.mark.slow
def test_an_economy_lives_through_the_real_contracts(capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["simulate", "--scale", "small", "--seed", "5", "--json"]) == Exit.OK
    result = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert result["conservation"]
    assert result["rebuild_identical"]
    assert result["orders_failed"] == 0
    assert result["dishonoured"] > 0
    assert result["financed_fen"] > 0
    assert result["issued_fen"] == (
        result["redeemed_fen"] + result["written_off_fen"] + result["open_fen"]
    )
