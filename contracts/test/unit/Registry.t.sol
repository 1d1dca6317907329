// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

import {IPartyDirectory} from "../../src/IPartyDirectory.sol";
import {IPartyRegistry} from "../../src/IPartyRegistry.sol";
import {Network} from "../Network.sol";

/// @title Parties: admission, roles, status, recovery
contract RegistryTest is Network {
    address internal account = makeAddr("account");

    // ---- register

    function test_registrar_admits_parties_in_order() public {
        IPartyRegistry.Registration[] memory list = new IPartyRegistry.Registration[](2);
        list[0] = _registration("a", 2, 1, account);
        list[1] = _registration("b", 255, 2, makeAddr("b1"));
        list[1].accounts = new address[](2);
        list[1].accounts[0] = makeAddr("b1");
        list[1].accounts[1] = makeAddr("b2");
        vm.expectEmit(address(registry));
        emit IPartyRegistry.PartyRegistered(PARTIES + 1, "a", 2, 1);
        vm.expectEmit(address(registry));
        emit IPartyRegistry.AccountAdded(PARTIES + 1, account);
        vm.expectEmit(address(registry));
        emit IPartyRegistry.PartyRegistered(PARTIES + 2, "b", 255, 2);
        vm.prank(registrar);
        assertEq(registry.register(list), PARTIES + 1);
        assertEq(registry.partyCount(), PARTIES + 2);
        assertEq(registry.idHashOf(PARTIES + 1), "a");
        assertEq(registry.partyOfIdHash("b"), PARTIES + 2);
        assertEq(registry.accountsOf(PARTIES + 2).length, 2);
        _assertMember(account, PARTIES + 1, 2, 1, 1);
        _assertMember(makeAddr("b2"), PARTIES + 2, 255, 1, 2);
    }

    function test_registering_nobody_changes_nothing() public {
        vm.prank(registrar);
        registry.register(new IPartyRegistry.Registration[](0));
        assertEq(registry.partyCount(), PARTIES);
    }

    function test_register_refuses_what_is_not_well_formed() public {
        _refuseRegister(
            _registration(0, 2, 1, account),
            abi.encodeWithSelector(IPartyRegistry.RegistryZero.selector)
        );
        bytes32 taken = registry.idHashOf(SUPPLIER);
        _refuseRegister(
            _registration(taken, 2, 1, account),
            abi.encodeWithSelector(IPartyRegistry.RegistryIdTaken.selector, taken, SUPPLIER)
        );
        _refuseRegister(
            _registration("a", 0, 1, account),
            abi.encodeWithSelector(IPartyRegistry.RegistryRoles.selector, 0)
        );
        _refuseRegister(
            _registration("a", 256, 1, account),
            abi.encodeWithSelector(IPartyRegistry.RegistryRoles.selector, 256)
        );
        _refuseRegister(
            _registration("a", 2, 0, account),
            abi.encodeWithSelector(IPartyRegistry.RegistryThreshold.selector, 0)
        );
        _refuseRegister(
            _registration("a", 2, 3, account),
            abi.encodeWithSelector(IPartyRegistry.RegistryThreshold.selector, 3)
        );
        _refuseRegister(
            _registration("a", 2, 2, account),
            abi.encodeWithSelector(IPartyRegistry.RegistryAccountCount.selector, 1, 2, 16)
        );
        _refuseRegister(
            _registration("a", 2, 1, address(0)),
            abi.encodeWithSelector(IPartyRegistry.RegistryZero.selector)
        );
        _refuseRegister(
            _registration("a", 2, 1, accountOf(BANK)),
            abi.encodeWithSelector(
                IPartyRegistry.RegistryAccountTaken.selector, accountOf(BANK), BANK
            )
        );
        IPartyRegistry.Registration memory item = _registration("a", 2, 2, account);
        item.accounts = new address[](2);
        item.accounts[0] = account;
        item.accounts[1] = account;
        _refuseRegister(
            item,
            abi.encodeWithSelector(
                IPartyRegistry.RegistryAccountTaken.selector, account, PARTIES + 1
            )
        );
        item.accounts = new address[](17);
        _refuseRegister(
            item, abi.encodeWithSelector(IPartyRegistry.RegistryAccountCount.selector, 17, 2, 16)
        );
    }

    // ---- roles and status

    function test_registrar_sets_roles_everywhere() public {
        vm.expectEmit(address(registry));
        emit IPartyRegistry.PartyRolesSet(SUPPLIER, 3);
        vm.prank(registrar);
        registry.setRoles(SUPPLIER, 3);
        _assertMember(accountOf(SUPPLIER), SUPPLIER, 3, 1, 1);
        _assertMember(accountOf(SUPPLIER, 2), SUPPLIER, 3, 1, 1);
    }

    function test_registrar_suspends_and_reinstates() public {
        vm.expectEmit(address(registry));
        emit IPartyRegistry.PartyStatusSet(SUPPLIER, 2, EVIDENCE);
        vm.prank(registrar);
        registry.setStatus(SUPPLIER, 2, EVIDENCE);
        _assertMember(accountOf(SUPPLIER), SUPPLIER, 2, 2, 1);
        vm.prank(registrar);
        registry.setStatus(SUPPLIER, 1, EVIDENCE);
        _assertMember(accountOf(SUPPLIER), SUPPLIER, 2, 1, 1);
    }

    function test_roles_and_status_are_of_known_values_and_parties() public {
        vm.startPrank(registrar);
        vm.expectRevert(abi.encodeWithSelector(IPartyRegistry.RegistryRoles.selector, 0));
        registry.setRoles(SUPPLIER, 0);
        vm.expectRevert(abi.encodeWithSelector(IPartyRegistry.RegistryRoles.selector, 256));
        registry.setRoles(SUPPLIER, 256);
        vm.expectRevert(abi.encodeWithSelector(IPartyRegistry.RegistryStatus.selector, 0));
        registry.setStatus(SUPPLIER, 0, EVIDENCE);
        vm.expectRevert(abi.encodeWithSelector(IPartyRegistry.RegistryStatus.selector, 3));
        registry.setStatus(SUPPLIER, 3, EVIDENCE);
        bytes memory unknown =
            abi.encodeWithSelector(IPartyDirectory.DirectoryUnknownParty.selector, 99);
        vm.expectRevert(unknown);
        registry.setRoles(99, 1);
        vm.expectRevert(unknown);
        registry.setStatus(99, 1, EVIDENCE);
        vm.stopPrank();
        vm.expectRevert(unknown);
        vm.prank(address(timelock));
        registry.recoverAccounts(99, new address[](1), 1, EVIDENCE);
    }

    function test_suspended_party_acts_no_more_but_keeps_what_is_its_own() public {
        uint64 piece = held();
        vm.prank(registrar);
        registry.setStatus(SUPPLIER, 2, EVIDENCE);
        vm.expectRevert(
            abi.encodeWithSelector(IPartyDirectory.DirectoryPartySuspended.selector, SUPPLIER)
        );
        acts(SUPPLIER);
        vouchers.transfer(transferItem(piece, 1, SUPPLIER_2));
        assertEq(vouchers.pieceOf(piece).holder, SUPPLIER);
    }

    // ---- recovery

    function test_timelock_recovers_lost_accounts() public {
        address[] memory accounts = new address[](2);
        (accounts[0], accounts[1]) = (account, accountOf(SUPPLIER, 2));
        bytes memory data =
            abi.encodeCall(IPartyRegistry.recoverAccounts, (SUPPLIER, accounts, 2, EVIDENCE));
        vm.prank(registrar);
        registry.setStatus(SUPPLIER, 2, EVIDENCE);
        govern(address(registry), data);
        assertEq(registry.accountsOf(SUPPLIER).length, 2);
        // Roles and status stay; the old key is out, the one named again is in.
        _assertMember(accountOf(SUPPLIER), 0, 0, 0, 0);
        _assertMember(account, SUPPLIER, 2, 2, 2);
        _assertMember(accountOf(SUPPLIER, 2), SUPPLIER, 2, 2, 2);
    }

    function test_recovery_says_what_it_did() public {
        address[] memory accounts = new address[](1);
        accounts[0] = account;
        vm.expectEmit(address(registry));
        emit IPartyRegistry.AccountRemoved(SUPPLIER, accountOf(SUPPLIER));
        vm.expectEmit(address(registry));
        emit IPartyRegistry.AccountRemoved(SUPPLIER, accountOf(SUPPLIER, 2));
        vm.expectEmit(address(registry));
        emit IPartyRegistry.AccountAdded(SUPPLIER, account);
        vm.expectEmit(address(registry));
        emit IPartyRegistry.PartyThresholdSet(SUPPLIER, 1);
        vm.expectEmit(address(registry));
        emit IPartyRegistry.AccountsRecovered(SUPPLIER, EVIDENCE);
        vm.prank(address(timelock));
        registry.recoverAccounts(SUPPLIER, accounts, 1, EVIDENCE);
    }

    function test_recovery_heeds_the_rules_of_accounts() public {
        address[] memory accounts = new address[](1);
        accounts[0] = accountOf(BANK);
        vm.startPrank(address(timelock));
        vm.expectRevert(
            abi.encodeWithSelector(IPartyRegistry.RegistryAccountTaken.selector, accounts[0], BANK)
        );
        registry.recoverAccounts(SUPPLIER, accounts, 1, EVIDENCE);
        vm.expectRevert(
            abi.encodeWithSelector(IPartyRegistry.RegistryAccountCount.selector, 0, 1, 16)
        );
        registry.recoverAccounts(SUPPLIER, new address[](0), 1, EVIDENCE);
        vm.expectRevert(abi.encodeWithSelector(IPartyRegistry.RegistryThreshold.selector, 3));
        registry.recoverAccounts(SUPPLIER, accounts, 3, EVIDENCE);
        vm.stopPrank();
    }

    // ---- who may not

    function test_administration_is_refused_to_everyone_else() public {
        address[5] memory callers =
            [stranger, guardian, accountOf(OPERATOR), accountOf(REGULATOR), councillors[0]];
        for (uint256 i; i < 5; ++i) {
            bytes memory reason = abi.encodeWithSelector(
                IAccessManaged.AccessManagedUnauthorized.selector, callers[i]
            );
            vm.startPrank(callers[i]);
            vm.expectRevert(reason);
            registry.register(new IPartyRegistry.Registration[](0));
            vm.expectRevert(reason);
            registry.setRoles(SUPPLIER, 3);
            vm.expectRevert(reason);
            registry.setStatus(SUPPLIER, 2, EVIDENCE);
            vm.expectRevert(reason);
            registry.recoverAccounts(SUPPLIER, new address[](0), 1, EVIDENCE);
            vm.stopPrank();
        }
        vm.expectRevert(
            abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, registrar)
        );
        vm.prank(registrar);
        registry.recoverAccounts(SUPPLIER, new address[](0), 1, EVIDENCE);
    }

    function test_followers_listen_to_the_registry_alone() public {
        IPartyDirectory[4] memory places =
            [IPartyDirectory(registry), documents, voucherOrders, desk];
        address[3] memory callers = [registrar, address(timelock), accountOf(SUPPLIER)];
        IPartyDirectory.Member memory member;
        for (uint256 p; p < 4; ++p) {
            for (uint256 i; i < 3; ++i) {
                bytes memory reason = abi.encodeWithSelector(
                    IPartyDirectory.DirectoryNotRegistry.selector, callers[i]
                );
                vm.startPrank(callers[i]);
                vm.expectRevert(reason);
                places[p].syncParty(member, new address[](0));
                vm.expectRevert(reason);
                places[p].dropAccount(accountOf(SUPPLIER));
                vm.stopPrank();
            }
        }
    }

    // ---- help

    function _registration(bytes32 idHash, uint16 roles, uint8 threshold, address first)
        private
        pure
        returns (IPartyRegistry.Registration memory)
    {
        address[] memory accounts = new address[](1);
        accounts[0] = first;
        return IPartyRegistry.Registration(idHash, roles, threshold, accounts);
    }

    function _refuseRegister(IPartyRegistry.Registration memory item, bytes memory reason) private {
        IPartyRegistry.Registration[] memory list = new IPartyRegistry.Registration[](1);
        list[0] = item;
        vm.expectRevert(reason);
        vm.prank(registrar);
        registry.register(list);
    }

    /// @dev The same in every contract.
    function _assertMember(address of_, uint32 id, uint16 roles, uint8 status, uint8 threshold)
        private
        view
    {
        IPartyDirectory[4] memory places =
            [IPartyDirectory(registry), documents, voucherOrders, desk];
        for (uint256 p; p < 4; ++p) {
            IPartyDirectory.Member memory member = places[p].memberOf(of_);
            assertEq(member.party, id);
            assertEq(member.roles, roles);
            assertEq(member.status, status);
            assertEq(member.threshold, threshold);
            if (id != 0) assertEq(places[p].party(id).threshold, threshold);
        }
    }
}
