"""Business under load, as careful clients of the API do it: sign, hand in, ask again until settled.

A client remembers what was acknowledged to it. When an answer does not come it sends the very same
order again under the same key, which must change nothing.
"""

from __future__ import annotations

import itertools
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import httpx
from xinlian.ledger.model.days import day_at
from xinlian.ledger.model.ids import DocumentKey, PartyId, PieceId
from xinlian.ledger.model.items import Accept, Issue, Item, RegisterDocument, Transfer
from xinlian.ledger.model.orders import Order, SignedOrder, digest, sign
from xinlian.services.api.schemas.orders import items_view
from xinlian.services.soak.site import BANK, ISSUER, SUPPLIER, SUPPLIER_2, Site

__all__ = ["Load", "Record"]

LANES: Final = 60
FACE_FEN: Final = 1_000_000
ORDER_SECONDS: Final = 6 * 3600
OFFER_SECONDS: Final = 7 * 86_400
DUE_DAYS: Final = 90
INVOICE: Final = 4
_SETTLED: Final = ("final", "failed")
_PASSING: Final = (502, 503, 504)
_DOOMED_IN_A_HUNDRED: Final = 10
_PAUSE_SECONDS: Final = 0.05
_ASK_AGAIN_SECONDS: Final = 0.3
_NOWHERE: Final = PieceId(1 << 40)

Steps = Iterator["Record"]


@dataclass
class Record:
    """An order and what the API acknowledged about it."""

    signed: SignedOrder
    digest: bytes
    doomed: bool = False
    """It asks for what cannot be, and has to fail."""
    taken: bool = False
    state: str = ""
    block: int | None = None
    tx_hash: str | None = None
    effects: tuple[dict[str, Any], ...] = ()
    asked: float = 0.0

    def effect(self, name: str) -> dict[str, Any]:
        """The arguments of the only event with that name that the order brought about."""
        (found,) = [effect["args"] for effect in self.effects if effect["name"] == name]
        args: dict[str, Any] = found
        return args


class Load:
    """Threads that each carry several deals on at once, until ``stop``.

    ``records`` are all orders ever handed in; ``complaints`` what no client should ever meet.
    """

    def __init__(self, site: Site, seed: int, threads: int = 2) -> None:
        self._site = site
        self._guard = threading.Lock()
        self._stop = threading.Event()
        self._give_up = threading.Event()
        self._now = int(time.time())
        self._numbers = itertools.count(1)
        self.records: list[Record] = []
        self.complaints: list[str] = []
        self.refused: Counter[str] = Counter()
        self._threads = [
            threading.Thread(target=self._work, args=(random.Random(f"{seed} {number}"),))  # noqa: S311
            for number in range(threads)
        ]

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def drain(self, seconds: float) -> None:
        """Begin nothing new, wait until what was handed in is settled, at most so long; end."""
        self._stop.set()
        end = time.monotonic() + seconds
        for thread in self._threads:
            thread.join(max(0.0, end - time.monotonic()))
        self._give_up.set()
        for thread in self._threads:
            thread.join()

    @property
    def counts(self) -> Counter[str]:
        """Orders by the state that was last acknowledged; taken ones without one are submitted."""
        return Counter(record.state or "sent" for record in list(self.records))

    def _work(self, chance: random.Random) -> None:
        try:
            headers = {"Accept-Encoding": "identity"}
            with httpx.Client(
                base_url=self._site.url, timeout=20, trust_env=False, headers=headers
            ) as http:
                self._carry_on(http, chance)
        except Exception as exc:  # noqa: BLE001  shown by whoever judges
            self.complaints.append(f"a client broke: {exc!r}")

    def _carry_on(self, http: httpx.Client, chance: random.Random) -> None:
        """Rounds over the lanes; each lane is a deal with one order under way."""
        lanes: list[tuple[Steps, Record]] = []
        while not self._give_up.is_set() and (lanes or not self._stop.is_set()):
            while len(lanes) < LANES and not self._stop.is_set():
                steps = self._deal(chance)
                lanes.append((steps, next(steps)))
            going: list[tuple[Steps, Record]] = []
            for steps, record in lanes:
                found: Record | None = record
                if self._settled(http, record):
                    goes_on = record.state == "final" and not self._stop.is_set()
                    found = next(steps, None) if goes_on else None
                if found is not None:
                    going.append((steps, found))
            lanes = going
            time.sleep(_PAUSE_SECONDS)

    def _deal(self, chance: random.Random) -> Steps:
        """Invoice, voucher, acceptance, part passed on, acceptance; now and then what must fail."""
        if chance.randrange(100) < _DOOMED_IN_A_HUNDRED:
            yield self._order(SUPPLIER, Accept(_NOWHERE), doomed=True)
            return
        document = DocumentKey(chance.randbytes(32))
        face, expiry = FACE_FEN, self._now + OFFER_SECONDS
        yield self._order(ISSUER, RegisterDocument(document, INVOICE, SUPPLIER, face))
        issue = Issue(
            SUPPLIER, BANK, face, day_at(self._now) + DUE_DAYS, expiry, document, bytes(31) + b"\1"
        )
        issued = self._order(ISSUER, issue)
        yield issued
        piece = PieceId(issued.effect("VoucherOffered")["piece"])
        yield self._order(SUPPLIER, Accept(piece))
        amount = chance.randrange(1, face)
        passed = self._order(SUPPLIER, Transfer(piece, amount, False, SUPPLIER_2, expiry, 1))
        yield passed
        part = PieceId(passed.effect("PieceOffered")["piece"])
        yield self._order(SUPPLIER_2, Accept(part))
        if chance.randrange(100) < _DOOMED_IN_A_HUNDRED:
            yield self._order(SUPPLIER_2, Accept(part), doomed=True)

    def _order(self, party: PartyId, item: Item, *, doomed: bool = False) -> Record:
        order = Order(party, next(self._numbers), self._now + ORDER_SECONDS, (item,))
        domain = self._site.deployment.domain(order.contract)
        record = Record(
            sign(order, domain, [self._site.signers[party]]), digest(order, domain), doomed
        )
        with self._guard:
            self.records.append(record)
        return record

    def _settled(self, http: httpx.Client, record: Record) -> bool:
        """Hand the order in, or ask what became of it; whether that is the end of it."""
        if time.monotonic() < record.asked + _ASK_AGAIN_SECONDS:
            return False
        record.asked = time.monotonic()
        try:
            answer = self._ask(http, record) if record.taken else self._hand_in(http, record)
        except httpx.HTTPError as exc:
            self.refused[type(exc).__name__] += 1
            time.sleep(_PAUSE_SECONDS)
            return False
        if answer.status_code in _PASSING:
            self.refused[f"HTTP {answer.status_code}"] += 1
            return False
        if answer.status_code not in (200, 202):
            self.complaints.append(
                f"order {record.digest.hex()} ({'taken' if record.taken else 'not taken'}): "
                f"HTTP {answer.status_code} {answer.text[:300]}"
            )
            return True
        self._note(record, answer.json())
        return record.state in _SETTLED

    def _hand_in(self, http: httpx.Client, record: Record) -> httpx.Response:
        order = record.signed.order
        body = {
            "party": int(order.party),
            "nonce": str(order.nonce),
            "deadline": order.deadline,
            "content": items_view(order.items),
            "signatures": ["0x" + signature.hex() for signature in record.signed.signatures],
        }
        key = {"Idempotency-Key": record.digest.hex()}
        return http.post("/orders", json=body, headers=self._token(record) | key)

    def _ask(self, http: httpx.Client, record: Record) -> httpx.Response:
        return http.get(f"/orders/0x{record.digest.hex()}", headers=self._token(record))

    def _token(self, record: Record) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._site.tokens[record.signed.order.party]}"}

    def _note(self, record: Record, found: dict[str, Any]) -> None:
        record.taken = True
        record.state = found["state"]
        if record.state in _SETTLED:
            record.block, record.tx_hash = found["block"], found["tx_hash"]
            record.effects = tuple(found.get("effects", ()))
        if record.state == "failed" and not record.doomed:
            self.complaints.append(f"order {record.digest.hex()} failed: {found['failure']}")
        if record.state == "final" and record.doomed:
            self.complaints.append(f"order {record.digest.hex()} took effect and had to fail")
