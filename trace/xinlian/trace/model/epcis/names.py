"""Names of an EPCIS document: its JSON-LD context, prefixes, and problems with their place."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from xinlian.trace.model.epcis.vocabulary import CONTEXTS, PREFIXES
from xinlian.trace.model.sources import NumberText, SourceError

__all__ = ["Names", "names_of_context"]

_PREFIX = re.compile(r"[A-Za-z_][A-Za-z0-9_.\-]*", re.ASCII)
_IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*:\S+", re.ASCII)
_CONTEXT_ENTRIES_MAX: Final = 200
_PROTECTED: Final = frozenset({"id", "type", "eventTime", "epcList", "action", "eventID"})


class Names:
    """The prefixes of a document; expands names of fields and compact values."""

    def __init__(self, declared: Mapping[str, str]) -> None:
        self.prefixes = {**PREFIXES, **declared}

    @classmethod
    def of_xml(cls) -> Names:
        """The prefixes that values in XML may have; names of elements carry their space there."""
        made = cls({})
        made.prefixes = {name: PREFIXES[name] for name in ("gs1", "cbv")}
        return made

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Names) and self.prefixes == other.prefixes

    def __hash__(self) -> int:
        return hash(frozenset(self.prefixes.items()))

    def field(self, name: str, path: str) -> str:
        """``{name space}local`` of an extension's name; raises ``SourceError``."""
        if name.startswith("{"):
            return name
        prefix, colon, local = name.partition(":")
        if colon and prefix in self.prefixes and local and not local.startswith("//"):
            return f"{{{self.prefixes[prefix]}}}{local}"
        if colon and local.startswith("//"):
            space, _, local = name.rpartition("#" if "#" in name else "/")
            return f"{{{space}{'#' if '#' in name else '/'}}}{local}"
        if colon:
            raise SourceError(
                path,
                f"the prefix {prefix[:40]!r} is not declared in @context",
                f"前缀“{prefix[:40]}”未在 @context 中声明",
            )
        raise SourceError(
            path,
            f"EPCIS 2.0 has no field {name[:60]!r} here",
            f"EPCIS 2.0 在此处没有字段“{name[:60]}”",
        )

    def value(self, text: str) -> str:
        """A value with a declared prefix replaced by its name space; else unchanged."""
        prefix, colon, local = text.partition(":")
        if colon and prefix in self.prefixes and not local.startswith("//"):
            return self.prefixes[prefix] + local
        return text


def names_of_context(context: object, path: str = "@context", outer: Names | None = None) -> Names:
    """The names that a JSON-LD context declares, beside those of the document around it.

    Raises ``SourceError`` naming the entry.

    EPCIS's own context must be among them. Others given by address are refused, since what they
    mean is not known here and nothing is fetched; prefixes are declared in place.
    """
    listed = context if isinstance(context, list) else [context]
    if len(listed) > _CONTEXT_ENTRIES_MAX:
        raise SourceError(path, "too many entries", "条目过多")
    declared = {} if outer is None else dict(outer.prefixes)
    known = outer is not None
    for index, entry in enumerate(listed):
        place = f"{path}[{index}]" if isinstance(context, list) else path
        if isinstance(entry, str) and not isinstance(entry, NumberText):
            if entry not in CONTEXTS:
                raise SourceError(
                    place,
                    f"the context {entry[:120]!r} is not known; it is not fetched: declare prefixes"
                    " in the document",
                    f"未知的上下文“{entry[:120]}”，系统不会联网获取：请在文件内声明前缀",
                )
            known = True
        elif isinstance(entry, dict):
            declared.update(_declared(entry, place))
        else:
            raise SourceError(place, "must be an address or a table", "应为地址或前缀表")
    if not known:
        raise SourceError(
            path,
            "the context of EPCIS 2.0 is missing"
            " (https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld)",
            "缺少 EPCIS 2.0 的上下文（https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld）",
        )
    return Names(declared)


def _declared(entry: Mapping[str, Any], place: str) -> dict[str, str]:
    made = {}
    if len(entry) > _CONTEXT_ENTRIES_MAX:
        raise SourceError(place, "too many entries", "条目过多")
    for name, meaning in entry.items():
        if name in _PROTECTED:
            raise SourceError(
                f"{place}.{name}", "a name of EPCIS cannot be given another meaning",
                "不得更改 EPCIS 自身名称的含义",
            )  # fmt: skip
        # Definitions of single terms say how a value is typed; they name no space of their own.
        if ":" in name or name.startswith("@") or isinstance(meaning, dict):
            continue
        if not isinstance(meaning, str) or _IRI.fullmatch(meaning) is None:
            raise SourceError(
                f"{place}.{name}", "a prefix must stand for an absolute URI", "前缀应对应绝对 URI"
            )
        if _PREFIX.fullmatch(name) is None:
            raise SourceError(f"{place}.{name[:40]}", "is no prefix", "不是合法前缀")
        made[name] = meaning
    return made
