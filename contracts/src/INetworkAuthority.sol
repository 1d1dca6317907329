// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title Who may administer the network
/// @notice OpenZeppelin AccessManager (upgradeable) whose admin is a timelock; the timelock's only proposer is the
/// members' council (m of n). Roles: 0 admin (timelock), 1 registrar (the operator), 2 guardian (can only pause).
/// Every restricted function that no role is named for is the admin's.
interface INetworkAuthority {
    /// @param timelock The only admin.
    /// @param registrar First holder of the registrar role.
    /// @param guardian First holder of the guardian role.
    struct Genesis {
        address timelock;
        address registrar;
        address guardian;
        address registry;
        address documents;
        address vouchers;
        address desk;
        address evidence;
    }

    function REGISTRAR() external pure returns (uint64);
    function GUARDIAN() external pure returns (uint64);
}
