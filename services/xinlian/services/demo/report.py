"""The end of a run, as people read it and as machines do."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from xinlian.ledger.model.vouchers import PieceState
from xinlian.services.demo.books import Books, IssuerLine
from xinlian.services.demo.cast import Cast
from xinlian.services.demo.texts import Texts
from xinlian.services.demo.timeline import Refused
from xinlian.services.demo.tree import Branch, draw

ISSUERS_SHOWN: Final = 12
TREE_LINES_SHOWN: Final = 40


@dataclass(frozen=True)
class Outcome:
    """All that a run came to."""

    name: str
    invoices: int
    rows: dict[str, int]
    refused: Counter[Refused]
    counts: Counter[str]
    late_in_file: int
    late_by_holiday: int
    books: Books
    planned_orders: int
    conservation: bool
    rebuild_identical: bool
    root: int
    tree: Branch | None
    tree_invoice: str
    seconds: float
    folder: str
    kept: bool

    @property
    def accounted(self) -> bool:
        """Whether every invoice became a voucher or has a reason why not."""
        return self.invoices == self.books.vouchers + sum(self.refused.values())

    @property
    def orders_as_planned(self) -> bool:
        """Whether the chain saw every planned order once, and none failed."""
        return self.books.orders == self.planned_orders and self.books.orders_failed == 0

    @property
    def good(self) -> bool:
        """Whether the books add up in every way."""
        return (
            self.conservation
            and self.rebuild_identical
            and self.accounted
            and self.orders_as_planned
            and not self.books.breaks
        )

    def as_json(self) -> dict[str, Any]:
        """The object of ``--json``. Amounts in fen."""
        books, counts = self.books, self.counts
        return {
            "invoices": self.invoices,
            "vouchers": books.vouchers,
            "not_vouchered": {reason.name.lower(): n for reason, n in self.refused.items()},
            "rows": self.rows,
            "pieces": books.pieces,
            "transfers": books.transfers,
            "transfers_declined": counts["offers_declined"],
            "transfers_withdrawn": counts["offers_withdrawn"],
            "transfers_expired": counts["offers_expired"],
            "merges": counts["merges"],
            "tiers": max(books.pieces_by_hops, default=0),
            "quotes": counts["quotes"],
            "financings": books.financings,
            "financed_fen": books.financed,
            "disbursed_fen": books.disbursed,
            "issued_fen": sum(line.face for line in books.issuers),
            "redeemed_fen": books.redeemed,
            "dishonoured": books.dishonoured,
            "late_in_file": self.late_in_file,
            "late_by_holiday": self.late_by_holiday,
            "deferred": counts["deferred"],
            "blocks": books.blocks,
            "orders": books.orders,
            "orders_failed": books.orders_failed,
            "seconds": round(self.seconds, 1),
            "conservation": self.conservation and not books.breaks and self.accounted,
            "rebuild_identical": self.rebuild_identical,
        }


def render(outcome: Outcome, cast: Cast, texts: Texts) -> list[str]:
    """The report as lines of text."""
    return [
        "",
        *_issuers(outcome.books, cast, texts),
        "",
        *_business(outcome, texts),
        "",
        *_lineage(outcome, cast, texts),
        "",
        *_checks(outcome, texts),
        "",
        *_next(outcome, texts),
    ]


def yuan(fen: int) -> str:
    """Fen as yuan with separators."""
    whole, cents = divmod(abs(fen), 100)
    return f"{'-' if fen < 0 else ''}{whole:,}.{cents:02d}"


def _issuers(books: Books, cast: Cast, texts: Texts) -> list[str]:
    lines = sorted(books.issuers, key=lambda line: (-line.face, line.issuer))
    shown, rest = lines[:ISSUERS_SHOWN], lines[ISSUERS_SHOWN:]
    head = ("issuer", "vouchers", "face", "financed", "redeemed", "open", "late", "declined")
    rows = [[texts(name) for name in head]]
    rows += [_row(line, cast.name(line.issuer, texts.lang)) for line in shown]
    if rest:
        rows.append(_row(_sum(rest), texts("others", count=len(rest))))
    rows.append(_row(_sum(lines), texts("total")))
    return [texts("by_issuer"), *_columns(rows)]


def _row(line: IssuerLine, name: str) -> list[str]:
    amounts = (line.face, line.financed, line.redeemed, line.open)
    return [
        name,
        f"{line.vouchers:,}",
        *(yuan(amount) for amount in amounts),
        f"{line.late:,}",
        f"{line.declined:,}",
    ]


def _sum(lines: Iterable[IssuerLine]) -> IssuerLine:
    total = IssuerLine(0)
    for line in lines:
        total.vouchers += line.vouchers
        total.face += line.face
        total.financed += line.financed
        total.redeemed += line.redeemed
        total.open += line.open
        total.late += line.late
        total.declined += line.declined
    return total


def _columns(rows: list[list[str]]) -> list[str]:
    """Rows as aligned columns: the first to the left, the others to the right."""
    from rich.cells import cell_len

    widths = [max(cell_len(row[at]) for row in rows) for at in range(len(rows[0]))]
    lines: list[str] = []
    for row in rows:
        first = row[0] + " " * (widths[0] - cell_len(row[0]))
        rest = [
            " " * (width - cell_len(text)) + text
            for text, width in zip(row[1:], widths[1:], strict=True)
        ]
        lines.append("  " + "  ".join([first, *rest]))
    return lines


def _business(outcome: Outcome, texts: Texts) -> list[str]:
    books, counts = outcome.books, outcome.counts
    issued = sum(line.face for line in books.issuers)
    hops = "  ".join(f"{hops}: {count:,}" for hops, count in sorted(books.pieces_by_hops.items()))
    lines = [
        texts(
            "line_passing",
            offered=counts["transfers_offered"],
            accepted=counts["transfers"],
            declined=counts["offers_declined"],
            withdrawn=counts["offers_withdrawn"],
            expired=counts["offers_expired"],
            merged=counts["merges"],
        ),
        texts("line_hops", hops=hops),
        texts(
            "line_financing",
            count=books.financings,
            quotes=counts["quotes"],
            sale=counts["sale"],
            pledge=counts["pledge"],
            released=counts["financings_released"],
            face=yuan(books.financed),
            price=yuan(books.disbursed),
            share=f"{books.financed * 1000 // max(issued, 1) / 10:.1f} %",
        ),
        texts("line_repaid", repaid=counts["repaid"], recourse=counts["recourse"]),
        texts(
            "line_late",
            late=outcome.late_in_file,
            holiday=outcome.late_by_holiday,
            dishonoured=books.dishonoured,
        ),
        texts(
            "line_deferred",
            deferred=counts["deferred"],
            cleared=counts["cleared"],
            security=counts["cleared_on_security"],
        ),
        texts(
            "line_orders",
            orders=f"{books.orders:,}",
            failed=books.orders_failed,
            blocks=f"{books.blocks:,}",
        ),
    ]
    if outcome.refused:
        reasons = "; ".join(
            f"{count} × {reason.value}" for reason, count in outcome.refused.items()
        )
        lines.append(texts("line_refused", reasons=reasons))
    return [texts("went_through"), *(f"  {line}" for line in lines)]


def _lineage(outcome: Outcome, cast: Cast, texts: Texts) -> list[str]:
    if outcome.tree is None:
        return []

    def name(party: int) -> str:
        return cast.name(party, texts.lang)

    def describe(branch: Branch) -> str:
        parts = [
            texts("sold_to" if sale else "pledged_to", name=name(funder))
            for funder, sale in branch.funders
        ]
        return "· " + ", ".join([*parts, texts(_STATE_TEXT.get(branch.state, "state_open"))])

    lines = draw(outcome.tree, name, yuan, describe)
    hidden = len(lines) - TREE_LINES_SHOWN
    if hidden > 0:
        lines = [*lines[:TREE_LINES_SHOWN], f"… +{hidden}"]
    head = texts("lineage", root=outcome.root, number=outcome.tree_invoice)
    return [head, *(f"  {line}" for line in lines)]


_STATE_TEXT: Final = {
    PieceState.REDEEMED: "state_redeemed",
    PieceState.MERGED: "state_merged",
    PieceState.CANCELLED: "state_cancelled",
}


def _checks(outcome: Outcome, texts: Texts) -> list[str]:
    books = outcome.books
    checks = (
        (
            outcome.accounted,
            texts(
                "check_invoices",
                invoices=outcome.invoices,
                vouchers=books.vouchers,
                refused=sum(outcome.refused.values()),
            ),
        ),
        (outcome.conservation and not books.breaks, texts("check_conservation")),
        (outcome.rebuild_identical, texts("check_rebuild")),
        (outcome.orders_as_planned, texts("check_orders")),
    )
    lines = [f"  {texts('yes' if good else 'no'):<4} {text}" for good, text in checks]
    lines += [f"       {text}" for text in books.breaks[:10]]
    return [texts("checks"), *lines]


def _next(outcome: Outcome, texts: Texts) -> list[str]:
    first = texts("next_kept", folder=outcome.folder) if outcome.kept else texts("next_keep")
    lines = (first, texts("next_own"), texts("next_api"))
    return [texts("where_next"), *(f"  {line}" for line in lines)]
