"""Every way in which the ledger refuses, as stable codes in order of precedence."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Failure(StrEnum):
    """Code of a refusal. If several apply, the one that stands first here is reported.

    The refusals of the contracts are named after their custom errors.
    """

    # Refused before anything is looked up
    INVALID = "invalid"
    TOO_LARGE = "too_large"
    UNAUTHENTICATED = "unauthenticated"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    CONFLICT = "conflict"
    # Refused because of the state of the platform; the same request may succeed later
    HALTED = "halted"
    BUSY = "busy"
    STORAGE = "storage"
    # Keys and signers
    KEY_UNREADABLE = "key_unreadable"
    SIGNER_UNAVAILABLE = "signer_unavailable"
    SIGNER_REFUSED = "signer_refused"
    # Deployment
    NOT_DEPLOYED = "not_deployed"
    CHAIN_MISMATCH = "chain_mismatch"
    # Orders of any kind
    ORDERS_PAUSED = "orders_paused"
    ORDERS_UNKNOWN_KIND = "orders_unknown_kind"
    ORDERS_TOO_MANY_ITEMS = "orders_too_many_items"
    ORDERS_MALFORMED_ITEMS = "orders_malformed_items"
    ORDERS_EXPIRED = "orders_expired"
    ORDERS_SIGNATURE_COUNT = "orders_signature_count"
    ORDERS_BAD_SIGNATURE = "orders_bad_signature"
    ORDERS_DUPLICATE_SIGNER = "orders_duplicate_signer"
    ORDERS_NEEDS_SIGNATURES = "orders_needs_signatures"
    ORDERS_NONCE_USED = "orders_nonce_used"
    ORDERS_OUT_OF_GAS = "orders_out_of_gas"
    ORDERS_SELF_ONLY = "orders_self_only"
    # Parties, as every contract knows them
    DIRECTORY_NOT_REGISTRY = "directory_not_registry"
    DIRECTORY_UNKNOWN_ACCOUNT = "directory_unknown_account"
    DIRECTORY_UNKNOWN_PARTY = "directory_unknown_party"
    DIRECTORY_PARTY_SUSPENDED = "directory_party_suspended"
    DIRECTORY_MISSING_ROLE = "directory_missing_role"
    # Party registry
    REGISTRY_ID_TAKEN = "registry_id_taken"
    REGISTRY_ACCOUNT_TAKEN = "registry_account_taken"
    REGISTRY_ACCOUNT_COUNT = "registry_account_count"
    REGISTRY_THRESHOLD = "registry_threshold"
    REGISTRY_ROLES = "registry_roles"
    REGISTRY_STATUS = "registry_status"
    REGISTRY_NOT_ACCOUNT = "registry_not_account"
    REGISTRY_ZERO = "registry_zero"
    # Trade documents
    DOCUMENTS_EXISTS = "documents_exists"
    DOCUMENTS_UNKNOWN = "documents_unknown"
    DOCUMENTS_KIND = "documents_kind"
    DOCUMENTS_AMOUNT = "documents_amount"
    DOCUMENTS_NOT_PARTY = "documents_not_party"
    DOCUMENTS_NOT_SELLER = "documents_not_seller"
    DOCUMENTS_INSUFFICIENT = "documents_insufficient"
    DOCUMENTS_NOTE_APPLIED = "documents_note_applied"
    DOCUMENTS_SELF = "documents_self"
    DOCUMENTS_VOUCHERS_ONLY = "documents_vouchers_only"
    # Credit vouchers
    VOUCHERS_UNKNOWN_PIECE = "vouchers_unknown_piece"
    VOUCHERS_PIECE_STATE = "vouchers_piece_state"
    VOUCHERS_NOT_HOLDER = "vouchers_not_holder"
    VOUCHERS_NOT_OFFEREE = "vouchers_not_offeree"
    VOUCHERS_OFFER_EXPIRED = "vouchers_offer_expired"
    VOUCHERS_OFFER_RUNS = "vouchers_offer_runs"
    VOUCHERS_EXPIRY = "vouchers_expiry"
    VOUCHERS_AMOUNT = "vouchers_amount"
    VOUCHERS_SELF = "vouchers_self"
    VOUCHERS_PURPOSE = "vouchers_purpose"
    VOUCHERS_DUE = "vouchers_due"
    VOUCHERS_ISSUER_BLOCKED = "vouchers_issuer_blocked"
    VOUCHERS_ISSUER_NOT_BLOCKED = "vouchers_issuer_not_blocked"
    VOUCHERS_LIMIT = "vouchers_limit"
    VOUCHERS_NO_POLICY = "vouchers_no_policy"
    VOUCHERS_POLICY = "vouchers_policy"
    VOUCHERS_DEPTH = "vouchers_depth"
    VOUCHERS_PIECES = "vouchers_pieces"
    VOUCHERS_NOT_ADJACENT = "vouchers_not_adjacent"
    VOUCHERS_NOT_PAYING_BANK = "vouchers_not_paying_bank"
    VOUCHERS_ROOT_STATE = "vouchers_root_state"
    VOUCHERS_NOT_DUE = "vouchers_not_due"
    VOUCHERS_NOT_DISHONOURED = "vouchers_not_dishonoured"
    VOUCHERS_RECEIPT = "vouchers_receipt"
    VOUCHERS_EVIDENCE = "vouchers_evidence"
    VOUCHERS_DESK_ONLY = "vouchers_desk_only"
    # Financing desk
    DESK_UNKNOWN = "desk_unknown"
    DESK_STATE = "desk_state"
    DESK_NOT_FUNDER = "desk_not_funder"
    DESK_NOT_BANK = "desk_not_bank"
    DESK_NOT_PARTY = "desk_not_party"
    DESK_LOCK_RUNS = "desk_lock_runs"
    DESK_LOCK_EXPIRED = "desk_lock_expired"
    DESK_REGISTRATION_USED = "desk_registration_used"
    DESK_NEEDS_TENOR_REASON = "desk_needs_tenor_reason"
    DESK_AMOUNT = "desk_amount"
    DESK_PRICE = "desk_price"
    DESK_MATURITY = "desk_maturity"
    DESK_NO_RECOURSE = "desk_no_recourse"
    DESK_NOT_DISHONOURED = "desk_not_dishonoured"
    DESK_REGISTRATION = "desk_registration"
    DESK_SELF = "desk_self"
    DESK_RECEIPT = "desk_receipt"
    DESK_TERMS = "desk_terms"
    # Evidence logs
    EVIDENCE_STREAM = "evidence_stream"
    EVIDENCE_ZERO = "evidence_zero"
    EVIDENCE_EXISTS = "evidence_exists"
    EVIDENCE_UNKNOWN = "evidence_unknown"
    EVIDENCE_NOT_OWNER = "evidence_not_owner"
    EVIDENCE_NOT_WRITER = "evidence_not_writer"
    EVIDENCE_SM3 = "evidence_sm3"
    EVIDENCE_SIZE = "evidence_size"
    EVIDENCE_INCONSISTENT = "evidence_inconsistent"
    # Council of the members
    COUNCIL_NOT_MEMBER = "council_not_member"
    COUNCIL_APPROVED = "council_approved"
    COUNCIL_CANCELLED = "council_cancelled"
    COUNCIL_TIMELOCK_ONLY = "council_timelock_only"
    COUNCIL_MEMBERS = "council_members"
    COUNCIL_MEMBER_TWICE = "council_member_twice"
    # Administration, and what the EVM itself says
    ACCESS_MANAGED_UNAUTHORIZED = "access_managed_unauthorized"
    EVM_ERROR = "evm_error"
    EVM_PANIC = "evm_panic"
    CALL_REVERTED = "call_reverted"
    # The way to the chain
    CHAIN_UNAVAILABLE = "chain_unavailable"
    CHAIN_REFUSED = "chain_refused"
    INTERNAL = "internal"


_NAMES: Final = {"evm_error": "Error", "evm_panic": "Panic"}

_DECLARATIONS: Final = """
OrdersUnknownKind(uint8 kind)
OrdersMalformedItems(uint8 kind, uint256 length)
OrdersTooManyItems(uint256 items, uint256 most)
OrdersExpired(uint64 deadline, uint256 time)
OrdersNonceUsed(uint32 party, uint256 nonce)
OrdersSignatureCount(uint256 length, uint8 threshold)
OrdersBadSignature(uint32 party, address signer)
OrdersDuplicateSigner(address signer)
OrdersNeedsSignatures(uint32 party, uint8 threshold)
OrdersOutOfGas(uint256 index)
OrdersSelfOnly(address caller)
OrdersPaused()
DirectoryNotRegistry(address caller)
DirectoryUnknownAccount(address account)
DirectoryUnknownParty(uint32 party)
DirectoryPartySuspended(uint32 party)
DirectoryMissingRole(uint32 party, uint16 role)
RegistryIdTaken(bytes32 idHash, uint32 party)
RegistryAccountTaken(address account, uint32 party)
RegistryAccountCount(uint256 accounts, uint8 threshold, uint256 most)
RegistryThreshold(uint8 threshold)
RegistryRoles(uint16 roles)
RegistryStatus(uint8 status)
RegistryNotAccount(uint32 party, address account)
RegistryZero()
DocumentsExists(bytes32 document)
DocumentsUnknown(bytes32 document)
DocumentsKind(uint8 kind)
DocumentsAmount(uint64 amount)
DocumentsNotParty(bytes32 document, uint32 party)
DocumentsNotSeller(bytes32 document, uint32 party, uint32 seller)
DocumentsInsufficient(bytes32 document, uint64 wanted, uint64 free)
DocumentsNoteApplied(bytes32 note)
DocumentsSelf(uint32 party)
DocumentsVouchersOnly(address caller)
VouchersUnknownPiece(uint64 piece)
VouchersPieceState(uint64 piece, uint8 state)
VouchersNotHolder(uint64 piece, uint32 party)
VouchersNotOfferee(uint64 piece, uint32 party)
VouchersOfferExpired(uint64 piece, uint32 expiry)
VouchersOfferRuns(uint64 piece, uint32 expiry)
VouchersExpiry(uint32 expiry, uint256 time, uint256 most)
VouchersAmount(uint64 amount, uint64 most)
VouchersSelf(uint32 party)
VouchersPurpose(uint64 piece)
VouchersDue(uint32 dueDay, uint32 today, uint32 last)
VouchersIssuerBlocked(uint32 issuer)
VouchersIssuerNotBlocked(uint32 issuer)
VouchersLimit(uint32 issuer, uint64 wanted, uint64 free)
VouchersNoPolicy(uint32 day)
VouchersPolicy(uint32 validFrom)
VouchersDepth(uint64 piece, uint8 most)
VouchersPieces(uint64 root, uint16 most)
VouchersNotAdjacent(uint64 piece, uint64 other)
VouchersNotPayingBank(uint64 root, uint32 party)
VouchersRootState(uint64 root, uint8 state)
VouchersNotDue(uint64 root, uint32 day, uint32 today)
VouchersNotDishonoured(uint64 root)
VouchersReceipt()
VouchersEvidence()
VouchersDeskOnly(address caller)
DeskUnknown(uint64 financing)
DeskState(uint64 financing, uint8 state)
DeskNotFunder(uint64 financing, uint32 party)
DeskNotBank(uint64 financing, uint32 party)
DeskNotParty(uint64 financing, uint32 party)
DeskLockRuns(uint64 financing, uint32 expiry)
DeskLockExpired(uint64 financing, uint32 expiry)
DeskRegistrationUsed(bytes32 registration, uint64 financing)
DeskNeedsTenorReason(uint64 financing, uint32 dueDay)
DeskAmount(uint64 financing, uint64 amount, uint64 expected)
DeskPrice(uint64 price, uint64 amount)
DeskMaturity(uint32 maturityDay, uint32 today)
DeskNoRecourse(uint64 financing)
DeskNotDishonoured(uint64 financing)
DeskRegistration()
DeskSelf(uint32 party)
DeskReceipt()
DeskTerms()
EvidenceStream(bytes32 stream)
EvidenceZero()
EvidenceExists(bytes32 log)
EvidenceUnknown(bytes32 log)
EvidenceNotOwner(bytes32 log, uint32 party)
EvidenceNotWriter(bytes32 log, address account)
EvidenceSm3(bytes32 log)
EvidenceSize(bytes32 log, uint64 size, uint64 current)
EvidenceInconsistent(bytes32 log, uint64 size, uint64 current)
CouncilNotMember(address caller)
CouncilApproved(bytes32 operation, address member)
CouncilCancelled(bytes32 operation)
CouncilTimelockOnly(address caller)
CouncilMembers(uint256 members, uint256 threshold)
CouncilMemberTwice(address member)
AccessManagedUnauthorized(address caller)
Error(string message)
Panic(uint256 code)
"""


def _declared() -> dict[Failure, str]:
    by_name = {line.partition("(")[0]: line for line in _DECLARATIONS.split("\n") if line}
    found = {}
    for failure in Failure:
        name = _NAMES.get(failure) or "".join(part.title() for part in failure.split("_"))
        if name in by_name:
            found[failure] = by_name.pop(name)
    if by_name:
        raise RuntimeError(f"errors of contracts without a code: {', '.join(by_name)}")
    return found


DECLARED: Final = _declared()
"""Solidity declaration of each failure that a contract can answer with, such as
``OrdersExpired(uint64 deadline, uint256 time)``."""
