// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {VoucherBook} from "./VoucherBook.sol";
import {IssuerWord} from "./types/IssuerWord.sol";
import {MemberWord, ROLE_OPERATOR, ROLE_REGULATOR} from "./types/MemberWord.sol";
import {
    PIECE_CANCELLED,
    PIECE_FINANCED,
    PIECE_HELD,
    PIECE_LOCKED,
    PieceWord
} from "./types/PieceWord.sol";
import {ROOT_DISHONOURED, RootWord} from "./types/RootWord.sol";

/// @title What happens to vouchers rarely: dishonour, write-off, block of an issuer; the desk's hold on a piece
/// @notice Each operation checks in the order in which its reverts stand.
abstract contract VoucherSettlement is VoucherBook {
    /// @dev The paying bank speaks for the issuer's account from the day after the due day on; whoever is owed the
    /// piece (its holder or lien holder) need not wait for it longer than the grace days of the row at issue.
    function _dishonour(MemberWord by, DishonourItem calldata item) internal {
        uint64 id = item.piece;
        PieceWord word = _piece(id);
        if (!word.isUnpaid()) revert VouchersPieceState(id, word.state());
        RootWord root = _root(id);
        uint32 day = root.dueDay();
        if (root.payingBank() != by.party()) {
            bool owed = word.holder() == by.party()
                || (word.state() == PIECE_FINANCED && word.offeree() == by.party());
            if (!owed) revert VouchersNotHolder(id, by.party());
            day += _books().policies[root.policy()].graceDays;
        }
        _requireOpen(id, root);
        if (_today() <= day) revert VouchersNotDue(id >> 16, day, _today());
        if (item.evidence == 0) revert VouchersEvidence();

        VoucherStorage storage $ = _books();
        uint32 issuer = root.issuer();
        $.roots[id >> 16].word = root.withState(ROOT_DISHONOURED);
        emit VoucherDishonoured(id, issuer, by.party(), item.evidence);
        if (!$.issuers[issuer].word.blocked()) _block(issuer, by.party(), item.evidence);
    }

    function _writeOff(MemberWord by, WriteOffItem calldata item) internal {
        uint64 id = item.piece;
        PieceWord word = _piece(id);
        if (word.holder() != by.party()) revert VouchersNotHolder(id, by.party());
        bool bought = word.state() == PIECE_FINANCED && word.offeree() == 0;
        if (word.state() != PIECE_HELD && !bought) revert VouchersPieceState(id, word.state());
        RootWord root = _root(id);
        if (root.state() != ROOT_DISHONOURED) revert VouchersNotDishonoured(id >> 16);
        if (item.evidence == 0) revert VouchersEvidence();

        _books().pieces[id] = word.withOffer(PIECE_CANCELLED, 0, 0);
        _discharge(root.issuer(), word.size());
        emit PieceWrittenOff(id, by.party(), word.size(), item.evidence);
        emit Transfer(_partyAddress(by.party()), address(0), id);
    }

    function _blockIssuer(MemberWord by, BlockIssuerItem calldata item) internal {
        _requireRole(by, ROLE_OPERATOR | ROLE_REGULATOR);
        if (!_party(item.issuer).isKnown()) revert DirectoryUnknownParty(item.issuer);
        if (_books().issuers[item.issuer].word.blocked()) {
            revert VouchersIssuerBlocked(item.issuer);
        }
        if (item.evidence == 0) revert VouchersEvidence();
        _block(item.issuer, by.party(), item.evidence);
    }

    function _unblockIssuer(MemberWord by, UnblockIssuerItem calldata item) internal {
        _requireRole(by, ROLE_REGULATOR);
        IssuerSlot storage slot = _books().issuers[item.issuer];
        IssuerWord word = slot.word;
        if (!word.blocked()) revert VouchersIssuerNotBlocked(item.issuer);
        if (item.evidence == 0) revert VouchersEvidence();
        slot.word = word.withBlocked(false);
        emit IssuerUnblocked(item.issuer, by.party(), item.evidence);
    }

    function _lock(uint64 id, uint64 amount, bool back, uint32 holder, uint32 funder, uint32 expiry)
        internal
        returns (uint64)
    {
        PieceWord word = _pieceOf(id, holder, PIECE_HELD);
        RootWord root = _root(id);
        _requireCurrent(id, root);
        (uint8 number, Policy storage policy) = _policyOn(_today());
        _requireExpiry(expiry, policy);
        (id, word) = _carveWithin(id, word, root, amount, back, number, policy);
        _books().pieces[id] = word.withOffer(PIECE_LOCKED, funder, expiry);
        emit PieceLocked(id, holder, funder, expiry);
        return id;
    }

    function _unlock(uint64 id) internal {
        PieceWord word = _pieceIn(id, PIECE_LOCKED);
        _books().pieces[id] = word.withOffer(PIECE_HELD, 0, 0);
        emit PieceUnlocked(id, word.holder(), word.offeree());
    }

    function _finance(uint64 id, uint64 amount, bool sale) internal {
        PieceWord word = _pieceIn(id, PIECE_LOCKED);
        if (word.size() != amount) revert VouchersAmount(amount, word.size());
        uint32 from = word.holder();
        uint32 funder = word.offeree();
        emit PieceFinanced(id, from, funder, sale);
        if (sale) {
            _books().pieces[id] = word.withOffer(PIECE_FINANCED, 0, 0).withHolder(funder);
            emit Transfer(_partyAddress(from), _partyAddress(funder), id);
        } else {
            _books().pieces[id] = word.withOffer(PIECE_FINANCED, funder, 0);
        }
    }

    function _release(uint64 id, uint32 to) internal {
        PieceWord word = _pieceIn(id, PIECE_FINANCED);
        uint32 from = word.holder();
        uint32 funder = word.offeree() == 0 ? from : word.offeree();
        _books().pieces[id] = word.withOffer(PIECE_HELD, 0, 0).withHolder(to);
        emit PieceReleased(id, funder, to);
        if (from != to) emit Transfer(_partyAddress(from), _partyAddress(to), id);
    }

    function _pieceIn(uint64 id, uint8 state) private view returns (PieceWord word) {
        word = _piece(id);
        if (word.state() != state) revert VouchersPieceState(id, word.state());
    }

    function _block(uint32 issuer, uint32 by, bytes32 evidence) private {
        IssuerSlot storage slot = _books().issuers[issuer];
        slot.word = slot.word.withBlocked(true);
        emit IssuerBlocked(issuer, by, evidence);
    }
}
