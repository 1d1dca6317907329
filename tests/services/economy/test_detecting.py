"""Detectors over an economy: what was planted is found, and what is honest stands."""

from __future__ import annotations

import dataclasses
import io
import json

import numpy as np
import pytest
from xinlian.services.cli.failure import Exit
from xinlian.services.cli.root import execute
from xinlian.services.demo.progress import Progress
from xinlian.services.economy.detecting import detect_only
from xinlian.services.economy.model.economy import FULL, make_economy
from xinlian.services.economy.model.fraud import Kind
from xinlian.services.economy.model.trade import HERE, NEVER
from xinlian.services.economy.plain import detect

YEAR = dataclasses.replace(FULL, days=365, fraud=10)


def test_each_kind_is_found_with_few_false_alarms() -> None:
    done = detect_only(YEAR, [11, 12], Progress(io.StringIO()))
    for kind, score in done.total.items():
        assert score.planted >= 15, kind
        assert (score.recall or 0) >= 0.95, kind
        assert (score.precision or 0) >= 0.8, kind


def test_nothing_of_the_future_is_known() -> None:
    economy = make_economy(13, YEAR)
    day = 200
    before = {(each.kind, each.invoices) for each in detect(economy, day)}
    invoices = economy.invoices
    seen = invoices.take(invoices.day <= day)
    cut = dataclasses.replace(
        seen,
        reversed=np.where(seen.reversed > day, NEVER, seen.reversed),
        financed=np.where(seen.financed > day, NEVER, seen.financed),
    )
    known = dataclasses.replace(economy, invoices=cut)
    assert {(each.kind, each.invoices) for each in detect(known, day)} == before


def test_an_economy_without_fraud_raises_hardly_an_alarm() -> None:
    clean = make_economy(14, dataclasses.replace(YEAR, fraud=0))
    assert clean.cases == ()
    found = detect(clean, clean.last_day)
    assert len(found) <= 3, [each.kind for each in found]


def test_two_invoices_on_other_platforms_alone_are_not_ours_to_see() -> None:
    economy = make_economy(11, YEAR)
    place = {int(each): at for at, each in enumerate(economy.invoices.id)}
    for each in detect(economy, economy.last_day):
        if each.kind == Kind.DOUBLE:
            assert HERE in {int(economy.invoices.platform[place[one]]) for one in each.invoices}


def test_the_command_tells_figures_for_a_range_of_seeds(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert execute(["simulate", "--detect-only", "--seeds", "2-4", "--json"]) == Exit.OK
    told = json.loads(capsys.readouterr().out)
    assert told["seeds"] == [2, 3, 4]
    assert set(told["detection"]) == {kind.value for kind in Kind}


@pytest.mark.parametrize("seeds", ["9-3", "x", "1-", "-1", "0-5000", "1-2-3"])
def test_a_range_that_is_none_is_refused(seeds: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["simulate", "--detect-only", "--seeds", seeds]) == Exit.USAGE
    capsys.readouterr()


def test_seeds_without_detecting_alone_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert execute(["simulate", "--seeds", "1-2"]) == Exit.USAGE
    assert "--detect-only" in capsys.readouterr().err
