// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IPartyDirectory} from "../../src/IPartyDirectory.sol";
import {IPartyGate} from "../../src/IPartyGate.sol";
import {ISignedOrders} from "../../src/ISignedOrders.sol";
import {IVoucherRecords} from "../../src/IVoucherRecords.sol";
import {Doors} from "../support/Doors.sol";
import {Kind, Kinds} from "../support/Kinds.sol";

/// @title Nonces, and many orders in one transaction
contract RelayTest is Doors {
    // ---- nonces

    function test_nonce_is_used_once() public {
        Kind memory kind = Kinds.get(Kinds.ACCEPT);
        uint64 first = offered();
        uint64 second = offered();
        ISignedOrders.Order memory order = _at(kind, abi.encode(first), 5);
        voucherOrders.execute(order);
        bytes memory reason =
            abi.encodeWithSelector(ISignedOrders.OrdersNonceUsed.selector, SUPPLIER, 5);
        vm.expectRevert(reason);
        voucherOrders.execute(order);
        order = _at(kind, abi.encode(second), 5);
        vm.expectRevert(reason);
        voucherOrders.execute(order);
        bytes32 digest = voucherOrders.orderDigest(order);
        vm.expectEmit(address(vouchers));
        emit ISignedOrders.OrderFailed(digest, SUPPLIER, 5, 2, false, reason);
        assertEq(callRelay(kind, order), 0);
        assertEq(stateOf(second), 1);
    }

    function test_nonces_are_apart_by_number_party_and_contract() public {
        Kind memory kind = Kinds.get(Kinds.ACCEPT);
        uint256[6] memory nonces = [uint256(0), 255, 256, 511, type(uint256).max, 1 << 200];
        for (uint256 i; i < 6; ++i) {
            uint64 piece = offered();
            assertFalse(voucherOrders.nonceUsed(SUPPLIER, nonces[i]));
            voucherOrders.execute(_at(kind, abi.encode(piece), nonces[i]));
            for (uint256 j; j < 6; ++j) {
                assertTrue(voucherOrders.nonceUsed(SUPPLIER, nonces[j]) == (j <= i));
                assertFalse(voucherOrders.nonceUsed(BUYER, nonces[j]));
                assertFalse(desk.nonceUsed(SUPPLIER, nonces[j]));
            }
        }
        assertFalse(voucherOrders.nonceUsed(SUPPLIER, 1));
        assertFalse(voucherOrders.nonceUsed(SUPPLIER, 254));
        assertFalse(voucherOrders.nonceUsed(SUPPLIER, 257));
    }

    function test_party_gives_up_a_nonce() public {
        Kind memory kind = Kinds.get(Kinds.ACCEPT);
        uint64 piece = offered();
        ISignedOrders.Order memory order = _at(kind, abi.encode(piece), 5);
        vm.expectEmit(address(vouchers));
        emit ISignedOrders.NonceCancelled(SUPPLIER, 5);
        acts(SUPPLIER);
        voucherOrders.cancelNonce(5);
        bytes memory reason =
            abi.encodeWithSelector(ISignedOrders.OrdersNonceUsed.selector, SUPPLIER, 5);
        vm.expectRevert(reason);
        voucherOrders.execute(order);
        vm.expectRevert(reason);
        acts(SUPPLIER);
        voucherOrders.cancelNonce(5);
    }

    function test_giving_up_is_a_veto_of_any_account() public {
        vm.prank(accountOf(SUPPLIER_MAKER_CHECKER, 2));
        voucherOrders.cancelNonce(1);
        assertTrue(voucherOrders.nonceUsed(SUPPLIER_MAKER_CHECKER, 1));
        vm.prank(registrar);
        registry.setStatus(SUPPLIER, 2, EVIDENCE);
        acts(SUPPLIER);
        voucherOrders.cancelNonce(1);
        assertTrue(voucherOrders.nonceUsed(SUPPLIER, 1));
        vm.expectRevert(
            abi.encodeWithSelector(IPartyDirectory.DirectoryUnknownAccount.selector, stranger)
        );
        vm.prank(stranger);
        voucherOrders.cancelNonce(1);
        vm.prank(guardian);
        voucherOrders.pause();
        vm.expectRevert(IPartyGate.OrdersPaused.selector);
        acts(BUYER);
        voucherOrders.cancelNonce(1);
    }

    // ---- many orders

    function test_relay_of_nothing_does_nothing() public {
        assertEq(voucherOrders.relay(new ISignedOrders.Order[](0)), 0);
    }

    function test_each_order_succeeds_or_fails_on_its_own() public {
        (ISignedOrders.Order[] memory orders, uint64[3] memory pieces) = _mixed();
        bytes32 third = voucherOrders.orderDigest(orders[2]);
        vm.expectEmit(address(vouchers));
        emit ISignedOrders.OrderFailed(
            voucherOrders.orderDigest(orders[1]),
            SUPPLIER_2,
            orders[1].nonce,
            2,
            true,
            abi.encodeWithSelector(
                IVoucherRecords.VouchersNotOfferee.selector, pieces[1], SUPPLIER_2
            )
        );
        vm.expectEmit(address(vouchers));
        emit ISignedOrders.OrderExecuted(third, SUPPLIER, orders[2].nonce, 3);
        assertEq(voucherOrders.relay(orders), 2);
        assertEq(stateOf(pieces[0]), 2);
        assertEq(stateOf(pieces[1]), 1);
        assertEq(stateOf(pieces[2]), 7);
    }

    function test_failed_order_is_dead_for_ever() public {
        Kind memory kind = Kinds.get(Kinds.WITHDRAW);
        uint64 piece = held();
        // Withdrawn before it is offered: fails. Later it would succeed, but its nonce is burnt.
        ISignedOrders.Order memory order = signed(kind, SUPPLIER, abi.encode(piece));
        assertEq(callRelay(kind, order), 0);
        transferOffered(piece, FACE);
        (bool success, bytes memory answer) = callExecute(kind, order);
        assertFalse(success);
        assertEq(
            answer,
            abi.encodeWithSelector(ISignedOrders.OrdersNonceUsed.selector, SUPPLIER, order.nonce)
        );
    }

    function test_execute_that_fails_burns_nothing() public {
        Kind memory kind = Kinds.get(Kinds.WITHDRAW);
        uint64 piece = held();
        ISignedOrders.Order memory order = signed(kind, SUPPLIER, abi.encode(piece));
        (bool success,) = callExecute(kind, order);
        assertFalse(success);
        transferOffered(piece, FACE);
        (success,) = callExecute(kind, order);
        assertTrue(success);
    }

    function test_later_order_sees_what_an_earlier_one_did() public {
        Kind memory kind = Kinds.get(Kinds.ACCEPT);
        uint64 piece = offered();
        ISignedOrders.Order[] memory orders = new ISignedOrders.Order[](3);
        orders[0] = signed(kind, SUPPLIER, abi.encode(piece));
        orders[1] = signed(
            Kinds.get(Kinds.TRANSFER), SUPPLIER, abi.encode(transferItem(piece, 10, SUPPLIER_2))
        );
        orders[2] = signed(kind, SUPPLIER_2, abi.encode(piece + 1));
        assertEq(voucherOrders.relay(orders), 3);
        assertEq(vouchers.pieceOf(piece + 1).holder, SUPPLIER_2);
    }

    function test_the_same_order_twice_takes_effect_once() public {
        Kind memory kind = Kinds.get(Kinds.ACCEPT);
        ISignedOrders.Order[] memory orders = new ISignedOrders.Order[](2);
        orders[0] = signed(kind, SUPPLIER, abi.encode(offered()));
        orders[1] = orders[0];
        assertEq(voucherOrders.relay(orders), 1);
    }

    function test_items_of_an_order_stand_or_fall_together() public {
        Kind memory kind = Kinds.get(Kinds.ACCEPT);
        uint64 piece = offered();
        ISignedOrders.Order memory order = signed(kind, SUPPLIER, abi.encode(piece, 77));
        assertEq(callRelay(kind, order), 0);
        assertEq(stateOf(piece), 1);
        assertTrue(voucherOrders.nonceUsed(SUPPLIER, order.nonce));
    }

    function test_whole_order_of_256_items_runs() public {
        bytes memory items;
        for (uint256 i; i < 256; ++i) {
            items = bytes.concat(items, abi.encode(bytes32(i + 1), 4, SUPPLIER, 1));
        }
        Kind memory kind = Kinds.get(Kinds.REGISTER_DOCUMENT);
        assertEq(callRelay(kind, signed(kind, BUYER, items)), 1);
        assertEq(documents.documentOf(bytes32(uint256(256))).usable, 1);
    }

    function test_run_items_is_the_contracts_own_door() public {
        address[5] memory places = [
            address(registry),
            address(documents),
            address(vouchers),
            address(desk),
            address(evidence)
        ];
        address office = voucherOrders.office();
        for (uint256 i; i < 6; ++i) {
            address place = i < 5 ? places[i] : office;
            vm.prank(registrar);
            (bool success, bytes memory answer) = place.call(
                abi.encodeWithSignature(
                    "runItems(uint8,uint256,bytes)", 2, type(uint256).max, abi.encode(1)
                )
            );
            assertFalse(success);
            assertEq(answer, abi.encodeWithSelector(IPartyGate.OrdersSelfOnly.selector, registrar));
        }
    }

    // ---- help

    function _mixed()
        private
        returns (ISignedOrders.Order[] memory orders, uint64[3] memory pieces)
    {
        pieces = [offered(), offered(), offered()];
        orders = new ISignedOrders.Order[](3);
        orders[0] = signed(Kinds.get(Kinds.ACCEPT), SUPPLIER, abi.encode(pieces[0]));
        orders[1] = signed(Kinds.get(Kinds.ACCEPT), SUPPLIER_2, abi.encode(pieces[1]));
        orders[2] = signed(Kinds.get(Kinds.DECLINE), SUPPLIER, abi.encode(pieces[2], 1));
    }

    function _at(Kind memory kind, bytes memory items, uint256 nonce)
        private
        returns (ISignedOrders.Order memory order)
    {
        order = unsigned(kind, SUPPLIER, items);
        order.nonce = nonce;
        sign(kind, order);
    }
}
