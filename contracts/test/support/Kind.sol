// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @dev The contracts that take orders.
enum Place {
    Registry,
    Documents,
    Vouchers,
    Desk,
    Evidence
}

/// @notice One kind of order, and the direct calls that do the same.
/// @param single Selector of the direct call with one item.
/// @param batch Selector of the direct call with a list of items; 0 where there is none.
/// @param words Fields of an item, each one 32-byte word.
/// @param item Type string of the item.
struct Kind {
    Place place;
    uint8 number;
    uint8 words;
    bytes4 single;
    bytes4 batch;
    string name;
    string item;
}
