"""A window as a file: one row a time, a value and a quality code for each tag."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import pyarrow as pa
import pyarrow.csv as arrow_csv
import pyarrow.parquet as parquet
from xinlian.ingest.model.query import Series

__all__ = ["rows_of", "write"]

_NOT_READ = 255
"""Stands in for a code where a tag has no reading at another tag's time; written as empty."""


def rows_of(series: Sequence[Series]) -> pa.Table:
    """Columns ``time`` (UTC, microseconds), ``device`` and for each tag its value and
    ``<tag>__quality``."""
    times = np.unique(np.concatenate([each.times_us for each in series]))
    columns: dict[str, pa.Array] = {
        "time": pa.array(times).cast(pa.timestamp("us", "UTC")),
        "device": pa.array([series[0].device] * len(times), pa.string()),
    }
    for each in series:
        place = np.searchsorted(times, each.times_us)
        values = np.full(len(times), np.nan)
        codes = np.full(len(times), _NOT_READ, np.uint8)
        values[place] = each.values
        codes[place] = each.quality
        columns[each.tag] = pa.array(values, mask=np.isnan(values))
        columns[f"{each.tag}__quality"] = pa.array(codes, mask=codes == _NOT_READ)
    return pa.table(columns)


def write(series: Sequence[Series], path: Path, form: Literal["parquet", "csv"]) -> int:
    """Write beside the path, make it durable, then give it its name. Returns the rows."""
    rows = rows_of(series)
    part = path.with_name(f".{path.name}.part")
    try:
        if form == "parquet":
            parquet.write_table(rows, part, compression="zstd")
        else:
            arrow_csv.write_csv(rows, part)
        with part.open("rb") as file:
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return len(rows)
