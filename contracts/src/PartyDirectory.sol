// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IPartyDirectory} from "./IPartyDirectory.sol";
import {MemberWord, packMember} from "./types/MemberWord.sol";

/// @title Copy of the registry's facts that a contract keeps to decide without a call
abstract contract PartyDirectory is IPartyDirectory {
    /// @custom:storage-location erc7201:xinlian.storage.PartyDirectory
    struct DirectoryStorage {
        mapping(address account => MemberWord) members;
        mapping(uint32 party => MemberWord) parties;
    }

    /// @dev ERC-7201 slot of "xinlian.storage.PartyDirectory".
    bytes32 private constant DIRECTORY_STORAGE =
        0xbf4b0c35c567e79d74dc0da1a0b318020c2af643a7a46b656c8e49b0fb267b00;

    /// @notice The registry, whose word on parties is taken.
    address public immutable registry;

    constructor(address registry_) {
        registry = registry_;
    }

    modifier onlyRegistry() {
        if (msg.sender != registry) revert DirectoryNotRegistry(msg.sender);
        _;
    }

    /// @inheritdoc IPartyDirectory
    function syncParty(Member calldata member, address[] calldata accounts) external onlyRegistry {
        MemberWord word = packMember(member.party, member.roles, member.status, member.threshold);
        _setParty(word);
        for (uint256 i; i < accounts.length; ++i) {
            _setMember(accounts[i], word);
        }
    }

    /// @inheritdoc IPartyDirectory
    function dropAccount(address account) external onlyRegistry {
        _setMember(account, MemberWord.wrap(0));
    }

    /// @inheritdoc IPartyDirectory
    function memberOf(address account) external view returns (Member memory) {
        return _unpack(_member(account));
    }

    /// @inheritdoc IPartyDirectory
    function party(uint32 id) external view returns (Member memory) {
        return _unpack(_party(id));
    }

    function _setParty(MemberWord word) internal {
        _directory().parties[word.party()] = word;
    }

    function _setMember(address account, MemberWord word) internal {
        _directory().members[account] = word;
    }

    function _member(address account) internal view returns (MemberWord) {
        return _directory().members[account];
    }

    function _party(uint32 id) internal view returns (MemberWord) {
        return _directory().parties[id];
    }

    /// @dev Reverts unless the party exists, is active and holds one of the roles in the mask.
    function _requireParty(uint32 id, uint16 roleMask) internal view {
        MemberWord word = _party(id);
        if (!word.isKnown()) revert DirectoryUnknownParty(id);
        if (!word.isActive()) revert DirectoryPartySuspended(id);
        _requireRole(word, roleMask);
    }

    function _requireRole(MemberWord word, uint16 roleMask) internal pure {
        if (!word.hasAnyOf(roleMask)) revert DirectoryMissingRole(word.party(), roleMask);
    }

    function _unpack(MemberWord word) private pure returns (Member memory) {
        return Member(word.party(), word.roles(), word.status(), word.threshold());
    }

    function _directory() private pure returns (DirectoryStorage storage $) {
        assembly ("memory-safe") {
            $.slot := DIRECTORY_STORAGE
        }
    }
}
