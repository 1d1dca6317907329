// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {FinancingBook} from "./FinancingBook.sol";
import {IFinancingDesk} from "./IFinancingDesk.sol";
import {PartyDirectory} from "./PartyDirectory.sol";
import {SignedOrders} from "./SignedOrders.sol";
import {MemberWord} from "./types/MemberWord.sol";

/// @title FinancingDesk
/// @notice The doors: direct calls, batches, items of orders, views. What happens behind them stands in `FinancingBook`.
contract FinancingDesk is SignedOrders, FinancingBook {
    uint8 private constant OPEN = 1;
    uint8 private constant REGISTER = 2;
    uint8 private constant RELEASE = 3;
    uint8 private constant DISBURSE = 4;
    uint8 private constant REPAY = 5;

    /// @custom:oz-upgrades-unsafe-allow constructor
    constructor(address registry_, address vouchers_)
        PartyDirectory(registry_)
        FinancingBook(vouchers_)
    {
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
}
