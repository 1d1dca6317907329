"""Market rules as dated rows, and the version of them that a decision used."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass

from xinlian.ledger.model.days import Day, add_months, iso_of

RuleValue = int | bool | None


class RuleError(ValueError):
    """A rule is missing, of the wrong type, or given twice for one day."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One row: a rule's value from a day on, with its source."""

    name: str
    value: RuleValue
    valid_from: Day
    source: str


@dataclass(frozen=True, slots=True)
class RuleSet:
    """The rules in force on one day."""

    day: Day
    version: str
    rules: tuple[Rule, ...]

    def find(self, name: str) -> Rule | None:
        """The rule in force under that name, or None where none is."""
        return next((rule for rule in self.rules if rule.name == name), None)

    def number(self, name: str) -> int | None:
        """The whole number a rule sets, or None where no such rule is in force."""
        rule = self.find(name)
        if rule is None:
            return None
        if isinstance(rule.value, bool) or not isinstance(rule.value, int):
            raise RuleError(f"market rule {name} must be a whole number")
        return rule.value

    def flag(self, name: str) -> bool:
        """Whether a rule is in force and true."""
        rule = self.find(name)
        if rule is not None and not isinstance(rule.value, bool):
            raise RuleError(f"market rule {name} must be true or false")
        return bool(rule is not None and rule.value)


@dataclass(frozen=True, slots=True)
class MarketRules:
    """All rows, past and coming."""

    rows: tuple[Rule, ...]

    @classmethod
    def of(cls, rows: Iterable[Rule]) -> MarketRules:
        """Rows in order of day and name; two rows for one name and day are refused."""
        ordered = tuple(sorted(rows, key=lambda row: (row.valid_from, row.name)))
        seen = {(row.valid_from, row.name) for row in ordered}
        if len(seen) != len(ordered):
            raise RuleError("two market rules of one name begin on the same day")
        return cls(ordered)

    def at(self, day: Day) -> RuleSet:
        """The rules in force on a day.

        The version is the day on which the newest of them began and a digest of all of them:
        equal versions mean equal rules.
        """
        current: dict[str, Rule] = {}
        for row in self.rows:
            if row.valid_from <= day:
                current[row.name] = row
        rules = tuple(current[name] for name in sorted(current) if current[name].value is not None)
        text = json.dumps(
            [[rule.name, rule.value, iso_of(rule.valid_from), rule.source] for rule in rules],
            ensure_ascii=False,
            separators=(",", ":"),
        )
        newest = max((rule.valid_from for rule in current.values()), default=Day(0))
        digest = hashlib.sha256(text.encode()).hexdigest()[:12]
        return RuleSet(day, f"{iso_of(newest)}/{digest}", rules)


@dataclass(frozen=True, slots=True)
class TermVerdict:
    """How a term from ``start`` to ``end`` stands against the rules."""

    within_soft: bool
    within_hard: bool
    rules_version: str


def judge_term(start: Day, end: Day, rules: RuleSet) -> TermVerdict:
    """Compare a term with the soft and the hard limit, in calendar months, last day included."""
    soft, hard = rules.number("term_months_soft"), rules.number("term_months_hard")
    return TermVerdict(
        within_soft=soft is None or end <= add_months(start, soft),
        within_hard=hard is None or end <= add_months(start, hard),
        rules_version=rules.version,
    )
