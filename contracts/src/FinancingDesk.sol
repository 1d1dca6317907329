// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {CivilDays} from "./CivilDays.sol";
import {ICreditVouchers} from "./ICreditVouchers.sol";
import {IFinancingDesk} from "./IFinancingDesk.sol";
import {PartyDirectory} from "./PartyDirectory.sol";
import {SignedOrders} from "./SignedOrders.sol";
import {MemberWord, ROLE_BANK, ROLE_FUNDER} from "./types/MemberWord.sol";
import {ROOT_DISHONOURED} from "./types/RootWord.sol";

/// @title FinancingDesk
/// @notice Each operation checks in the order in which its reverts stand; what the piece itself forbids, the voucher
/// contract refuses in the same call.
contract FinancingDesk is SignedOrders, IFinancingDesk {
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

    uint8 private constant OPEN = 1;
    uint8 private constant REGISTER = 2;
    uint8 private constant RELEASE = 3;
    uint8 private constant DISBURSE = 4;
    uint8 private constant REPAY = 5;

    /// @dev ERC-7201 slot of "xinlian.storage.FinancingDesk".
    bytes32 private constant DESK_STORAGE =
        0xc57e0d6e031a4dc8aa1c0e8b2079184021e83b8092e5cd20ab5f4cc36741ad00;

    /// @notice The contract whose pieces are financed.
    ICreditVouchers public immutable vouchers;

    /// @custom:oz-upgrades-unsafe-allow constructor
    constructor(address registry_, address vouchers_) PartyDirectory(registry_) {
        vouchers = ICreditVouchers(vouchers_);
        _disableInitializers();
    }

    function initialize(address authority_) external initializer {
        __SignedOrders_init(authority_);
    }

    /// @inheritdoc IFinancingDesk
    function openFinancing(OpenFinancingItem calldata item) external {
        _openFinancing(_direct(), item);
    }

    /// @inheritdoc IFinancingDesk
    function openFinancingBatch(OpenFinancingItem[] calldata items) external {
        _openFinancingAll(_directBatch(items.length), items);
    }

    /// @inheritdoc IFinancingDesk
    function registerFinancing(RegisterFinancingItem calldata item) external {
        _registerFinancing(_direct(), item);
    }

    /// @inheritdoc IFinancingDesk
    function registerFinancingBatch(RegisterFinancingItem[] calldata items) external {
        _registerFinancingAll(_directBatch(items.length), items);
    }

    /// @inheritdoc IFinancingDesk
    function releaseFinancing(ReleaseFinancingItem calldata item) external {
        _releaseFinancing(_direct(), item);
    }

    /// @inheritdoc IFinancingDesk
    function releaseFinancingBatch(ReleaseFinancingItem[] calldata items) external {
        _releaseFinancingAll(_directBatch(items.length), items);
    }

    /// @inheritdoc IFinancingDesk
    function disburse(DisburseItem calldata item) external {
        _disburse(_direct(), item);
    }

    /// @inheritdoc IFinancingDesk
    function disburseBatch(DisburseItem[] calldata items) external {
        _disburseAll(_directBatch(items.length), items);
    }

    /// @inheritdoc IFinancingDesk
    function repay(RepayItem calldata item) external {
        _repay(_direct(), item);
    }

    /// @inheritdoc IFinancingDesk
    function repayBatch(RepayItem[] calldata items) external {
        _repayAll(_directBatch(items.length), items);
    }

    /// @inheritdoc IFinancingDesk
    function financingOf(uint64 financing) external view returns (Financing memory) {
        return _known(financing);
    }

    /// @inheritdoc IFinancingDesk
    function financingCount() external view returns (uint64) {
        return _config().lastId;
    }

    /// @inheritdoc IFinancingDesk
    function financingOfRegistration(bytes32 registration) external view returns (uint64) {
        return _desk().registrations[registration];
    }

    function _kind(uint8 kind)
        internal
        pure
        override
        returns (string memory, string memory, uint256)
    {
        if (kind == OPEN) {
            return (
                "OpenFinancing",
                "OpenFinancingItem(uint64 piece,uint64 amount,bool back,uint32 funder,uint32 bank,bool sale,bool recourse,uint64 price,uint32 maturityDay,uint32 expiry,bytes32 terms)",
                0x00_20_20_40_01_01_20_20_01_40_40_0b
            );
        }
        if (kind == REGISTER) {
            return (
                "RegisterFinancing",
                "RegisterFinancingItem(uint64 financing,bytes32 registration,bytes32 tenorReason)",
                0x00_00_40_03
            );
        }
        if (kind == RELEASE) {
            return (
                "ReleaseFinancing",
                "ReleaseFinancingItem(uint64 financing,uint32 reason)",
                0x20_40_02
            );
        }
        if (kind == DISBURSE) {
            return (
                "Disburse",
                "DisburseItem(uint64 financing,uint64 amount,bytes32 receipt)",
                0x00_40_40_03
            );
        }
        if (kind == REPAY) {
            return
                (
                    "Repay",
                    "RepayItem(uint64 financing,uint64 amount,bytes32 receipt)",
                    0x00_40_40_03
                );
        }
        return ("", "", 0);
    }

    function _run(uint8 kind, MemberWord by, bytes calldata items) internal override {
        if (kind == OPEN) {
            OpenFinancingItem[] calldata list;
            assembly ("memory-safe") {
                list.offset := items.offset
                list.length := div(items.length, 0x160)
            }
            _openFinancingAll(by, list);
        } else if (kind == REGISTER) {
            RegisterFinancingItem[] calldata list;
            assembly ("memory-safe") {
                list.offset := items.offset
                list.length := div(items.length, 0x60)
            }
            _registerFinancingAll(by, list);
        } else if (kind == RELEASE) {
            ReleaseFinancingItem[] calldata list;
            assembly ("memory-safe") {
                list.offset := items.offset
                list.length := div(items.length, 0x40)
            }
            _releaseFinancingAll(by, list);
        } else if (kind == DISBURSE) {
            DisburseItem[] calldata list;
            assembly ("memory-safe") {
                list.offset := items.offset
                list.length := div(items.length, 0x60)
            }
            _disburseAll(by, list);
        } else {
            RepayItem[] calldata list;
            assembly ("memory-safe") {
                list.offset := items.offset
                list.length := div(items.length, 0x60)
            }
            _repayAll(by, list);
        }
    }

    function _openFinancingAll(MemberWord by, OpenFinancingItem[] calldata items) private {
        for (uint256 i; i < items.length; ++i) {
            _openFinancing(by, items[i]);
        }
    }

    function _registerFinancingAll(MemberWord by, RegisterFinancingItem[] calldata items) private {
        for (uint256 i; i < items.length; ++i) {
            _registerFinancing(by, items[i]);
        }
    }

    function _releaseFinancingAll(MemberWord by, ReleaseFinancingItem[] calldata items) private {
        for (uint256 i; i < items.length; ++i) {
            _releaseFinancing(by, items[i]);
        }
    }

    function _disburseAll(MemberWord by, DisburseItem[] calldata items) private {
        for (uint256 i; i < items.length; ++i) {
            _disburse(by, items[i]);
        }
    }

    function _repayAll(MemberWord by, RepayItem[] calldata items) private {
        for (uint256 i; i < items.length; ++i) {
            _repay(by, items[i]);
        }
    }

    function _openFinancing(MemberWord by, OpenFinancingItem calldata item) private {
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

    function _registerFinancing(MemberWord by, RegisterFinancingItem calldata item) private {
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

    function _releaseFinancing(MemberWord by, ReleaseFinancingItem calldata item) private {
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

    function _disburse(MemberWord by, DisburseItem calldata item) private {
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
    function _repay(MemberWord by, RepayItem calldata item) private {
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

    function _known(uint64 id) private view returns (Financing storage stored) {
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

    function _desk() private pure returns (DeskStorage storage $) {
        assembly ("memory-safe") {
            $.slot := DESK_STORAGE
        }
    }
}
