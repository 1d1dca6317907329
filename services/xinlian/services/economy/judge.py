"""How well alerts meet what was planted: precision and recall for each kind of fraud. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from xinlian.services.economy.model.fraud import Case, Kind

__all__ = ["Found", "Score", "judge", "merged"]

_UNMADE: Final = (Kind.CIRCULAR, Kind.DOUBLE)


@dataclass(frozen=True, slots=True)
class Found:
    """One alert as the judge sees it: its kind and the invoices that it names."""

    kind: str
    invoices: frozenset[int]
    day: int


@dataclass(frozen=True, slots=True)
class Score:
    """Counts of one kind: planted cases, those met, alerts, alerts that met a case.

    ``before_money`` are cases whose first alert came before any of its false invoices was to be
    paid out.
    """

    planted: int = 0
    met: int = 0
    alerts: int = 0
    right: int = 0
    before_money: int = 0

    @property
    def recall(self) -> float | None:
        """Share of the cases that an alert met; ``None`` without cases."""
        return self.met / self.planted if self.planted else None

    @property
    def precision(self) -> float | None:
        """Share of the alerts that met a case; ``None`` without alerts."""
        return self.right / self.alerts if self.alerts else None

    def as_json(self) -> dict[str, Any]:
        """The figures, shares to four decimals."""
        shares = {"recall": self.recall, "precision": self.precision}
        return {
            "planted": self.planted,
            "met": self.met,
            "alerts": self.alerts,
            "right": self.right,
            "before_money": self.before_money,
            **{name: None if x is None else round(x, 4) for name, x in shares.items()},
        }


def judge(
    cases: Sequence[Case], found: Iterable[Found], money: dict[int, int] | None = None
) -> dict[Kind, Score]:
    """Compare alerts with what was planted.

    An alert meets a case of its kind if it names one of the case's false invoices; of a ring it has
    to name half or more. Production evidence that does not fit is right about any goods that nobody
    made, whatever they were billed for. ``money`` holds the day on which an invoice is to be paid.
    """
    by_kind: dict[Kind, list[Found]] = {kind: [] for kind in Kind}
    for each in found:
        by_kind[Kind(each.kind)].append(each)
    unmade = {each for case in cases if case.kind in _UNMADE for each in case.invoices}
    scores: dict[Kind, Score] = {}
    for kind, alerts in by_kind.items():
        planted = [case for case in cases if case.kind is kind]
        met: dict[int, int] = {}
        right = 0
        for alert in alerts:
            hit = [number for number, case in enumerate(planted) if _meets(alert, case)]
            right += bool(hit) or (kind is Kind.INFLATED and bool(alert.invoices & unmade))
            for number in hit:
                met[number] = min(alert.day, met.get(number, alert.day))
        early = sum(_early(planted[number], day, money or {}) for number, day in met.items())
        scores[kind] = Score(len(planted), len(met), len(alerts), right, early)
    return scores


def merged(runs: Iterable[dict[Kind, Score]]) -> dict[Kind, Score]:
    """The scores of several economies together: counts added up."""
    total = {kind: Score() for kind in Kind}
    for run in runs:
        for kind, one in run.items():
            sum_ = total[kind]
            total[kind] = Score(
                sum_.planted + one.planted,
                sum_.met + one.met,
                sum_.alerts + one.alerts,
                sum_.right + one.right,
                sum_.before_money + one.before_money,
            )
    return total


def _meets(alert: Found, case: Case) -> bool:
    common = len(alert.invoices & set(case.invoices))
    if case.kind is Kind.CIRCULAR:
        return 2 * common >= len(case.invoices)
    return common > 0


def _early(case: Case, day: int, money: dict[int, int]) -> bool:
    paid = [money[each] for each in case.invoices if each in money]
    return bool(paid) and day <= min(paid)
