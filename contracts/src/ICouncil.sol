// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title Council of the members: m of n approve what the timelock then does
/// @notice An approval names one call. When as many of the present members as the threshold demands have approved it,
/// it is scheduled with the timelock's delay; after that anyone may execute it at the timelock. In the same way the
/// members can call off what is scheduled; a call named by an operation that was called off needs a new salt.
interface ICouncil {
    event ScheduleApproved(bytes32 indexed operation, address indexed member, uint256 approvals);
    event CancelApproved(bytes32 indexed operation, address indexed member, uint256 approvals);
    event CouncilSet(address[] members, uint256 threshold);

    error CouncilNotMember(address caller);
    error CouncilApproved(bytes32 operation, address member);
    error CouncilCancelled(bytes32 operation);
    error CouncilTimelockOnly(address caller);
    error CouncilMembers(uint256 members, uint256 threshold);
    error CouncilMemberTwice(address member);

    /// @notice Approves a call by the timelock; the approval that reaches the threshold schedules it.
    /// @return operation Id of the operation at the timelock.
    function approve(address target, bytes calldata data, bytes32 salt)
        external
        returns (bytes32 operation);

    /// @notice Approves that a scheduled operation be called off; the approval that reaches the threshold does so.
    function approveCancel(bytes32 operation) external;

    /// @notice Replaces members and threshold. Timelock only.
    function setCouncil(address[] calldata members, uint256 threshold) external;

    function members() external view returns (address[] memory);
    function threshold() external view returns (uint256);
    function isMember(address account) external view returns (bool);
    /// @notice Approvals by present members for scheduling an operation.
    function approvalsOf(bytes32 operation) external view returns (uint256);
    /// @notice Approvals by present members for calling an operation off.
    function cancelApprovalsOf(bytes32 operation) external view returns (uint256);
}
