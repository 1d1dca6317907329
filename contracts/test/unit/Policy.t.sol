// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IPartyDirectory} from "../../src/IPartyDirectory.sol";
import {IPartyGate} from "../../src/IPartyGate.sol";
import {IVoucherOffice} from "../../src/IVoucherOffice.sol";
import {IVoucherRecords} from "../../src/IVoucherRecords.sol";
import {Network} from "../Network.sol";

/// @title Dated rows of market rules, and limits of issuers
contract PolicyTest is Network {
    function test_a_row_is_in_force_from_its_day_on() public {
        IVoucherRecords.Policy memory row = firstPolicy();
        row.validFrom = today() + 30;
        row.tenorMonthsHard = 6;
        _add(row);
        (uint8 number,) = vouchers.policyOn(row.validFrom - 1);
        assertEq(number, 1);
        (number,) = vouchers.policyOn(row.validFrom);
        assertEq(number, 2);
        assertEq(vouchers.policyOf(2).tenorMonthsHard, 6);
    }

    function test_the_last_of_two_rows_of_one_day_is_in_force() public {
        IVoucherRecords.Policy memory row = firstPolicy();
        _add(row);
        _add(row);
        (uint8 number,) = vouchers.policyOn(today());
        assertEq(number, 3);
    }

    function test_a_voucher_keeps_the_number_of_its_row() public {
        uint64 before = held();
        _add(firstPolicy());
        uint64 later = held();
        assertEq(vouchers.rootOf(before >> 16).policy, 1);
        assertEq(vouchers.rootOf(later >> 16).policy, 2);
    }

    function test_a_shorter_term_binds_new_vouchers_only() public {
        bytes32 document = newDocument(BUYER, SUPPLIER, FACE);
        IVoucherRecords.IssueItem memory item = issueItem(document);
        item.dueDay = today() + 300;
        IVoucherRecords.Policy memory row = firstPolicy();
        row.tenorMonthsHard = 6;
        _add(row);
        uint32 last = 20_698; // 2026-09-02, six months after 2026-03-02
        vm.warp(START);
        vm.expectRevert(
            abi.encodeWithSelector(IVoucherRecords.VouchersDue.selector, item.dueDay, today(), last)
        );
        acts(BUYER);
        vouchers.issue(item);
    }

    function test_without_rows_there_is_no_policy() public {
        // Row 1 is valid from day 0, so only a contract without rows answers so: the code behind the proxy.
        IVoucherOffice office = _office();
        vm.expectRevert(abi.encodeWithSelector(IVoucherRecords.VouchersNoPolicy.selector, 7));
        office.policyOn(7);
    }

    function test_rows_out_of_bounds_are_refused() public {
        IVoucherRecords.Policy memory row = firstPolicy();
        row.validFrom = 10;
        _add(row);
        row.validFrom = 9;
        _refused(row);
        row = firstPolicy();
        row.validFrom = 10;
        row.tenorMonthsHard = 0;
        row.tenorMonthsSoft = 0;
        _refused(row);
        row.tenorMonthsHard = 121;
        _refused(row);
        row.tenorMonthsHard = 5;
        row.tenorMonthsSoft = 6;
        _refused(row);
        row = firstPolicy();
        row.validFrom = 10;
        row.maxDepth = 201;
        _refused(row);
        row = firstPolicy();
        row.validFrom = 10;
        row.maxPieces = 0;
        _refused(row);
        row.maxPieces = 60_001;
        _refused(row);
        row = firstPolicy();
        row.validFrom = 10;
        row.offerSecondsMax = 0;
        _refused(row);
    }

    function test_rows_at_the_bounds_are_taken() public {
        IVoucherRecords.Policy memory row = IVoucherRecords.Policy(0, 120, 120, 200, 60_000, 1, 0);
        _add(row);
        row = IVoucherRecords.Policy(0, 0, 1, 0, 1, type(uint32).max, type(uint16).max);
        assertEq(_add(row), 3);
    }

    function test_there_are_255_rows_at_most() public {
        for (uint256 i = 1; i < 255; ++i) {
            _add(firstPolicy());
        }
        assertEq(_add255(), 255);
        _refused(firstPolicy());
    }

    function test_limit_is_set_for_a_known_party_only() public {
        vm.expectRevert(abi.encodeWithSelector(IPartyDirectory.DirectoryUnknownParty.selector, 99));
        vm.prank(registrar);
        vouchers.setIssuerLimit(99, 1);
    }

    function test_limit_fits_a_signed_number() public {
        uint64 most = 2 ** 63 - 1;
        vm.prank(registrar);
        vouchers.setIssuerLimit(BUYER, most);
        assertEq(vouchers.issuerOf(BUYER).limit, most);
        vm.expectRevert(
            abi.encodeWithSelector(IVoucherRecords.VouchersAmount.selector, most + 1, most)
        );
        vm.prank(registrar);
        vouchers.setIssuerLimit(BUYER, most + 1);
    }

    function test_limit_below_what_is_outstanding_stops_issue_and_nothing_else() public {
        uint64 piece = held();
        vm.prank(registrar);
        vouchers.setIssuerLimit(BUYER, FACE - 1);
        assertEq(vouchers.issuerOf(BUYER).outstanding, FACE);
        bytes32 document = newDocument(BUYER, SUPPLIER, FACE);
        vm.expectRevert(
            abi.encodeWithSelector(IVoucherRecords.VouchersLimit.selector, BUYER, FACE, 0)
        );
        IVoucherRecords.IssueItem memory item = issueItem(document);
        acts(BUYER);
        vouchers.issue(item);
        transferOffered(piece, 1);
    }

    function test_while_paused_neither_row_nor_limit_changes() public {
        vm.prank(guardian);
        voucherOrders.pause();
        vm.expectRevert(IPartyGate.OrdersPaused.selector);
        vm.prank(registrar);
        vouchers.setIssuerLimit(BUYER, 1);
        vm.expectRevert(IPartyGate.OrdersPaused.selector);
        vm.prank(address(timelock));
        vouchers.addPolicy(firstPolicy());
    }

    function _add(IVoucherRecords.Policy memory row) private returns (uint8) {
        vm.prank(address(timelock));
        return vouchers.addPolicy(row);
    }

    function _add255() private view returns (uint8 number) {
        (number,) = vouchers.policyOn(today());
    }

    function _refused(IVoucherRecords.Policy memory row) private {
        vm.expectRevert(
            abi.encodeWithSelector(IVoucherRecords.VouchersPolicy.selector, row.validFrom)
        );
        vm.prank(address(timelock));
        vouchers.addPolicy(row);
    }

    function _office() private view returns (IVoucherOffice) {
        return IVoucherOffice(voucherOrders.office());
    }
}

