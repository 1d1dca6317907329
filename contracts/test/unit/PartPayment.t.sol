// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IFinancingDesk} from "../../src/IFinancingDesk.sol";
import {IVoucherRecords} from "../../src/IVoucherRecords.sol";
import {Network} from "../Network.sol";

/// @title Part payments on a piece that is under a financing
contract PartPaymentTest is Network {
    function test_disburse_fails_once_part_of_the_locked_piece_was_paid() public {
        uint64 financing = opened(true, false);
        uint64 piece = desk.financingOf(financing).piece;
        acts(FUNDER);
        desk.registerFinancing(IFinancingDesk.RegisterFinancingItem(financing, "zdw", 0));
        acts(BANK);
        vouchers.redeem(IVoucherRecords.RedeemItem(piece, FACE / 4, RECEIPT));
        uint64 price = desk.financingOf(financing).price;
        acts(BANK);
        vm.expectRevert(
            abi.encodeWithSelector(IVoucherRecords.VouchersAmount.selector, FACE / 2, FACE / 4)
        );
        desk.disburse(IFinancingDesk.DisburseItem(financing, price, RECEIPT));
    }
}
