"""Everything known of an item, put together for its page, its PDF and the API."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import orjson
from sqlalchemy import Engine
from xinlian.ledger.adapters.sql.engine import begin_read
from xinlian.services.app.clock import Clock
from xinlian.services.app.telemetry_links import TelemetryOf
from xinlian.services.app.trace_charts import charts_of
from xinlian.services.app.trace_items import Eyes
from xinlian.services.app.trace_proofs import NO_PROOF, Proofs
from xinlian.services.app.trace_verdict import doubts_of, suspects_of, verdict_of
from xinlian.trace.model.dossier import (
    Certificate,
    CertificateStatus,
    Dossier,
    ItemProof,
    Proof,
    Recorded,
    Verdict,
    Words,
)
from xinlian.trace.model.items import Item, ItemId
from xinlian.trace.model.standing import NamedBy, RecallState
from xinlian.trace.model.stored import Certificate as StoredCertificate
from xinlian.trace.model.stored import CertificateState, Doubts, ItemFacts, Stored
from xinlian.trace.model.tree import Direction, Tree
from xinlian.trace.usecases.genealogy import Genealogy

__all__ = ["Dossiers", "Extent"]

FACT_ITEMS_MAX: Final = 3_000
"""Items of a tree whose facts are read."""
_STATUS: Final = {
    CertificateState.WAITING: CertificateStatus.PENDING,
    CertificateState.APPROVED: CertificateStatus.APPROVED,
    CertificateState.REJECTED: CertificateStatus.REJECTED,
}


@dataclass(frozen=True, slots=True)
class Extent:
    """How much of a tree a dossier has."""

    depth: int = 60
    nodes: int = 6_000
    at_ms: int | None = None


class Dossiers:
    """Puts dossiers together. ``names`` gives names for codes of makers, ``called`` for numbers of
    parties; ``recalls_of`` tells which recalls name an item, and how surely."""

    def __init__(
        self,
        engine: Engine,
        clock: Clock,
        genealogy: Genealogy,
        proofs: Proofs,
        names: Callable[[Sequence[str]], dict[str, str]],
        called: Callable[[Iterable[int]], dict[int, str]] = lambda _parties: {},
        recalls_of: Callable[[int, ItemId], list[NamedBy]] = lambda _reader, _item: [],
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._genealogy = genealogy
        self._proofs = proofs
        self._names = names
        self._called = called
        self.recalls_of = recalls_of
        self.telemetry_of: TelemetryOf = lambda _processes: ()
        """Gives the curves of process records, where there is a store of readings."""

    def tree(self, item: ItemId, eyes: Eyes, direction: Direction, extent: Extent) -> Tree | None:
        """A tree as the reader may see it. What a thing went into is its buyers' business:
        strangers see parts alone."""
        if eyes.stranger and direction is Direction.UP:
            return None
        return self._genealogy.tree(
            eyes.reader,
            item,
            direction,
            at_ms=extent.at_ms,
            depth_max=extent.depth,
            nodes_max=extent.nodes,
        )

    def names_in(self, tree: Tree | None) -> dict[str, str]:
        """Names for the makers in a tree, by their codes."""
        return {} if tree is None else dict(self._named(tree, ()))

    def of(self, item: Item, eyes: Eyes, link: str, extent: Extent) -> Dossier | None:
        """The dossier of an item; ``None`` if the reader knows nothing of it.

        A stranger's has identity and verdict, and the parts if the policy shows them. The verdict
        is the word of the page's party, which knows what others shared with it; reasons are given
        as far as the reader may see what they speak of.
        """
        if not eyes.tree:
            extent = replace(extent, depth=0, nodes=1)
        tree = self.tree(item.id, eyes, Direction.DOWN, extent)
        if tree is None:
            return None
        now_ms = 1000 * self._clock.now()
        if eyes.stranger and not eyes.whole:
            verdict = self._word(item, eyes, extent.at_ms)
            shown = Tree(tree.direction, tree.at_ms, tree.nodes)
            return Dossier(link, now_ms, "", verdict, (), shown, party_names=self._named(shown, ()))
        items = _items(tree)[:FACT_ITEMS_MAX]
        facts = self._genealogy.facts(eyes.reader, items, with_links=False)
        # A stranger is told of no recall that was shared with the page's party alone.
        recalls = self.recalls_of(eyes.reader, item.id)
        stored = _stored(facts)
        parties = dict.fromkeys([eyes.home, *(each.party for each in stored)])
        called = self._speakers([*parties, *(each.party for each in recalls)])
        doubts = doubts_of(tree, facts)
        others = {party: name for party, name in called.items() if party != eyes.reader}
        verdict, reasons = verdict_of(item.id, doubts, recalls, others)
        if eyes.stranger:
            verdict = self._word(item, eyes, extent.at_ms)
        certificates = facts.certificates
        with begin_read(self._engine) as connection:
            proofs = self._proofs.of(connection, stored, now_ms)
            place = self._proofs.place(connection, parties)
        return Dossier(
            link=link,
            made_at_ms=now_ms,
            made_by=called.get(eyes.reader, ""),
            verdict=verdict,
            reasons=reasons,
            tree=tree,
            facts=tuple(_recorded(each, proofs, called) for each in _told(facts)),
            item_proofs=tuple(
                ItemProof(
                    each.fact.id,
                    _proof(each, proofs),
                    called[each.party],
                )
                for each in facts.items
            ),
            charts=charts_of(self._engine, self._genealogy, eyes.reader, facts),
            telemetry=self.telemetry_of(facts.processes),
            certificates=tuple(_certificate(each, proofs, called) for each in certificates),
            party_names=self._named(tree, certificates),
            affected_by=tuple(
                _called(each) for each in recalls if each.state is RecallState.PUBLISHED
            ),
            suspects=tuple(self._suspects(tree, doubts, recalls)),
            chain=None if place is None else _where(*place),
        )

    def suspects(self, item: ItemId, eyes: Eyes, at_ms: int | None) -> set[ItemId]:
        """What is wrong in an item, as far as the reader may know; nothing for strangers, who are
        given no reasons."""
        doubts = None if eyes.stranger else self._genealogy.doubts(eyes.reader, item, at_ms)
        if doubts is None:
            return set()
        found = {*suspects_of(doubts), *self._causes(self.recalls_of(eyes.reader, item))}
        return found - {item}

    def _suspects(self, tree: Tree, doubts: Doubts, recalls: Iterable[NamedBy]) -> list[ItemId]:
        """Items in the tree that the verdict is about, in the order of the tree."""
        wanted = {*suspects_of(doubts), *self._causes(recalls)}
        return [each for each in _items(tree)[1:] if each in wanted]

    def _causes(self, recalls: Iterable[NamedBy]) -> set[ItemId]:
        standing = [each.recall_id for each in recalls if each.state is RecallState.PUBLISHED]
        return self._genealogy.recalled(standing) if standing else set()

    def _speakers(self, parties: Iterable[int]) -> dict[int, str]:
        wanted = {party for party in parties if party >= 0}
        return {party: str(party) for party in wanted} | self._called(wanted)

    def _word(self, item: Item, eyes: Eyes, at_ms: int | None) -> Verdict:
        """The verdict of the party whose page a stranger looks at. Asked cheaply: anybody may ask,
        as often as the rate allows."""
        doubts = self._genealogy.doubts(eyes.home, item.id, at_ms)
        if doubts is None:
            return Verdict.INCOMPLETE
        return verdict_of(item.id, doubts, self.recalls_of(eyes.home, item.id))[0]

    def _named(
        self, tree: Tree, certificates: Iterable[StoredCertificate]
    ) -> tuple[tuple[str, str], ...]:
        codes = {node.item.maker for node in tree.nodes if node.item.maker}
        codes |= {str(_header(each).get("issuer", "")) for each in certificates}
        return tuple(sorted(self._names(sorted(codes)).items()))


def _called(recall: NamedBy) -> str:
    return f"{recall.number} {recall.title}".strip()


def _items(tree: Tree) -> list[ItemId]:
    return list(dict.fromkeys(node.item.id for node in tree.nodes))


def _told(facts: ItemFacts) -> list[Stored[Any]]:
    return [*facts.inspections, *facts.processes, *facts.claims, *facts.events]


def _stored(facts: ItemFacts) -> list[Stored[Any]]:
    papers: list[Stored[Any]] = [
        Stored(each, each.party, 0, False, each.leaf, each.leaf_hash, each.attached_ms)
        for each in facts.certificates
    ]
    return [*_told(facts), *facts.items, *papers]


def _where(chain: int, contract: str) -> Words:
    return Words(
        f"The heads are on chain {chain}, in the contract {contract}.",
        f"树头位于链 {chain} 的合约 {contract}。",
    )


def _recorded(each: Stored[Any], proofs: Any, called: Mapping[int, str]) -> Recorded:
    return Recorded(each.fact, _proof(each, proofs), called[each.party], each.withdrawn)


def _proof(each: Stored[Any] | StoredCertificate, proofs: Any) -> Proof:
    found: Proof = proofs.get((each.party, each.leaf), NO_PROOF)
    return found


def _certificate(each: StoredCertificate, proofs: Any, called: Mapping[int, str]) -> Certificate:
    header = _header(each)
    issued = header.get("issued_ms")
    return Certificate(
        item=each.item,
        title=str(header.get("title", each.name)),
        number=str(header.get("number", "")),
        issuer=str(header.get("issuer", "")),
        issued_ms=issued if isinstance(issued, int) else None,
        file_name=each.name,
        media_type=each.media_type,
        sha256=each.sha256,
        status=_STATUS[each.state],
        proof=_proof(each, proofs),
        reason=each.reason,
        stated_by=called[each.party],
    )


def _header(each: StoredCertificate) -> dict[str, Any]:
    found = orjson.loads(each.header) if each.header else {}
    return found if isinstance(found, dict) else {}
