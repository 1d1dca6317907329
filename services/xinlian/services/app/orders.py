"""Orders: prepared for signing elsewhere, taken in signed, or signed by the keys kept here.

An order that is taken in is kept durably before it is acknowledged; what became of it is read from
the books. Sending the same order again, or the same request under the same key, changes nothing.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

from xinlian.ledger.model.ids import Address, PartyId
from xinlian.ledger.model.items import ContractName, Item
from xinlian.ledger.model.layouts import OrderError
from xinlian.ledger.model.orders import (
    Domain,
    Order,
    SignedOrder,
    Signer,
    digest,
    encode_items,
    sign,
    typed_data,
)
from xinlian.ledger.model.statuses import Exists, Included, Status, Submitted
from xinlian.services.app.clock import Clock
from xinlian.services.app.errors import Code, RefusedError
from xinlian.services.app.idempotency import Claim, IdempotencyKeys
from xinlian.services.app.parties import Parties

__all__ = ["Asked", "OrderCarrier", "Orders", "PartySigner", "Placed", "Prepared"]

_POLL_SECONDS: Final = 0.02
_POLL_SECONDS_MAX: Final = 0.2


class OrderCarrier(Protocol):
    """Keeps signed orders and carries them to the chain; the ledger's submitter."""

    def submit(self, signed: SignedOrder, key: str) -> Submitted | Exists:
        """Keep an order durably, once."""

    def next_nonce(self, contract: ContractName, party: PartyId) -> int:
        """A nonce that was never given out before."""

    def status(self, digest: bytes) -> Status | None:
        """What became of an order; ``None`` if it did not come through here."""


class PartySigner(Protocol):
    """Signs for parties whose keys are in the custody of this server."""

    def signers(self, accounts: Sequence[Address], most: int) -> list[Signer]:
        """Up to ``most`` of the accounts that can sign here."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request under an idempotency key: which operation, and its content (JSON values)."""

    key: str
    operation: str
    content: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Prepared:
    """An order to be signed: as the ledger has it, its digest, and the JSON for wallets."""

    order: Order
    digest: bytes
    typed_data: dict[str, Any]
    signatures_needed: int


@dataclass(frozen=True, slots=True)
class Placed:
    """An order that is kept; ``exists`` tells that it had been before."""

    digest: bytes
    exists: bool


class Orders:
    """What parties do with orders. ``domains`` holds the EIP-712 domain of each contract."""

    def __init__(
        self,
        *,
        submitter: OrderCarrier,
        parties: Parties,
        custody: PartySigner,
        keys: IdempotencyKeys,
        domains: Mapping[ContractName, Domain],
        clock: Clock,
        order_seconds: int,
    ) -> None:
        self._submitter = submitter
        self._parties = parties
        self._custody = custody
        self._keys = keys
        self._domains = domains
        self._clock = clock
        self._order_seconds = order_seconds

    def prepare(
        self,
        party: PartyId,
        asked: Asked,
        build: Callable[[int], Sequence[Item]],
        deadline: int | None = None,
    ) -> Prepared:
        """An order with a fresh nonce, ready to be signed by the party's own accounts.

        ``build`` makes the items, given the time at which the order was first asked for.
        """
        claim, order = self._plan(party, asked, build, deadline)
        domain = self._domains[order.contract]
        if claim.reference is None:
            self._keys.settle(claim, digest(order, domain).hex())
        return Prepared(
            order,
            digest(order, domain),
            typed_data(order, domain),
            self._threshold(party),
        )

    def submit(self, party: PartyId, signed: SignedOrder, key: str) -> Placed:
        """Take in an order that its party signed. Raises ``LedgerError`` for a bad signature or a
        nonce that stands for another order, ``RefusedError`` if the order is another party's."""
        if signed.order.party != party:
            raise RefusedError(
                Code.OTHER_PARTY,
                f"the order is of party {signed.order.party}, the token of party {party}",
                field="party",
            )
        order_digest = digest(signed.order, self._domains[signed.order.contract])
        return Placed(order_digest, isinstance(self._submitter.submit(signed, key), Exists))

    def sign(
        self,
        party: PartyId,
        asked: Asked,
        build: Callable[[int], Sequence[Item]],
        deadline: int | None = None,
    ) -> Placed:
        """Make an order, sign it with the keys kept here, and take it in."""
        claim, order = self._plan(party, asked, build, deadline)
        domain = self._domains[order.contract]
        order_digest = digest(order, domain)
        try:
            signed = sign(order, domain, self._signers(party))
            exists = isinstance(self._submitter.submit(signed, asked.key), Exists)
        except Exception:
            if claim.fresh and self._surely_not_kept(order_digest):
                self._keys.drop(claim)
            raise
        if claim.reference is None:
            self._keys.settle(claim, order_digest.hex())
        return Placed(order_digest, exists)

    def _surely_not_kept(self, order_digest: bytes) -> bool:
        """Whether an order that failed to be taken in left nothing behind. Where it did, or nobody
        can tell, its key has to stand for this order: the next try then is the same one."""
        try:
            return self._submitter.status(order_digest) is None
        except Exception:  # noqa: BLE001 - what the caller is told is the first failure
            return False

    def sign_once(
        self, party: PartyId, asked: Asked, once: Asked, do: Callable[[], Sequence[Item]]
    ) -> Placed:
        """The order of a thing that is done once: the same one under whichever key it is asked for.

        ``once`` holds the thing's own key; ``do`` does it and gives what it takes on chain.
        """
        claim = self._keys.claim(party, asked.key, asked.operation, asked.content)
        try:
            items = do()
            placed = self.sign(party, once, lambda _: items)
        except Exception:
            if claim.fresh:
                self._keys.drop(claim)
            raise
        if claim.reference is None:
            self._keys.settle(claim, placed.digest.hex())
        return placed

    def wait(self, order_digest: bytes, ranks: int, seconds: int) -> Status:
        """The state of an order once it has come ``ranks`` far (1 included, 2 final) or failed,
        or when the seconds are over."""
        end = time.monotonic() + seconds
        pause = _POLL_SECONDS
        while True:
            state = self.status(order_digest)
            if _rank(state) >= ranks or time.monotonic() >= end:
                return state
            time.sleep(pause)
            pause = min(_POLL_SECONDS_MAX, pause * 2)

    def status(self, order_digest: bytes) -> Status:
        """The state of an order; refused with ``NOT_FOUND`` if it was not taken in here."""
        status = self._submitter.status(order_digest)
        if status is None:
            raise RefusedError(Code.NOT_FOUND, f"there is no order 0x{order_digest.hex()} of yours")
        return status

    def _plan(
        self,
        party: PartyId,
        asked: Asked,
        build: Callable[[int], Sequence[Item]],
        deadline: int | None,
    ) -> tuple[Claim, Order]:
        now = self._clock.now()
        # Made once before the key is claimed, so that a malformed order leaves no trace.
        draft = _order(party, 0, 0, build(now))
        claim = self._keys.claim(party, asked.key, asked.operation, asked.content)
        plan = claim.plan
        if plan is None:
            nonce = self._submitter.next_nonce(draft.contract, party)
            until = now + self._order_seconds if deadline is None else deadline
            plan = self._keys.fix_plan(claim, {"nonce": str(nonce), "deadline": until, "now": now})
        items = build(plan["now"])
        return claim, _order(party, int(plan["nonce"]), plan["deadline"], items)

    def _threshold(self, party: PartyId) -> int:
        member = self._parties.member(party)
        if member is None:
            raise RefusedError(Code.NOT_FOUND, f"there is no party {party}")
        return member.threshold

    def require_keys(self, party: PartyId) -> None:
        """Refuse with ``NO_KEY_IN_CUSTODY`` unless the keys kept here can sign for the party."""
        self._signers(party)

    def _signers(self, party: PartyId) -> list[Signer]:
        needed = self._threshold(party)
        if needed > 1:
            # One token is one person: signing twice for it would undo the second pair of eyes.
            raise RefusedError(
                Code.NO_KEY_IN_CUSTODY,
                f"an order of party {party} needs {needed} signatures of two people: prepare the "
                "order, let each sign it with a key of their own, and submit it",
                needed=needed,
                kept=0,
            )
        found = self._custody.signers(self._parties.accounts(party), needed)
        if len(found) < needed:
            raise RefusedError(
                Code.NO_KEY_IN_CUSTODY,
                f"an order of party {party} needs {needed} signature(s), keys for {len(found)} are "
                "kept here: prepare the order and sign it with your own keys",
                needed=needed,
                kept=len(found),
            )
        return found


def _order(party: PartyId, nonce: int, deadline: int, items: Sequence[Item]) -> Order:
    try:
        order = Order(party, nonce, deadline, tuple(items))
        encode_items(order)
    except OrderError as exc:
        raise RefusedError(Code.INVALID, str(exc), field="content") from exc
    return order


def _rank(status: Status) -> int:
    if isinstance(status, Submitted):
        return 0
    return 1 if isinstance(status, Included) else 2
