// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IFinancingDesk} from "../../src/IFinancingDesk.sol";
import {IPartyDirectory} from "../../src/IPartyDirectory.sol";
import {ISignedOrders} from "../../src/ISignedOrders.sol";
import {Doors} from "../support/Doors.sol";
import {Kind, Kinds} from "../support/Kinds.sol";

/// @title A suspended party can do nothing; what it promised before, and what is owed to it, stands
contract SuspensionTest is Doors {
    function test_no_order_of_a_suspended_party_is_carried() public {
        _suspend(BUYER);
        bytes memory reason =
            abi.encodeWithSelector(IPartyDirectory.DirectoryPartySuspended.selector, BUYER);
        for (uint256 i; i < Kinds.COUNT; ++i) {
            Kind memory kind = Kinds.get(i);
            ISignedOrders.Order memory order =
                signed(kind, BUYER, new bytes(uint256(kind.words) * 32));
            (bool success, bytes memory answer) = callExecute(kind, order);
            assertFalse(success);
            assertEq(answer, reason);
            assertEq(callRelay(kind, order), 0);
            assertTrue(ISignedOrders(placeOf(kind)).nonceUsed(BUYER, order.nonce), "it is dead");
        }
    }

    function test_what_an_issuer_or_holder_offered_before_may_be_accepted() public {
        uint64 first = offered();
        uint64 onward = transferOffered(held(), 10);
        _suspend(BUYER);
        _suspend(SUPPLIER_2);
        does(Kinds.ACCEPT, SUPPLIER, abi.encode(first));
        _suspend(SUPPLIER);
        _reinstate(SUPPLIER_2);
        does(Kinds.ACCEPT, SUPPLIER_2, abi.encode(onward));
        assertEq(vouchers.pieceOf(onward).holder, SUPPLIER_2);
    }

    function test_offers_to_a_suspended_party_run_out_or_are_withdrawn() public {
        uint64 piece = held();
        uint64 onward = transferOffered(piece, 10);
        uint64 second = transferOffered(piece, 10);
        _suspend(SUPPLIER_2);
        does(Kinds.WITHDRAW, SUPPLIER, abi.encode(onward));
        passDays(8);
        uint64[] memory ids = new uint64[](1);
        ids[0] = second;
        vouchers.expire(ids);
        assertEq(stateOf(second), 2);
    }

    function test_payments_reach_suspended_parties() public {
        uint64 sold = desk.financingOf(disbursed(true, false)).piece;
        uint64 id = disbursed(false, true);
        uint64 piece = held();
        _suspend(SUPPLIER);
        _suspend(FUNDER);
        _suspend(BUYER);
        does(Kinds.REDEEM, BANK, abi.encode(piece, FACE, RECEIPT));
        does(Kinds.REDEEM, BANK, abi.encode(sold, 1, RECEIPT));
        does(Kinds.REPAY, BANK, abi.encode(id, FACE, RECEIPT));
        assertEq(vouchers.pieceOf(desk.financingOf(id).piece).holder, SUPPLIER);
    }

    function test_money_that_flowed_counts_also_for_suspended_parties() public {
        uint64 id = opened(true, true);
        acts(FUNDER);
        desk.registerFinancing(IFinancingDesk.RegisterFinancingItem(id, "zdw", 0));
        _suspend(SUPPLIER);
        _suspend(FUNDER);
        does(Kinds.DISBURSE, BANK, abi.encode(id, desk.financingOf(id).price, RECEIPT));
        assertEq(vouchers.pieceOf(desk.financingOf(id).piece).holder, FUNDER);
    }

    function test_vouchers_of_a_suspended_issuer_are_dishonoured_like_any() public {
        uint64 piece = held();
        _suspend(BUYER);
        passDays(91);
        does(Kinds.DISHONOUR, BANK, abi.encode(piece, EVIDENCE));
        does(Kinds.WRITE_OFF, SUPPLIER, abi.encode(piece, EVIDENCE));
        assertEq(vouchers.issuerOf(BUYER).outstanding, 0);
    }

    function test_reinstated_party_goes_on_where_it_stopped() public {
        uint64 piece = held();
        _suspend(SUPPLIER);
        _reinstate(SUPPLIER);
        does(Kinds.TRANSFER, SUPPLIER, abi.encode(transferItem(piece, 1, SUPPLIER_2)));
    }

    function _suspend(uint32 id) private {
        vm.prank(registrar);
        registry.setStatus(id, 2, EVIDENCE);
    }

    function _reinstate(uint32 id) private {
        vm.prank(registrar);
        registry.setStatus(id, 1, EVIDENCE);
    }
}
