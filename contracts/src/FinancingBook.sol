// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {CivilDays} from "./CivilDays.sol";
import {ICreditVouchers} from "./ICreditVouchers.sol";
import {IFinancingDesk} from "./IFinancingDesk.sol";
import {PartyGate} from "./PartyGate.sol";
import {MemberWord, ROLE_BANK, ROLE_FUNDER} from "./types/MemberWord.sol";
import {ROOT_DISHONOURED} from "./types/RootWord.sol";

/// @title Books of the financing desk and what happens in them
/// @notice Each operation checks in the order in which its reverts stand; what the piece itself forbids, the voucher
/// contract refuses in the same call.
abstract contract FinancingBook is PartyGate, IFinancingDesk {
    /// @custom:storage-location erc7201:xinlian.storage.FinancingDesk
    struct DeskStorage {
        mapping(uint64 id => Financing) financings;
        mapping(bytes32 registration => uint64) registrations;
    }

    /// @dev No payment is larger than the largest voucher.
    uint64 private constant AMOUNT_MAX = 2 ** 48 - 1;

    uint8 private constant LOCKED = 1;
    uint8 private constant REGISTERED = 2;
    uint8 private constant DISBURSED = 3;
    uint8 private constant RELEASED = 4;
    uint8 private constant REPAID = 5;

    /// @dev ERC-7201 slot of "xinlian.storage.FinancingDesk".
    bytes32 private constant DESK_STORAGE =
        0xc57e0d6e031a4dc8aa1c0e8b2079184021e83b8092e5cd20ab5f4cc36741ad00;

    /// @notice The contract whose pieces are financed.
    ICreditVouchers public immutable vouchers;

    constructor(address vouchers_) {
        vouchers = ICreditVouchers(vouchers_);
    }

    function _openFinancing(MemberWord by, OpenFinancingItem calldata item) internal {
        uint32 seller = by.party();
        if (item.funder == seller) revert DeskSelf(seller);
        _requireParty(item.funder, ROLE_FUNDER);
        _requireParty(item.bank, ROLE_BANK);
        if (item.price == 0 || item.price > item.amount) {
            revert DeskPrice(item.price, item.amount);
        }
        uint32 day = CivilDays.dayOf(block.timestamp);
        if (item.maturityDay < day) revert DeskMaturity(item.maturityDay, day);
        if (item.terms == 0) revert DeskTerms();

        uint64 id = ++_config().lastId;
        uint64 piece =
            vouchers.lock(item.piece, item.amount, item.back, seller, item.funder, item.expiry);
        _desk().financings[id] = Financing({
            piece: piece,
            seller: seller,
            funder: item.funder,
            bank: item.bank,
            expiry: item.expiry,
            state: LOCKED,
            sale: item.sale,
            recourse: item.recourse,
            price: item.price,
            amount: item.amount,
            maturityDay: item.maturityDay,
            terms: item.terms,
            registration: 0
        });
        _emitOpened(id, piece, seller, item);
    }

    function _registerFinancing(MemberWord by, RegisterFinancingItem calldata item) internal {
        uint64 id = item.financing;
        Financing storage stored = _known(id);
        if (stored.funder != by.party()) revert DeskNotFunder(id, by.party());
        if (stored.state != LOCKED) revert DeskState(id, stored.state);
        _requireRunning(id, stored);
        if (item.registration == 0) revert DeskRegistration();
        DeskStorage storage $ = _desk();
        uint64 taken = $.registrations[item.registration];
        if (taken != 0) revert DeskRegistrationUsed(item.registration, taken);
        if (item.tenorReason == 0) _requireShortTerm(id, stored.piece);

        $.registrations[item.registration] = id;
        stored.registration = item.registration;
        stored.state = REGISTERED;
        emit FinancingRegistered(id, item.registration, item.tenorReason);
    }

    function _releaseFinancing(MemberWord by, ReleaseFinancingItem calldata item) internal {
        uint64 id = item.financing;
        Financing storage stored = _known(id);
        bool seller = stored.seller == by.party();
        if (!seller && stored.funder != by.party()) revert DeskNotParty(id, by.party());
        if (stored.state != LOCKED && stored.state != REGISTERED) {
            revert DeskState(id, stored.state);
        }
        if (seller && block.timestamp <= stored.expiry) revert DeskLockRuns(id, stored.expiry);

        stored.state = RELEASED;
        emit FinancingReleased(id, by.party(), item.reason);
        vouchers.unlock(stored.piece);
    }

    function _disburse(MemberWord by, DisburseItem calldata item) internal {
        uint64 id = item.financing;
        Financing storage stored = _known(id);
        if (stored.bank != by.party()) revert DeskNotBank(id, by.party());
        if (stored.state != REGISTERED) revert DeskState(id, stored.state);
        _requireRunning(id, stored);
        if (item.amount != stored.price) revert DeskAmount(id, item.amount, stored.price);
        if (item.receipt == 0) revert DeskReceipt();

        stored.state = DISBURSED;
        emit FinancingDisbursed(id, by.party(), item.amount, item.receipt);
        vouchers.finance(stored.piece, stored.amount, stored.sale);
    }

    /// @dev A pledge may be paid back at any time; a sale comes back only by recourse, after dishonour. Less than the
    /// price does not free the piece; interest makes it more.
    function _repay(MemberWord by, RepayItem calldata item) internal {
        uint64 id = item.financing;
        Financing storage stored = _known(id);
        if (stored.bank != by.party()) revert DeskNotBank(id, by.party());
        if (stored.state != DISBURSED) revert DeskState(id, stored.state);
        if (stored.sale) {
            if (!stored.recourse) revert DeskNoRecourse(id);
            if (vouchers.rootOf(stored.piece >> 16).state != ROOT_DISHONOURED) {
                revert DeskNotDishonoured(id);
            }
        }
        if (item.amount < stored.price || item.amount > AMOUNT_MAX) {
            revert DeskAmount(id, item.amount, stored.price);
        }
        if (item.receipt == 0) revert DeskReceipt();

        stored.state = REPAID;
        emit FinancingRepaid(id, by.party(), item.amount, item.receipt);
        vouchers.release(stored.piece, stored.seller);
    }

    function _emitOpened(uint64 id, uint64 piece, uint32 seller, OpenFinancingItem calldata item)
        private
    {
        emit FinancingOpened(
            id,
            piece,
            seller,
            item.funder,
            item.bank,
            item.sale,
            item.recourse,
            item.price,
            item.maturityDay,
            item.expiry,
            item.terms
        );
    }

    function _known(uint64 id) internal view returns (Financing storage stored) {
        stored = _desk().financings[id];
        if (stored.state == 0) revert DeskUnknown(id);
    }

    function _requireRunning(uint64 id, Financing storage stored) private view {
        if (block.timestamp > stored.expiry) revert DeskLockExpired(id, stored.expiry);
    }

    /// @dev Reverts if the voucher's term is above the soft limit of the policy row of its issue.
    function _requireShortTerm(uint64 id, uint64 piece) private view {
        ICreditVouchers.Root memory root = vouchers.rootOf(piece >> 16);
        uint8 months = vouchers.policyOf(root.policy).tenorMonthsSoft;
        if (root.dueDay > CivilDays.addMonths(root.issuedDay, months)) {
            revert DeskNeedsTenorReason(id, root.dueDay);
        }
    }

    function _desk() internal pure returns (DeskStorage storage $) {
        assembly ("memory-safe") {
            $.slot := DESK_STORAGE
        }
    }
}
