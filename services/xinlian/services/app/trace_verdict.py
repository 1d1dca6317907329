"""What is to be said of an item in one word, and why: the worst that applies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from xinlian.trace.model.dossier import Verdict, Words
from xinlian.trace.model.facts import Inspection, Result
from xinlian.trace.model.items import ItemId
from xinlian.trace.model.links import Certainty
from xinlian.trace.model.recall import Finding
from xinlian.trace.model.standing import NamedBy, RecallState
from xinlian.trace.model.stored import CertificateState, Doubts, ItemFacts, Stored
from xinlian.trace.model.tree import Tree, Truncation

__all__ = ["doubts_of", "suspects_of", "verdict_of"]

_REASONS_MAX: Final = 8


def doubts_of(tree: Tree, facts: ItemFacts) -> Doubts:
    """What a tree and the facts of its items say against the item at its top."""
    unsure = {
        node.link.candidate_group or node.item.id.id
        for node in tree.nodes
        if node.link is not None and node.link.certainty is Certainty.CANDIDATE
    }
    circle = any(reason is Truncation.CYCLE for reason, _ in tree.truncations)
    return Doubts(facts, len(unsure), len(tree.gaps), circle)


def verdict_of(
    item: ItemId,
    doubts: Doubts,
    recalls: Sequence[NamedBy],
    others: Mapping[int, str] = MappingProxyType({}),
) -> tuple[Verdict, tuple[Words, ...]]:
    """The verdict with its reasons. ``recalls``: those that were published and name it.

    Of a characteristic that was looked at again, the last look counts; what was withdrawn does not.
    ``others`` are names of parties besides the reader: what they state is told with their names.
    """
    found: list[tuple[Verdict, Words]] = [
        words for each in recalls if (words := _recalled(each, others)) is not None
    ]
    facts = doubts.facts
    found += _failures(item, facts.inspections, others)
    found += [
        (
            Verdict.SUSPECT,
            _by(
                Words(
                    f"failure reported: {each.fact.code or each.fact.kind.value}",
                    f"有失效报告：{each.fact.code or each.fact.kind.value}",
                ),
                others.get(each.party),
            ),
        )
        for each in facts.claims
        if not each.withdrawn
    ]
    rejected = [each for each in facts.certificates if each.state is CertificateState.REJECTED]
    found += [
        (
            Verdict.SUSPECT,
            _by(
                Words(f"certificate rejected: {each.name}", f"证书被驳回：{each.name}"),
                others.get(each.party),
            ),
        )
        for each in rejected
    ]
    found += _missing(doubts)
    if not found:
        return Verdict.CONFORMING, ()
    order = list(Verdict)
    found.sort(key=lambda each: order.index(each[0]))
    reasons = tuple(dict.fromkeys(words for _, words in found))
    return found[0][0], reasons[:_REASONS_MAX]


def suspects_of(doubts: Doubts) -> list[ItemId]:
    """The items that speak against the one at the top: what failed, and what was rejected."""
    facts = doubts.facts
    found = [each.fact.item for each in _last_looks(facts.inspections)
             if each.fact.result is Result.FAILED]  # fmt: skip
    found += [each.fact.item for each in facts.claims if not each.withdrawn]
    found += [each.item for each in facts.certificates if each.state is CertificateState.REJECTED]
    return list(dict.fromkeys(found))


def _by(words: Words, name: str | None) -> Words:
    if not name:
        return words
    return Words(f"{words.en}, stated by {name}", f"{words.zh}（{name}提供）")


def _recalled(recall: NamedBy, others: Mapping[int, str]) -> tuple[Verdict, Words] | None:
    name = others.get(recall.party)
    title = f" ({recall.title})" if recall.title else ""
    title_zh = f"（{recall.title}）" if recall.title else " "
    of = f"recall {recall.number}{title}" + (f" of {name}" if name else "")
    of_zh = f"{name or ''}召回 {recall.number}{title_zh}"
    if recall.state is RecallState.WITHDRAWN:
        return Verdict.CONFORMING, Words(f"{of} was withdrawn", f"{of_zh}已撤回")
    if recall.state is not RecallState.PUBLISHED:
        return None
    if recall.finding is Finding.CERTAIN:
        return Verdict.AFFECTED, Words(f"{of} names it for certain", f"{of_zh}确定涉及")
    return Verdict.SUSPECT, Words(f"{of} may concern it", f"{of_zh}可能涉及")


def _last_looks(inspections: Sequence[Stored[Inspection]]) -> list[Stored[Inspection]]:
    last: dict[tuple[ItemId, str], Stored[Inspection]] = {}
    for each in sorted(inspections, key=lambda stored: stored.fact.time_ms):
        if not each.withdrawn:
            last[each.fact.item, each.fact.characteristic] = each
    return list(last.values())


def _failures(
    item: ItemId, inspections: Sequence[Stored[Inspection]], others: Mapping[int, str]
) -> list[tuple[Verdict, Words]]:
    found = []
    for each in _last_looks(inspections):
        fact, by = each.fact, others.get(each.party)
        of = "" if fact.item == item else f" ({fact.item.id})"
        if fact.result is Result.FAILED:
            verdict = Verdict.AFFECTED if fact.key else Verdict.SUSPECT
            name = fact.characteristic
            words = Words(f"inspection failed: {name}{of}", f"检验不合格：{name}{of}")
            found.append((verdict, _by(words, by)))
        elif fact.result is Result.NOT_MEASURED:
            name = fact.characteristic
            words = Words(f"not measured: {name}{of}", f"未测量：{name}{of}")
            found.append((Verdict.INCOMPLETE, _by(words, by)))
    return found


def _missing(doubts: Doubts) -> list[tuple[Verdict, Words]]:
    found = []
    if doubts.unsure:
        words = Words(
            f"{doubts.unsure} parts are known only as one of several",
            f"{doubts.unsure} 个零件来源有多个候选",
        )
        found.append((Verdict.INCOMPLETE, words))
    if doubts.gaps:
        words = Words(
            f"{doubts.gaps} things that should be known are not",
            f"缺少 {doubts.gaps} 项应有记录",
        )
        found.append((Verdict.INCOMPLETE, words))
    if doubts.circle:
        words = Words("the records contradict each other: a circle", "记录自相矛盾：循环引用")
        found.append((Verdict.INCOMPLETE, words))
    return found
