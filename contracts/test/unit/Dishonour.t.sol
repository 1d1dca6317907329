// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IVoucherRecords} from "../../src/IVoucherRecords.sol";
import {Doors} from "../support/Doors.sol";
import {Kinds} from "../support/Kinds.sol";

/// @title Dishonour
contract DishonourTest is Doors {
    uint64 internal piece;
    uint32 internal dueDay;

    function setUp() public override {
        super.setUp();
        piece = held();
        dueDay = vouchers.rootOf(1).dueDay;
    }

    // ---- dishonour

    function test_bank_dishonours_from_the_day_after_the_due_day() public {
        passDays(90);
        _refuseDishonour(
            BANK, abi.encodeWithSelector(IVoucherRecords.VouchersNotDue.selector, 1, dueDay, dueDay)
        );
        passDays(1);
        vm.expectEmit(address(vouchers));
        emit IVoucherRecords.VoucherDishonoured(piece, BUYER, BANK, EVIDENCE);
        vm.expectEmit(address(vouchers));
        emit IVoucherRecords.IssuerBlocked(BUYER, BANK, EVIDENCE);
        does(Kinds.DISHONOUR, BANK, abi.encode(piece, EVIDENCE));
        assertEq(vouchers.rootState(1), 4);
        assertEq(vouchers.rootOf(1).state, 3);
        assertTrue(vouchers.issuerOf(BUYER).blocked);
        assertEq(vouchers.issuerOf(BUYER).outstanding, FACE);
        assertEq(stateOf(piece), 2);
    }

    function test_day_ends_at_midnight_in_china() public {
        // 15:59:59 UTC is the last second of the due day.
        vm.warp(uint256(dueDay + 1) * 1 days - 8 hours - 1);
        _refuseDishonour(
            BANK, abi.encodeWithSelector(IVoucherRecords.VouchersNotDue.selector, 1, dueDay, dueDay)
        );
        vm.warp(vm.getBlockTimestamp() + 1);
        does(Kinds.DISHONOUR, BANK, abi.encode(piece, EVIDENCE));
    }

    function test_holder_dishonours_after_the_grace_days() public {
        passDays(93);
        _refuseDishonour(
            SUPPLIER,
            abi.encodeWithSelector(
                IVoucherRecords.VouchersNotDue.selector, 1, dueDay + 3, dueDay + 3
            )
        );
        passDays(1);
        does(Kinds.DISHONOUR, SUPPLIER, abi.encode(piece, EVIDENCE));
        assertEq(vouchers.rootState(1), 4);
    }

    function test_grace_is_that_of_the_policy_at_issue() public {
        IVoucherRecords.Policy memory policy = firstPolicy();
        policy.graceDays = 0;
        govern(address(vouchers), abi.encodeCall(vouchers.addPolicy, (policy)));
        vm.warp(uint256(dueDay + 3) * 1 days);
        _refuseDishonour(
            SUPPLIER,
            abi.encodeWithSelector(
                IVoucherRecords.VouchersNotDue.selector, 1, dueDay + 3, dueDay + 3
            )
        );
    }

    function test_lien_holder_dishonours_like_a_holder() public {
        uint64 pledged = desk.financingOf(disbursed(false, true)).piece;
        passDays(94);
        does(Kinds.DISHONOUR, FUNDER, abi.encode(pledged, EVIDENCE));
        assertEq(vouchers.rootState(pledged >> 16), 4);
    }

    function test_nobody_else_dishonours() public {
        uint64 part = transferOffered(piece, 10);
        uint64 locked = desk.financingOf(opened(false, true)).piece;
        passDays(94);
        // Neither the one to whom a piece is offered nor the one for whom it is locked is owed anything.
        refuses(
            Kinds.DISHONOUR,
            SUPPLIER_2,
            abi.encode(part, EVIDENCE),
            abi.encodeWithSelector(IVoucherRecords.VouchersNotHolder.selector, part, SUPPLIER_2)
        );
        refuses(
            Kinds.DISHONOUR,
            FUNDER,
            abi.encode(locked, EVIDENCE),
            abi.encodeWithSelector(IVoucherRecords.VouchersNotHolder.selector, locked, FUNDER)
        );
        uint32[4] memory others = [BUYER, OPERATOR, REGULATOR, BANK_2];
        for (uint256 i; i < 4; ++i) {
            _refuseDishonour(
                others[i],
                abi.encodeWithSelector(IVoucherRecords.VouchersNotHolder.selector, piece, others[i])
            );
        }
    }

    function test_dishonour_needs_an_unpaid_piece_of_an_open_root_and_evidence() public {
        uint64 first = offered();
        uint64 paid = held();
        acts(BANK);
        vouchers.redeem(IVoucherRecords.RedeemItem(paid, FACE, RECEIPT));
        passDays(91);
        refuses(
            Kinds.DISHONOUR,
            BANK,
            abi.encode(first, EVIDENCE),
            abi.encodeWithSelector(IVoucherRecords.VouchersPieceState.selector, first, 1)
        );
        refuses(
            Kinds.DISHONOUR,
            BANK,
            abi.encode(paid, EVIDENCE),
            abi.encodeWithSelector(IVoucherRecords.VouchersPieceState.selector, paid, 6)
        );
        refuses(
            Kinds.DISHONOUR,
            BANK,
            abi.encode(uint64(7), EVIDENCE),
            abi.encodeWithSelector(IVoucherRecords.VouchersUnknownPiece.selector, 7)
        );
        refuses(
            Kinds.DISHONOUR,
            BANK,
            abi.encode(piece, bytes32(0)),
            abi.encodeWithSelector(IVoucherRecords.VouchersEvidence.selector)
        );
        _dishonour(piece);
        _refuseDishonour(
            BANK, abi.encodeWithSelector(IVoucherRecords.VouchersRootState.selector, 1, 4)
        );
    }

    function test_second_dishonour_finds_the_issuer_blocked_already() public {
        uint64 other = held();
        passDays(91);
        _dishonour(piece);
        does(Kinds.DISHONOUR, BANK, abi.encode(other, EVIDENCE));
        assertEq(vouchers.rootState(2), 4);
    }

    // ---- help

    function _dishonour(uint64 id) private {
        acts(BANK);
        vouchers.dishonour(IVoucherRecords.DishonourItem(id, EVIDENCE));
    }

    function _refuseDishonour(uint32 by, bytes memory reason) private {
        refuses(Kinds.DISHONOUR, by, abi.encode(piece, EVIDENCE), reason);
    }
}
