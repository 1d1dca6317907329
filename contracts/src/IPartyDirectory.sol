// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title What a contract knows about parties and their accounts
/// @notice The registry owns these facts and pushes each change, in the same transaction, to every contract that
/// follows it; reading them then costs one slot instead of a call.
interface IPartyDirectory {
    /// @dev One slot. `party` 0 means: unknown.
    struct Member {
        uint32 party;
        uint16 roles;
        uint8 status;
        uint8 threshold;
    }

    error DirectoryNotRegistry(address caller);
    error DirectoryUnknownAccount(address account);
    error DirectoryUnknownParty(uint32 party);
    error DirectoryPartySuspended(uint32 party);
    error DirectoryMissingRole(uint32 party, uint16 role);

    /// @notice Sets what is known about a party and about its accounts. Registry only.
    function syncParty(Member calldata member, address[] calldata accounts) external;
    /// @notice Forgets an account. Registry only.
    function dropAccount(address account) external;

    function memberOf(address account) external view returns (Member memory);
    function party(uint32 id) external view returns (Member memory);
}
