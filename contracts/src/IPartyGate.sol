// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title What the gate of every value contract refuses
interface IPartyGate {
    error OrdersTooManyItems(uint256 items, uint256 most);
    error OrdersNeedsSignatures(uint32 party, uint8 threshold);
    error OrdersPaused();
    error OrdersSelfOnly(address caller);
}
