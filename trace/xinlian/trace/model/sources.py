"""What is wrong with a source: a document, file or container, or a place in it."""

from __future__ import annotations

__all__ = ["NumberText", "SourceError", "short"]


class SourceError(ValueError):
    """Something in a source is wrong. ``path`` names the place (``eventTime``, ``row 7``,
    ``sensorElementList[0].sensorReport[2].value``), empty for the whole; ``why`` and ``why_zh`` are
    sentences for people.
    """

    def __init__(self, path: str, why: str, why_zh: str) -> None:
        super().__init__(f"{path}: {why}" if path else why)
        self.path = path
        self.why = why
        self.why_zh = why_zh


class NumberText(str):
    """A number of a JSON source as its decimal text; never a binary float."""

    __slots__ = ()


def short(text: str, size: int = 80) -> str:
    """A text cut for a message."""
    return text if len(text) <= size else text[: size - 1] + "…"
