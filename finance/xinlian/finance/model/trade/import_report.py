"""What became of every row of an import."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass
from typing import Final

from xinlian.finance.model.trade.import_reasons import Outcome, RowReason
from xinlian.ledger.model.days import Day, iso_of
from xinlian.ledger.model.ids import DocumentKey

MESSAGE_CHARS_MAX: Final = 300


@dataclass(frozen=True, slots=True)
class RowResult:
    """How one row ended. ``document`` is set for accepted, existing and conflicting rows."""

    line: int
    outcome: Outcome
    reason: RowReason | None = None
    field: str | None = None
    message: str = ""
    document: DocumentKey | None = None


@dataclass(frozen=True, slots=True)
class ImportReport:
    """An import: what was read, by which mapping, and every row's end, in order of lines."""

    import_id: str
    file_name: str
    file_sha256: str
    mapping_name: str
    mapping_digest: str
    judged_day: Day | None
    imported_at: int
    rows: tuple[RowResult, ...]
    repeated: bool = False
    """The same import was made before; this is its report and nothing was written."""

    @property
    def counts(self) -> dict[str, int]:
        """Number of rows by outcome, every outcome named."""
        found = Counter(row.outcome for row in self.rows)
        return {outcome.value: found[outcome] for outcome in Outcome}


def import_id_of(
    file_sha256: str, mapping_digest: str, judged_day: Day | None, by: str = ""
) -> str:
    """The id of an import: a digest of file, mapping, the day dates were judged on, and the social
    credit code of the company that brings it, if one does: rows end otherwise for another.

    A mapping for history judges no dates and its id holds no day, so the same file can be brought
    in again at any time; otherwise a row refused today for its date gets another chance tomorrow.
    """
    day = "" if judged_day is None else iso_of(judged_day)
    text = f"xinlian:import:v1\n{file_sha256}\n{mapping_digest}\n{day}" + (f"\n{by}" if by else "")
    return hashlib.sha256(text.encode()).hexdigest()
