// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IVoucherRecords} from "./IVoucherRecords.sol";

/// @title Calls on vouchers that pass through many hands every day
interface IVoucherTrade is IVoucherRecords {
    function issue(IssueItem calldata item) external;
    function issueBatch(IssueItem[] calldata items) external;
    function accept(AcceptItem calldata item) external;
    function acceptBatch(AcceptItem[] calldata items) external;
    function decline(DeclineItem calldata item) external;
    function declineBatch(DeclineItem[] calldata items) external;
    function withdraw(WithdrawItem calldata item) external;
    function withdrawBatch(WithdrawItem[] calldata items) external;
    function transfer(TransferItem calldata item) external;
    function transferBatch(TransferItem[] calldata items) external;
    function merge(MergeItem calldata item) external;
    function mergeBatch(MergeItem[] calldata items) external;
    function redeem(RedeemItem calldata item) external;
    function redeemBatch(RedeemItem[] calldata items) external;
    /// @notice Ends offers whose time has run out. Anyone.
    function expire(uint64[] calldata pieces) external;
}
