// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IVoucherOffice} from "./IVoucherOffice.sol";
import {PartyDirectory} from "./PartyDirectory.sol";
import {KIND_BLOCK_ISSUER, KIND_DISHONOUR, KIND_WRITE_OFF} from "./VoucherOrderKinds.sol";
import {VoucherSettlement} from "./VoucherSettlement.sol";
import {VoucherViews} from "./VoucherViews.sol";
import {MemberWord} from "./types/MemberWord.sol";

/// @title VoucherOffice
/// @notice The doors of the rare calls and the views. Code behind the voucher contract's address (see
/// `ICreditVouchers`): it runs on that contract's storage, and called at its own address it finds nothing to work on.
contract VoucherOffice is VoucherSettlement, VoucherViews {
    /// @dev Keeps every sum an issuer may owe inside a signed 64-bit number.
    uint64 private constant LIMIT_MAX = 2 ** 63 - 1;

    /// @notice The financing desk, the only contract that may hold pieces for a financing.
    address public immutable desk;

    /// @custom:oz-upgrades-unsafe-allow constructor
    constructor(address registry_, address desk_) PartyDirectory(registry_) {
        desk = desk_;
        _disableInitializers();
    }

    modifier onlyDesk() {
        if (msg.sender != desk) revert VouchersDeskOnly(msg.sender);
        _;
    }

    /// @inheritdoc IVoucherOffice
    function dishonour(DishonourItem calldata item) external {
        _dishonour(_direct(), item);
    }

    /// @inheritdoc IVoucherOffice
    function dishonourBatch(DishonourItem[] calldata items) external {
        _dishonourAll(_directBatch(items.length), items);
    }

    /// @inheritdoc IVoucherOffice
    function writeOff(WriteOffItem calldata item) external {
        _writeOff(_direct(), item);
    }

    /// @inheritdoc IVoucherOffice
    function writeOffBatch(WriteOffItem[] calldata items) external {
        _writeOffAll(_directBatch(items.length), items);
    }

    /// @inheritdoc IVoucherOffice
    function blockIssuer(BlockIssuerItem calldata item) external {
        _blockIssuer(_direct(), item);
    }

    /// @inheritdoc IVoucherOffice
    function unblockIssuer(UnblockIssuerItem calldata item) external {
        _unblockIssuer(_direct(), item);
    }

    /// @inheritdoc IVoucherOffice
    function lock(
        uint64 piece,
        uint64 amount,
        bool back,
        uint32 holder,
        uint32 funder,
        uint32 expiry
    ) external onlyDesk whenNotPaused returns (uint64 locked) {
        return _lock(piece, amount, back, holder, funder, expiry);
    }

    /// @inheritdoc IVoucherOffice
    function unlock(uint64 piece) external onlyDesk whenNotPaused {
        _unlock(piece);
    }

    /// @inheritdoc IVoucherOffice
    function finance(uint64 piece, uint64 amount, bool sale) external onlyDesk whenNotPaused {
        _finance(piece, amount, sale);
    }

    /// @inheritdoc IVoucherOffice
    function release(uint64 piece, uint32 to) external onlyDesk whenNotPaused {
        _release(piece, to);
    }

    /// @inheritdoc IVoucherOffice
    function setIssuerLimit(uint32 issuer, uint64 limit) external restricted whenNotPaused {
        if (!_party(issuer).isKnown()) revert DirectoryUnknownParty(issuer);
        if (limit > LIMIT_MAX) revert VouchersAmount(limit, LIMIT_MAX);
        IssuerSlot storage slot = _books().issuers[issuer];
        slot.word = slot.word.withLimit(limit);
        emit IssuerLimitSet(issuer, limit);
    }

    /// @inheritdoc IVoucherOffice
    function addPolicy(Policy calldata policy)
        external
        restricted
        whenNotPaused
        returns (uint8 number)
    {
        return _addPolicy(policy);
    }

    /// @notice Items of an order, handed on by the voucher contract while it calls itself.
    function runItems(uint8 kind, MemberWord by, bytes calldata items) external {
        if (msg.sender != address(this)) revert OrdersSelfOnly(msg.sender);
        if (kind == KIND_DISHONOUR) {
            DishonourItem[] calldata list;
            assembly ("memory-safe") {
                list.offset := items.offset
                list.length := div(items.length, 0x40)
            }
            _dishonourAll(by, list);
        } else if (kind == KIND_WRITE_OFF) {
            WriteOffItem[] calldata list;
            assembly ("memory-safe") {
                list.offset := items.offset
                list.length := div(items.length, 0x40)
            }
            _writeOffAll(by, list);
        } else if (kind == KIND_BLOCK_ISSUER) {
            BlockIssuerItem[] calldata list;
            assembly ("memory-safe") {
                list.offset := items.offset
                list.length := div(items.length, 0x40)
            }
            _blockIssuerAll(by, list);
        } else {
            UnblockIssuerItem[] calldata list;
            assembly ("memory-safe") {
                list.offset := items.offset
                list.length := div(items.length, 0x40)
            }
            _unblockIssuerAll(by, list);
        }
    }

    function _dishonourAll(MemberWord by, DishonourItem[] calldata items) private {
        for (uint256 i; i < items.length; ++i) {
            _dishonour(by, items[i]);
        }
    }

    function _writeOffAll(MemberWord by, WriteOffItem[] calldata items) private {
        for (uint256 i; i < items.length; ++i) {
            _writeOff(by, items[i]);
        }
    }

    function _blockIssuerAll(MemberWord by, BlockIssuerItem[] calldata items) private {
        for (uint256 i; i < items.length; ++i) {
            _blockIssuer(by, items[i]);
        }
    }

    function _unblockIssuerAll(MemberWord by, UnblockIssuerItem[] calldata items) private {
        for (uint256 i; i < items.length; ++i) {
            _unblockIssuer(by, items[i]);
        }
    }
}
