"""A plain model of the whole network: the reference against which the chain is judged.

It is written from the rules (``domain/vouchers`` and the contracts' interfaces) and not from the
contracts' code, keeps everything in dictionaries and refuses with the same codes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final

from xinlian.ledger.model import book_desk as desk
from xinlian.ledger.model import book_documents as documents
from xinlian.ledger.model import book_offers as offers
from xinlian.ledger.model import book_parties as parties
from xinlian.ledger.model import book_settlement as settlement
from xinlian.ledger.model.book_state import LIMIT_MAX, Books, Moment, refuse
from xinlian.ledger.model.errors import Failure, LedgerError
from xinlian.ledger.model.ids import Address, PartyId
from xinlian.ledger.model.items import (
    Accept,
    AddAccount,
    BlockIssuer,
    Combine,
    ContractName,
    CreditNote,
    Decline,
    Disburse,
    Dishonour,
    Issue,
    Item,
    Merge,
    OpenFinancing,
    Redeem,
    RegisterDocument,
    RegisterFinancing,
    ReleaseFinancing,
    RemoveAccount,
    Repay,
    SetThreshold,
    Transfer,
    UnblockIssuer,
    Withdraw,
    WriteOff,
)
from xinlian.ledger.model.orders import Order
from xinlian.ledger.model.parties import Party, PartyStatus, Role
from xinlian.ledger.model.vouchers import Policy, RootState, shown_state

ITEMS_MAX: Final = 256
POLICIES_MAX: Final = 255
SIGNATURE_BYTES: Final = 65

_OPERATIONS: Final[dict[type[Item], Callable[[Books, Party, Any, Moment], int]]] = {
    Issue: offers.issue,
    Accept: offers.accept,
    Decline: offers.decline,
    Withdraw: offers.withdraw,
    Transfer: offers.transfer,
    Merge: offers.merge,
    Redeem: settlement.redeem,
    Dishonour: settlement.dishonour,
    WriteOff: settlement.write_off,
    BlockIssuer: settlement.block_issuer,
    UnblockIssuer: settlement.unblock_issuer,
    RegisterDocument: documents.register,
    CreditNote: documents.credit_note,
    Combine: documents.combine,
    OpenFinancing: desk.open_financing,
    RegisterFinancing: desk.register,
    ReleaseFinancing: desk.release,
    Disburse: desk.disburse,
    Repay: desk.repay,
    AddAccount: parties.add_account,
    RemoveAccount: parties.remove_account,
    SetThreshold: parties.set_threshold,
}


class VoucherBook:
    """All contracts as one object. Times are Unix seconds; refusals are ``LedgerError``."""

    def __init__(self) -> None:
        self.books = Books()

    # Signed orders

    def submit(self, order: Order, signers: Sequence[Address], now: int) -> list[int]:
        """Relay an order signed by these accounts; what ``run`` answers.

        A refusal after the signatures were found good uses the nonce up for ever.
        """
        books = self.books
        books.running(order.contract)
        if len(order.items) > ITEMS_MAX:
            refuse(Failure.ORDERS_TOO_MANY_ITEMS, items=len(order.items), most=ITEMS_MAX)
        if now > order.deadline:
            refuse(Failure.ORDERS_EXPIRED, deadline=order.deadline, time=now)
        self._check_signers(order.party, signers)
        nonce = (order.contract, order.party, order.nonce)
        if nonce in books.nonces:
            refuse(Failure.ORDERS_NONCE_USED, party=order.party, nonce=order.nonce)
        books.nonces.add(nonce)
        if books.known(order.party).status != PartyStatus.ACTIVE:
            refuse(Failure.DIRECTORY_PARTY_SUSPENDED, party=order.party)
        return self.run(order.party, order.items, now)

    def run(self, party: int, items: Sequence[Item], now: int) -> list[int]:
        """Perform items of one kind for a party that is entitled to; all of them or none.

        The answer has one number per item: the piece or financing made or changed, else 0.
        """
        books, moment = self.books, Moment(now)
        snapshot = books.snapshot() if len(items) > 1 else None
        by = books.known(party)
        try:
            results = []
            for item in items:
                results.append(_OPERATIONS[type(item)](books, by, item, moment))
                by = books.known(party)
        except LedgerError:
            if snapshot is not None:
                books.restore(snapshot)
            raise
        return results

    def cancel_nonce(self, contract: ContractName, account: Address, nonce: int) -> None:
        """An account of a party gives up a nonce."""
        self.books.running(contract)
        party = self.books.accounts.get(account)
        if party is None:
            refuse(Failure.DIRECTORY_UNKNOWN_ACCOUNT, account=account)
        if (contract, party, nonce) in self.books.nonces:
            refuse(Failure.ORDERS_NONCE_USED, party=party, nonce=nonce)
        self.books.nonces.add((contract, party, nonce))

    def expire(self, pieces: Sequence[int], now: int) -> None:
        """Anyone ends offers whose time has run out; all of them or none."""
        self.books.running(ContractName.VOUCHERS)
        snapshot = self.books.snapshot()
        try:
            for piece in pieces:
                offers.expire(self.books, piece, Moment(now))
        except LedgerError:
            self.books.restore(snapshot)
            raise

    # Administration

    def register(
        self, id_hash: bytes, roles: Role, accounts: Sequence[Address], threshold: int = 1
    ) -> PartyId:
        """The registrar admits a party."""
        return parties.register(self.books, id_hash, roles, accounts, threshold)

    def set_roles(self, party: int, roles: Role) -> None:
        """The registrar changes a party's roles."""
        found = self.books.known(party)
        parties.check_roles(roles)
        self.books.parties[found.id] = replace(found, roles=roles)

    def set_status(self, party: int, status: PartyStatus) -> None:
        """The registrar suspends or reinstates a party."""
        found = self.books.known(party)
        self.books.parties[found.id] = replace(found, status=status)

    def recover_accounts(self, party: int, accounts: Sequence[Address], threshold: int) -> None:
        """The members give a party that lost its keys new accounts."""
        parties.recover(self.books, party, accounts, threshold)

    def set_issuer_limit(self, issuer: int, limit: int) -> None:
        """The registrar sets what an issuer may have outstanding, fen."""
        self.books.running(ContractName.VOUCHERS)
        found = self.books.known(issuer)
        if limit > LIMIT_MAX:
            refuse(Failure.VOUCHERS_AMOUNT, amount=limit, most=LIMIT_MAX)
        self.books.issuers[found.id] = replace(self.books.issuer(found.id), limit=limit)

    def add_policy(self, policy: Policy) -> int:
        """The members add a row of market rules, not before the last one; its number."""
        self.books.running(ContractName.VOUCHERS)
        rows = self.books.policies
        earlier = rows[-1].valid_from if rows else 0
        sound = (
            len(rows) < POLICIES_MAX
            and policy.valid_from >= earlier
            and 0 < policy.tenor_months_hard <= 120
            and policy.tenor_months_soft <= policy.tenor_months_hard
            and policy.max_depth <= 200
            and 0 < policy.max_pieces <= 60_000
            and policy.offer_seconds_max > 0
        )
        if not sound:
            refuse(Failure.VOUCHERS_POLICY, valid_from=policy.valid_from)
        rows.append(policy)
        return len(rows)

    def pause(self, contract: ContractName) -> None:
        """The guardian stops a contract."""
        self.books.paused.add(contract)

    def unpause(self, contract: ContractName) -> None:
        """The members let a contract go on."""
        self.books.paused.discard(contract)

    # Reading

    def root_state(self, root: int, now: int) -> RootState:
        """The state of a root as shown."""
        if root not in self.books.roots:
            refuse(Failure.VOUCHERS_UNKNOWN_PIECE, piece=root << 16)
        return shown_state(self.books.roots[root], self.books.pieces_of(root), Moment(now).day)

    def _check_signers(self, party: int, signers: Sequence[Address]) -> None:
        """As many distinct accounts of the party as its policy demands, no more, no fewer."""
        books = self.books
        member = books.parties.get(PartyId(party))
        threshold = member.threshold if member else 0
        length = SIGNATURE_BYTES * len(signers)
        if len(signers) not in (1, 2):
            refuse(Failure.ORDERS_SIGNATURE_COUNT, length=length, threshold=threshold)
        if member is None or books.accounts.get(signers[0]) != party:
            refuse(Failure.ORDERS_BAD_SIGNATURE, party=party, signer=signers[0])
        if len(signers) != threshold:
            refuse(Failure.ORDERS_SIGNATURE_COUNT, length=length, threshold=threshold)
        for signer in signers[1:]:
            if books.accounts.get(signer) != party:
                refuse(Failure.ORDERS_BAD_SIGNATURE, party=party, signer=signer)
            if signer == signers[0]:
                refuse(Failure.ORDERS_DUPLICATE_SIGNER, signer=signer)
