// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";

import {IVoucherTrade} from "./IVoucherTrade.sol";
import {PartyDirectory} from "./PartyDirectory.sol";
import {SignedOrders} from "./SignedOrders.sol";
import {
    KIND_ACCEPT,
    KIND_DECLINE,
    KIND_ISSUE,
    KIND_MERGE,
    KIND_REDEEM,
    KIND_TRANSFER,
    KIND_WITHDRAW,
    voucherOrderKind
} from "./VoucherOrderKinds.sol";
import {VoucherTrade} from "./VoucherTrade.sol";
import {MemberWord} from "./types/MemberWord.sol";

/// @title CreditVouchers
/// @notice The doors of daily trade: direct calls, batches, items of orders. What happens behind them stands in
/// `VoucherTrade`; every other call goes on to `VoucherOffice`.
contract CreditVouchers is SignedOrders, VoucherTrade, IVoucherTrade, IERC165 {
    /// @notice Code of the rare calls and the views, run on this contract's storage.
    address public immutable office;

    /// @custom:oz-upgrades-unsafe-allow constructor
    constructor(address registry_, address documents_, address office_)
        PartyDirectory(registry_)
        VoucherTrade(documents_)
    {
        office = office_;
        _disableInitializers();
    }

    /// @custom:oz-upgrades-unsafe-allow delegatecall
    fallback() external {
        _delegate(office);
    }

    /// @param first Policy row 1.
    function initialize(address authority_, Policy calldata first) external initializer {
        __SignedOrders_init(authority_);
        _addPolicy(first);
    }

    /// @inheritdoc IVoucherTrade
    function issue(IssueItem calldata item) external {
        _issue(_direct(), item);
    }

    /// @inheritdoc IVoucherTrade
    function issueBatch(IssueItem[] calldata items) external {
        _issueAll(_directBatch(items.length), items);
    }

    /// @inheritdoc IVoucherTrade
    function accept(AcceptItem calldata item) external {
        _accept(_direct(), item);
    }

    /// @inheritdoc IVoucherTrade
    function acceptBatch(AcceptItem[] calldata items) external {
        _acceptAll(_directBatch(items.length), items);
    }

    /// @inheritdoc IVoucherTrade
    function decline(DeclineItem calldata item) external {
        _decline(_direct(), item);
    }

    /// @inheritdoc IVoucherTrade
    function declineBatch(DeclineItem[] calldata items) external {
        _declineAll(_directBatch(items.length), items);
    }

    /// @inheritdoc IVoucherTrade
    function withdraw(WithdrawItem calldata item) external {
        _withdraw(_direct(), item);
    }

    /// @inheritdoc IVoucherTrade
    function withdrawBatch(WithdrawItem[] calldata items) external {
        _withdrawAll(_directBatch(items.length), items);
    }

    /// @inheritdoc IVoucherTrade
    function transfer(TransferItem calldata item) external {
        _transfer(_direct(), item);
    }

    /// @inheritdoc IVoucherTrade
    function transferBatch(TransferItem[] calldata items) external {
        _transferAll(_directBatch(items.length), items);
    }

    /// @inheritdoc IVoucherTrade
    function merge(MergeItem calldata item) external {
        _merge(_direct(), item);
    }

    /// @inheritdoc IVoucherTrade
    function mergeBatch(MergeItem[] calldata items) external {
        _mergeAll(_directBatch(items.length), items);
    }

    /// @inheritdoc IVoucherTrade
    function redeem(RedeemItem calldata item) external {
        _redeem(_direct(), item);
    }

    /// @inheritdoc IVoucherTrade
    function redeemBatch(RedeemItem[] calldata items) external {
        _redeemAll(_directBatch(items.length), items);
    }

    /// @inheritdoc IVoucherTrade
    function expire(uint64[] calldata pieces) external whenNotPaused {
        if (pieces.length > ITEMS_MAX) revert OrdersTooManyItems(pieces.length, ITEMS_MAX);
        for (uint256 i; i < pieces.length; ++i) {
            _expire(pieces[i]);
        }
    }

    /// @inheritdoc IERC165
    /// @dev ERC-721 is not claimed: there are no transfers or approvals.
    function supportsInterface(bytes4 interfaceId) external pure returns (bool) {
        return interfaceId == type(IERC165).interfaceId;
    }

    function _kind(uint8 kind)
        internal
        pure
        override
        returns (string memory, string memory, uint256)
    {
        return voucherOrderKind(kind);
    }

    /// @dev Where the office takes over, the call under way (`runItems`) ends with its answer, as it should.
    // slither-disable-next-line incorrect-return
    function _run(uint8 kind, MemberWord by, bytes calldata items) internal override {
        if (kind == KIND_ISSUE) {
            IssueItem[] calldata list;
            assembly ("memory-safe") {
                list.offset := items.offset
                list.length := div(items.length, 0xe0)
            }
            _issueAll(by, list);
        } else if (kind == KIND_ACCEPT) {
            AcceptItem[] calldata list;
            assembly ("memory-safe") {
                list.offset := items.offset
                list.length := div(items.length, 0x20)
            }
            _acceptAll(by, list);
        } else if (kind == KIND_DECLINE) {
            DeclineItem[] calldata list;
            assembly ("memory-safe") {
                list.offset := items.offset
                list.length := div(items.length, 0x40)
            }
            _declineAll(by, list);
        } else if (kind == KIND_WITHDRAW) {
            WithdrawItem[] calldata list;
            assembly ("memory-safe") {
                list.offset := items.offset
                list.length := div(items.length, 0x20)
            }
            _withdrawAll(by, list);
        } else if (kind == KIND_TRANSFER) {
            TransferItem[] calldata list;
            assembly ("memory-safe") {
                list.offset := items.offset
                list.length := div(items.length, 0xc0)
            }
            _transferAll(by, list);
        } else if (kind == KIND_MERGE) {
            MergeItem[] calldata list;
            assembly ("memory-safe") {
                list.offset := items.offset
                list.length := div(items.length, 0x40)
            }
            _mergeAll(by, list);
        } else if (kind == KIND_REDEEM) {
            RedeemItem[] calldata list;
            assembly ("memory-safe") {
                list.offset := items.offset
                list.length := div(items.length, 0x60)
            }
            _redeemAll(by, list);
        } else {
            _delegate(office);
        }
    }

    function _issueAll(MemberWord by, IssueItem[] calldata items) private {
        for (uint256 i; i < items.length; ++i) {
            _issue(by, items[i]);
        }
    }

    function _acceptAll(MemberWord by, AcceptItem[] calldata items) private {
        for (uint256 i; i < items.length; ++i) {
            _accept(by, items[i]);
        }
    }

    function _declineAll(MemberWord by, DeclineItem[] calldata items) private {
        for (uint256 i; i < items.length; ++i) {
            _decline(by, items[i]);
        }
    }

    function _withdrawAll(MemberWord by, WithdrawItem[] calldata items) private {
        for (uint256 i; i < items.length; ++i) {
            _withdraw(by, items[i]);
        }
    }

    function _transferAll(MemberWord by, TransferItem[] calldata items) private {
        for (uint256 i; i < items.length; ++i) {
            _transfer(by, items[i]);
        }
    }

    function _mergeAll(MemberWord by, MergeItem[] calldata items) private {
        for (uint256 i; i < items.length; ++i) {
            _merge(by, items[i]);
        }
    }

    function _redeemAll(MemberWord by, RedeemItem[] calldata items) private {
        for (uint256 i; i < items.length; ++i) {
            _redeem(by, items[i]);
        }
    }

    /// @dev Answers the call under way with what other code makes of it.
    function _delegate(address code) private {
        assembly {
            calldatacopy(0, 0, calldatasize())
            let success := delegatecall(gas(), code, 0, calldatasize(), 0, 0)
            returndatacopy(0, 0, returndatasize())
            switch success
            case 0 { revert(0, returndatasize()) }
            default { return(0, returndatasize()) }
        }
    }
}
