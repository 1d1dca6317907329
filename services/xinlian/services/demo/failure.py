"""How the demo fails: what happened, where, and what to do."""

from __future__ import annotations


class DemoError(Exception):
    """The demo can't go on. ``usage`` tells that what was given to it is at fault."""

    def __init__(self, what: str, *, where: str = "", todo: str = "", usage: bool = False) -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.todo = todo
        self.usage = usage


class BooksError(DemoError):
    """The books don't add up at the end."""
