// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ISignedOrders} from "../../src/ISignedOrders.sol";
import {Vm} from "../Test.sol";
import {Doors} from "../support/Doors.sol";
import {Kind, Kinds} from "../support/Kinds.sol";

/// @title What a carrier can and cannot make of the orders it carries
contract CarriersTest is Doors {
    uint256 private constant ORDERS = 6;

    /// @notice Whatever gas a carrier gives, an order is done, fails for its own reason, or is untouched.
    /// forge-config: default.fuzz.runs = 128
    function testFuzz_gas_never_burns_a_good_order(uint256 gas_, uint256 seed) public {
        ISignedOrders.Order[] memory orders = _orders(seed);
        gas_ = bound(gas_, 25_000, 1_200_000);
        vm.recordLogs();
        (bool success, bytes memory answer) =
            address(vouchers).call{gas: gas_}(abi.encodeCall(ISignedOrders.relay, (orders)));
        if (!success) {
            bool said =
                answer.length == 0 || bytes4(answer) == ISignedOrders.OrdersOutOfGas.selector;
            assertTrue(said, "only gas stops a relay");
            for (uint256 i; i < ORDERS; ++i) {
                assertFalse(voucherOrders.nonceUsed(orders[i].party, orders[i].nonce));
            }
            return;
        }
        // Good and bad orders take turns: exactly the bad ones failed, each with a reason.
        assertEq(abi.decode(answer, (uint256)), ORDERS / 2);
        Vm.Log[] memory logs = vm.getRecordedLogs();
        for (uint256 i; i < logs.length; ++i) {
            if (logs[i].topics[0] != ISignedOrders.OrderFailed.selector) continue;
            (,, bool burned, bytes memory reason) =
                abi.decode(logs[i].data, (uint256, uint8, bool, bytes));
            assertTrue(burned && reason.length >= 4, "a failed order says why");
        }
    }

    /// @notice The same starved relay of one order of any kind that is called on into other contracts.
    function testFuzz_gas_never_burns_an_issue_or_a_lock(uint256 gas_, bool financing) public {
        Kind memory kind = Kinds.get(financing ? Kinds.OPEN : Kinds.ISSUE);
        bytes memory items = financing
            ? abi.encode(openItem(held(), FACE / 2, true, true))
            : abi.encode(issueItem(newDocument(BUYER, SUPPLIER, FACE)));
        ISignedOrders.Order[] memory orders = new ISignedOrders.Order[](1);
        orders[0] = signed(kind, financing ? SUPPLIER : BUYER, items);
        ISignedOrders place = ISignedOrders(placeOf(kind));
        gas_ = bound(gas_, 25_000, 450_000);
        (bool success, bytes memory answer) =
            address(place).call{gas: gas_}(abi.encodeCall(ISignedOrders.relay, (orders)));
        if (success) assertEq(abi.decode(answer, (uint256)), 1);
        assertTrue(place.nonceUsed(orders[0].party, orders[0].nonce) == success);
    }

    /// @notice Orders that don't touch the same piece end the same in whatever order they are carried.
    /// forge-config: default.fuzz.runs = 128
    function testFuzz_order_of_carrying_does_not_matter(uint256 seed) public {
        ISignedOrders.Order[] memory orders = _orders(seed);
        uint256 before = cheats.snapshotState();
        voucherOrders.relay(orders);
        bytes32 books = _books();
        cheats.revertToState(before);
        for (uint256 i = ORDERS - 1; i > 0; --i) {
            seed = uint256(keccak256(abi.encode(seed)));
            uint256 j = seed % (i + 1);
            (orders[i], orders[j]) = (orders[j], orders[i]);
        }
        for (uint256 i; i < ORDERS; ++i) {
            // One by one, by different carriers.
            callRelay(Kinds.get(Kinds.ACCEPT), orders[i]);
        }
        assertEq(_books(), books);
    }

    /// @notice A carrier may bring what it likes: an order nobody signed has no effect.
    function testFuzz_any_bytes_as_signature(bytes calldata signatures, bytes32 r, bytes32 s)
        public
    {
        uint64 piece = offered();
        Kind memory kind = Kinds.get(Kinds.ACCEPT);
        ISignedOrders.Order memory order = unsigned(kind, SUPPLIER, abi.encode(piece));
        order.signatures = signatures;
        assertEq(callRelay(kind, order), 0);
        order.signatures = abi.encodePacked(r, s, uint8(27));
        assertEq(callRelay(kind, order), 0);
        assertFalse(voucherOrders.nonceUsed(SUPPLIER, order.nonce));
        assertEq(stateOf(piece), 1);
    }

    /// @dev Three good orders on three pieces, three bad ones between them.
    function _orders(uint256 seed) private returns (ISignedOrders.Order[] memory orders) {
        orders = new ISignedOrders.Order[](ORDERS);
        for (uint256 i; i < ORDERS; i += 2) {
            uint64 piece = i == 2 ? held() : offered();
            orders[i] = i == 0
                ? signed(Kinds.get(Kinds.ACCEPT), SUPPLIER, abi.encode(piece))
                : i == 2
                    ? signed(
                        Kinds.get(Kinds.TRANSFER),
                        SUPPLIER,
                        abi.encode(transferItem(piece, uint64(bound(seed, 1, FACE)), SUPPLIER_2))
                    )
                    : signed(Kinds.get(Kinds.WITHDRAW), BUYER, abi.encode(piece));
            orders[i + 1] =
                signed(Kinds.get(Kinds.DECLINE), SUPPLIER_2, abi.encode(piece, seed % 9));
        }
    }

    function _books() private view returns (bytes32) {
        uint64[] memory roots = new uint64[](3);
        (roots[0], roots[1], roots[2]) = (1, 2, 3);
        return keccak256(abi.encode(vouchers.rootDigests(roots), vouchers.issuerOf(BUYER)));
    }
}
