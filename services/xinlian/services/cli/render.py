"""What the command line prints: tables and records for people, JSON for machines."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any, Final

from xinlian.services.cli.cells import cell, heading, is_moment, padded, printable
from xinlian.services.cli.i18n import pick, text

WIDTH_MIN: Final = 60
"""A narrower terminal is no reason to break ids over many lines."""
# The node's and the API's own order is for programs; this one is for readers.
_LAST: Final = ("exists",)


def print_json(value: Any) -> None:
    """One JSON document on stdout."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")


def print_rows(rows: Sequence[Mapping[str, Any]], columns: Sequence[str] | None = None) -> None:
    """A table of rows; without columns, every field of the first row. Nothing is cut."""
    if not rows:
        print(text("nothing"))
        return
    names = list(columns or rows[0])
    names = [name for name in names if any(row.get(name) is not None for row in rows)] or names
    from rich.table import Table

    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in names:
        number = all(_is_number(row.get(name)) for row in rows)
        table.add_column(_title(name, rows), justify="right" if number else "left", overflow="fold")
    for row in rows:
        table.add_row(*(cell(name, row.get(name)) for name in names))
    console(names, rows).print(table)


def print_table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table of texts that are ready to be shown; columns of numbers to the right."""
    if not rows:
        print(text("nothing"))
        return
    from rich.cells import cell_len
    from rich.table import Table

    table = Table(box=None, header_style="bold", pad_edge=False)
    width = 0
    for place, title in enumerate(headings):
        column = [row[place] for row in rows]
        number = all(each[:1].isdigit() or each == "-" for each in column)
        table.add_column(title, justify="right" if number else "left", overflow="fold")
        width += max(cell_len(title), *map(cell_len, column)) + 2
    for row in rows:
        table.add_row(*map(printable, row))
    _sized(width).print(table)


def print_record(record: Mapping[str, Any], title: str = "") -> None:
    """One object, a field a line; objects in it as sections, lists of objects as tables."""
    plain = {name: value for name, value in record.items() if not _is_section(value)}
    plain = {name: plain[name] for name in sorted(plain, key=_LAST.__contains__)}
    if title:
        print(f"\n{title}")
    from rich.cells import cell_len

    width = max((cell_len(heading(name)) for name in plain), default=0)
    for name, value in plain.items():
        print(f"{padded(heading(name), width)}  {cell(name, value)}")
    for name, value in record.items():
        if name in plain:
            continue
        section = f"{title} · {heading(name)}" if title else heading(name)
        if isinstance(value, Mapping):
            print_record(value, section)
        else:
            print(f"\n{section}")
            print_rows(value)


def _title(name: str, rows: Sequence[Mapping[str, Any]]) -> str:
    """The heading of a column; of times with the offset that they are told in."""
    if any(is_moment(name, row.get(name)) for row in rows):
        return heading(name) + pick(" (UTC+8)", "（北京时间）")
    return heading(name)


def _is_number(value: Any) -> bool:
    return value is None or (isinstance(value, int) and not isinstance(value, bool))


def _is_section(value: Any) -> bool:
    first = value[0] if isinstance(value, list) and value else value
    return isinstance(first, Mapping) and len(first) > 0


def console(names: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> Any:
    """Where a table goes: the terminal's width; where there is none, as wide as its rows are."""
    from rich.cells import cell_len

    return _sized(
        sum(
            2
            + max(
                cell_len(_title(name, rows)),
                *(cell_len(cell(name, row.get(name))) for row in rows),
            )
            for name in names
        )
    )


def _sized(width: int) -> Any:
    from rich.console import Console

    if sys.stdout.isatty():
        found = Console(file=sys.stdout, highlight=False, markup=False, emoji=False)
        return found if found.width >= WIDTH_MIN else _console(WIDTH_MIN)
    return _console(max(width, WIDTH_MIN))


def _console(width: int) -> Any:
    from rich.console import Console

    # What stands in brackets or between colons is data, never markup.
    return Console(
        file=sys.stdout, width=width, highlight=False, soft_wrap=True, markup=False, emoji=False
    )
