"""Integers that add up: shares, counters, trees, demand, and the ledger of shared energy."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from xinlian.ingest.model.energy.allocation import AllocationLedger, Key, Outcome
from xinlian.ingest.model.energy.counters import Exchange, FindingKind, consumption
from xinlian.ingest.model.energy.demand import block_demand, load_factor, peaks, sliding_demand
from xinlian.ingest.model.energy.exact import EnergyError, decimal_text, half_up, share_out
from xinlian.ingest.model.energy.profile import Limit, alarms, idle_energy
from xinlian.ingest.model.energy.tree import Level, MeterNode, MeterTree

weights = st.dictionaries(
    st.text("abcdef", min_size=1, max_size=3), st.integers(0, 10**12), min_size=1, max_size=20
)


@given(st.integers(-(10**18), 10**18), weights)
def test_shares_sum_to_the_whole_and_are_fair(total: int, given_weights: dict[str, int]) -> None:
    shares = share_out(total, given_weights)
    assert sum(shares.values()) == total
    whole = sum(given_weights.values())
    for key, share in shares.items():
        weight = Fraction(given_weights[key], whole) if whole else Fraction(1, len(shares))
        assert abs(share - total * weight) < 1


def test_rounding_is_half_away_from_zero() -> None:
    assert [half_up(Decimal(text)) for text in ("0.5", "1.5", "-0.5", "2.49")] == [1, 2, -1, 2]
    assert decimal_text(-5, 2) == "-0.05"
    assert decimal_text(123456, 3) == "123.456"
    with pytest.raises(EnergyError):
        share_out(1, {})


@given(
    st.lists(st.tuples(st.integers(1, 5_000), st.integers(0, 900)), min_size=2, max_size=40),
    st.integers(1, 4_000),
)
def test_a_counter_that_rolls_over_loses_nothing(moves: list[tuple[int, int]], step: int) -> None:
    times = np.cumsum([gap for gap, _ in moves])
    true = np.cumsum([gain for _, gain in moves])
    steps = int(times[-1]) // step + 1
    made = consumption(
        times, true % 1_000, start_us=0, step_us=step, steps=steps, modulus=1_000,
        most_per_step=999,
    )  # fmt: skip
    assert made.total == true[-1] - true[0]
    assert (made.steps >= 0).all()


def test_exchange_reset_and_gap_are_told() -> None:
    made = consumption(
        [0, 10, 20, 30, 90, 100], [990, 995, 3, 8, 20, 2],
        start_us=0, step_us=10, steps=10, modulus=1_000, most_per_step=50, gap_us=30,
        exchanges=[Exchange(95, 24, 0)],
    )  # fmt: skip
    # 995 -> 3 rolls over (8); 20 -> 24 on the old meter and 0 -> 2 on the new (6).
    assert made.total == 5 + 8 + 5 + 12 + 6
    kinds = [finding.kind for finding in made.findings]
    assert kinds == [FindingKind.ROLLOVER, FindingKind.GAP, FindingKind.EXCHANGE]
    assert made.estimated.tolist() == [False] * 3 + [True] * 6 + [False]
    assert made.steps[3:9].tolist() == [2] * 6
    reset = consumption([0, 10, 20], [500, 900, 30], start_us=0, step_us=10, steps=2)
    assert reset.total == 430
    assert reset.findings[0].kind is FindingKind.RESET
    with pytest.raises(EnergyError, match="rise"):
        consumption([0, 0], [1, 2], start_us=0, step_us=10, steps=1)


def _node(name: str, level: Level, parent: str = "", **more: object) -> MeterNode:
    return MeterNode(id=name, level=level, parent=parent, **more)  # type: ignore[arg-type]


def test_a_tree_with_virtual_meters_balances() -> None:
    tree = MeterTree(
        [
            _node("plant", Level.FACTORY),
            _node("line", Level.LINE, "plant", terms=((1, "m1"), (1, "m2"))),
            _node("m1", Level.MACHINE, "line"),
            _node("m2", Level.MACHINE, "line", terms=((1, "feeder"), (-1, "m1"))),
            _node("feeder", Level.LINE, "plant"),
        ]
    )
    series = {"plant": [100, 90], "m1": [10, 20], "feeder": [30, 50]}
    energies = tree.energies({name: np.array(wh) for name, wh in series.items()})
    assert energies["m2"].tolist() == [20, 30]
    assert energies["line"].tolist() == [30, 50]
    plant, line = tree.balances(energies)
    assert (plant.measured_wh, plant.children_wh, plant.unaccounted_wh) == (190, 160, 30)
    assert line.unaccounted_wh == 0
    with pytest.raises(EnergyError, match="'feeder'"):
        tree.energies({"plant": np.zeros(2, np.int64), "m1": np.zeros(2, np.int64)})


@pytest.mark.parametrize(
    "nodes",
    [
        [],
        [_node("a", Level.FACTORY), _node("b", Level.FACTORY)],
        [_node("a", Level.FACTORY), _node("a", Level.LINE, "a")],
        [_node("a", Level.FACTORY), _node("b", Level.LINE, "c"), _node("c", Level.LINE, "b")],
        [
            _node("a", Level.FACTORY, terms=((1, "b"),)),
            _node("b", Level.LINE, "a", terms=((1, "a"),)),
        ],
        [_node("a", Level.FACTORY, terms=((2, "b"),)), _node("b", Level.LINE, "a")],
    ],
)
def test_broken_trees_are_refused(nodes: list[MeterNode]) -> None:
    with pytest.raises(EnergyError):
        MeterTree(nodes)


def test_demand_in_blocks_and_sliding() -> None:
    wh = np.array([0, 100, 300, 0, 100, 100, 0, 0], dtype=np.int64)
    assert block_demand(wh, 900, 1_800).tolist() == [200, 600, 400, 0]
    assert sliding_demand(wh, 900, 1_800).max() == 800
    assert [(peak.step, peak.power_w) for peak in peaks(block_demand(wh, 900, 900), 2, 2)] == [
        (2, 1_200), (4, 400),
    ]  # fmt: skip
    assert load_factor(wh) == pytest.approx(75 / 300)
    with pytest.raises(EnergyError):
        block_demand(wh, 900, 1_000)


def test_idle_energy_and_alarms() -> None:
    power = np.array([10, 95, 104, 97, 80, 101, 20])
    assert idle_energy(power, np.array([0, 1, 2, 1, 2, 3, 0])) == 95 + 97
    found = alarms(power, Limit("demand", 100, release_w=10))
    assert [(alarm.start, alarm.end, alarm.power_w) for alarm in found] == [
        (2, 4, 104),
        (5, 6, 101),
    ]
    assert alarms(power, Limit("demand", 100, release_w=10, for_steps=2))[0].start == 2


def test_the_ledger_of_shared_energy_sums_to_nothing() -> None:
    ledger = AllocationLedger()
    window = (0, 1_000)
    batches = {"B1": 3, "B2": 3, "B3": 1}
    post = ("p1", "compressor", window, 1_000, Key.PIECES, batches)
    assert ledger.share(*post) is Outcome.POSTED
    assert ledger.share(*post) is Outcome.EXISTS
    assert [ledger.borne(name) for name in batches] == [429, 428, 143]
    assert ledger.shared("compressor") == 1_000
    with pytest.raises(EnergyError, match="exists with a different total_wh"):
        ledger.share("p1", "compressor", window, 1_001, Key.PIECES, batches)
    ledger.reverse("r1", "p1", "wrong meter")
    assert ledger.reverse("r1", "p1", "wrong meter") is Outcome.EXISTS
    with pytest.raises(EnergyError, match="reversed already"):
        ledger.reverse("r2", "p1", "again")
    assert ledger.bearers() == {"B1": 0, "B2": 0, "B3": 0}
    assert ledger.trial_balance() == 0
    assert AllocationLedger(ledger.postings).trial_balance() == 0
