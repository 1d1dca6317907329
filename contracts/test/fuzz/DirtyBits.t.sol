// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ISignedOrders} from "../../src/ISignedOrders.sol";
import {Doors} from "../support/Doors.sol";
import {Kind, Kinds} from "../support/Kinds.sol";

/// @title What was signed and what is run are the same values
/// @notice Every bit of every word of every item: either it belongs to the field and changes the digest, or an order
/// that sets it is refused as malformed.
contract DirtyBitsTest is Doors {
    function test_every_bit_of_every_field() public {
        for (uint256 i; i < Kinds.COUNT; ++i) {
            Kind memory kind = Kinds.get(i);
            for (uint256 word; word < kind.words; ++word) {
                uint256 width = _width(kind.item, word);
                _check(kind, word, width - 1, width);
                if (width == 256) continue;
                _check(kind, word, width, width);
                _check(kind, word, 255, width);
            }
        }
    }

    function testFuzz_any_bit_of_any_field(uint256 index, uint256 word, uint256 bit) public {
        Kind memory kind = Kinds.get(bound(index, 0, Kinds.COUNT - 1));
        word = bound(word, 0, kind.words - 1);
        _check(kind, word, bound(bit, 0, 255), _width(kind.item, word));
    }

    /// forge-config: default.fuzz.runs = 64
    function testFuzz_any_bit_of_the_last_of_many_items(uint256 index, uint256 bit, uint256 count)
        public
    {
        Kind memory kind = Kinds.get(bound(index, 0, Kinds.COUNT - 1));
        uint256 items = bound(count, 2, 256);
        uint256 width = _width(kind.item, kind.words - 1);
        _check(kind, items * kind.words - 1, bound(bit, 0, 255), width);
    }

    /// @dev Sets one bit of one word of an order that is otherwise zero.
    function _check(Kind memory kind, uint256 word, uint256 bit, uint256 width) private {
        uint256 count = word / kind.words + 1;
        bytes memory items = new bytes(count * kind.words * 32);
        ISignedOrders.Order memory order = unsigned(kind, BUYER, items);
        ISignedOrders place = ISignedOrders(placeOf(kind));
        bytes32 clean = place.orderDigest(order);
        assembly ("memory-safe") {
            mstore(add(add(items, 0x20), mul(word, 0x20)), shl(bit, 1))
        }
        if (bit < width) {
            bytes32 digest = place.orderDigest(order);
            assertTrue(digest != clean, "every bit of a field is signed");
            assertEq(digest, digestOf(kind, order, block.chainid, address(place)));
            return;
        }
        bytes memory reason = abi.encodeWithSelector(
            ISignedOrders.OrdersMalformedItems.selector, kind.number, items.length
        );
        // Also with the right signature on what a lenient reader would make of it.
        order.signatures = signatureBy(BUYER, 1, clean);
        (bool success, bytes memory answer) = callExecute(kind, order);
        assertFalse(success);
        assertEq(answer, reason);
        vm.expectEmit(address(place));
        emit ISignedOrders.OrderFailed(0, BUYER, order.nonce, kind.number, false, reason);
        assertEq(callRelay(kind, order), 0);
        assertFalse(place.nonceUsed(BUYER, order.nonce));
    }

    /// @dev Bits of a field, read from the item's type string.
    function _width(string memory item, uint256 word) private pure returns (uint256) {
        bytes memory text = bytes(item);
        uint256 at_;
        while (text[at_] != "(") ++at_;
        ++at_;
        for (uint256 i; i < word; ++i) {
            while (text[at_] != ",") ++at_;
            ++at_;
        }
        uint256 end = at_;
        while (text[end] != " ") ++end;
        bytes32 name = keccak256(slice(text, at_, end - at_));
        if (name == keccak256("bool")) return 1;
        if (name == keccak256("uint8")) return 8;
        if (name == keccak256("uint32")) return 32;
        if (name == keccak256("uint64")) return 64;
        if (name == keccak256("address")) return 160;
        assertEq(name, keccak256("bytes32"));
        return 256;
    }
}
