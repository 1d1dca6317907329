"""A year of quarter hours as a plant might draw them: for a report where no file is at hand."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
from xinlian.ingest.model.energy.load import LoadSeries

__all__ = ["sample_year"]


def sample_year(seed: int = 1, year: int = 2024) -> LoadSeries:
    """Two shifts on working days, some Saturdays, a summer peak of cooling, a fault of the meter;
    the same for the same seed."""
    random = np.random.default_rng(seed)
    first = date(year, 1, 1)
    days = (date(year + 1, 1, 1) - first).days
    quarter = np.arange(96)
    shift = np.where((quarter >= 32) & (quarter < 84), 1.0, 0.06)
    shift[46:50] *= 0.35
    season = 1 + 0.18 * np.cos((np.arange(days) - 15) / 365 * 4 * np.pi)
    weekday = (first.weekday() + np.arange(days)) % 7
    level = np.where(weekday < 5, 1.0, np.where(weekday == 5, 0.45, 0.06))
    level *= random.normal(1.0, 0.06, days).clip(0.7, 1.3)
    closed = {date(year, 2, 10) + timedelta(day) for day in range(8)}
    level[[(each - first).days for each in closed]] = 0.05
    power = 820.0 * np.outer(level * season, shift) + 24.0
    power *= random.normal(1.0, 0.05, power.shape).clip(0.6, 1.4)
    power[200, 40:60] *= 1.6
    energy = np.rint(power * 250).astype(np.int64)
    energy[290, 12] = 0
    reactive = np.rint(energy * random.normal(0.46, 0.03, power.shape)).astype(np.int64)
    notes = (("Made-up data for demonstration.", "演示用模拟数据。"),)
    return LoadSeries("sample", first, energy.ravel(), reactive.ravel(), notes=notes)
