// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {CivilDays} from "./CivilDays.sol";
import {ITradeDocuments} from "./ITradeDocuments.sol";
import {VoucherBook} from "./VoucherBook.sol";
import {IssuerWord} from "./types/IssuerWord.sol";
import {
    MemberWord,
    ROLES_TRADING,
    ROLE_BANK,
    ROLE_ISSUER,
    ROLE_SUPPLIER
} from "./types/MemberWord.sol";
import {
    PIECE_CANCELLED,
    PIECE_FINANCED,
    PIECE_HELD,
    PIECE_ISSUED,
    PIECE_MERGED,
    PIECE_OFFERED,
    PIECE_REDEEMED,
    PieceWord,
    packPiece
} from "./types/PieceWord.sol";
import {ROOT_CANCELLED, RootWord, packRoot} from "./types/RootWord.sol";

/// @title What happens to vouchers every day: issue, transfer, how offers end, merge, redemption
/// @notice Each operation checks in the order in which its reverts stand.
abstract contract VoucherTrade is VoucherBook {
    /// @dev Largest face; sums of a document stay inside 48 bits.
    uint64 private constant FACE_MAX = 2 ** 48 - 1;

    uint8 private constant DECLINED = 1;
    uint8 private constant WITHDRAWN = 2;
    uint8 private constant EXPIRED = 3;

    /// @notice Where issued vouchers use up their documents.
    ITradeDocuments public immutable documents;

    constructor(address documents_) {
        documents = ITradeDocuments(documents_);
    }

    function _issue(MemberWord by, IssueItem calldata item) internal {
        uint32 issuer = by.party();
        _requireRole(by, ROLE_ISSUER);
        // Nor may it be its own bank: the bank's word is what closes a debt.
        if (item.payee == issuer || item.payingBank == issuer) revert VouchersSelf(issuer);
        _requireParty(item.payee, ROLE_SUPPLIER);
        _requireParty(item.payingBank, ROLE_BANK);
        uint64 face = item.face;
        if (face == 0 || face > FACE_MAX) revert VouchersAmount(face, FACE_MAX);
        uint32 day = _today();
        uint8 number = _checkTerms(item, day);
        _owe(issuer, face);

        uint64 root;
        unchecked {
            root = ++_config().lastId; // 2^64 roots are out of reach
        }
        VoucherStorage storage $ = _books();
        RootSlots storage slots = $.roots[root];
        slots.word = packRoot(issuer, item.payingBank, face, item.dueDay, day, number);
        slots.document = item.document;
        uint64 piece = root << 16;
        $.pieces[piece] =
            packPiece(issuer, 0, face, 0, 0, 0).withOffer(PIECE_ISSUED, item.payee, item.expiry);
        documents.use(item.document, issuer, item.payee, face);
        _emitOffered(piece, issuer, item, day, number);
    }

    function _accept(MemberWord by, AcceptItem calldata item) internal {
        uint64 id = item.piece;
        uint32 to = by.party();
        PieceWord word = _offerTo(id, to);
        if (block.timestamp > word.expiry()) revert VouchersOfferExpired(id, word.expiry());
        uint32 from = word.holder();
        bool first = word.state() == PIECE_ISSUED;
        // The root of a first offer is open as long as the offer stands.
        if (!first) _requireOpen(id, _root(id));

        _books().pieces[id] = word.withOffer(PIECE_HELD, 0, 0).withHolder(to);
        emit OfferAccepted(id, from, to);
        emit Transfer(first ? address(0) : _partyAddress(from), _partyAddress(to), id);
    }

    function _decline(MemberWord by, DeclineItem calldata item) internal {
        PieceWord word = _offerTo(item.piece, by.party());
        _endOffer(item.piece, word, DECLINED, item.reason);
    }

    function _withdraw(MemberWord by, WithdrawItem calldata item) internal {
        PieceWord word = _piece(item.piece);
        if (!word.isOffer()) revert VouchersPieceState(item.piece, word.state());
        if (word.holder() != by.party()) revert VouchersNotHolder(item.piece, by.party());
        _endOffer(item.piece, word, WITHDRAWN, 0);
    }

    function _expire(uint64 id) internal {
        PieceWord word = _piece(id);
        if (!word.isOffer()) revert VouchersPieceState(id, word.state());
        if (block.timestamp <= word.expiry()) revert VouchersOfferRuns(id, word.expiry());
        _endOffer(id, word, EXPIRED, 0);
    }

    function _transfer(MemberWord by, TransferItem calldata item) internal {
        uint64 id = item.piece;
        uint32 from = by.party();
        uint32 to = item.to;
        PieceWord word = _pieceOf(id, from, PIECE_HELD);
        if (to == from) revert VouchersSelf(from);
        _requireParty(to, ROLES_TRADING);
        if (item.purpose == 0) revert VouchersPurpose(id);
        RootWord root = _root(id);
        _requireCurrent(id, root);
        (uint8 number, Policy storage policy) = _policyOn(_today());
        _requireExpiry(item.expiry, policy);
        (id, word) = _carveWithin(id, word, root, item.amount, item.back, number, policy);

        _books().pieces[id] = word.withOffer(PIECE_OFFERED, to, item.expiry);
        emit PieceOffered(id, from, to, item.expiry, item.purpose);
    }

    /// @dev The lower index survives. A direct child that met no deeper stranger comes home: the survivor keeps its
    /// depth. Otherwise the greater depth counts, so that merging never makes a piece look shallower than it is.
    function _merge(MemberWord by, MergeItem calldata item) internal {
        uint64 id = item.piece < item.other ? item.piece : item.other;
        uint64 gone = item.piece < item.other ? item.other : item.piece;
        PieceWord word = _pieceOf(item.piece, by.party(), PIECE_HELD);
        PieceWord other = _pieceOf(item.other, by.party(), PIECE_HELD);
        bool adjacent = word.end() == other.start() || other.end() == word.start();
        if (id == gone || id >> 16 != gone >> 16 || !adjacent) {
            revert VouchersNotAdjacent(item.piece, item.other);
        }
        if (id != item.piece) (word, other) = (other, word);

        uint8 depth = word.depth();
        bool comesHome = other.parent() == uint16(id) && other.depth() == depth + 1;
        if (!comesHome && other.depth() > depth) depth = other.depth();
        uint64 from = word.start() < other.start() ? word.start() : other.start();
        uint64 to = word.end() > other.end() ? word.end() : other.end();
        VoucherStorage storage $ = _books();
        $.pieces[id] = word.withRange(from, to).withDepth(depth);
        $.pieces[gone] = other.withRange(other.start(), other.start()).withOffer(PIECE_MERGED, 0, 0);
        emit PiecesMerged(id, gone, from, to, depth);
        emit Transfer(_partyAddress(by.party()), address(0), gone);
    }

    /// @dev A payment that was made is a fact: neither policy nor the life of an offer, a lock or a lien stands in its
    /// way. Part payment takes the front of the range; what is left stays in its state.
    function _redeem(MemberWord by, RedeemItem calldata item) internal {
        uint64 id = item.piece;
        PieceWord word = _piece(id);
        RootWord root = _root(id);
        if (root.payingBank() != by.party()) {
            revert VouchersNotPayingBank(id >> 16, by.party());
        }
        if (!word.isUnpaid()) revert VouchersPieceState(id, word.state());
        if (item.receipt == 0) revert VouchersReceipt();
        uint32 lien = word.state() == PIECE_FINANCED ? word.offeree() : 0;
        uint64 amount = item.amount;
        if (amount != word.size()) {
            _requirePart(word, amount);
            (id, word) = _carve(id, word, root, amount, false, root.policy());
        }

        _books().pieces[id] = word.withOffer(PIECE_REDEEMED, lien, 0);
        _discharge(root.issuer(), amount);
        uint32 holder = word.holder();
        emit PieceRedeemed(id, lien == 0 ? holder : lien, by.party(), amount, item.receipt);
        emit Transfer(_partyAddress(holder), address(0), id);
    }

    /// @dev Adds to what the issuer owes, within its limit.
    function _owe(uint32 issuer, uint64 amount) private {
        IssuerSlot storage slot = _books().issuers[issuer];
        IssuerWord word = slot.word;
        if (word.blocked()) revert VouchersIssuerBlocked(issuer);
        uint64 outstanding = word.outstanding();
        uint64 limit = word.limit();
        uint64 free = limit > outstanding ? limit - outstanding : 0;
        if (amount > free) revert VouchersLimit(issuer, amount, free);
        slot.word = word.withOutstanding(outstanding + amount);
    }

    /// @dev Ends an offer: a piece offered onward is its holder's again; a first offer takes the root with it.
    function _endOffer(uint64 id, PieceWord word, uint8 how, uint32 reason) private {
        uint32 from = word.holder();
        uint32 to = word.offeree();
        VoucherStorage storage $ = _books();
        if (word.state() == PIECE_OFFERED) {
            $.pieces[id] = word.withOffer(PIECE_HELD, 0, 0);
        } else {
            $.pieces[id] = word.withOffer(PIECE_CANCELLED, 0, 0);
            RootSlots storage slots = $.roots[id >> 16];
            slots.word = slots.word.withState(ROOT_CANCELLED);
            _discharge(from, word.size());
            documents.restore(slots.document, word.size());
        }
        emit OfferEnded(id, from, to, how, reason);
    }

    /// @dev The piece, which must wait for the party's answer.
    function _offerTo(uint64 id, uint32 to) private view returns (PieceWord word) {
        word = _piece(id);
        if (!word.isOffer()) revert VouchersPieceState(id, word.state());
        if (word.offeree() != to) revert VouchersNotOfferee(id, to);
    }

    /// @dev Due day and expiry against the policy in force.
    function _checkTerms(IssueItem calldata item, uint32 day) private view returns (uint8) {
        (uint8 number, Policy storage policy) = _policyOn(day);
        uint32 last = CivilDays.addMonths(day, policy.tenorMonthsHard);
        if (item.dueDay < day || item.dueDay > last) {
            revert VouchersDue(item.dueDay, day, last);
        }
        _requireExpiry(item.expiry, policy);
        return number;
    }

    function _emitOffered(
        uint64 piece,
        uint32 issuer,
        IssueItem calldata item,
        uint32 day,
        uint8 number
    ) private {
        emit VoucherOffered(
            piece,
            issuer,
            item.payee,
            item.payingBank,
            item.face,
            item.dueDay,
            day,
            item.expiry,
            number,
            item.document,
            item.terms
        );
    }
}
