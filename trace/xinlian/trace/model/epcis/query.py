"""The query interface of EPCIS 2.0: parameters of a simple event query, checked, and their meaning.

Between parameters all must hold; within one any of its values. What is not supported is refused by
name, never left out quietly.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from xinlian.trace.model.codes.gs1 import canonical_uri
from xinlian.trace.model.epcis.names import Names
from xinlian.trace.model.epcis.query_values import (
    BETWEEN_WORDS,
    count,
    members,
    one,
    split,
    time_ms,
    token,
)
from xinlian.trace.model.epcis.shape import ACTIONS, FIELDS
from xinlian.trace.model.epcis.times import stamp_ms
from xinlian.trace.model.epcis.values import as_uri, word
from xinlian.trace.model.epcis.vocabulary import (
    BIZ_STEPS,
    CBV,
    DISPOSITIONS,
    ERROR_REASONS,
    PARTY_TYPES,
    TRANSACTION_TYPES,
)
from xinlian.trace.model.sources import SourceError, short

__all__ = ["EventQuery", "parse_query"]

PER_PAGE_MAX: Final = 1_000
_NAMES: Final = Names({})
_WORDS: Final = {
    "EQ_bizStep": ("bizStep", BIZ_STEPS, CBV + "BizStep-"),
    "EQ_disposition": ("disposition", DISPOSITIONS, CBV + "Disp-"),
    "EQ_persistentDisposition_set": ("set", DISPOSITIONS, CBV + "Disp-"),
    "EQ_persistentDisposition_unset": ("unset", DISPOSITIONS, CBV + "Disp-"),
    "EQ_errorReason": ("errorReason", ERROR_REASONS, CBV + "ER-"),
}
_URIS: Final = (
    "EQ_eventID",
    "EQ_readPoint",
    "EQ_bizLocation",
    "EQ_transformationID",
    "EQ_correctiveEventID",
)
_TYPED: Final = {
    "EQ_bizTransaction_": ("bizTransactionList", TRANSACTION_TYPES, CBV + "BTT-"),
    "EQ_source_": ("sourceList", PARTY_TYPES, CBV + "SDT-"),
    "EQ_destination_": ("destinationList", PARTY_TYPES, CBV + "SDT-"),
}
_QUANTITIES: Final = ("quantityList", "childQuantityList")
_IN, _OUT = ("inputQuantityList",), ("outputQuantityList",)
MATCHES: Final = {
    "MATCH_epc": ("epcList", "childEPCs"),
    "MATCH_parentID": ("parentID",),
    "MATCH_inputEPC": ("inputEPCList",),
    "MATCH_outputEPC": ("outputEPCList",),
    "MATCH_anyEPC": ("epcList", "childEPCs", "parentID", "inputEPCList", "outputEPCList"),
    "MATCH_epcClass": _QUANTITIES,
    "MATCH_inputEPCClass": _IN,
    "MATCH_outputEPCClass": _OUT,
    "MATCH_anyEPCClass": (*_QUANTITIES, *_IN, *_OUT),
}
"""Fields of an event in which a MATCH parameter looks."""
_TIMES: Final = (
    "GE_eventTime",
    "LT_eventTime",
    "GE_recordTime",
    "LT_recordTime",
    "GE_errorDeclarationTime",
    "LT_errorDeclarationTime",
)


@dataclass(frozen=True, slots=True)
class EventQuery:
    """A checked query. Times are Unix milliseconds by parameter name; ``words`` and ``uris`` the
    values looked for by parameter; ``matches`` canonical ids by MATCH parameter (one that ends in
    ``/*`` is a kind of thing: any of its serials); ``typed`` values by list and type.
    """

    event_types: frozenset[str] = frozenset()
    actions: frozenset[str] = frozenset()
    times: Mapping[str, int] = field(default_factory=dict)
    words: Mapping[str, frozenset[str]] = field(default_factory=dict)
    uris: Mapping[str, frozenset[str]] = field(default_factory=dict)
    match: Mapping[str, frozenset[str]] = field(default_factory=dict)
    typed: Mapping[tuple[str, str], frozenset[str]] = field(default_factory=dict)
    has_error_declaration: bool | None = None
    order_by: str = "eventTime"
    descending: bool = True
    event_count_limit: int | None = None
    max_event_count: int | None = None
    per_page: int = 30
    next_page_token: str = ""

    def matches(self, document: Mapping[str, Any], record_time_ms: int) -> bool:
        """Whether an event's document is among the answers: the meaning of every filter."""
        return (
            (not self.event_types or document["type"] in self.event_types)
            and (not self.actions or document.get("action") in self.actions)
            and self._times_hold(document, record_time_ms)
            and all(_words(document, name) & wanted for name, wanted in self.words.items())
            and all(_uris(document, name) & wanted for name, wanted in self.uris.items())
            and all(_found(document, name, wanted) for name, wanted in self.match.items())
            and all(_typed(document, *key) & wanted for key, wanted in self.typed.items())
            and self.has_error_declaration in (None, "errorDeclaration" in document)
        )

    def _times_hold(self, document: Mapping[str, Any], record_time_ms: int) -> bool:
        declared = document.get("errorDeclaration", {}).get("declarationTime", "")
        at = {
            "eventTime": stamp_ms(document["eventTime"]),
            "recordTime": record_time_ms,
            "errorDeclarationTime": stamp_ms(declared),
        }
        for name, bound in self.times.items():
            time = at[name[3:]]
            if time is None or (time < bound if name.startswith("GE_") else time >= bound):
                return False
        return True


def _words(document: Mapping[str, Any], name: str) -> set[str]:
    key = _WORDS[name][0]
    if key in ("set", "unset"):
        return set(document.get("persistentDisposition", {}).get(key, ()))
    if key == "errorReason":
        return {document.get("errorDeclaration", {}).get("reason", "")}
    return {document.get(key, "")}


def _uris(document: Mapping[str, Any], name: str) -> set[str]:
    if name == "EQ_correctiveEventID":
        return set(document.get("errorDeclaration", {}).get("correctiveEventIDs", ()))
    value = document.get(name[3:], "")
    return {_canonical(value["id"] if isinstance(value, Mapping) else value)}


def _found(document: Mapping[str, Any], name: str, wanted: frozenset[str]) -> bool:
    for listed in MATCHES[name]:
        value = document.get(listed, ())
        for entry in (value,) if isinstance(value, str) else value:
            text = _canonical(entry["epcClass"] if isinstance(entry, Mapping) else entry)
            if text in wanted or f"{text.rpartition('/21/')[0]}/*" in wanted:
                return True
    return False


def _typed(document: Mapping[str, Any], listed: str, kind: str) -> set[str]:
    return {
        _canonical(text)
        for pair in document.get(listed, ())
        if pair.get("type", "") == kind
        for name, text in pair.items()
        if name in ("bizTransaction", "source", "destination")
    }


def _canonical(text: str) -> str:
    return canonical_uri(text) or text


def parse_query(parameters: Iterable[tuple[str, str]]) -> EventQuery:
    """A query from parameters as they stand in an address; values joined by ``,`` or ``|``, or the
    parameter repeated. Raises ``SourceError`` naming the parameter.
    """
    given: dict[str, list[str]] = {}
    for name, value in parameters:
        given.setdefault(name, []).append(value)
    made: dict[str, Any] = {"times": {}, "words": {}, "uris": {}, "match": {}, "typed": {}}
    for name, values in given.items():
        _take(name, values, made)
    if made.get("event_count_limit") is not None and made.get("max_event_count") is not None:
        raise SourceError(
            "maxEventCount", "stands beside eventCountLimit", "不能与 eventCountLimit 同时使用"
        )
    return EventQuery(**made)


def _take(name: str, values: list[str], made: dict[str, Any]) -> None:
    if name in _SINGLE:
        if len(values) != 1:
            raise SourceError(name, "stands twice", "重复出现")
        target, read = _SINGLE[name]
        made[target] = read(name, values[0])
    elif name in _TIMES:
        made["times"][name] = time_ms(name, values[-1])
    elif name in _WORDS:
        _, words, space = _WORDS[name]
        listed = split(name, values, BETWEEN_WORDS if ":" not in "".join(values) else None)
        made["words"][name] = frozenset(word(item, _NAMES, words, space, name) for item in listed)
    elif name in _URIS:
        listed = split(name, values)
        made["uris"][name] = frozenset(_canonical(as_uri(item, _NAMES, name)) for item in listed)
    elif name in MATCHES:
        made["match"][name] = frozenset(_wanted(item, name) for item in split(name, values))
    else:
        _take_typed(name, values, made)


def _take_typed(name: str, values: list[str], made: dict[str, Any]) -> None:
    for prefix, (listed, words, space) in _TYPED.items():
        if name.startswith(prefix):
            kind = name.removeprefix(prefix)
            kind = word(kind, _NAMES, words, space, name) if kind else ""
            wanted = (as_uri(item, _NAMES, name) for item in split(name, values))
            made["typed"][listed, kind] = frozenset(map(_canonical, wanted))
            return
    raise SourceError(
        short(name), "this query parameter is not known or not supported", "未知或不支持的查询参数"
    )


def _wanted(text: str, name: str) -> str:
    uri = as_uri(text, _NAMES, name)
    made = canonical_uri(uri)
    if uri.startswith("urn:epc:idpat:"):
        if made is None:
            raise SourceError(
                name,
                f"{short(uri)!r}: only the serial number of a pattern may be open",
                f"“{short(uri)}”：模式中只有序列号可以为 *",
            )
        return made if "Class" in name else f"{made}/*"
    return made or uri


_SINGLE: Final[Mapping[str, tuple[str, Callable[[str, str], Any]]]] = {
    "eventType": ("event_types", members(FIELDS)),
    "EQ_action": ("actions", members(ACTIONS)),
    "EXISTS_errorDeclaration": (
        "has_error_declaration",
        lambda name, text: one("true", "false")(name, text) == "true",
    ),
    "orderBy": ("order_by", one("eventTime", "recordTime")),
    "orderDirection": (
        "descending",
        lambda name, text: one("ASC", "DESC")(name, text) == "DESC",
    ),
    "eventCountLimit": ("event_count_limit", count(100_000)),
    "maxEventCount": ("max_event_count", count(100_000)),
    "perPage": ("per_page", count(PER_PAGE_MAX)),
    "nextPageToken": ("next_page_token", token),
}
