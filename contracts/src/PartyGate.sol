// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {
    AccessManagedUpgradeable
} from "@openzeppelin/contracts-upgradeable/access/manager/AccessManagedUpgradeable.sol";

import {IPartyGate} from "./IPartyGate.sol";
import {PartyDirectory} from "./PartyDirectory.sol";
import {MemberWord} from "./types/MemberWord.sol";

/// @title Who may pass: the pause, and the parties' own accounts
abstract contract PartyGate is IPartyGate, PartyDirectory, AccessManagedUpgradeable {
    /// @dev One slot. `lastId` and `policies` are counters of the deriving contract; they stand here because every
    /// operation reads this slot anyway.
    struct Config {
        bool paused;
        uint8 policies;
        uint64 lastId;
    }

    /// @custom:storage-location erc7201:xinlian.storage.PartyGate
    struct GateStorage {
        Config config;
    }

    /// @dev Most items of one order or one batch call.
    uint256 internal constant ITEMS_MAX = 256;

    /// @dev ERC-7201 slot of "xinlian.storage.PartyGate".
    bytes32 private constant GATE_STORAGE =
        0xc2c30c7be31202cab79ea3547130483338a8aa7efbe409c6d7247cd13fcffc00;

    modifier whenNotPaused() {
        _requireNotPaused();
        _;
    }

    /// @dev The caller of a direct call: an account that may act for its party alone.
    function _direct() internal view returns (MemberWord by) {
        _requireNotPaused();
        by = _member(msg.sender);
        if (by.actsAlone()) return by;
        if (!by.isKnown()) revert DirectoryUnknownAccount(msg.sender);
        if (!by.isActive()) revert DirectoryPartySuspended(by.party());
        revert OrdersNeedsSignatures(by.party(), by.threshold());
    }

    /// @dev The caller of a direct call with `items` items.
    function _directBatch(uint256 items) internal view returns (MemberWord) {
        if (items > ITEMS_MAX) revert OrdersTooManyItems(items, ITEMS_MAX);
        return _direct();
    }

    function _requireNotPaused() internal view {
        if (_config().paused) revert OrdersPaused();
    }

    function _config() internal view returns (Config storage) {
        GateStorage storage $;
        assembly ("memory-safe") {
            $.slot := GATE_STORAGE
        }
        return $.config;
    }
}
