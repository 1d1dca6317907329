// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";

import {ICouncil} from "./ICouncil.sol";

/// @title Council
contract Council is ICouncil {
    uint256 private constant MEMBERS_MAX = 64;

    /// @notice Whose only proposer and canceller the council is.
    TimelockController public immutable timelock;

    /// @inheritdoc ICouncil
    uint256 public threshold;
    address[] private _members;
    mapping(bytes32 operation => mapping(address member => bool)) private _approved;
    mapping(bytes32 operation => mapping(address member => bool)) private _cancelApproved;

    constructor(address timelock_, address[] memory members_, uint256 threshold_) {
        timelock = TimelockController(payable(timelock_));
        _setCouncil(members_, threshold_);
    }

    modifier onlyMember() {
        if (!isMember(msg.sender)) revert CouncilNotMember(msg.sender);
        _;
    }

    /// @inheritdoc ICouncil
    function approve(address target, bytes calldata data, bytes32 salt)
        external
        onlyMember
        returns (bytes32 operation)
    {
        operation = timelock.hashOperation(target, 0, data, 0, salt);
        // Otherwise one late approval could bring back what the others called off.
        if (_count(_cancelApproved[operation]) >= threshold) revert CouncilCancelled(operation);
        uint256 approvals = _approve(_approved, operation);
        emit ScheduleApproved(operation, msg.sender, approvals);
        if (approvals >= threshold && timelock.getTimestamp(operation) == 0) {
            timelock.schedule(target, 0, data, 0, salt, timelock.getMinDelay());
        }
    }

    /// @inheritdoc ICouncil
    function approveCancel(bytes32 operation) external onlyMember {
        uint256 approvals = _approve(_cancelApproved, operation);
        emit CancelApproved(operation, msg.sender, approvals);
        if (approvals >= threshold) timelock.cancel(operation);
    }

    /// @inheritdoc ICouncil
    function setCouncil(address[] calldata members_, uint256 threshold_) external {
        if (msg.sender != address(timelock)) revert CouncilTimelockOnly(msg.sender);
        _setCouncil(members_, threshold_);
    }

    /// @inheritdoc ICouncil
    function members() external view returns (address[] memory) {
        return _members;
    }

    /// @inheritdoc ICouncil
    function approvalsOf(bytes32 operation) external view returns (uint256) {
        return _count(_approved[operation]);
    }

    /// @inheritdoc ICouncil
    function cancelApprovalsOf(bytes32 operation) external view returns (uint256) {
        return _count(_cancelApproved[operation]);
    }

    /// @inheritdoc ICouncil
    function isMember(address account) public view returns (bool) {
        for (uint256 i; i < _members.length; ++i) {
            if (_members[i] == account) return true;
        }
        return false;
    }

    function _approve(
        mapping(bytes32 operation => mapping(address member => bool)) storage approved,
        bytes32 operation
    ) private returns (uint256) {
        if (approved[operation][msg.sender]) revert CouncilApproved(operation, msg.sender);
        approved[operation][msg.sender] = true;
        return _count(approved[operation]);
    }

    /// @dev Only present members count: who left the council takes the approval along.
    function _count(mapping(address member => bool) storage approved)
        private
        view
        returns (uint256 count)
    {
        for (uint256 i; i < _members.length; ++i) {
            if (approved[_members[i]]) ++count;
        }
    }

    function _setCouncil(address[] memory members_, uint256 threshold_) private {
        uint256 count = members_.length;
        if (threshold_ == 0 || threshold_ > count || count > MEMBERS_MAX) {
            revert CouncilMembers(count, threshold_);
        }
        delete _members;
        for (uint256 i; i < count; ++i) {
            if (isMember(members_[i])) revert CouncilMemberTwice(members_[i]);
            _members.push(members_[i]);
        }
        threshold = threshold_;
        emit CouncilSet(members_, threshold_);
    }
}
