"""The metering tree: factory, line, machine; virtual meters; energy that no meter accounts for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum, unique
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt
from xinlian.ingest.model.energy.exact import EnergyError

__all__ = ["Balance", "Level", "MeterNode", "MeterTree", "Wh"]

NODES_MAX: Final = 100_000
DEPTH_MAX: Final = 32
Wh = npt.NDArray[np.int64]
"""Energy of each step, integer Wh."""


@unique
class Level(StrEnum):
    """What a node of the tree stands for."""

    FACTORY = "factory"
    LINE = "line"
    MACHINE = "machine"
    PRODUCT = "product"


@dataclass(frozen=True, slots=True, kw_only=True)
class MeterNode:
    """A place of the tree. Without ``terms`` its energy comes from the meter of its own id; with
    them it is a virtual meter: the sum of other nodes, each times 1 or -1."""

    id: str
    level: Level
    parent: str = ""
    """Empty at the root alone."""
    terms: tuple[tuple[int, str], ...] = ()
    label: str = ""


@dataclass(frozen=True, slots=True)
class Balance:
    """What a node measured, what its children did, and the rest (negative: children exceed it)."""

    node: str
    measured_wh: int
    children_wh: int

    @property
    def unaccounted_wh(self) -> int:
        """Losses, unmetered loads, or meters that disagree."""
        return self.measured_wh - self.children_wh


class MeterTree:
    """A checked tree: one root, no cycle, virtual meters that end at real ones."""

    def __init__(self, nodes: Sequence[MeterNode]) -> None:
        if not 1 <= len(nodes) <= NODES_MAX:
            raise EnergyError(
                f"a tree has 1 to {NODES_MAX} nodes", f"计量树须有 1 至 {NODES_MAX} 个节点"
            )
        self.nodes: dict[str, MeterNode] = {}
        for node in nodes:
            if node.id in self.nodes:
                raise EnergyError(f"node {node.id!r} stands twice", f"节点 {node.id!r} 重复")
            self.nodes[node.id] = node
        roots = [node.id for node in nodes if not node.parent]
        if len(roots) != 1:
            raise EnergyError(
                f"a tree has one root, not {len(roots)}",
                f"计量树须有且只有一个根，而非 {len(roots)} 个",
            )
        self.root = roots[0]
        for node in nodes:
            self._climb(node)
            for sign, term in node.terms:
                if term not in self.nodes or sign not in (1, -1):
                    raise EnergyError(
                        f"virtual meter {node.id!r}: no node {term!r}, or a sign not 1 or -1",
                        f"虚拟表 {node.id!r}：没有节点 {term!r}，或符号不是 1 与 -1",
                    )
        self._order = self._reckoning_order()

    def _climb(self, node: MeterNode) -> None:
        at, steps = node, 0
        while at.parent:
            steps += 1
            above = self.nodes.get(at.parent)
            if above is None or steps > DEPTH_MAX:
                raise EnergyError(
                    f"node {node.id!r}: no way up to the root (unknown parent, or a circle)",
                    f"节点 {node.id!r}：无法上溯到根（上级不存在或成环）",
                )
            at = above

    def _reckoning_order(self) -> tuple[str, ...]:
        """Virtual meters after the nodes that they are made of (Kahn's algorithm)."""
        waiting = {node.id: {term for _, term in node.terms} for node in self.nodes.values()}
        users: dict[str, list[str]] = {}
        for name, terms in waiting.items():
            for term in terms:
                users.setdefault(term, []).append(name)
        ready = [name for name, terms in waiting.items() if not terms]
        done: list[str] = []
        while ready:
            name = ready.pop()
            done.append(name)
            for user in users.get(name, ()):
                waiting[user].discard(name)
                if not waiting[user]:
                    ready.append(user)
        if len(done) != len(waiting):
            raise EnergyError(
                "virtual meters refer to each other in a circle", "虚拟表互相引用成环"
            )
        return tuple(done)

    @cached_property
    def children(self) -> Mapping[str, tuple[str, ...]]:
        """Ids below each node, in the order given."""
        below: dict[str, list[str]] = {name: [] for name in self.nodes}
        for node in self.nodes.values():
            if node.parent:
                below[node.parent].append(node.id)
        return {name: tuple(names) for name, names in below.items()}

    def energies(self, meters: Mapping[str, Wh]) -> dict[str, Wh]:
        """Energy of every node per step, from the real meters'; ``EnergyError`` if one lacks."""
        made: dict[str, Wh] = {}
        for name in self._order:
            node = self.nodes[name]
            if node.terms:
                made[name] = np.sum([sign * made[term] for sign, term in node.terms], axis=0)
            elif name in meters:
                made[name] = np.asarray(meters[name], dtype=np.int64)
            else:
                raise EnergyError(f"no readings of meter {name!r}", f"缺少电表 {name!r} 的读数")
        return made

    def balances(self, energies: Mapping[str, Wh]) -> list[Balance]:
        """Of every node with children, the root first."""
        out: list[Balance] = []
        queue = [self.root]
        for name in queue:
            below = self.children[name]
            if below:
                parts = sum(int(energies[child].sum()) for child in below)
                out.append(Balance(name, int(energies[name].sum()), parts))
                queue.extend(below)
        return out
