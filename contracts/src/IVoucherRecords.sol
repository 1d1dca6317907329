// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title Credit vouchers as ranges
/// @notice A root voucher of face F fen is the range [0, F). A piece is a half-open sub-range with its own id, holder,
/// state and parent. Pieces of a root are disjoint and cover it, always. Holders are parties.
///
/// Ids: piece = root * 65536 + index; roots run from 1; index 0 is the first piece of a root.
/// Days are counted from 1970-01-01 in China Standard Time (UTC+8). Amounts are fen. Times are Unix seconds.
///
/// Piece states: 1 Issued (offered by the issuer, not accepted), 2 Held, 3 Offered (to the offeree; still the
/// holder's), 4 Locked (for a financing; `offeree` is the funder), 5 Financed (sale: holder is the funder; pledge:
/// `offeree` is the lien holder), 6 Redeemed, 7 Cancelled (offer of the issuer ended without acceptance, or written
/// off), 8 Merged (empty range).
/// Root states (`rootState`): 1 Offered, 2 Active, 3 Matured, 4 Dishonoured, 5 Settled, 6 WrittenOff, 7 Cancelled. Stored are only
/// open, cancelled and dishonoured; the others follow from the pieces and the time.
///
/// Orders: 1 Issue (issuer), 2 Accept (offeree), 3 Decline (offeree), 4 Withdraw (holder), 5 Transfer (holder),
/// 6 Merge (holder), 7 Redeem (the root's paying bank), 8 Dishonour (paying bank, or a holder after the grace days),
/// 9 WriteOff (holder), 10 BlockIssuer (operator or regulator), 11 UnblockIssuer (regulator).
///
/// What a piece's word says after each operation (every storage change can be rebuilt from the events alone):
/// issue: holder the issuer, offeree the payee, expiry, state 1. Accept: holder the acceptor, offeree 0, expiry 0, state 2. End of an
/// offer: offeree 0, expiry 0, state 2, or 7 if it was an issue (holder stays the issuer). Transfer, lock: offeree, expiry, state 3 or 4.
/// Cut: the part is [childStart, childEnd) with the piece's holder and state, offeree 0, expiry 0, depth one more (255 at most), parent
/// the piece's index; then the operation goes on with the part. The rest keeps everything but its range. Merge: the survivor gets the
/// range and depth of the event; the other becomes [its start, its start), offeree 0, expiry 0, state 8. Redeem: offeree the lien holder
/// if it was a pledge, else 0; expiry 0, state 6. Write-off: offeree 0, state 7. Unlock: offeree 0, expiry 0, state 2. Finance: expiry 0,
/// state 5; sale: holder the funder, offeree 0. Release: holder `to`, offeree 0, state 2.
interface IVoucherRecords {
    /// @dev One slot.
    struct Piece {
        uint32 holder;
        uint32 offeree;
        uint64 start;
        uint64 end;
        uint32 expiry;
        uint8 state;
        uint8 depth;
        uint16 parent;
    }

    /// @dev Two slots. `pieces` counts ids given out; `policy` is the number of the policy row used at issue.
    /// `state`: 1 open, 2 cancelled, 3 dishonoured.
    struct Root {
        uint32 issuer;
        uint32 payingBank;
        uint64 face;
        uint32 dueDay;
        uint32 issuedDay;
        uint16 pieces;
        uint8 state;
        uint8 policy;
        bytes32 document;
    }

    /// @dev One slot.
    struct Issuer {
        uint64 limit;
        uint64 outstanding;
        bool blocked;
    }

    /// @notice A dated row of market rules; the last one whose `validFrom` has come is in force.
    struct Policy {
        uint32 validFrom; // day
        uint8 tenorMonthsSoft;
        uint8 tenorMonthsHard;
        uint8 maxDepth;
        uint16 maxPieces;
        uint32 offerSecondsMax;
        uint16 graceDays;
    }

    struct IssueItem {
        uint32 payee;
        uint32 payingBank;
        uint64 face;
        uint32 dueDay;
        uint32 expiry;
        bytes32 document;
        bytes32 terms;
    }

    struct AcceptItem {
        uint64 piece;
    }

    /// @param reason Code of the reason; 0 where none is given. Declining has no side effect.
    struct DeclineItem {
        uint64 piece;
        uint32 reason;
    }

    struct WithdrawItem {
        uint64 piece;
    }

    /// @param back Take the amount from the end of the range instead of its start.
    /// @param purpose Code of the payment's purpose; not 0.
    struct TransferItem {
        uint64 piece;
        uint64 amount;
        bool back;
        uint32 to;
        uint32 expiry;
        uint32 purpose;
    }

    struct MergeItem {
        uint64 piece;
        uint64 other;
    }

    struct RedeemItem {
        uint64 piece;
        uint64 amount;
        bytes32 receipt;
    }

    /// @param piece Any unpaid piece of the root.
    struct DishonourItem {
        uint64 piece;
        bytes32 evidence;
    }

    struct WriteOffItem {
        uint64 piece;
        bytes32 evidence;
    }

    struct BlockIssuerItem {
        uint32 issuer;
        bytes32 evidence;
    }

    struct UnblockIssuerItem {
        uint32 issuer;
        bytes32 evidence;
    }

    event VoucherOffered(
        uint64 indexed piece,
        uint32 indexed issuer,
        uint32 indexed payee,
        uint32 payingBank,
        uint64 face,
        uint32 dueDay,
        uint32 issuedDay,
        uint32 expiry,
        uint8 policy,
        bytes32 document,
        bytes32 terms
    );
    event PieceOffered(
        uint64 indexed piece, uint32 indexed from, uint32 indexed to, uint32 expiry, uint32 purpose
    );
    event OfferAccepted(uint64 indexed piece, uint32 indexed from, uint32 indexed to);
    /// @param how 1 declined, 2 withdrawn, 3 expired.
    event OfferEnded(
        uint64 indexed piece, uint32 indexed from, uint32 indexed to, uint8 how, uint32 reason
    );
    /// @notice `child` was cut off `piece`; it has the piece's holder until the event that follows says otherwise.
    event PieceSplit(
        uint64 indexed piece,
        uint64 indexed child,
        uint64 childStart,
        uint64 childEnd,
        uint8 depth,
        uint8 policy
    );
    /// @notice `other` was joined to `piece`, which is now [start, end).
    event PiecesMerged(
        uint64 indexed piece, uint64 indexed other, uint64 start, uint64 end, uint8 depth
    );
    event PieceLocked(
        uint64 indexed piece, uint32 indexed holder, uint32 indexed funder, uint32 expiry
    );
    event PieceUnlocked(uint64 indexed piece, uint32 indexed holder, uint32 indexed funder);
    event PieceFinanced(
        uint64 indexed piece, uint32 indexed from, uint32 indexed funder, bool sale
    );
    /// @notice A financing was repaid; the piece is free again and `to`'s.
    event PieceReleased(uint64 indexed piece, uint32 indexed from, uint32 indexed to);
    /// @param payee Party to whom the money went: the lien holder, or else the holder.
    event PieceRedeemed(
        uint64 indexed piece,
        uint32 indexed payee,
        uint32 indexed bank,
        uint64 amount,
        bytes32 receipt
    );
    event VoucherDishonoured(
        uint64 indexed piece, uint32 indexed issuer, uint32 indexed by, bytes32 evidence
    );
    event PieceWrittenOff(
        uint64 indexed piece, uint32 indexed holder, uint64 amount, bytes32 evidence
    );
    event IssuerBlocked(uint32 indexed issuer, uint32 indexed by, bytes32 evidence);
    event IssuerUnblocked(uint32 indexed issuer, uint32 indexed by, bytes32 evidence);
    event IssuerLimitSet(uint32 indexed issuer, uint64 limit);
    event PolicyAdded(uint8 indexed number, Policy policy);
    /// @notice As ERC-721, for explorers; addresses are `partyAddress`es. Minted when the first holder accepts.
    event Transfer(address indexed from, address indexed to, uint256 indexed tokenId);

    error VouchersUnknownPiece(uint64 piece);
    error VouchersPieceState(uint64 piece, uint8 state);
    error VouchersNotHolder(uint64 piece, uint32 party);
    error VouchersNotOfferee(uint64 piece, uint32 party);
    error VouchersOfferExpired(uint64 piece, uint32 expiry);
    error VouchersOfferRuns(uint64 piece, uint32 expiry);
    error VouchersExpiry(uint32 expiry, uint256 time, uint256 most);
    error VouchersAmount(uint64 amount, uint64 most);
    error VouchersSelf(uint32 party);
    error VouchersPurpose(uint64 piece);
    error VouchersDue(uint32 dueDay, uint32 today, uint32 last);
    error VouchersIssuerBlocked(uint32 issuer);
    error VouchersIssuerNotBlocked(uint32 issuer);
    error VouchersLimit(uint32 issuer, uint64 wanted, uint64 free);
    error VouchersNoPolicy(uint32 day);
    error VouchersPolicy(uint32 validFrom);
    error VouchersDepth(uint64 piece, uint8 most);
    error VouchersPieces(uint64 root, uint16 most);
    error VouchersNotAdjacent(uint64 piece, uint64 other);
    error VouchersNotPayingBank(uint64 root, uint32 party);
    error VouchersRootState(uint64 root, uint8 state);
    error VouchersNotDue(uint64 root, uint32 day, uint32 today);
    error VouchersNotDishonoured(uint64 root);
    error VouchersReceipt();
    error VouchersEvidence();
    error VouchersDeskOnly(address caller);
}
