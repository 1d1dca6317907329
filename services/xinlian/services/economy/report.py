"""What a run came to: counts, money, losses, returns, and whether everything adds up."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

from xinlian.ledger.usecases.verify import VerifyReport
from xinlian.services.demo.books import Books
from xinlian.services.economy.judge import Score, judge
from xinlian.services.economy.life import Life
from xinlian.services.economy.model.fraud import Kind
from xinlian.services.economy.plain import detect
from xinlian.services.economy.theatre import Theatre

__all__ = ["KIND_WORDS", "Outcome", "outcome_of", "render", "render_detection"]

KIND_WORDS: Final = {
    Kind.DOUBLE: ("double financing", "重复融资"),
    Kind.CIRCULAR: ("circular trade", "循环贸易"),
    Kind.RED_LETTER: ("red letter after financing", "融资后红冲"),
    Kind.INFLATED: ("inflated invoices", "虚增发票"),
}


@dataclass(frozen=True)
class Outcome:
    """All that a run came to. Amounts in fen."""

    seed: int
    scale: str
    companies: int
    invoices: int
    counts: Counter[str]
    books: Books
    funder_income: dict[str, int]
    funder_losses: dict[str, int]
    supplier_losses: int
    recourse_paid: int
    conservation: bool
    rebuild_identical: bool
    breaks: tuple[str, ...]
    orders: int
    detection: dict[Kind, Score]
    stopped: dict[str, int]
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def good(self) -> bool:
        """Whether the books add up in every way."""
        return (
            self.conservation
            and self.rebuild_identical
            and not self.breaks
            and not self.books.breaks
            and self.books.orders_failed == 0
        )

    def as_json(self) -> dict[str, Any]:
        """The object of ``--json``."""
        books = self.books
        return {
            "seed": self.seed,
            "scale": self.scale,
            "companies": self.companies,
            "invoices": self.invoices,
            "vouchers": books.vouchers,
            "issued_fen": sum(line.face for line in books.issuers),
            "financings": books.financings,
            "financed_fen": books.financed,
            "disbursed_fen": books.disbursed,
            "redeemed_fen": books.redeemed,
            "dishonoured": books.dishonoured,
            "written_off_fen": sum(line.written_off for line in books.issuers),
            "open_fen": sum(line.open for line in books.issuers),
            "funder_income_fen": self.funder_income,
            "funder_losses_fen": self.funder_losses,
            "supplier_losses_fen": self.supplier_losses,
            "recourse_paid_fen": self.recourse_paid,
            "orders": books.orders,
            "orders_failed": books.orders_failed,
            "blocks": books.blocks,
            "detection": {kind.value: one.as_json() for kind, one in self.detection.items()},
            "stopped_fen": self.stopped,
            "counts": dict(sorted(self.counts.items())),
            "conservation": self.conservation and not books.breaks,
            "rebuild_identical": self.rebuild_identical,
            "breaks": [*self.breaks, *books.breaks][:20],
            "seconds": self.seconds,
            "good": self.good,
        }


def outcome_of(
    life: Life, theatre: Theatre, books: Books, report: VerifyReport, seconds: dict[str, float]
) -> Outcome:
    """Add up a run that has ended."""
    cast, payday = theatre.casting.cast, life.payday
    income: Counter[str] = Counter()
    for loan in life.market.all:
        income[cast.name(loan.funder, "en")] += loan.owed - loan.price
    found = [str(each) for each in report.differences[:5]]
    economy = theatre.economy
    return Outcome(
        seed=economy.seed,
        scale=economy.scale.name,
        companies=len(economy.companies),
        invoices=len(economy.invoices),
        counts=theatre.counts,
        books=books,
        funder_income=dict(income),
        funder_losses={cast.name(each, "en"): x for each, x in payday.funder_losses.items()},
        supplier_losses=sum(payday.supplier_losses.values()),
        recourse_paid=sum(payday.recourse_paid.values()),
        conservation=report.conservation,
        rebuild_identical=report.rebuild_identical,
        breaks=(*found, *report.breaks[:5], *report.chain_breaks[:5]),
        orders=theatre.orders,
        detection=judge(economy.cases, detect(economy, economy.last_day)),
        stopped=dict(life.watch.stopped),
        seconds=seconds,
    )


def render_detection(detection: dict[Kind, Score], lang: str) -> None:
    """Print precision and recall of each kind of fraud."""
    from rich.console import Console
    from rich.table import Table

    zh = lang == "zh"
    table = Table(title="欺诈识别" if zh else "fraud: planted and found", box=None)
    heads = (
        ("kind", "类型"), ("planted", "预设"), ("found", "命中"), ("alerts", "预警"),
        ("recall", "召回率"), ("precision", "精确率"),
    )  # fmt: skip
    for at, (en, name) in enumerate(heads):
        table.add_column(name if zh else en, justify="right" if at else "left")
    for kind, one in detection.items():
        shares = [f"{x:.3f}" if x is not None else "–" for x in (one.recall, one.precision)]
        name = KIND_WORDS[kind][zh]
        table.add_row(name, f"{one.planted:,}", f"{one.met:,}", f"{one.alerts:,}", *shares)
    Console(highlight=False).print(table)


def render(outcome: Outcome, lang: str) -> None:
    """Print the report for people."""
    from rich.console import Console
    from rich.table import Table

    zh, console = lang == "zh", Console(highlight=False)
    books = outcome.books
    money = Table(title="资金（元）" if zh else "money (CNY)", box=None, show_header=False)
    rows = (
        ("issued", "签发", sum(line.face for line in books.issuers)),
        ("financed", "融资面额", books.financed),
        ("paid out to sellers", "放款", books.disbursed),
        ("redeemed", "兑付", books.redeemed),
        ("written off", "核销", sum(line.written_off for line in books.issuers)),
        ("paid by sellers under recourse", "追索收回", outcome.recourse_paid),
        ("lost by suppliers", "供应商损失", outcome.supplier_losses),
        ("lost by funders", "资金方损失", sum(outcome.funder_losses.values())),
        ("earned by funders", "资金方收益", sum(outcome.funder_income.values())),
    )
    for en, name, fen in rows:
        money.add_row(name if zh else en, f"{fen / 100:>20,.2f}")
    console.print(money)
    checks = Table(title="核验" if zh else "checks", box=None, show_header=False)
    for good, en, name in (
        (outcome.conservation and not books.breaks, "pieces cover every face exactly", "守恒"),
        (outcome.rebuild_identical, "rebuild from block 0 is identical", "重建一致"),
        (books.orders_failed == 0, f"all {books.orders:,} orders took effect", "指令全部生效"),
    ):
        checks.add_row("✓" if good else "✗", name if zh else en)
    console.print(checks)
    render_detection(outcome.detection, lang)
    for text in [*outcome.breaks, *books.breaks[:10]]:
        console.print(f"  {text}")
