// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IPartyRegistry} from "../../src/IPartyRegistry.sol";
import {ISignedOrders} from "../../src/ISignedOrders.sol";
import {Doors} from "../support/Doors.sol";
import {Kind, Kinds} from "../support/Kinds.sol";

/// @title A party's own orders on its accounts and its signing policy
contract AccountsTest is Doors {
    address internal account = makeAddr("account");

    function test_party_adds_an_account() public {
        vm.expectEmit(address(registry));
        emit IPartyRegistry.AccountAdded(SUPPLIER, account);
        does(Kinds.ADD_ACCOUNT, SUPPLIER, abi.encode(account));
        assertEq(registry.accountsOf(SUPPLIER).length, 3);
        assertEq(desk.memberOf(account).party, SUPPLIER);
    }

    function test_accounts_end_at_sixteen() public {
        for (uint160 i = 3; i <= 16; ++i) {
            does(Kinds.ADD_ACCOUNT, SUPPLIER, abi.encode(address(i << 40)));
        }
        refuses(
            Kinds.ADD_ACCOUNT,
            SUPPLIER,
            abi.encode(account),
            abi.encodeWithSelector(IPartyRegistry.RegistryAccountCount.selector, 17, 1, 16)
        );
    }

    function test_account_belongs_to_one_party() public {
        refuses(
            Kinds.ADD_ACCOUNT,
            SUPPLIER,
            abi.encode(accountOf(BANK)),
            abi.encodeWithSelector(
                IPartyRegistry.RegistryAccountTaken.selector, accountOf(BANK), BANK
            )
        );
        refuses(
            Kinds.ADD_ACCOUNT,
            SUPPLIER,
            abi.encode(accountOf(SUPPLIER)),
            abi.encodeWithSelector(
                IPartyRegistry.RegistryAccountTaken.selector, accountOf(SUPPLIER), SUPPLIER
            )
        );
        refuses(
            Kinds.ADD_ACCOUNT,
            SUPPLIER,
            abi.encode(address(0)),
            abi.encodeWithSelector(IPartyRegistry.RegistryZero.selector)
        );
    }

    function test_party_removes_an_account() public {
        vm.expectEmit(address(registry));
        emit IPartyRegistry.AccountRemoved(SUPPLIER, accountOf(SUPPLIER, 2));
        does(Kinds.REMOVE_ACCOUNT, SUPPLIER, abi.encode(accountOf(SUPPLIER, 2)));
        assertEq(registry.accountsOf(SUPPLIER).length, 1);
        assertEq(voucherOrders.memberOf(accountOf(SUPPLIER, 2)).party, 0);
        refuses(
            Kinds.REMOVE_ACCOUNT,
            SUPPLIER,
            abi.encode(accountOf(SUPPLIER)),
            abi.encodeWithSelector(IPartyRegistry.RegistryAccountCount.selector, 0, 1, 16)
        );
    }

    function test_removed_first_account_leaves_the_others_in_place() public {
        does(Kinds.ADD_ACCOUNT, SUPPLIER, abi.encode(account));
        acts(SUPPLIER);
        registry.removeAccount(IPartyRegistry.RemoveAccountItem(accountOf(SUPPLIER)));
        address[] memory left = registry.accountsOf(SUPPLIER);
        assertEq(left.length, 2);
        assertEq(left[0], account);
        assertEq(left[1], accountOf(SUPPLIER, 2));
    }

    function test_only_ones_own_account_is_removed() public {
        refuses(
            Kinds.REMOVE_ACCOUNT,
            SUPPLIER,
            abi.encode(accountOf(BANK)),
            abi.encodeWithSelector(
                IPartyRegistry.RegistryNotAccount.selector, SUPPLIER, accountOf(BANK)
            )
        );
        refuses(
            Kinds.REMOVE_ACCOUNT,
            SUPPLIER,
            abi.encode(account),
            abi.encodeWithSelector(IPartyRegistry.RegistryNotAccount.selector, SUPPLIER, account)
        );
    }

    function test_keys_rotate_without_moving_a_voucher() public {
        uint64 piece = held();
        address next = accountOf(SUPPLIER, 7);
        acts(SUPPLIER);
        registry.addAccount(IPartyRegistry.AddAccountItem(next));
        vm.startPrank(next);
        registry.removeAccount(IPartyRegistry.RemoveAccountItem(accountOf(SUPPLIER)));
        registry.removeAccount(IPartyRegistry.RemoveAccountItem(accountOf(SUPPLIER, 2)));
        vouchers.transfer(transferItem(piece, 1, SUPPLIER_2));
        vm.stopPrank();
        assertEq(vouchers.pieceOf(piece).holder, SUPPLIER);
    }

    function test_party_sets_its_threshold() public {
        vm.expectEmit(address(registry));
        emit IPartyRegistry.PartyThresholdSet(SUPPLIER, 2);
        does(Kinds.SET_THRESHOLD, SUPPLIER, abi.encode(2));
        assertEq(voucherOrders.memberOf(accountOf(SUPPLIER)).threshold, 2);
        // From now on two sign, also for going back.
        does(Kinds.SET_THRESHOLD, SUPPLIER, abi.encode(1));
        assertEq(registry.party(SUPPLIER).threshold, 1);
    }

    function test_threshold_is_one_or_two_and_within_the_accounts() public {
        refuses(
            Kinds.SET_THRESHOLD,
            SUPPLIER,
            abi.encode(0),
            abi.encodeWithSelector(IPartyRegistry.RegistryThreshold.selector, 0)
        );
        refuses(
            Kinds.SET_THRESHOLD,
            SUPPLIER,
            abi.encode(3),
            abi.encodeWithSelector(IPartyRegistry.RegistryThreshold.selector, 3)
        );
        does(Kinds.REMOVE_ACCOUNT, SUPPLIER, abi.encode(accountOf(SUPPLIER, 2)));
        refuses(
            Kinds.SET_THRESHOLD,
            SUPPLIER,
            abi.encode(2),
            abi.encodeWithSelector(IPartyRegistry.RegistryAccountCount.selector, 1, 2, 16)
        );
    }

    function test_maker_checker_party_cannot_fall_below_two_accounts() public {
        refuses(
            Kinds.REMOVE_ACCOUNT,
            SUPPLIER_MAKER_CHECKER,
            abi.encode(accountOf(SUPPLIER_MAKER_CHECKER, 2)),
            abi.encodeWithSelector(IPartyRegistry.RegistryAccountCount.selector, 1, 2, 16)
        );
    }

    function test_order_of_many_items_sees_its_own_effects() public {
        Kind memory kind = Kinds.get(Kinds.ADD_ACCOUNT);
        bytes memory items = abi.encode(account, makeAddr("b"));
        (bool success,) = callExecute(kind, signed(kind, SUPPLIER, items));
        assertTrue(success);
        assertEq(registry.accountsOf(SUPPLIER).length, 4);
        // The same account twice: the second item fails, and with it the first.
        items = abi.encode(makeAddr("c"), makeAddr("c"));
        refuses(
            Kinds.ADD_ACCOUNT,
            SUPPLIER,
            items,
            abi.encodeWithSelector(
                IPartyRegistry.RegistryAccountTaken.selector, makeAddr("c"), SUPPLIER
            )
        );
        items = abi.encode(uint256(2), uint256(1));
        kind = Kinds.get(Kinds.SET_THRESHOLD);
        (success,) = callExecute(kind, signed(kind, SUPPLIER, items));
        assertTrue(success);
        assertEq(registry.party(SUPPLIER).threshold, 1);
    }

    // ---- orders in flight while the party changes

    function test_order_signed_before_the_threshold_rose_waits_for_a_second_signature() public {
        ISignedOrders.Order memory order = _order();
        acts(SUPPLIER);
        registry.setThreshold(IPartyRegistry.SetThresholdItem(2));
        (bool success, bytes memory answer) = callExecute(Kinds.get(Kinds.WITHDRAW), order);
        assertFalse(success);
        assertEq(answer, abi.encodeWithSelector(ISignedOrders.OrdersSignatureCount.selector, 65, 2));
        sign(Kinds.get(Kinds.WITHDRAW), order);
        (success,) = callExecute(Kinds.get(Kinds.WITHDRAW), order);
        assertTrue(success);
    }

    function test_order_signed_by_a_removed_account_is_refused() public {
        ISignedOrders.Order memory order = _order();
        vm.prank(accountOf(SUPPLIER, 2));
        registry.removeAccount(IPartyRegistry.RemoveAccountItem(accountOf(SUPPLIER)));
        (bool success, bytes memory answer) = callExecute(Kinds.get(Kinds.WITHDRAW), order);
        assertFalse(success);
        assertEq(
            answer,
            abi.encodeWithSelector(
                ISignedOrders.OrdersBadSignature.selector, SUPPLIER, accountOf(SUPPLIER)
            )
        );
    }

    function test_order_signed_before_recovery_is_refused() public {
        ISignedOrders.Order memory order = _order();
        address[] memory accounts = new address[](1);
        accounts[0] = account;
        vm.prank(address(timelock));
        registry.recoverAccounts(SUPPLIER, accounts, 1, EVIDENCE);
        assertEq(callRelay(Kinds.get(Kinds.WITHDRAW), order), 0);
        assertFalse(voucherOrders.nonceUsed(SUPPLIER, order.nonce));
    }

    function test_an_account_that_joined_another_party_signs_for_that_one_only() public {
        ISignedOrders.Order memory order = _order();
        vm.prank(accountOf(SUPPLIER, 2));
        registry.removeAccount(IPartyRegistry.RemoveAccountItem(accountOf(SUPPLIER)));
        acts(SUPPLIER_2);
        registry.addAccount(IPartyRegistry.AddAccountItem(accountOf(SUPPLIER)));
        (bool success, bytes memory answer) = callExecute(Kinds.get(Kinds.WITHDRAW), order);
        assertFalse(success);
        assertEq(
            answer,
            abi.encodeWithSelector(
                ISignedOrders.OrdersBadSignature.selector, SUPPLIER, accountOf(SUPPLIER)
            )
        );
    }

    /// @dev The supplier's order to withdraw an offer of its own.
    function _order() private returns (ISignedOrders.Order memory) {
        uint64 part = transferOffered(held(), 10);
        return signed(Kinds.get(Kinds.WITHDRAW), SUPPLIER, abi.encode(part));
    }
}
