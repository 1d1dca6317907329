"""Yields of stations as the API shows them."""

from __future__ import annotations

from xinlian.services.api.schemas.common import View
from xinlian.trace.model.quality.yields import Yields

__all__ = ["YieldsView"]


class StationView(View):
    """A station: units that came, the share that passed at the first try with its 95 % interval,
    the shares that were worked on again and that failed in the end, in parts per million."""

    station: str
    units: int
    first_pass: float
    low: float
    high: float
    rework: float
    failed_ppm: float


class YieldsView(View):
    """Stations, and the line as a whole: ``rolled`` is the product of the first-pass yields."""

    items: list[StationView]
    units: int
    rolled: float
    final_yield: float
    failed_ppm: float

    @classmethod
    def of(cls, found: Yields) -> YieldsView:
        """Yields of the analysis."""
        return cls(
            items=[
                StationView(
                    station=one.station,
                    units=one.first_pass.total,
                    first_pass=one.first_pass.share,
                    low=one.first_pass.low,
                    high=one.first_pass.high,
                    rework=one.rework.share,
                    failed_ppm=one.scrap.ppm,
                )
                for one in found.stations
            ],
            units=found.final.total,
            rolled=found.rolled,
            final_yield=found.final.share,
            failed_ppm=found.defective.ppm,
        )
