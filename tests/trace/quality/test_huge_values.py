"""A value that nothing can have is refused; where one is on record, it breaks no statistic."""

import math

import pytest
from sqlalchemy import text
from xinlian.ledger.adapters.sql.engine import begin_read
from xinlian.trace.adapters.quality.reader import SqlQuality
from xinlian.trace.adapters.quality.watch import QualityWatch
from xinlian.trace.model.capture import RowStatus
from xinlian.trace.model.facts import Inspection, Result
from xinlian.trace.model.quality.capability import capability
from xinlian.trace.usecases.ports import OnlyOwn
from xinlian.trace.usecases.quality import chart, measured

from tests.trace.plant import NOW, OWNER, Plant, serial


def _inspected(number: int, value: str) -> Inspection:
    return Inspection(
        f"i{number}",
        serial(f"p{number}"),
        "bore",
        value=value,
        lower="9",
        upper="11",
        result=Result.PASSED,
        time_ms=NOW - 1_000 + number,
    )


@pytest.mark.parametrize(
    ("value", "taken"),
    [
        ("1e999", False),
        ("-1e31", False),
        ("1e-31", False),
        ("0e-99", False),
        ("9" * 31, False),
        ("1." + "0" * 40 + "E+00" + "0" * 5, False),
        ("0." + "1" * 49, False),
        ("1e30", True),
        ("-1e-30", True),
        ("0", True),
        ("-0.000", True),
        ("+.5E-3", True),
        ("3.141592653589793238462643383279", True),
    ],
)
def test_numbers_lie_where_something_can_be_measured(plant: Plant, value: str, taken: bool) -> None:
    receipt = plant.take(_inspected(0, value))
    assert receipt.taken is taken
    if not taken:
        assert (receipt.rows[0].status, receipt.rows[0].field) == (RowStatus.INVALID, "value")


def test_a_huge_value_of_an_older_store_breaks_neither_charts_nor_capability(plant: Plant) -> None:
    watch = QualityWatch(plant.site, OnlyOwn(), lambda: NOW)
    plant.must(*[_inspected(at, f"10.{at % 3}") for at in range(40)])
    with plant.engine.begin() as connection:
        update = "UPDATE trace_inspections SET value = '1e999' WHERE inspection_id = 'i20'"
        connection.execute(text(update))
    assert watch.look(OWNER) == []
    with begin_read(plant.engine) as connection:
        reader = SqlQuality(connection, OnlyOwn())
        report = chart(reader, OWNER, "bore")
        data = measured(reader.inspections(OWNER, characteristic="bore"))
    assert (report.left_out, len(report.point_times_ms)) == (1, 39)
    assert all(math.isfinite(one) for one in report.to_dict()["panels"][0]["values"])
    assert capability(data.values, lower=data.lower, upper=data.upper).count == 39
