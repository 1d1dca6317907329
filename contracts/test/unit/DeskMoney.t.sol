// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IFinancingDesk} from "../../src/IFinancingDesk.sol";
import {IPartyGate} from "../../src/IPartyGate.sol";
import {IVoucherRecords} from "../../src/IVoucherRecords.sol";
import {Doors} from "../support/Doors.sol";
import {Kinds} from "../support/Kinds.sol";

/// @title Disbursement and repayment on the bank's receipt
contract DeskMoneyTest is Doors {
    uint64 internal constant AMOUNT_MOST = 2 ** 48 - 1;

    function test_sale_makes_the_funder_holder() public {
        (uint64 id, uint64 piece, uint64 price) = _registered(true, false);
        vm.expectEmit(address(desk));
        emit IFinancingDesk.FinancingDisbursed(id, BANK, price, RECEIPT);
        vm.expectEmit(address(vouchers));
        emit IVoucherRecords.PieceFinanced(piece, SUPPLIER, FUNDER, true);
        vm.expectEmit(address(vouchers));
        emit IVoucherRecords.Transfer(
            vouchers.partyAddress(SUPPLIER), vouchers.partyAddress(FUNDER), piece
        );
        does(Kinds.DISBURSE, BANK, abi.encode(id, price, RECEIPT));
        _assertPiece(piece, FUNDER, 0, 5);
        assertEq(desk.financingOf(id).state, 3);
    }

    function test_pledge_gives_the_funder_a_lien() public {
        (uint64 id, uint64 piece, uint64 price) = _registered(false, true);
        vm.expectEmit(address(vouchers));
        emit IVoucherRecords.PieceFinanced(piece, SUPPLIER, FUNDER, false);
        does(Kinds.DISBURSE, BANK, abi.encode(id, price, RECEIPT));
        _assertPiece(piece, SUPPLIER, FUNDER, 5);
    }

    function test_disburse_is_the_named_banks_alone() public {
        (uint64 id,, uint64 price) = _registered(true, true);
        uint32[4] memory others = [BANK_2, FUNDER, SUPPLIER, OPERATOR];
        for (uint256 i; i < 4; ++i) {
            refuses(
                Kinds.DISBURSE,
                others[i],
                abi.encode(id, price, RECEIPT),
                abi.encodeWithSelector(IFinancingDesk.DeskNotBank.selector, id, others[i])
            );
        }
        refuses(
            Kinds.DISBURSE,
            BANK,
            abi.encode(9, price, RECEIPT),
            abi.encodeWithSelector(IFinancingDesk.DeskUnknown.selector, 9)
        );
    }

    function test_disburse_needs_a_registration_the_price_and_a_receipt() public {
        uint64 id = opened(true, true);
        uint64 price = desk.financingOf(id).price;
        _refuseDisburse(
            id, price, RECEIPT, abi.encodeWithSelector(IFinancingDesk.DeskState.selector, id, 1)
        );
        acts(FUNDER);
        desk.registerFinancing(IFinancingDesk.RegisterFinancingItem(id, "zdw", 0));
        _refuseDisburse(
            id,
            price - 1,
            RECEIPT,
            abi.encodeWithSelector(IFinancingDesk.DeskAmount.selector, id, price - 1, price)
        );
        _refuseDisburse(
            id,
            price + 1,
            RECEIPT,
            abi.encodeWithSelector(IFinancingDesk.DeskAmount.selector, id, price + 1, price)
        );
        _refuseDisburse(id, price, 0, abi.encodeWithSelector(IFinancingDesk.DeskReceipt.selector));
        uint32 expiry = desk.financingOf(id).expiry;
        vm.warp(expiry + 1);
        _refuseDisburse(
            id,
            price,
            RECEIPT,
            abi.encodeWithSelector(IFinancingDesk.DeskLockExpired.selector, id, expiry)
        );
        vm.warp(expiry);
        does(Kinds.DISBURSE, BANK, abi.encode(id, price, RECEIPT));
        _refuseDisburse(
            id, price, RECEIPT, abi.encodeWithSelector(IFinancingDesk.DeskState.selector, id, 3)
        );
    }

    function test_disburse_fails_once_part_of_the_locked_piece_was_paid() public {
        (uint64 id, uint64 piece, uint64 price) = _registered(true, true);
        acts(BANK);
        vouchers.redeem(IVoucherRecords.RedeemItem(piece, 1, RECEIPT));
        _refuseDisburse(
            id,
            price,
            RECEIPT,
            abi.encodeWithSelector(IVoucherRecords.VouchersAmount.selector, FACE / 2, FACE / 2 - 1)
        );
        // What is left goes back to its holder.
        does(Kinds.RELEASE, FUNDER, abi.encode(id, 0));
        _assertPiece(piece, SUPPLIER, 0, 2);
    }

    function test_disburse_fails_once_the_locked_piece_was_paid() public {
        (uint64 id, uint64 piece, uint64 price) = _registered(false, true);
        acts(BANK);
        vouchers.redeem(IVoucherRecords.RedeemItem(piece, FACE / 2, RECEIPT));
        _refuseDisburse(
            id,
            price,
            RECEIPT,
            abi.encodeWithSelector(IVoucherRecords.VouchersPieceState.selector, piece, 6)
        );
    }

    // ---- repay

    function test_pledge_is_repaid_at_any_time() public {
        uint64 id = disbursed(false, false);
        uint64 piece = desk.financingOf(id).piece;
        uint64 price = desk.financingOf(id).price;
        vm.expectEmit(address(desk));
        emit IFinancingDesk.FinancingRepaid(id, BANK, price + 7, RECEIPT);
        vm.expectEmit(address(vouchers));
        emit IVoucherRecords.PieceReleased(piece, FUNDER, SUPPLIER);
        does(Kinds.REPAY, BANK, abi.encode(id, price + 7, RECEIPT));
        _assertPiece(piece, SUPPLIER, 0, 2);
        assertEq(desk.financingOf(id).state, 5);
        _refuseRepay(
            id, price, RECEIPT, abi.encodeWithSelector(IFinancingDesk.DeskState.selector, id, 5)
        );
    }

    function test_sale_with_recourse_comes_back_after_dishonour() public {
        uint64 id = disbursed(true, true);
        uint64 piece = desk.financingOf(id).piece;
        uint64 price = desk.financingOf(id).price;
        _refuseRepay(
            id,
            price,
            RECEIPT,
            abi.encodeWithSelector(IFinancingDesk.DeskNotDishonoured.selector, id)
        );
        passDays(91);
        acts(BANK);
        vouchers.dishonour(IVoucherRecords.DishonourItem(piece, EVIDENCE));
        vm.expectEmit(address(vouchers));
        emit IVoucherRecords.PieceReleased(piece, FUNDER, SUPPLIER);
        vm.expectEmit(address(vouchers));
        emit IVoucherRecords.Transfer(
            vouchers.partyAddress(FUNDER), vouchers.partyAddress(SUPPLIER), piece
        );
        does(Kinds.REPAY, BANK, abi.encode(id, price, RECEIPT));
        _assertPiece(piece, SUPPLIER, 0, 2);
    }

    function test_sale_without_recourse_never_comes_back() public {
        uint64 id = disbursed(true, false);
        uint64 piece = desk.financingOf(id).piece;
        passDays(91);
        acts(BANK);
        vouchers.dishonour(IVoucherRecords.DishonourItem(piece, EVIDENCE));
        _refuseRepay(
            id, FACE, RECEIPT, abi.encodeWithSelector(IFinancingDesk.DeskNoRecourse.selector, id)
        );
    }

    function test_repay_is_the_named_banks_alone() public {
        uint64 id = disbursed(false, true);
        uint32[4] memory others = [BANK_2, FUNDER, SUPPLIER, OPERATOR];
        for (uint256 i; i < 4; ++i) {
            refuses(
                Kinds.REPAY,
                others[i],
                abi.encode(id, FACE, RECEIPT),
                abi.encodeWithSelector(IFinancingDesk.DeskNotBank.selector, id, others[i])
            );
        }
        _refuseRepay(
            9, FACE, RECEIPT, abi.encodeWithSelector(IFinancingDesk.DeskUnknown.selector, 9)
        );
    }

    function test_repay_needs_the_price_and_a_receipt() public {
        uint64 id = opened(false, true);
        _refuseRepay(
            id, FACE, RECEIPT, abi.encodeWithSelector(IFinancingDesk.DeskState.selector, id, 1)
        );
        id = disbursed(false, true);
        uint64 price = desk.financingOf(id).price;
        _refuseRepay(
            id,
            price - 1,
            RECEIPT,
            abi.encodeWithSelector(IFinancingDesk.DeskAmount.selector, id, price - 1, price)
        );
        _refuseRepay(
            id,
            AMOUNT_MOST + 1,
            RECEIPT,
            abi.encodeWithSelector(IFinancingDesk.DeskAmount.selector, id, AMOUNT_MOST + 1, price)
        );
        _refuseRepay(id, price, 0, abi.encodeWithSelector(IFinancingDesk.DeskReceipt.selector));
        does(Kinds.REPAY, BANK, abi.encode(id, AMOUNT_MOST, RECEIPT));
    }

    function test_pledge_paid_in_part_is_repaid_for_what_is_left() public {
        // The bank's part payment went to the lien holder; the loan's price stays the least that frees the rest.
        uint64 id = disbursed(false, true);
        uint64 piece = desk.financingOf(id).piece;
        uint64 price = desk.financingOf(id).price;
        acts(BANK);
        vouchers.redeem(IVoucherRecords.RedeemItem(piece, FACE / 4, RECEIPT));
        _refuseRepay(
            id,
            price - FACE / 4,
            RECEIPT,
            abi.encodeWithSelector(IFinancingDesk.DeskAmount.selector, id, price - FACE / 4, price)
        );
        does(Kinds.REPAY, BANK, abi.encode(id, price, RECEIPT));
        assertEq(sizeOf(piece), FACE / 4);
        _assertPiece(piece, SUPPLIER, 0, 2);
    }

    function test_pledge_paid_whole_has_nothing_left_to_free() public {
        uint64 id = disbursed(false, true);
        uint64 piece = desk.financingOf(id).piece;
        acts(BANK);
        vouchers.redeem(IVoucherRecords.RedeemItem(piece, FACE / 2, RECEIPT));
        _refuseRepay(
            id,
            FACE,
            RECEIPT,
            abi.encodeWithSelector(IVoucherRecords.VouchersPieceState.selector, piece, 6)
        );
    }

    function test_pledge_repaid_is_free_to_be_financed_again() public {
        uint64 id = disbursed(false, true);
        uint64 piece = desk.financingOf(id).piece;
        does(Kinds.REPAY, BANK, abi.encode(id, FACE, RECEIPT));
        does(Kinds.OPEN, SUPPLIER, abi.encode(openItem(piece, FACE / 2, true, true)));
        assertEq(desk.financingOf(id + 1).piece, piece);
    }

    // ---- while the voucher contract stands still

    function test_desk_moves_no_piece_while_vouchers_are_paused() public {
        uint64 first = opened(true, true);
        (uint64 registered,, uint64 price) = _registered(true, true);
        uint64 pledged = disbursed(false, true);
        uint64 piece = held();
        vm.prank(guardian);
        voucherOrders.pause();
        bytes memory reason = abi.encodeWithSelector(IPartyGate.OrdersPaused.selector);
        refuses(Kinds.OPEN, SUPPLIER, abi.encode(openItem(piece, FACE, true, true)), reason);
        refuses(Kinds.RELEASE, FUNDER, abi.encode(first, 0), reason);
        _refuseDisburse(registered, price, RECEIPT, reason);
        _refuseRepay(pledged, FACE, RECEIPT, reason);
        // A registration moves no piece.
        does(Kinds.REGISTER_FINANCING, FUNDER, abi.encode(first, bytes32("r"), bytes32(0)));
    }

    // ---- help

    function _registered(bool sale, bool recourse)
        private
        returns (uint64 id, uint64 piece, uint64 price)
    {
        id = opened(sale, recourse);
        piece = desk.financingOf(id).piece;
        price = desk.financingOf(id).price;
        acts(FUNDER);
        desk.registerFinancing(
            IFinancingDesk.RegisterFinancingItem(id, keccak256(abi.encode("zdw", id)), 0)
        );
    }

    function _refuseDisburse(uint64 id, uint64 amount, bytes32 receipt, bytes memory reason)
        private
    {
        refuses(Kinds.DISBURSE, BANK, abi.encode(id, amount, receipt), reason);
    }

    function _refuseRepay(uint64 id, uint64 amount, bytes32 receipt, bytes memory reason) private {
        refuses(Kinds.REPAY, BANK, abi.encode(id, amount, receipt), reason);
    }

    function _assertPiece(uint64 id, uint32 holder, uint32 offeree, uint8 state) private view {
        IVoucherRecords.Piece memory stored = vouchers.pieceOf(id);
        assertEq(stored.holder, holder);
        assertEq(stored.offeree, offeree);
        assertEq(stored.state, state);
        assertEq(stored.expiry, 0);
    }
}
