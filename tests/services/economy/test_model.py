"""The economy of a seed: repeatable, of the promised size, with trade and production that fit."""

from __future__ import annotations

import dataclasses
from dataclasses import fields

import numpy as np
import pytest
from xinlian.finance.model.trade.codes import parse_uscc
from xinlian.services.economy.model.economy import FULL, SMALL, Economy, make_economy, scale_of
from xinlian.services.economy.model.fraud import Kind
from xinlian.services.economy.model.trade import HERE, NEVER, THERE

HALF_YEAR = dataclasses.replace(FULL, days=183, fraud=8)


@pytest.fixture(scope="module")
def economy() -> Economy:
    return make_economy(7, HALF_YEAR)


def test_the_same_seed_gives_the_same_economy_and_another_another() -> None:
    one, again, other = (make_economy(seed, SMALL) for seed in (3, 3, 4))
    for column in fields(one.invoices):
        assert np.array_equal(
            getattr(one.invoices, column.name), getattr(again.invoices, column.name)
        )
    assert np.array_equal(one.production.kwh_milli, again.production.kwh_milli)
    assert one.cases == again.cases
    assert not np.array_equal(one.invoices.amount, other.invoices.amount)


def test_the_full_economy_has_the_size_that_is_promised() -> None:
    assert (FULL.cores, FULL.suppliers) == (30, 500)
    assert FULL.days >= 3 * 365
    assert scale_of("full", years=1).days == 366


def test_every_company_has_a_valid_code_and_a_name_of_its_own(economy: Economy) -> None:
    codes = {parse_uscc(each.code) for each in economy.companies}
    names = {each.name_zh for each in economy.companies}
    assert len(codes) == len(names) == HALF_YEAR.cores + HALF_YEAR.suppliers
    assert {each.tier for each in economy.companies} == {0, 1, 2, 3, 4}
    assert len({each.industry for each in economy.companies}) == 4


def test_honest_trade_goes_from_each_tier_to_the_one_above(economy: Economy) -> None:
    for link in economy.links:
        seller, buyer = economy.companies[link.seller], economy.companies[link.buyer]
        assert seller.tier == buyer.tier + 1
    assert int(economy.invoices.amount.min()) > 0
    assert bool(np.all(economy.invoices.due > economy.invoices.day))
    assert bool(np.all(np.diff(economy.invoices.day) >= 0))


def test_what_is_made_covers_what_is_honestly_billed(economy: Economy) -> None:
    invoices, production = economy.invoices, economy.production
    false = [each for case in economy.cases for each in case.made_up]
    real = invoices.take(~np.isin(invoices.id, false))
    billed = np.bincount(real.seller, weights=real.units, minlength=len(economy.companies))
    made = np.bincount(
        production.party, weights=production.units_milli / 1000, minlength=len(economy.companies)
    )
    assert bool(np.all(made * 1.1 >= billed))
    # Energy follows units within a works: the correlation that detectors rely on is there.
    busy = production.party == production.party[np.argmax(production.units_milli)]
    units, kwh = production.units_milli[busy], production.kwh_milli[busy]
    assert np.corrcoef(units, kwh)[0, 1] > 0.9


def test_every_kind_of_fraud_is_planted_and_each_is_what_it_says(economy: Economy) -> None:
    invoices = economy.invoices
    place = {int(each): at for at, each in enumerate(invoices.id)}
    assert {case.kind for case in economy.cases} == set(Kind)
    for case in economy.cases:
        rows = [place[each] for each in case.invoices]
        sellers, buyers = invoices.seller[rows].tolist(), invoices.buyer[rows].tolist()
        if case.kind is Kind.CIRCULAR:
            assert 3 <= len(rows) <= 6
            assert buyers == [*sellers[1:], sellers[0]]
        elif case.kind is Kind.RED_LETTER:
            assert all(invoices.reversed[row] > invoices.financed[row] != NEVER for row in rows)
        elif case.kind is Kind.DOUBLE:
            before, again = place[case.original], rows[0]
            assert invoices.seller[before] == invoices.seller[again]
            assert invoices.id[before] != invoices.id[again]
            assert abs(int(invoices.amount[before]) - int(invoices.amount[again])) <= (
                int(invoices.amount[before]) // 100
            )
            assert invoices.platform[again] in (HERE, THERE)


def test_hard_negatives_stand_beside_the_fraud(economy: Economy) -> None:
    invoices = economy.invoices
    false = {each for case in economy.cases for each in case.invoices}
    keys = list(
        zip(
            invoices.seller.tolist(), invoices.buyer.tolist(), invoices.amount.tolist(),
            invoices.day.tolist(), strict=True,
        )
    )  # fmt: skip
    assert len(keys) - len(set(keys)) > 20, "equal deliveries on one day"
    honest_reversals = (invoices.reversed != NEVER) & (invoices.financed == NEVER)
    assert int(honest_reversals.sum()) > 5
    upwards = [
        at
        for at in range(len(invoices))
        if int(invoices.id[at]) not in false
        and economy.companies[int(invoices.seller[at])].tier
        <= economy.companies[int(invoices.buyer[at])].tier
    ]
    assert upwards, "honest trade that goes round"
