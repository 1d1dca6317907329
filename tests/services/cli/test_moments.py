"""What people type for a day: a window begins with the day, a look at a day is at its end."""

from datetime import UTC, datetime

import click
import pytest
from xinlian.services.cli.rows_items import Moment
from xinlian.services.cli.rows_trace import ROWS


def at(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds")


def test_a_window_begins_with_its_day() -> None:
    found = Moment(begins=True).convert("2026-09-09", None, None)
    assert at(found) == "2026-09-08T16:00:00.000+00:00"


def test_a_look_at_a_day_is_at_its_end() -> None:
    found = Moment().convert("2026-09-09", None, None)
    assert at(found) == "2026-09-09T15:59:59.999+00:00"


def test_a_time_is_that_time_for_both() -> None:
    for moment in (Moment(), Moment(begins=True)):
        found = moment.convert("2026-09-09T08:00:00+08:00", None, None)
        assert at(found) == "2026-09-09T00:00:00.000+00:00"


def test_windows_of_quality_are_typed_as_days() -> None:
    by_field = {arg.field: arg for verb in ROWS if verb.group == "spc" for arg in verb.args}
    typed = {
        name: at(by_field[name].type.convert("2026-09-08", None, None))
        for name in ("last_good_ms", "found_bad_ms", "since_ms", "until_ms")
    }
    begins, ends = "2026-09-07T16:00:00.000+00:00", "2026-09-08T15:59:59.999+00:00"
    assert list(typed.values()) == [begins, ends, begins, ends]


def test_what_is_no_day_is_refused() -> None:
    with pytest.raises(click.UsageError, match="2026-13-01"):
        Moment().convert("2026-13-01", None, click.Context(click.Command("x")))
