// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IFinancingDesk} from "../src/IFinancingDesk.sol";
import {ISignedOrders} from "../src/ISignedOrders.sol";
import {IVoucherRecords} from "../src/IVoucherRecords.sol";
import {Network} from "./Network.sol";

/// @title The main job from end to end
contract SmokeTest is Network {
    function test_voucher_runs_from_issue_to_redemption() public {
        uint64 piece = held();
        uint64 part = transferOffered(piece, FACE / 4);
        accept(SUPPLIER_2, part);
        assertEq(vouchers.pieceOf(part).holder, SUPPLIER_2);
        assertEq(vouchers.ownerOf(part), vouchers.partyAddress(SUPPLIER_2));
        passDays(90);
        acts(BANK);
        vouchers.redeem(IVoucherRecords.RedeemItem(part, FACE / 4, RECEIPT));
        acts(BANK);
        vouchers.redeem(IVoucherRecords.RedeemItem(piece, FACE * 3 / 4, RECEIPT));
        assertEq(vouchers.rootState(piece >> 16), 5);
        assertEq(vouchers.issuerOf(BUYER).outstanding, 0);
    }

    function test_financing_by_sale_runs_to_redemption_by_the_funder() public {
        uint64 financing = disbursed(true, false);
        uint64 piece = desk.financingOf(financing).piece;
        assertEq(vouchers.pieceOf(piece).holder, FUNDER);
        assertEq(stateOf(piece), 5);
        acts(BANK);
        vouchers.redeem(IVoucherRecords.RedeemItem(piece, FACE / 2, RECEIPT));
        assertEq(stateOf(piece), 6);
    }

    function test_pledge_comes_back_when_repaid() public {
        uint64 financing = disbursed(false, true);
        uint64 piece = desk.financingOf(financing).piece;
        assertEq(vouchers.pieceOf(piece).offeree, FUNDER);
        acts(BANK);
        desk.repay(IFinancingDesk.RepayItem(financing, FACE / 2, RECEIPT));
        assertEq(stateOf(piece), 2);
        assertEq(vouchers.pieceOf(piece).holder, SUPPLIER);
    }

    function test_relay_carries_good_and_bad_orders() public {
        uint64 piece = offered();
        ISignedOrders.Order[] memory orders = new ISignedOrders.Order[](2);
        orders[0] = signedOrder(voucherOrders, 2, SUPPLIER, 7, abi.encode(piece));
        orders[1] = signedOrder(voucherOrders, 2, SUPPLIER_2, 7, abi.encode(piece));
        vm.prank(stranger);
        assertEq(voucherOrders.relay(orders), 1);
        assertEq(stateOf(piece), 2);
        assertTrue(voucherOrders.nonceUsed(SUPPLIER_2, 7));
    }
}
