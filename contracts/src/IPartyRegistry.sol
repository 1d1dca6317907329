// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title Parties, their accounts and signing policies
/// @notice Roles are a bit set: 1 issuer, 2 supplier, 4 funder, 8 paying bank, 16 inspector, 32 auditor, 64 operator,
/// 128 regulator. Status: 1 active, 2 suspended. Party ids run from 1.
/// Orders (signed by the party itself): 1 AddAccount, 2 RemoveAccount, 3 SetThreshold.
interface IPartyRegistry {
    /// @param idHash Salted hash of the unified social credit code; unique.
    struct Registration {
        bytes32 idHash;
        uint16 roles;
        uint8 threshold;
        address[] accounts;
    }

    struct AddAccountItem {
        address account;
    }

    struct RemoveAccountItem {
        address account;
    }

    struct SetThresholdItem {
        uint8 threshold;
    }

    event PartyRegistered(
        uint32 indexed party, bytes32 indexed idHash, uint16 roles, uint8 threshold
    );
    event PartyRolesSet(uint32 indexed party, uint16 roles);
    event PartyStatusSet(uint32 indexed party, uint8 status, bytes32 evidence);
    event PartyThresholdSet(uint32 indexed party, uint8 threshold);
    event AccountAdded(uint32 indexed party, address indexed account);
    event AccountRemoved(uint32 indexed party, address indexed account);
    event AccountsRecovered(uint32 indexed party, bytes32 evidence);

    error RegistryIdTaken(bytes32 idHash, uint32 party);
    error RegistryAccountTaken(address account, uint32 party);
    error RegistryAccountCount(uint256 accounts, uint8 threshold, uint256 most);
    error RegistryThreshold(uint8 threshold);
    error RegistryRoles(uint16 roles);
    error RegistryStatus(uint8 status);
    error RegistryNotAccount(uint32 party, address account);
    error RegistryZero();

    /// @notice Registers parties in one go; ids are given in order. Registrar only.
    function register(Registration[] calldata registrations) external returns (uint32 firstParty);
    /// @notice Registrar only.
    function setRoles(uint32 id, uint16 roles) external;
    /// @notice Suspends (2) or reinstates (1) a party; its vouchers stay what they are. Registrar only.
    function setStatus(uint32 id, uint8 status, bytes32 evidence) external;
    /// @notice Replaces every account of a party that lost its keys. Timelock only.
    function recoverAccounts(
        uint32 id,
        address[] calldata accounts,
        uint8 threshold,
        bytes32 evidence
    ) external;

    function addAccount(AddAccountItem calldata item) external;
    function removeAccount(RemoveAccountItem calldata item) external;
    function setThreshold(SetThresholdItem calldata item) external;

    function partyCount() external view returns (uint32);
    function idHashOf(uint32 id) external view returns (bytes32);
    function partyOfIdHash(bytes32 idHash) external view returns (uint32);
    function accountsOf(uint32 id) external view returns (address[] memory);
}
