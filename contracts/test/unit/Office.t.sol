// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

import {IPartyDirectory} from "../../src/IPartyDirectory.sol";
import {IPartyGate} from "../../src/IPartyGate.sol";
import {IVoucherOffice} from "../../src/IVoucherOffice.sol";
import {IVoucherRecords} from "../../src/IVoucherRecords.sol";
import {Network} from "../Network.sol";

/// @title Who may set limits and rows, and who may hold a piece
contract OfficeTest is Network {
    function test_limits_and_policy_are_refused_to_others() public {
        address[4] memory others = [stranger, guardian, accountOf(BUYER), accountOf(OPERATOR)];
        for (uint256 i; i < 4; ++i) {
            bytes memory reason = abi.encodeWithSelector(
                IAccessManaged.AccessManagedUnauthorized.selector, others[i]
            );
            vm.startPrank(others[i]);
            vm.expectRevert(reason);
            vouchers.setIssuerLimit(BUYER, 5);
            vm.expectRevert(reason);
            vouchers.addPolicy(firstPolicy());
            vm.stopPrank();
        }
        vm.expectRevert(
            abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, registrar)
        );
        vm.prank(registrar);
        vouchers.addPolicy(firstPolicy());
    }

    // ---- the desk's door

    function test_holds_on_pieces_are_the_desks_alone() public {
        uint64 piece = held();
        address[4] memory others =
            [accountOf(SUPPLIER), registrar, address(timelock), address(documents)];
        for (uint256 i; i < 4; ++i) {
            bytes memory reason =
                abi.encodeWithSelector(IVoucherRecords.VouchersDeskOnly.selector, others[i]);
            vm.startPrank(others[i]);
            vm.expectRevert(reason);
            vouchers.lock(piece, 1, false, SUPPLIER, FUNDER, inDays(1));
            vm.expectRevert(reason);
            vouchers.unlock(piece);
            vm.expectRevert(reason);
            vouchers.finance(piece, FACE, true);
            vm.expectRevert(reason);
            vouchers.release(piece, FUNDER);
            vm.stopPrank();
        }
    }

    function test_holds_need_the_right_state_and_no_pause() public {
        uint64 piece = held();
        vm.startPrank(address(desk));
        bytes memory reason =
            abi.encodeWithSelector(IVoucherRecords.VouchersPieceState.selector, piece, 2);
        vm.expectRevert(reason);
        vouchers.unlock(piece);
        vm.expectRevert(reason);
        vouchers.finance(piece, FACE, true);
        vm.expectRevert(reason);
        vouchers.release(piece, FUNDER);
        vm.stopPrank();
        vm.prank(guardian);
        voucherOrders.pause();
        vm.startPrank(address(desk));
        vm.expectRevert(IPartyGate.OrdersPaused.selector);
        vouchers.lock(piece, 1, false, SUPPLIER, FUNDER, inDays(1));
        vm.expectRevert(IPartyGate.OrdersPaused.selector);
        vouchers.unlock(piece);
        vm.expectRevert(IPartyGate.OrdersPaused.selector);
        vouchers.finance(piece, FACE, true);
        vm.expectRevert(IPartyGate.OrdersPaused.selector);
        vouchers.release(piece, FUNDER);
        vm.stopPrank();
    }

    function test_the_office_alone_holds_no_books() public {
        IVoucherOffice office = IVoucherOffice(voucherOrders.office());
        assertEq(office.rootCount(), 0);
        vm.expectRevert(
            abi.encodeWithSelector(
                IPartyDirectory.DirectoryUnknownAccount.selector, accountOf(BANK)
            )
        );
        acts(BANK);
        office.dishonour(IVoucherRecords.DishonourItem(1 << 16, EVIDENCE));
    }
}
