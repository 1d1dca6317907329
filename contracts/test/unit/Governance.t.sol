// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";
import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";

import {Council} from "../../src/Council.sol";
import {ICouncil} from "../../src/ICouncil.sol";
import {ISignedOrders} from "../../src/ISignedOrders.sol";
import {Network} from "../Network.sol";

/// @title Council, timelock, the pause
contract GovernanceTest is Network {
    bytes32 private constant SALT = "salt";

    function _call() private pure returns (bytes memory) {
        return abi.encodeCall(ISignedOrders.unpause, ());
    }

    function _operation() private view returns (bytes32) {
        return timelock.hashOperation(address(voucherOrders), 0, _call(), 0, SALT);
    }

    function _approve(uint256 member) private returns (bytes32) {
        vm.prank(councillors[member]);
        return council.approve(address(voucherOrders), _call(), SALT);
    }

    function _approveCancel(uint256 member) private {
        bytes32 operation = _operation();
        vm.prank(councillors[member]);
        council.approveCancel(operation);
    }

    function _pauseVouchers() private {
        vm.prank(guardian);
        voucherOrders.pause();
    }

    // ---- council

    function test_one_approval_schedules_nothing() public {
        vm.expectEmit(address(council));
        emit ICouncil.ScheduleApproved(_operation(), councillors[0], 1);
        assertEq(_approve(0), _operation());
        assertFalse(timelock.isOperation(_operation()));
        assertEq(council.approvalsOf(_operation()), 1);
    }

    function test_enough_approvals_schedule_and_anyone_executes_after_the_delay() public {
        _pauseVouchers();
        _approve(0);
        _approve(2);
        assertTrue(timelock.isOperationPending(_operation()));
        vm.warp(START + DELAY_SECONDS - 1);
        vm.expectPartialRevert(TimelockController.TimelockUnexpectedOperationState.selector);
        timelock.execute(address(voucherOrders), 0, _call(), 0, SALT);
        vm.warp(START + DELAY_SECONDS);
        vm.prank(stranger);
        timelock.execute(address(voucherOrders), 0, _call(), 0, SALT);
        assertFalse(voucherOrders.paused());
    }

    function test_a_later_approval_changes_nothing() public {
        _approve(0);
        _approve(1);
        uint256 due = timelock.getTimestamp(_operation());
        vm.warp(START + 5);
        _approve(2);
        assertEq(timelock.getTimestamp(_operation()), due);
    }

    function test_nobody_approves_twice() public {
        _approve(0);
        vm.expectRevert(
            abi.encodeWithSelector(ICouncil.CouncilApproved.selector, _operation(), councillors[0])
        );
        _approve(0);
    }

    function test_only_members_approve() public {
        vm.expectRevert(abi.encodeWithSelector(ICouncil.CouncilNotMember.selector, stranger));
        vm.prank(stranger);
        council.approve(address(vouchers), "", 0);
        vm.expectRevert(abi.encodeWithSelector(ICouncil.CouncilNotMember.selector, registrar));
        vm.prank(registrar);
        council.approveCancel(0);
    }

    function test_members_call_off_what_is_scheduled_for_good() public {
        _approve(0);
        _approve(1);
        vm.expectEmit(address(council));
        emit ICouncil.CancelApproved(_operation(), councillors[1], 1);
        _approveCancel(1);
        assertTrue(timelock.isOperationPending(_operation()));
        assertEq(council.cancelApprovalsOf(_operation()), 1);
        _approveCancel(2);
        assertFalse(timelock.isOperation(_operation()));
        vm.expectRevert(abi.encodeWithSelector(ICouncil.CouncilCancelled.selector, _operation()));
        _approve(2);
    }

    function test_what_is_not_scheduled_cannot_be_called_off() public {
        _approveCancel(0);
        bytes32 operation = _operation();
        vm.expectPartialRevert(TimelockController.TimelockUnexpectedOperationState.selector);
        vm.prank(councillors[1]);
        council.approveCancel(operation);
    }

    function test_a_member_who_left_no_longer_counts() public {
        _approve(0);
        address[] memory others = new address[](2);
        (others[0], others[1]) = (councillors[1], councillors[2]);
        vm.expectEmit(address(council));
        emit ICouncil.CouncilSet(others, 2);
        vm.prank(address(timelock));
        council.setCouncil(others, 2);
        assertEq(council.approvalsOf(_operation()), 0);
        _approve(1);
        assertFalse(timelock.isOperation(_operation()));
        _approve(2);
        assertTrue(timelock.isOperation(_operation()));
        assertFalse(council.isMember(councillors[0]));
        assertEq(council.members().length, 2);
    }

    function test_council_changes_only_by_its_own_decision() public {
        vm.expectRevert(
            abi.encodeWithSelector(ICouncil.CouncilTimelockOnly.selector, councillors[0])
        );
        vm.prank(councillors[0]);
        council.setCouncil(councillors, 1);
        govern(address(council), abi.encodeCall(ICouncil.setCouncil, (councillors, 3)));
        assertEq(council.threshold(), 3);
    }

    function test_councils_that_cannot_decide_are_refused() public {
        _refusedCouncil(new address[](0), 0, ICouncil.CouncilMembers.selector);
        _refusedCouncil(councillors, 0, ICouncil.CouncilMembers.selector);
        _refusedCouncil(councillors, 4, ICouncil.CouncilMembers.selector);
        _refusedCouncil(new address[](65), 1, ICouncil.CouncilMembers.selector);
        address[] memory twice = new address[](2);
        (twice[0], twice[1]) = (stranger, stranger);
        _refusedCouncil(twice, 1, ICouncil.CouncilMemberTwice.selector);
        vm.expectRevert(abi.encodeWithSelector(ICouncil.CouncilMembers.selector, 3, 4));
        new Council(address(timelock), councillors, 4);
    }

    function _refusedCouncil(address[] memory members, uint256 threshold, bytes4 selector) private {
        vm.expectPartialRevert(selector);
        vm.prank(address(timelock));
        council.setCouncil(members, threshold);
    }

    function test_only_the_council_proposes_and_nobody_administers_the_timelock() public view {
        assertTrue(timelock.hasRole(timelock.PROPOSER_ROLE(), address(council)));
        assertTrue(timelock.hasRole(timelock.CANCELLER_ROLE(), address(council)));
        assertTrue(timelock.hasRole(timelock.EXECUTOR_ROLE(), address(0)));
        assertFalse(timelock.hasRole(timelock.DEFAULT_ADMIN_ROLE(), address(this)));
        assertFalse(timelock.hasRole(timelock.PROPOSER_ROLE(), councillors[0]));
        assertTrue(timelock.hasRole(timelock.DEFAULT_ADMIN_ROLE(), address(timelock)));
    }

    // ---- pause

    function test_guardian_pauses_each_contract_and_cannot_end_it() public {
        ISignedOrders[4] memory all = [ISignedOrders(registry), documents, voucherOrders, desk];
        for (uint256 i; i < 4; ++i) {
            vm.expectEmit(address(all[i]));
            emit ISignedOrders.Paused(guardian);
            vm.prank(guardian);
            all[i].pause();
            assertTrue(all[i].paused());
            vm.expectRevert(
                abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, guardian)
            );
            vm.prank(guardian);
            all[i].unpause();
            vm.expectEmit(address(all[i]));
            emit ISignedOrders.Unpaused(address(timelock));
            vm.prank(address(timelock));
            all[i].unpause();
            assertFalse(all[i].paused());
        }
    }

    function test_registrar_still_throws_out_a_party_while_all_is_paused() public {
        ISignedOrders[4] memory all = [ISignedOrders(registry), documents, voucherOrders, desk];
        for (uint256 i; i < 4; ++i) {
            vm.prank(guardian);
            all[i].pause();
        }
        vm.prank(registrar);
        registry.setStatus(SUPPLIER, 2, EVIDENCE);
        assertEq(voucherOrders.party(SUPPLIER).status, 2);
    }

    // ---- authority

    function test_the_authority_can_hand_a_role_on() public {
        bytes memory data = abi.encodeCall(IAccessManager.grantRole, (uint64(2), stranger, 0));
        govern(address(authority), data);
        vm.prank(stranger);
        desk.pause();
        assertTrue(desk.paused());
    }
}
