"""How an affected part affects what it is in: the rules of a recall, without any store.

Works on any kind of key for items: numbers of a database, or ids when a third party reckons again
from disclosed records.

1. Findings go from child to parent, in order of containment; the best of all ways counts: certain
   before possible before excluded.
2. A way that was withdrawn, or a part that was taken out, excludes; where the part was taken out
   before it was affected, the reason says so.
3. A time window of a named batch or part is that of its own links (when it was used): links outside
   exclude, links without a time make possible.
4. Of several candidates one is the true child. One is ruled out if its link was withdrawn or ended,
   or if it is a single part that is known to have been elsewhere at a time at which the link held
   for sure: of a link without a beginning that is its last moment alone. What the parent is in, or
   what is in the parent, is not elsewhere. If one is left, it is the child; if all that are left
   are certainly affected, so is the parent; else it is possible.
5. Packing says nothing of what a thing consists of.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Any, Final, Generic, NamedTuple, TypeVar

from xinlian.trace.model.recall import Finding, Reason

__all__ = ["Seed", "Verdict", "Way", "spread"]

_K = TypeVar("_K", bound=Hashable)
_RANK: Final = {Finding.CERTAIN: 2, Finding.POSSIBLE: 1, Finding.EXCLUDED: 0}
_ORDER: Final = {reason: -at for at, reason in enumerate(Reason)}


class Way(NamedTuple, Generic[_K]):
    """A link. ``begins`` is -1 where it is not known, ``ends`` is ``None`` while it holds."""

    parent: _K
    child: _K
    begins: int
    ends: int | None
    known: bool
    withdrawn: bool
    group: str | None


class Seed(NamedTuple):
    """Where a recall starts: how sure it is that the item itself is affected, and since when.

    ``from_ms`` and ``to_ms`` bound the links of the item that count (``None``: no bound).
    """

    finding: Finding
    reason: Reason = Reason.CONTAINS
    since_ms: int | None = None
    from_ms: int | None = None
    to_ms: int | None = None

    @property
    def bounded(self) -> bool:
        """Whether only links of a window count."""
        return self.from_ms is not None or self.to_ms is not None


class Verdict(NamedTuple, Generic[_K]):
    """An item's finding; ``via`` is the child it comes from (``None``: a seed)."""

    finding: Finding
    reason: Reason
    via: _K | None = None
    since_ms: int | None = None

    @property
    def rank(self) -> tuple[int, int, int]:
        """Larger is surer; of the same finding the first reason of ``Reason`` counts, and of the
        same reason the earliest moment."""
        since = -1 if self.since_ms is None else self.since_ms
        return _RANK[self.finding], _ORDER[self.reason], -since


def spread(
    seeds: Mapping[_K, Sequence[Seed]],
    ways: Iterable[Way[_K]],
    single: Callable[[_K], bool],
    now_ms: int,
) -> dict[_K, Verdict[_K]]:
    """Findings of the seeds and of everything over them. ``ways`` hold every link over them, every
    other candidate of their groups, and every link of candidates that are ``single`` parts."""
    into: dict[_K, list[Way[_K]]] = defaultdict(list)
    over: dict[_K, list[Way[_K]]] = defaultdict(list)
    for way in ways:
        into[way.parent].append(way)
        over[way.child].append(way)
    verdicts: dict[_K, Verdict[_K]] = {}
    rules = _Rules(seeds, over, single, now_ms, verdicts)
    for item in _in_order(seeds, into, over):
        found = rules.judge(into.get(item, ()))
        mine = seeds.get(item, ())
        found += [_verdict(seed) for seed in mine if not seed.bounded]
        rules.settle(item, found)
        found += [_verdict(seed) for seed in mine if seed.bounded]
        if found:
            verdicts[item] = max(found, key=_rank)
    return verdicts


def _verdict(seed: Seed) -> Verdict[Any]:
    return Verdict(seed.finding, seed.reason, None, seed.since_ms)


def _rank(verdict: Verdict[Any]) -> tuple[int, int, int]:
    return verdict.rank


def _in_order(
    seeds: Iterable[_K],
    into: Mapping[_K, Sequence[Way[_K]]],
    over: Mapping[_K, Sequence[Way[_K]]],
) -> Iterable[_K]:
    """The seeds and what is over them, children before parents; circles come last."""
    reached: dict[_K, None] = dict.fromkeys(seeds)
    queue = deque(reached)
    while queue:
        for way in over.get(queue.popleft(), ()):
            if way.parent not in reached:
                reached[way.parent] = None
                queue.append(way.parent)
    waits = {item: sum(1 for way in into.get(item, ()) if way.child in reached) for item in reached}
    queue = deque(item for item, count in waits.items() if not count)
    while queue:
        item = queue.popleft()
        yield item
        for way in over.get(item, ()):
            waits[way.parent] -= 1
            if not waits[way.parent]:
                queue.append(way.parent)
    yield from (item for item, count in waits.items() if count > 0)


class _Rules(Generic[_K]):
    def __init__(
        self,
        seeds: Mapping[_K, Sequence[Seed]],
        over: Mapping[_K, Sequence[Way[_K]]],
        single: Callable[[_K], bool],
        now_ms: int,
        verdicts: Mapping[_K, Verdict[_K]],
    ) -> None:
        self._seeds = seeds
        self._over = over
        self._single = single
        self._now_ms = now_ms
        self._verdicts = verdicts
        self._free: dict[_K, Verdict[_K]] = {}
        self._around: dict[_K, set[_K]] = {}

    def settle(self, item: _K, found: Sequence[Verdict[_K]]) -> None:
        """What is found of an item apart from its windows."""
        if found:
            self._free[item] = max(found, key=_rank)

    def judge(self, ways: Sequence[Way[_K]]) -> list[Verdict[_K]]:
        """What an item's children make of it."""
        found = []
        groups: dict[str, list[Way[_K]]] = defaultdict(list)
        for way in ways:
            if way.known or way.group is None:
                verdict = self._through(way)
                if verdict is not None:
                    found.append(verdict)
            else:
                groups[way.group].append(way)
        for group in groups.values():
            found += self._candidates(group)
        return found

    def _through(self, way: Way[_K]) -> Verdict[_K] | None:
        """What one link makes of its parent, if it is known to hold."""
        if way.child not in self._verdicts:
            return None
        found = [
            self._windowed(way, seed) for seed in self._seeds.get(way.child, ()) if seed.bounded
        ]
        free = self._free.get(way.child)
        if free is not None:
            found.append(free._replace(via=way.child))
        best = max(found, key=_rank)
        stopped = self._stopped(way, best.since_ms)
        if stopped is not None and best.finding is not Finding.EXCLUDED:
            return best._replace(finding=Finding.EXCLUDED, reason=stopped)
        return best

    def _windowed(self, way: Way[_K], seed: Seed) -> Verdict[_K]:
        """What a link makes of its parent if only links of a window count."""
        finding, reason = seed.finding, seed.reason
        if way.begins < 0:
            finding, reason = Finding.POSSIBLE, Reason.TIME_UNKNOWN
        elif seed.from_ms is not None and way.begins < seed.from_ms:
            finding, reason = Finding.EXCLUDED, Reason.FITTED_BEFORE
        elif seed.to_ms is not None and way.begins >= seed.to_ms:
            finding, reason = Finding.EXCLUDED, Reason.FITTED_AFTER
        return Verdict(finding, reason, way.child, seed.since_ms)

    def _stopped(self, way: Way[Any], since: int | None) -> Reason | None:
        if way.withdrawn:
            return Reason.WITHDRAWN
        if way.ends is None or way.ends > self._now_ms:
            return None
        if since is not None and way.ends <= since:
            return Reason.REMOVED_BEFORE
        return Reason.REMOVED

    def _candidates(self, group: Sequence[Way[_K]]) -> list[Verdict[_K]]:
        left = [way for way in group if not self._ruled_out(way)]
        found: list[Verdict[_K]] = []
        through = [(way, self._through(way)) for way in group]
        for way, verdict in through:
            if verdict is not None and way not in left:
                stopped = self._stopped(way, verdict.since_ms)
                reason = stopped or Reason.CANDIDATE_RESOLVED
                found.append(Verdict(Finding.EXCLUDED, reason, way.child, verdict.since_ms))
        live = [(way, verdict) for way, verdict in through if way in left]
        children = {way.child for way in left}
        sure = {way.child for way, v in live if v is not None and v.finding is Finding.CERTAIN}
        for _, verdict in live:
            if verdict is None:
                continue
            if verdict.finding is Finding.EXCLUDED:
                found.append(verdict)
            elif len(children) == 1:
                certain = verdict.finding is Finding.CERTAIN
                reason = Reason.SOLE_CANDIDATE if certain else verdict.reason
                found.append(verdict._replace(reason=reason))
            elif sure == children:
                found.append(verdict._replace(reason=Reason.ALL_CANDIDATES))
            else:
                found.append(verdict._replace(finding=Finding.POSSIBLE, reason=Reason.CANDIDATE))
        return found

    def _ruled_out(self, way: Way[_K]) -> bool:
        if self._stopped(way, None) is not None:
            return True
        return self._single(way.child) and any(
            other.known
            and not other.withdrawn
            and self._at_once(way, other)
            and not self._nested(way.parent, other.parent)
            for other in self._over.get(way.child, ())
        )

    def _at_once(self, one: Way[_K], two: Way[_K]) -> bool:
        """Whether there was a moment at which both links held, whenever they began."""
        since = max(self._held_since(one), self._held_since(two))
        return all(way.ends is None or since < way.ends for way in (one, two))

    def _held_since(self, way: Way[_K]) -> int:
        """From when on a link held for sure."""
        if way.begins >= 0:
            return way.begins
        return self._now_ms if way.ends is None else way.ends - 1

    def _nested(self, one: _K, two: _K) -> bool:
        return one == two or two in self._above(one) or one in self._above(two)

    def _above(self, item: _K) -> set[_K]:
        """What an item went into, by links that were not withdrawn."""
        if item not in self._around:
            reached = {item}
            queue = deque(reached)
            while queue:
                for way in self._over.get(queue.popleft(), ()):
                    if not way.withdrawn and way.parent not in reached:
                        reached.add(way.parent)
                        queue.append(way.parent)
            self._around[item] = reached
        return self._around[item]
