// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IFinancingDesk} from "../../src/IFinancingDesk.sol";
import {IVoucherRecords} from "../../src/IVoucherRecords.sol";
import {Doors} from "../support/Doors.sol";
import {Kinds} from "../support/Kinds.sol";

/// @title Registering a financing, and letting it go
contract DeskTest is Doors {
    uint64 internal piece;

    function setUp() public override {
        super.setUp();
        piece = held();
    }

    // ---- register

    function test_funder_binds_the_registration() public {
        uint64 id = opened(true, true);
        vm.expectEmit(address(desk));
        emit IFinancingDesk.FinancingRegistered(id, "zdw", 0);
        does(Kinds.REGISTER_FINANCING, FUNDER, abi.encode(id, bytes32("zdw"), bytes32(0)));
        assertEq(desk.financingOf(id).state, 2);
        assertEq(desk.financingOf(id).registration, "zdw");
        assertEq(desk.financingOfRegistration("zdw"), id);
    }

    function test_registration_is_the_funders_alone() public {
        uint64 id = opened(true, true);
        uint32[3] memory others = [SUPPLIER, BANK, OPERATOR];
        for (uint256 i; i < 3; ++i) {
            refuses(
                Kinds.REGISTER_FINANCING,
                others[i],
                abi.encode(id, bytes32("zdw"), bytes32(0)),
                abi.encodeWithSelector(IFinancingDesk.DeskNotFunder.selector, id, others[i])
            );
        }
        refuses(
            Kinds.REGISTER_FINANCING,
            FUNDER,
            abi.encode(id + 1, bytes32("zdw"), bytes32(0)),
            abi.encodeWithSelector(IFinancingDesk.DeskUnknown.selector, id + 1)
        );
    }

    function test_registration_is_bound_once_while_the_lock_runs() public {
        uint64 id = opened(true, true);
        refuses(
            Kinds.REGISTER_FINANCING,
            FUNDER,
            abi.encode(id, bytes32(0), bytes32(0)),
            abi.encodeWithSelector(IFinancingDesk.DeskRegistration.selector)
        );
        uint32 expiry = desk.financingOf(id).expiry;
        vm.warp(expiry);
        does(Kinds.REGISTER_FINANCING, FUNDER, abi.encode(id, bytes32("zdw"), bytes32(0)));
        refuses(
            Kinds.REGISTER_FINANCING,
            FUNDER,
            abi.encode(id, bytes32("b"), bytes32(0)),
            abi.encodeWithSelector(IFinancingDesk.DeskState.selector, id, 2)
        );
        uint64 second = opened(true, true);
        refuses(
            Kinds.REGISTER_FINANCING,
            FUNDER,
            abi.encode(second, bytes32("zdw"), bytes32(0)),
            abi.encodeWithSelector(IFinancingDesk.DeskRegistrationUsed.selector, bytes32("zdw"), id)
        );
        expiry = desk.financingOf(second).expiry;
        vm.warp(expiry + 1);
        refuses(
            Kinds.REGISTER_FINANCING,
            FUNDER,
            abi.encode(second, bytes32("b"), bytes32(0)),
            abi.encodeWithSelector(IFinancingDesk.DeskLockExpired.selector, second, expiry)
        );
    }

    function test_term_above_the_soft_limit_needs_a_reason() public {
        // Issued on 2026-03-02; six months on is 2026-09-02.
        uint32 soft = today() + 184;
        IVoucherRecords.IssueItem memory item = issueItem(newDocument(BUYER, SUPPLIER, FACE));
        (item.face, item.dueDay) = (FACE / 2, soft);
        acts(BUYER);
        vouchers.issue(item);
        item.dueDay = soft + 1;
        acts(BUYER);
        vouchers.issue(item);
        for (uint64 root = 2; root <= 3; ++root) {
            accept(SUPPLIER, root << 16);
            acts(SUPPLIER);
            desk.openFinancing(openItem(root << 16, FACE / 2, true, true));
        }
        does(Kinds.REGISTER_FINANCING, FUNDER, abi.encode(1, bytes32("a"), bytes32(0)));
        refuses(
            Kinds.REGISTER_FINANCING,
            FUNDER,
            abi.encode(2, bytes32("b"), bytes32(0)),
            abi.encodeWithSelector(IFinancingDesk.DeskNeedsTenorReason.selector, 2, soft + 1)
        );
        vm.expectEmit(address(desk));
        emit IFinancingDesk.FinancingRegistered(2, "b", "reason");
        does(Kinds.REGISTER_FINANCING, FUNDER, abi.encode(2, bytes32("b"), bytes32("reason")));
    }

    // ---- release

    function test_funder_lets_go_at_any_time() public {
        uint64 id = opened(true, true);
        uint64 locked = desk.financingOf(id).piece;
        vm.expectEmit(address(desk));
        emit IFinancingDesk.FinancingReleased(id, FUNDER, 3);
        vm.expectEmit(address(vouchers));
        emit IVoucherRecords.PieceUnlocked(locked, SUPPLIER, FUNDER);
        does(Kinds.RELEASE, FUNDER, abi.encode(id, 3));
        assertEq(desk.financingOf(id).state, 4);
        assertEq(stateOf(locked), 2);
        assertEq(vouchers.pieceOf(locked).offeree, 0);
        refuses(
            Kinds.RELEASE,
            FUNDER,
            abi.encode(id, 3),
            abi.encodeWithSelector(IFinancingDesk.DeskState.selector, id, 4)
        );
    }

    function test_seller_waits_for_the_end_of_the_lock() public {
        uint64 id = opened(true, true);
        acts(FUNDER);
        desk.registerFinancing(IFinancingDesk.RegisterFinancingItem(id, "zdw", 0));
        uint32 expiry = desk.financingOf(id).expiry;
        vm.warp(expiry);
        refuses(
            Kinds.RELEASE,
            SUPPLIER,
            abi.encode(id, 0),
            abi.encodeWithSelector(IFinancingDesk.DeskLockRuns.selector, id, expiry)
        );
        vm.warp(expiry + 1);
        does(Kinds.RELEASE, SUPPLIER, abi.encode(id, 0));
    }

    function test_release_is_for_the_two_sides_before_money_flowed() public {
        uint64 id = opened(true, true);
        uint32[3] memory others = [BANK, SUPPLIER_2, OPERATOR];
        for (uint256 i; i < 3; ++i) {
            refuses(
                Kinds.RELEASE,
                others[i],
                abi.encode(id, 0),
                abi.encodeWithSelector(IFinancingDesk.DeskNotParty.selector, id, others[i])
            );
        }
        refuses(
            Kinds.RELEASE,
            FUNDER,
            abi.encode(9, 0),
            abi.encodeWithSelector(IFinancingDesk.DeskUnknown.selector, 9)
        );
        id = disbursed(true, true);
        refuses(
            Kinds.RELEASE,
            FUNDER,
            abi.encode(id, 0),
            abi.encodeWithSelector(IFinancingDesk.DeskState.selector, id, 3)
        );
    }

    function test_unknown_financing_has_no_words() public {
        vm.expectRevert(abi.encodeWithSelector(IFinancingDesk.DeskUnknown.selector, 1));
        desk.financingOf(1);
        assertEq(desk.financingOfRegistration("zdw"), 0);
        assertEq(desk.financingCount(), 0);
    }
}
