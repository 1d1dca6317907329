"""Simulated signals: deterministic, within range, counters that rise with the load."""

from decimal import Decimal

import numpy as np
import pytest
from xinlian.ingest.model.signals import Signals
from xinlian.ingest.model.tags import Role, Tag, ValueType

NOW = 1_795_000_000_000_000
SIGNALS = Signals()


def tag(**members: object) -> Tag:
    return Tag(**{"name": "t", "address": "1", **members})  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", list(ValueType))
@pytest.mark.parametrize("role", list(Role))
def test_a_column_equals_the_single_values_and_fits_its_type(kind: ValueType, role: Role) -> None:
    each = tag(type=kind, role=role, scale=Decimal("0.1"))
    times = NOW + np.arange(0, 3_000_000_000, 77_777_777, dtype=np.int64)
    column = SIGNALS.raws("meter-1", each, times)
    assert column.dtype == kind.dtype
    singles = [SIGNALS.raw("meter-1", each, int(time)) for time in times]
    assert column.tolist() == np.array(singles, kind.dtype).tolist()
    assert np.isfinite(column.astype(float)).all()


def test_a_value_stays_in_its_range() -> None:
    oven = tag(
        type=ValueType.INT16, scale=Decimal("0.1"), offset=Decimal(-40), low=Decimal(20),
        high=Decimal(320),
    )  # fmt: skip
    times = NOW + np.arange(0, 10**9, 10**6, dtype=np.int64)
    values = SIGNALS.raws("oven", oven, times) * 0.1 - 40
    assert values.min() >= 20
    assert values.max() <= 320
    assert values.max() - values.min() > 50


def test_the_counter_is_the_integral_of_the_power() -> None:
    power = tag(name="p", type=ValueType.FLOAT64, role=Role.POWER, unit="kW")
    energy = tag(name="e", type=ValueType.FLOAT64, role=Role.ENERGY_IMPORT, unit="kW.h")
    times = NOW + np.arange(0, 3_600_000_001, 100_000, dtype=np.int64)
    kw, kwh = SIGNALS.raws("m", power, times), SIGNALS.raws("m", energy, times)
    assert (np.diff(kwh) > 0).all()
    mean_kw = float(((kw[1:] + kw[:-1]) / 2).mean())
    assert kwh[-1] - kwh[0] == pytest.approx(mean_kw, rel=1e-5)


def test_devices_differ() -> None:
    power = tag(type=ValueType.FLOAT32, role=Role.POWER)
    assert SIGNALS.raw("a", power, NOW) != SIGNALS.raw("b", power, NOW)
