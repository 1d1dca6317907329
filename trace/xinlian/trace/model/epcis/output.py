"""Events on their way out: documents of events as EPCIS 2.0 JSON-LD."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from xinlian.trace.model.epcis.shape import NUMBER_FIELDS
from xinlian.trace.model.epcis.vocabulary import CBV, CONTEXTS, GS1
from xinlian.trace.model.json_text import dump_json
from xinlian.trace.model.sources import NumberText

__all__ = ["jsonld_document", "jsonld_event"]

CONTEXT: Final = next(address for address in sorted(CONTEXTS) if "/2.0.0/" in address)
_NUMBERS: Final = NUMBER_FIELDS | {"quantity"}
_WORD_FIELDS: Final = {
    "bizStep": CBV + "BizStep-",
    "disposition": CBV + "Disp-",
    "set": CBV + "Disp-",
    "unset": CBV + "Disp-",
    "reason": CBV + "ER-",
    "component": CBV + "Comp-",
    "exception": GS1,
}
_TYPE_SPACES: Final = (CBV + "BTT-", CBV + "SDT-", GS1)
_FREE: Final = "ilmd"


class _Prefixes:
    """Short names for the name spaces of extensions, in the order of their first use."""

    def __init__(self) -> None:
        self.by_space: dict[str, str] = {}

    def short(self, name: str) -> str:
        space, _, local = name[1:].partition("}")
        prefix = self.by_space.setdefault(space, f"ext{len(self.by_space) + 1}")
        return f"{prefix}:{local}"


def jsonld_event(
    document: Mapping[str, Any], more: Mapping[str, str] | None = None
) -> tuple[dict[str, Any], list[Any]]:
    """An event as a JSON object, and the context it needs.

    ``more`` gives fields that the document lacks, such as ``recordTime`` and ``eventID``. Numbers
    are ``NumberText``: write them with ``dump_json``.
    """
    prefixes = _Prefixes()
    made = _table({**document, **(more or {})}, prefixes, free=False)
    return made, _context(prefixes)


def jsonld_document(
    documents: Iterable[tuple[Mapping[str, Any], Mapping[str, str]]],
    created: str,
    query_name: str = "SimpleEventQuery",
) -> str:
    """An EPCISQueryDocument of events, each with further fields as in ``jsonld_event``, as text."""
    prefixes = _Prefixes()
    events = [_table({**document, **more}, prefixes, free=False) for document, more in documents]
    return dump_json(
        {
            "@context": _context(prefixes),
            "type": "EPCISQueryDocument",
            "schemaVersion": "2.0",
            "creationDate": created,
            "epcisBody": {
                "queryResults": {"queryName": query_name, "resultsBody": {"eventList": events}}
            },
        }
    )


def _context(prefixes: _Prefixes) -> list[Any]:
    own = {prefix: space for space, prefix in prefixes.by_space.items()}
    return [CONTEXT, own] if own else [CONTEXT]


def _table(table: Mapping[str, Any], prefixes: _Prefixes, *, free: bool) -> dict[str, Any]:
    made = {}
    for name, value in table.items():
        extension = name.startswith("{")
        key = prefixes.short(name) if extension else name
        made[key] = _value(name, value, prefixes, free=free or extension or name == _FREE)
    return made


def _value(name: str, value: Any, prefixes: _Prefixes, *, free: bool) -> Any:
    if isinstance(value, Mapping):
        return _table(value, prefixes, free=free)
    if isinstance(value, list | tuple):
        return [_value(name, item, prefixes, free=free) for item in value]
    if free:
        return value
    if name in _NUMBERS:
        return _number(value)
    if name == "booleanValue":
        return value == "true"
    if name == "type":
        return next(
            (value.removeprefix(space) for space in _TYPE_SPACES if value.startswith(space)), value
        )
    return value.removeprefix(_WORD_FIELDS[name]) if name in _WORD_FIELDS else value


def _number(text: str) -> NumberText:
    """A decimal text as JSON writes numbers: no plus sign, a digit before and after the point."""
    made = text.removeprefix("+")
    sign = "-" if made.startswith("-") else ""
    whole, e, power = made.removeprefix("-").replace("E", "e").partition("e")
    digits, point, rest = whole.partition(".")
    digits = digits.lstrip("0") or "0"
    return NumberText(f"{sign}{digits}{point if rest else ''}{rest}{e}{power}")
