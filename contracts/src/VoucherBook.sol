// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {CivilDays} from "./CivilDays.sol";
import {IVoucherRecords} from "./IVoucherRecords.sol";
import {PartyGate} from "./PartyGate.sol";
import {IssuerWord} from "./types/IssuerWord.sol";
import {PIECE_CANCELLED, PIECE_ISSUED, PieceWord, packPiece} from "./types/PieceWord.sol";
import {ROOT_CANCELLED, ROOT_DISHONOURED, ROOT_OPEN, RootWord} from "./types/RootWord.sol";

/// @title Books of the voucher contract: storage, ids, cutting, policy rows
abstract contract VoucherBook is PartyGate, IVoucherRecords {
    struct RootSlots {
        RootWord word;
        bytes32 document;
    }

    struct IssuerSlot {
        IssuerWord word;
    }

    /// @custom:storage-location erc7201:xinlian.storage.CreditVouchers
    struct VoucherStorage {
        mapping(uint64 root => RootSlots) roots;
        mapping(uint64 piece => PieceWord) pieces;
        mapping(uint32 party => IssuerSlot) issuers;
        mapping(uint8 number => Policy) policies;
    }

    /// @dev Hard bound on piece ids of a root. Policy rows stay below `POLICY_PIECES_MAX`, so that redemption, which
    /// no policy may stop, always finds room.
    uint16 internal constant PIECES_MAX = type(uint16).max;
    uint16 internal constant POLICY_PIECES_MAX = 60_000;
    uint8 internal constant POLICY_DEPTH_MAX = 200;
    uint8 internal constant POLICY_MONTHS_MAX = 120;
    uint8 internal constant POLICY_ROWS_MAX = type(uint8).max;

    /// @dev States that `rootState` derives; an error about a root carries these too.
    uint8 internal constant ROOT_IS_OFFERED = 1;
    uint8 internal constant ROOT_IS_ACTIVE = 2;
    uint8 internal constant ROOT_IS_MATURED = 3;
    uint8 internal constant ROOT_IS_DISHONOURED = 4;
    uint8 internal constant ROOT_IS_SETTLED = 5;
    uint8 internal constant ROOT_IS_WRITTEN_OFF = 6;
    uint8 internal constant ROOT_IS_CANCELLED = 7;

    /// @dev ERC-7201 slot of "xinlian.storage.CreditVouchers".
    bytes32 private constant VOUCHER_STORAGE =
        0xeb53fcc78080a3f6eff1c6ece18ae42e19eda823522dc0b566675999fba92800;

    /// @dev "XL" in the highest bytes marks an address that stands for a party.
    uint160 private constant PARTY_ADDRESS = uint160(0x584c) << 144;

    function _books() internal pure returns (VoucherStorage storage $) {
        assembly ("memory-safe") {
            $.slot := VOUCHER_STORAGE
        }
    }

    function _today() internal view returns (uint32) {
        return CivilDays.dayOf(block.timestamp);
    }

    /// @dev The piece, which must exist.
    function _piece(uint64 id) internal view returns (PieceWord word) {
        word = _books().pieces[id];
        if (PieceWord.unwrap(word) == 0) revert VouchersUnknownPiece(id);
    }

    function _root(uint64 piece) internal view returns (RootWord) {
        return _books().roots[piece >> 16].word;
    }

    /// @dev The piece, which must be `holder`'s and in the state.
    function _pieceOf(uint64 id, uint32 holder, uint8 state)
        internal
        view
        returns (PieceWord word)
    {
        word = _piece(id);
        if (word.holder() != holder) revert VouchersNotHolder(id, holder);
        if (word.state() != state) revert VouchersPieceState(id, word.state());
    }

    function _requireOpen(uint64 piece, RootWord word) internal pure {
        if (word.state() != ROOT_OPEN) {
            revert VouchersRootState(
                piece >> 16,
                word.state() == ROOT_DISHONOURED ? ROOT_IS_DISHONOURED : ROOT_IS_CANCELLED
            );
        }
    }

    /// @dev Only a piece of an open root may move on, and only before its due day: from then on the issuer's bank
    /// pays whoever holds it, so the holder must stand still while money is on its way.
    function _requireCurrent(uint64 piece, RootWord word) internal view {
        _requireOpen(piece, word);
        if (_today() >= word.dueDay()) revert VouchersRootState(piece >> 16, ROOT_IS_MATURED);
    }

    /// @dev An offer or lock ends later than now, and not later than policy allows.
    function _requireExpiry(uint32 expiry, Policy storage policy) internal view {
        uint256 most = block.timestamp + policy.offerSecondsMax;
        if (expiry <= block.timestamp || expiry > most) {
            revert VouchersExpiry(expiry, block.timestamp, most);
        }
    }

    /// @dev Cuts for an offer or a lock: within the depth and the number of pieces that policy allows.
    function _carveWithin(
        uint64 id,
        PieceWord word,
        RootWord root,
        uint64 amount,
        bool back,
        uint8 number,
        Policy storage policy
    ) internal returns (uint64, PieceWord) {
        if (amount == word.size()) return (id, word);
        _requirePart(word, amount);
        if (word.depth() >= policy.maxDepth) revert VouchersDepth(id, policy.maxDepth);
        if (root.pieces() >= policy.maxPieces) {
            revert VouchersPieces(id >> 16, policy.maxPieces);
        }
        return _carve(id, word, root, amount, back, number);
    }

    function _requirePart(PieceWord word, uint64 amount) internal pure {
        if (amount == 0 || amount > word.size()) revert VouchersAmount(amount, word.size());
    }

    /// @notice Cuts `amount` off the start or the end of a piece; 0 < amount < size. The part cut off is a new piece,
    /// one deeper.
    /// @dev The part is not stored: the caller stores it in its next state.
    /// @return cut Id of the part.
    /// @return part Its word, in the state of the piece it was cut from.
    function _carve(
        uint64 id,
        PieceWord word,
        RootWord root,
        uint64 amount,
        bool back,
        uint8 policy
    ) internal returns (uint64 cut, PieceWord part) {
        cut = _nextPiece(id, root);
        part = _part(id, word, amount, back);
        // What is left begins or ends where the part does.
        _books().pieces[id] = back
            ? word.withRange(word.start(), part.start())
            : word.withRange(part.end(), word.end());
        emit PieceSplit(id, cut, part.start(), part.end(), part.depth(), policy);
        emit Transfer(address(0), _partyAddress(word.holder()), cut);
    }

    /// @dev Gives out the next piece id of a root.
    function _nextPiece(uint64 id, RootWord root) private returns (uint64) {
        uint16 index = root.pieces();
        if (index == PIECES_MAX) revert VouchersPieces(id >> 16, PIECES_MAX);
        _books().roots[id >> 16].word = root.withPieces(index + 1);
        return (id & ~uint64(type(uint16).max)) | index;
    }

    /// @dev The first or last `amount` fen of a piece as a piece of its own; 0 < amount < size.
    function _part(uint64 id, PieceWord word, uint64 amount, bool back)
        private
        pure
        returns (PieceWord)
    {
        unchecked {
            uint64 from = back ? word.end() - amount : word.start();
            // Redemption may cut below the deepest that policy allows; the byte must not wrap.
            uint8 depth = word.depth() == type(uint8).max ? type(uint8).max : word.depth() + 1;
            // forge-lint: disable-next-line(unsafe-typecast) the index is the low half of the id
            return packPiece(word.holder(), from, from + amount, word.state(), depth, uint16(id));
        }
    }

    /// @dev Number and row of the policy in force on a day.
    function _policyOn(uint32 day) internal view returns (uint8, Policy storage) {
        for (uint8 number = _config().policies; number != 0; --number) {
            Policy storage policy = _books().policies[number];
            if (policy.validFrom <= day) return (number, policy);
        }
        revert VouchersNoPolicy(day);
    }

    /// @dev Takes from what the issuer owes.
    function _discharge(uint32 issuer, uint64 amount) internal {
        IssuerSlot storage slot = _books().issuers[issuer];
        IssuerWord word = slot.word;
        slot.word = word.withOutstanding(word.outstanding() - amount);
    }

    function _addPolicy(Policy calldata policy) internal returns (uint8 number) {
        VoucherStorage storage $ = _books();
        Config storage config = _config();
        number = config.policies;
        if (
            number == POLICY_ROWS_MAX || policy.validFrom < $.policies[number].validFrom
                || policy.tenorMonthsHard == 0 || policy.tenorMonthsHard > POLICY_MONTHS_MAX
                || policy.tenorMonthsSoft > policy.tenorMonthsHard
                || policy.maxDepth > POLICY_DEPTH_MAX || policy.maxPieces == 0
                || policy.maxPieces > POLICY_PIECES_MAX || policy.offerSecondsMax == 0
        ) revert VouchersPolicy(policy.validFrom);
        $.policies[++number] = policy;
        config.policies = number;
        emit PolicyAdded(number, policy);
    }

    function _partyAddress(uint32 id) internal pure returns (address) {
        return address(PARTY_ADDRESS | id);
    }
}
