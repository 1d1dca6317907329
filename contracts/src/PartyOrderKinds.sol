// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

uint8 constant KIND_ADD_ACCOUNT = 1;
uint8 constant KIND_REMOVE_ACCOUNT = 2;
uint8 constant KIND_SET_THRESHOLD = 3;

/// @notice Name, item type and field widths (as `SignedOrders._kind`) of the kinds of order of the registry.
function partyOrderKind(uint8 kind)
    pure
    returns (string memory name, string memory itemType, uint256 widths)
{
    if (kind == KIND_ADD_ACCOUNT) {
        return ("AddAccount", "AddAccountItem(address account)", 0xa0_01);
    }
    if (kind == KIND_REMOVE_ACCOUNT) {
        return ("RemoveAccount", "RemoveAccountItem(address account)", 0xa0_01);
    }
    if (kind == KIND_SET_THRESHOLD) {
        return ("SetThreshold", "SetThresholdItem(uint8 threshold)", 0x08_01);
    }
    return ("", "", 0);
}
