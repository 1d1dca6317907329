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

/// @notice A kind of order. `fields` as in the type string; their number is that of the commas and one.
function kindOf(
    Place place,
    uint8 number,
    bytes4 single,
    bytes4 batch,
    string memory name,
    string memory fields
) pure returns (Kind memory) {
    uint8 words = 1;
    for (uint256 i; i < bytes(fields).length; ++i) {
        if (bytes(fields)[i] == ",") ++words;
    }
    string memory item = string.concat(name, "Item(", fields, ")");
    return Kind(place, number, words, single, batch, name, item);
}
