// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ISignedOrders} from "../../src/ISignedOrders.sol";
import {Network} from "../Network.sol";
import {Vm} from "../Test.sol";
import {Cheats} from "./Cheats.sol";
import {Kind, Kinds, Place} from "./Kinds.sol";

/// @title Every door to an operation: direct call, batch, order executed, order relayed
/// @notice `does` and `refuses` try one operation through all of its doors and hold them to the same outcome.
abstract contract Doors is Network {
    Cheats internal constant cheats =
        Cheats(address(uint160(uint256(keccak256("hevm cheat code")))));

    uint256 private _nonces = 1 << 128;

    // ---- doors

    function placeOf(Kind memory kind) internal view returns (address) {
        if (kind.place == Place.Registry) return address(registry);
        if (kind.place == Place.Documents) return address(documents);
        if (kind.place == Place.Vouchers) return address(vouchers);
        if (kind.place == Place.Desk) return address(desk);
        return address(evidence);
    }

    function callSingle(Kind memory kind, address from, bytes memory item)
        internal
        returns (bool success, bytes memory answer)
    {
        vm.prank(from);
        return placeOf(kind).call(bytes.concat(kind.single, item));
    }

    function callBatch(Kind memory kind, address from, bytes memory items)
        internal
        returns (bool success, bytes memory answer)
    {
        uint256 count = items.length / 32 / kind.words;
        vm.prank(from);
        return placeOf(kind).call(bytes.concat(kind.batch, abi.encode(uint256(32), count), items));
    }

    function callExecute(Kind memory kind, ISignedOrders.Order memory order)
        internal
        returns (bool success, bytes memory answer)
    {
        vm.prank(stranger);
        return placeOf(kind).call(abi.encodeCall(ISignedOrders.execute, (order)));
    }

    function callRelay(Kind memory kind, ISignedOrders.Order memory order)
        internal
        returns (uint256 succeeded)
    {
        ISignedOrders.Order[] memory orders = new ISignedOrders.Order[](1);
        orders[0] = order;
        vm.prank(stranger);
        return ISignedOrders(placeOf(kind)).relay(orders);
    }

    // ---- orders

    function unsigned(Kind memory kind, uint32 id, bytes memory items)
        internal
        returns (ISignedOrders.Order memory order)
    {
        order.kind = kind.number;
        order.party = id;
        order.deadline = uint64(vm.getBlockTimestamp() + 1 hours);
        order.nonce = ++_nonces;
        order.items = items;
    }

    /// @dev Signed by as many of the party's first accounts as its threshold demands.
    function signed(Kind memory kind, uint32 id, bytes memory items)
        internal
        returns (ISignedOrders.Order memory order)
    {
        order = unsigned(kind, id, items);
        sign(kind, order);
    }

    function sign(Kind memory kind, ISignedOrders.Order memory order) internal view {
        bytes32 digest = digestOf(kind, order, block.chainid, placeOf(kind));
        order.signatures = signatureBy(order.party, 1, digest);
        if (registry.party(order.party).threshold == 2) {
            order.signatures = bytes.concat(order.signatures, signatureBy(order.party, 2, digest));
        }
    }

    /// @dev EIP-712 by the book, from the type strings of `Kinds`.
    function digestOf(
        Kind memory kind,
        ISignedOrders.Order memory order,
        uint256 chain,
        address place
    ) internal pure returns (bytes32) {
        bytes32 itemType = keccak256(bytes(kind.item));
        uint256 width = uint256(kind.words) * 32;
        uint256 count = order.items.length / width;
        bytes memory hashes;
        for (uint256 i; i < count; ++i) {
            hashes = bytes.concat(
                hashes, keccak256(bytes.concat(itemType, slice(order.items, i * width, width)))
            );
        }
        bytes32 orderHash = keccak256(
            abi.encode(
                keccak256(bytes(orderTypeOf(kind))),
                order.party,
                order.nonce,
                order.deadline,
                keccak256(hashes)
            )
        );
        return keccak256(abi.encodePacked(hex"1901", domainOf(chain, place), orderHash));
    }

    function orderTypeOf(Kind memory kind) internal pure returns (string memory) {
        return string.concat(
            kind.name,
            "(uint32 party,uint256 nonce,uint64 deadline,",
            kind.name,
            "Item[] items)",
            kind.item
        );
    }

    function domainOf(uint256 chain, address place) internal pure returns (bytes32) {
        return keccak256(
            abi.encode(
                keccak256(
                    "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
                ),
                keccak256("Xinlian"),
                keccak256("1"),
                chain,
                place
            )
        );
    }

    function slice(bytes memory data, uint256 from, uint256 length)
        internal
        pure
        returns (bytes memory part)
    {
        part = new bytes(length);
        for (uint256 i; i < length; ++i) {
            part[i] = data[from + i];
        }
    }

    // ---- one operation through all doors

    /// @notice The operation succeeds through every door, with the same events; in the end it is done once.
    function does(uint256 index, uint32 by, bytes memory items) internal {
        Kind memory kind = Kinds.get(index);
        uint256 before = cheats.snapshotState();
        bool alone = registry.party(by).threshold == 1;
        bool one = items.length == uint256(kind.words) * 32;
        bytes32 events;
        if (alone && one) {
            // First, so that an expectation of events set by the test meets the plainest door.
            events = _logged(kind, by, items, 0);
            cheats.revertToState(before);
        }
        if (alone && kind.batch != 0) {
            events = _same(events, _logged(kind, by, items, 1), "batch");
            cheats.revertToState(before);
        }
        events = _same(events, _logged(kind, by, items, 2), "execute");
        cheats.revertToState(before);
        _same(events, _logged(kind, by, items, 3), "relay");
        if (alone && (one || kind.batch != 0)) {
            cheats.revertToState(before);
            _logged(kind, by, items, one ? 0 : 1);
        }
    }

    /// @notice Every door refuses the operation for the same reason, and nothing changes but the burnt nonce.
    function refuses(uint256 index, uint32 by, bytes memory items, bytes memory reason) internal {
        Kind memory kind = Kinds.get(index);
        uint256 before = cheats.snapshotState();
        if (registry.party(by).threshold == 1) {
            if (items.length == uint256(kind.words) * 32) {
                (bool success, bytes memory answer) = callSingle(kind, accountOf(by), items);
                assertFalse(success);
                assertEq(answer, reason);
            }
            if (kind.batch != 0) {
                (bool success, bytes memory answer) = callBatch(kind, accountOf(by), items);
                assertFalse(success);
                assertEq(answer, reason);
            }
        }
        ISignedOrders.Order memory order = signed(kind, by, items);
        (bool executed, bytes memory why) = callExecute(kind, order);
        assertFalse(executed);
        assertEq(why, reason);
        _refusesRelay(kind, order, reason);
        cheats.revertToState(before);
    }

    /// @notice A relayed order fails with the reason; its nonce is burnt.
    function _refusesRelay(Kind memory kind, ISignedOrders.Order memory order, bytes memory reason)
        private
    {
        bytes32 digest = digestOf(kind, order, block.chainid, placeOf(kind));
        vm.expectEmit(placeOf(kind));
        emit ISignedOrders.OrderFailed(digest, order.party, order.nonce, order.kind, true, reason);
        assertEq(callRelay(kind, order), 0);
        assertTrue(ISignedOrders(placeOf(kind)).nonceUsed(order.party, order.nonce));
    }

    /// @dev Hash of the events of an operation through one door, less those of the order itself.
    function _logged(Kind memory kind, uint32 by, bytes memory items, uint256 door)
        private
        returns (bytes32 hash)
    {
        bool success;
        bytes memory answer;
        ISignedOrders.Order memory order;
        if (door > 1) order = signed(kind, by, items);
        vm.recordLogs();
        if (door == 0) (success, answer) = callSingle(kind, accountOf(by), items);
        if (door == 1) (success, answer) = callBatch(kind, accountOf(by), items);
        if (door == 2) (success, answer) = callExecute(kind, order);
        if (door == 3) success = callRelay(kind, order) == 1;
        if (!success) {
            assembly ("memory-safe") {
                revert(add(answer, 0x20), mload(answer))
            }
        }
        Vm.Log[] memory logs = vm.getRecordedLogs();
        bool announced;
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].topics[0] == ISignedOrders.OrderExecuted.selector) {
                announced = true;
                continue;
            }
            hash = keccak256(abi.encode(hash, logs[i].topics, logs[i].data, logs[i].emitter));
        }
        assertTrue(announced == (door > 1), "an order that took effect says so");
        assertTrue(hash != 0, "an operation emits something");
    }

    function _same(bytes32 left, bytes32 right, string memory door) private pure returns (bytes32) {
        if (left != 0) assertEq(left, right, string.concat("the same events by ", door));
        return right;
    }
}
