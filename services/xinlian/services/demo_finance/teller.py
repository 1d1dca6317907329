"""Tells what happens while a run goes on, each thing when it happens first, and what came of it."""

from __future__ import annotations

from collections import defaultdict
from typing import Final, TextIO

from rich.console import Console
from rich.table import Table
from sqlalchemy import select
from xinlian.finance.model.financing.quotes import FinancingKind
from xinlian.ledger.adapters.sql.tables import OPEN, piece_versions, roots
from xinlian.ledger.model.days import Day, iso_of
from xinlian.ledger.model.vouchers import UNPAID_STATES, PieceState
from xinlian.services.demo.cast import Part
from xinlian.services.demo.report import yuan
from xinlian.services.demo.tree import deepest_root, draw, grow
from xinlian.services.demo_finance.texts import Texts
from xinlian.services.economy.life import Life
from xinlian.services.economy.model.fraud import Kind
from xinlian.services.economy.theatre import Theatre

__all__ = ["Teller"]

_NAMES_SHOWN: Final = 3
_ROWS_SHOWN: Final = 8
_TREE_LINES: Final = 12
_WHY: Final = {
    Kind.CIRCULAR: "ring",
    Kind.DOUBLE: "double",
    Kind.INFLATED: "inflated",
    Kind.RED_LETTER: "red_letter",
}


class Teller:
    """Writes to a stream in one language."""

    def __init__(self, theatre: Theatre, life: Life, texts: Texts, stream: TextIO) -> None:
        self._theatre, self._life, self._texts = theatre, life, texts
        self._console = Console(file=stream, highlight=False, width=110)
        self._told: set[str] = set()
        self.scenes: list[str] = []

    def cast(self) -> None:
        """Who takes part."""
        t, cast = self._texts, self._theatre.casting.cast
        table = self._table("cast", ("part", "names"))
        rows = [(t("cores"), cast.all(Part.BUYER))]
        rows += [(t("tier", tier=tier), cast.tier(tier)) for tier in (1, 2, 3, 4)]
        rows += [(t("funders"), cast.all(Part.FUNDER)), (t("banks"), cast.all(Part.BANK))]
        for title, members in rows:
            names = "、" if t.lang == "zh" else ", "
            text = names.join(each.name(t.lang) for each in members[:_NAMES_SHOWN])
            rest = len(members) - _NAMES_SHOWN
            table.add_row(title, text + (t("more", count=rest) if rest > 0 else ""))
        self._show("cast", table)

    def after(self, day: Day) -> None:
        """Tell what happened first on a day that is over."""
        self._issued(day)
        self._quotes()
        self._halted()
        defaulted = any(voucher.dishonoured for voucher in self._life.vouchers)
        if len(self._life.vouchers) >= _ROWS_SHOWN and not defaulted:
            self._owes(day)

    def end(self) -> None:
        """What came of it: the default, and the way of one voucher."""
        self._default()
        self._tree()

    def _issued(self, day: Day) -> None:
        if not self._life.vouchers or "issued" in self._told:
            return
        voucher = self._life.vouchers[0]
        self._say(
            "issued", day=iso_of(day), issuer=self._name(voucher.issuer),
            payee=self._name(voucher.payee), amount=yuan(voucher.amount), due=iso_of(voucher.due),
        )  # fmt: skip

    def _quotes(self) -> None:
        """The first request on which every funder quoted differently."""
        several = [seen for seen in self._life.market.seen if len(seen.quotes) > 1]
        if not several or "quotes" in self._told:
            return
        t, seen = self._texts, max(several, key=lambda each: len(each.quotes))
        table = Table(
            title=t(
                "quotes", day=iso_of(seen.day), seller=self._name(seen.piece.holder),
                amount=yuan(seen.piece.amount), due=iso_of(seen.voucher.due),
            ),
            caption=t("why_best"), title_justify="left", box=None,
        )  # fmt: skip
        for at, key in enumerate(
            ("funder", "kind", "recourse", "rate", "arrives", "cost", "taken")
        ):
            table.add_column(t(key), justify="right" if at in (3, 4, 5) else "left")
        for place, quote in enumerate(seen.quotes):
            terms, pricing = quote.terms, quote.pricing
            table.add_row(
                self._name(quote.funder),
                t("sale" if terms.kind is FinancingKind.SALE else "pledge"),
                t("yes" if terms.recourse else "no"),
                f"{int(terms.rate) / 10_000:.2f} %",
                yuan(int(pricing.price)),
                f"{pricing.all_in * 100:.3f} %",
                "←" if place == 0 else "",
            )
        self._show("quotes", table)

    def _halted(self) -> None:
        """The first of each kind of finding because of which money did not flow."""
        t, invoices = self._texts, self._theatre.economy.invoices
        for day, voucher, found in self._life.watch.halted:
            key = _WHY[Kind(found.kind)]
            if key in self._told:
                continue
            self._told.add(key)
            self.scenes.append(key)
            title = t("halted", day=iso_of(day), seller=self._name(voucher.payee), why=t(key))
            table = Table(title=title, title_justify="left", box=None)
            for at, head in enumerate(("invoice_day", "seller", "buyer", "amount")):
                table.add_column(t(head), justify="right" if at == 3 else "left")
            rows = [at for at in range(len(invoices)) if int(invoices.id[at]) in found.invoices]
            casting = self._theatre.casting
            for row in rows[:_ROWS_SHOWN]:
                table.add_row(
                    iso_of(self._theatre.calendar_day(int(invoices.day[row]))),
                    self._name(casting.party(int(invoices.seller[row]))),
                    self._name(casting.party(int(invoices.buyer[row]))),
                    yuan(int(invoices.amount[row])),
                )
            self._console.print(table)

    def _owes(self, day: Day) -> None:
        """The largest open pieces: debtor, creditor, and why it is theirs."""
        if "owes" in self._told:
            return
        t, p, r = self._texts, piece_versions.c, roots.c
        query = (
            select(p.piece, p.holder, p.offeree, p.state, p.hops, r.issuer, r.payee, r.due_day,
                   (p.range_end - p.range_start).label("amount"))
            .join(roots, r.root == p.root)
            .where(p.to_block == OPEN, p.state.in_([int(each) for each in UNPAID_STATES]))
            .order_by((p.range_end - p.range_start).desc()).limit(_ROWS_SHOWN)
        )  # fmt: skip
        title = t("owes", day=iso_of(day))
        table = Table(title=title, title_justify="left", box=None)
        for at, key in enumerate(("debtor", "creditor", "amount", "due", "why")):
            table.add_column(t(key), justify="right" if at == 2 else "left")
        with self._theatre.app.engine.connect() as connection:
            for row in connection.execute(query):
                lien = row.state == PieceState.FINANCED and row.offeree
                table.add_row(
                    self._name(row.issuer), self._name(row.offeree if lien else row.holder),
                    yuan(row.amount), iso_of(Day(row.due_day)), self._why(row),
                )  # fmt: skip
        self._show("owes", table)

    def _why(self, row: object) -> str:
        t, loans = self._texts, self._life.market.loans
        loan = loans.get(getattr(row, "piece"))  # noqa: B009 - a row of SQLAlchemy
        hops = int(getattr(row, "hops"))  # noqa: B009
        if loan is not None and loan.sale:
            kind = t("with_recourse" if loan.recourse else "without_recourse")
            return t("why_bought", name=self._name(loan.seller), kind=kind)
        if loan is not None:
            return t("why_pledged", name=self._name(loan.seller))
        return t("why_passed", hops=hops) if hops > 1 else t("why_goods")

    def _default(self) -> None:
        """Who bears what of the vouchers that the failed core enterprise did not pay."""
        t, theatre, payday = self._texts, self._theatre, self._life.payday
        failed = theatre.casting.party(theatre.economy.defaulting)
        mine = {v.root: v for v in self._life.vouchers if v.issuer == failed and v.pays is None}
        if not mine:
            return
        paid: dict[int, int] = defaultdict(int)
        lost: dict[int, int] = defaultdict(int)
        how: dict[int, list[str]] = defaultdict(list)
        for root, bearer, amount, kind in payday.borne:
            if root not in mine:
                continue
            (paid if kind == "recourse" else lost)[bearer] += amount
            word = t(f"how_{kind}")
            if word not in how[bearer]:
                how[bearer].append(word)
        title = t(
            "default", name=self._name(failed), count=len(mine),
            amount=yuan(sum(v.amount for v in mine.values())),
        )  # fmt: skip
        table = Table(title=title, title_justify="left", box=None)
        for at, key in enumerate(("party", "paid_back", "lost", "how")):
            table.add_column(t(key), justify="right" if at in (1, 2) else "left")
        for party in sorted(how, key=lambda each: -lost[each]):
            table.add_row(
                self._name(party), yuan(paid[party]), yuan(lost[party]), "; ".join(how[party])
            )
        self._show("default", table)

    def _tree(self) -> None:
        with self._theatre.app.engine.connect() as connection:
            root = deepest_root(connection)
            tree = grow(connection, root)
        self._console.print(self._texts("tree", root=root))
        for line in draw(tree, self._name, yuan, lambda _: "")[:_TREE_LINES]:
            self._console.print(f"  {line}", markup=False)
        self.scenes.append("tree")

    def _name(self, party: int) -> str:
        return self._theatre.casting.cast.name(party, self._texts.lang)

    def _table(self, title: str, heads: tuple[str, ...]) -> Table:
        table = Table(title=self._texts(title), title_justify="left", box=None)
        for head in heads:
            table.add_column(self._texts(head))
        return table

    def _say(self, key: str, **values: object) -> None:
        self._told.add(key)
        self.scenes.append(key)
        self._console.print(self._texts(key, **values), markup=False)

    def _show(self, key: str, table: Table) -> None:
        self._told.add(key)
        self.scenes.append(key)
        self._console.print(table)
