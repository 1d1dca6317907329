"""The rules of a recall told naively: recursion from the vehicle down, no store, no order."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from xinlian.trace.model.facts import ProcessRecord
from xinlian.trace.model.items import ItemId, ItemType
from xinlian.trace.model.links import Certainty, Link, LinkKind
from xinlian.trace.model.recall import Cause, CauseKind

DAY = 86_400_000
FAR = 1 << 62
CERTAIN, POSSIBLE, EXCLUDED = 2, 1, 0
NAMES = {2: "certain", 1: "possible", 0: "excluded"}


@dataclass
class Naive:
    """What was captured, as a reader remembers it."""

    links: list[Link] = field(default_factory=list)
    work: list[ProcessRecord] = field(default_factory=list)

    def findings(self, causes: Sequence[Cause], now_ms: int) -> dict[ItemId, str]:
        """Finding of every affected or suspected vehicle."""
        items = {end for each in self.links for end in (each.child, each.parent)}
        items |= {each.item for each in self.work}
        found = {}
        for item in items:
            if item.type is ItemType.VEHICLE:
                verdict = self._of(item, causes, now_ms)
                if verdict is not None:
                    found[item] = NAMES[verdict]
        return found

    def _of(self, item: ItemId, causes: Sequence[Cause], now_ms: int) -> int | None:
        every = [self._seed(item, cause) for cause in causes]
        every += [
            self._known(each, causes, now_ms)
            for each in self._into(item)
            if each.certainty is Certainty.KNOWN
        ]
        groups = {each.candidate_group for each in self._into(item) if each.candidate_group}
        every += [self._group(item, str(group), causes, now_ms) for group in groups]
        return max((each for each in every if each is not None), default=None)

    def _into(self, item: ItemId) -> list[Link]:
        return [
            each for each in self.links if each.parent == item and each.kind is not LinkKind.PACKED
        ]

    def _known(self, each: Link, causes: Sequence[Cause], now_ms: int) -> int | None:
        below = self._of(each.child, causes, now_ms)
        if below is None:
            return None
        if each.valid_to_ms is not None and each.valid_to_ms <= now_ms:
            return EXCLUDED
        # A window counts for the links of the named item, beside whatever else makes it bad.
        windows = [
            cause
            for cause in causes
            if cause.kind is CauseKind.ITEMS and each.child.id in cause.names
        ]
        without = self._of(each.child, [c for c in causes if c not in windows], now_ms)
        inside = [_in_window(each, cause) for cause in windows]
        return max(found for found in (*inside, without) if found is not None)

    def _group(self, item: ItemId, group: str, causes: Sequence[Cause], now_ms: int) -> int | None:
        members = [each for each in self._into(item) if each.candidate_group == group]
        left = [each for each in members if not self._out(each, now_ms)]
        verdicts = {id(each): self._known(each, causes, now_ms) for each in members}
        found = [EXCLUDED for e in members if e not in left and verdicts[id(e)] is not None]
        inside = [verdicts[id(each)] for each in left]
        sure = {each.child for each in left if verdicts[id(each)] == CERTAIN}
        alone = len({each.child for each in left}) == 1
        for verdict in inside:
            if verdict is None:
                continue
            if verdict == EXCLUDED or alone or sure == {each.child for each in left}:
                found.append(verdict)
            else:
                found.append(POSSIBLE)
        return max(found, default=None)

    def _out(self, each: Link, now_ms: int) -> bool:
        if each.valid_to_ms is not None and each.valid_to_ms <= now_ms:
            return True
        if each.child.type is ItemType.BATCH:
            return False
        return any(
            other.child == each.child
            and other.certainty is Certainty.KNOWN
            and other.kind is not LinkKind.PACKED
            and not self._holds(each.parent, other.parent)
            and not self._holds(other.parent, each.parent)
            and _always_overlap(each, other, now_ms)
            for other in self.links
        )

    def _holds(self, high: ItemId, low: ItemId) -> bool:
        return high == low or any(self._holds(high, each.parent) for each in self._over(low))

    def _over(self, item: ItemId) -> list[Link]:
        return [
            each for each in self.links if each.child == item and each.kind is not LinkKind.PACKED
        ]

    def _seed(self, item: ItemId, cause: Cause) -> int | None:
        if cause.kind is CauseKind.ITEMS:
            return CERTAIN if item.id in cause.names else None
        found = [
            _work(cause, each)
            for each in self.work
            if each.item == item and each.machine in cause.names
        ]
        return max((each for each in found if each is not None), default=None)


def _work(cause: Cause, each: ProcessRecord) -> int | None:
    low, high = cause.from_ms, cause.to_ms
    assert low is not None
    assert high is not None
    if low <= each.start_ms < high and each.end_ms <= high:
        return CERTAIN
    if each.end_ms >= low and each.start_ms < high:
        return POSSIBLE
    if each.end_ms >= low - DAY and each.start_ms < high + DAY:
        return EXCLUDED
    return None


def _in_window(each: Link, cause: Cause) -> int:
    if cause.from_ms is None and cause.to_ms is None:
        return CERTAIN
    if each.valid_from_ms is None:
        return POSSIBLE
    low = cause.from_ms is None or each.valid_from_ms >= cause.from_ms
    high = cause.to_ms is None or each.valid_from_ms < cause.to_ms
    return CERTAIN if low and high else EXCLUDED


def _always_overlap(one: Link, two: Link, now_ms: int) -> bool:
    """Whether both held at one time, whatever the beginnings that nobody told were."""
    return all(
        max(one_from, two_from) < min(one.valid_to_ms or FAR, two.valid_to_ms or FAR)
        for one_from in _beginnings(one, now_ms)
        for two_from in _beginnings(two, now_ms)
    )


def _beginnings(link: Link, now_ms: int) -> Iterable[int]:
    if link.valid_from_ms is not None:
        return (link.valid_from_ms,)
    if link.valid_to_ms is None:
        return (0, now_ms)
    return (0, *range(link.valid_to_ms - 30, link.valid_to_ms))
