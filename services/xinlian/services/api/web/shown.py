"""What a page shows of a dossier: rows in the order in which people read them, bounded."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, Final, cast
from urllib.parse import urlencode

from xinlian.services.api.web.texts import Lang, translator, word
from xinlian.trace.model.dossier import Dossier, Language, Proof, ProofState, Recorded, Verdict
from xinlian.trace.model.event_words import ACTION_WORDS, EVENT_WORDS, cbv_words, last_word
from xinlian.trace.model.facts import Claim, Correction, Event, Inspection, ProcessRecord, Result
from xinlian.trace.model.items import Item, ItemId
from xinlian.trace.model.tree import Direction, Tree, Truncation

__all__ = ["ROWS_MAX", "item_values", "level_values"]

ROWS_MAX: Final = 60
"""Rows of one kind on a page; the dossier has them all."""
_TONES: Final = {
    Verdict.AFFECTED: ("bad", "✗"),
    Verdict.SUSPECT: ("warn", "!"),
    Verdict.INCOMPLETE: ("warn", "?"),
    Verdict.CONFORMING: ("good", "✓"),
}

Address = Callable[[ItemId], str]
"""Where the page of an item is; empty where it has none."""


def item_values(
    dossier: Dossier,
    up: Tree | None,
    *,
    base: str,
    at: str,
    lang: Lang,
    address: Address,
) -> dict[str, Any]:
    """The values of the page's template."""
    makers = dict(dossier.party_names)
    tone, sign = _TONES[dossier.verdict]
    by_kind = {kind: _of(dossier, kind) for kind in (Inspection, ProcessRecord, Claim, Event)}
    inspections = sorted(by_kind[Inspection], key=_weight)
    processes, claims, events = (by_kind[kind] for kind in (ProcessRecord, Claim, Event))
    proofs = _proofs(dossier, lang)
    return {
        "dossier": dossier,
        "verdict": {"tone": tone, "sign": sign},
        "maker": makers.get(dossier.item.maker, dossier.item.maker),
        "makers": makers,
        "base": base,
        "at": at,
        "down": level_values(
            dossier.tree,
            makers,
            at=at,
            address=address,
            suspects=set(dossier.suspects),
            top=base.rpartition("/")[2],
        ),
        "up": level_values(up, makers, at=at, address=address),
        "inspections": inspections[:ROWS_MAX],
        "processes": processes[:ROWS_MAX],
        "claims": claims[:ROWS_MAX],
        "events": [_event(row, lang) for row in events[:ROWS_MAX]],
        "more": {
            "inspections": max(0, len(inspections) - ROWS_MAX),
            "processes": max(0, len(processes) - ROWS_MAX),
            "events": max(0, len(events) - ROWS_MAX),
        },
        "proofs": {
            "rows": proofs[:ROWS_MAX],
            "total": len(proofs),
            "fixed": sum(row["proof"].state is ProofState.FIXED for row in proofs),
        },
        "proof_words": _words(lang),
    }


def level_values(
    tree: Tree | None,
    makers: Mapping[str, str],
    *,
    at: str,
    address: Address,
    suspects: Collection[ItemId] = (),
    top: str = "",
) -> dict[str, Any]:
    """The children of a tree's root: one level, each with where the next one is.

    ``suspects`` are marked, and what has one in it; ``top`` is the tag of the item whose verdict
    is about them."""
    if tree is None:
        return {"rows": [], "cuts": []}
    gaps = Counter(gap.item for gap in tree.gaps)
    below = {node.parent for node in tree.nodes}
    holding = _holding(tree, suspects)
    rows = []
    for place, node in enumerate(tree.nodes):
        if node.parent != 0:
            continue
        opens = place in below or node.cut is Truncation.DEPTH
        page = address(node.item.id)
        rows.append(
            {
                "node": node,
                "address": page,
                "maker": makers.get(node.item.maker, node.item.maker),
                "gaps": gaps[node.item.id],
                "opens": bool(opens and page),
                "source": _source(page, tree, at, top if suspects else ""),
                "suspect": node.item.id in suspects,
                "holds": place in holding,
            }
        )
    # A level is cut where it is shown; deeper ones are opened, not cut.
    cuts = [
        (reason.value, count)
        for reason, count in tree.truncations
        if reason is not Truncation.DEPTH
    ]
    return {"rows": rows, "cuts": cuts}


def _holding(tree: Tree, suspects: Collection[ItemId]) -> set[int]:
    """Places below which there is a suspect."""
    found: set[int] = set()
    for place in range(len(tree.nodes) - 1, 0, -1):
        if place in found or tree.nodes[place].item.id in suspects:
            found.add(tree.nodes[place].parent)
    return found


def _source(page: str, tree: Tree, at: str, top: str) -> str:
    query = {"direction": tree.direction.value} if tree.direction is Direction.UP else {}
    query |= {"at": at} if at else {}
    query |= {"top": top} if top else {}
    return f"{page}/branch" + (f"?{urlencode(query)}" if query else "")


def _event(row: Recorded, lang: Lang) -> dict[str, Any]:
    """An event in words, as on paper."""
    fact, language = cast("Event", row.fact), Language(lang)
    action = ACTION_WORDS.get(fact.action)
    parts = (cbv_words(fact.biz_step), cbv_words(fact.disposition))
    return {
        "row": row,
        "kind": EVENT_WORDS[fact.type].of(language),
        "action": action.of(language) if action else fact.action,
        "what": " · ".join(word for each in parts if (word := each.of(language))),
        "place": last_word(fact.biz_location or fact.read_point),
    }


def _of(dossier: Dossier, kind: type) -> list[Recorded]:
    return [each for each in dossier.facts if isinstance(each.fact, kind)]


def _weight(row: Recorded) -> tuple[bool, bool, int]:
    """What failed first, then key characteristics, then the newest."""
    fact = cast("Inspection", row.fact)
    return fact.result is not Result.FAILED, not fact.key, -fact.time_ms


def _proofs(dossier: Dossier, lang: Lang) -> list[dict[str, Any]]:
    """Every record with evidence once, under what it says first."""
    told = [(_what(each.fact, lang), each.proof, each.stated_by) for each in dossier.facts]
    names = {node.item.id: node.item for node in dossier.tree.nodes}
    told += [(_item_words(names.get(each.item), each.item, lang), each.proof, each.stated_by)
             for each in dossier.item_proofs]  # fmt: skip
    told += [(each.title, each.proof, each.stated_by) for each in dossier.certificates]
    told += [(window.group, window.proof, "") for window in dossier.telemetry]
    return [{"what": what, "proof": proof, "by": by} for what, proof, by in _once(told)]


def _once(told: Iterable[tuple[str, Proof, str]]) -> Iterable[tuple[str, Proof, str]]:
    seen = set()
    for what, proof, by in told:
        key = (proof.log_id, proof.index)
        if proof.state is ProofState.NONE or key in seen:
            continue
        seen.add(key)
        yield what, proof, by


def _what(fact: object, lang: Lang) -> str:
    text = translator(lang)
    if isinstance(fact, Inspection):
        return f"{text('inspections')}: {fact.characteristic}"
    if isinstance(fact, ProcessRecord):
        return f"{text('process')}: {fact.station}"
    if isinstance(fact, Claim):
        return f"{text('claims')}: {fact.code}"
    if isinstance(fact, Event):
        step = cbv_words(fact.biz_step).of(Language(lang))
        return f"{text('events')}: {step or EVENT_WORDS[fact.type].of(Language(lang))}"
    if isinstance(fact, Correction):
        return f"{text('withdrawn')}: {fact.target}"
    return ""


def _item_words(item: Item | None, name: ItemId, lang: Lang) -> str:
    return f"{(item.name if item else '') or word(lang, name.type.value)} {name.id}"


def _words(lang: Lang) -> dict[str, str]:
    text = translator(lang)
    keys = (
        *("working", "broken", "PASS", "FAIL", "NOT CHECKED", "GAP STATED"),
        *("result_0", "result_1", "result_2", "result_3"),
        *("record_pass", "record_fail", "own_head"),
    )
    return {"lang": lang, **{key: text(key) for key in keys}}
