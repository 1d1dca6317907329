// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";

import {IPartyDirectory} from "../../src/IPartyDirectory.sol";
import {IPartyGate} from "../../src/IPartyGate.sol";
import {IPartyRegistry} from "../../src/IPartyRegistry.sol";
import {ISignedOrders} from "../../src/ISignedOrders.sol";
import {IVoucherOffice} from "../../src/IVoucherOffice.sol";
import {Doors} from "../support/Doors.sol";
import {Kind, Kinds} from "../support/Kinds.sol";

/// @title Who gets as far as an operation at all: every kind of operation, every door
contract DoorwaysTest is Doors {
    uint256 internal constant ITEMS_MOST = 256;

    function test_accounts_that_are_nobodys_are_refused() public {
        address[4] memory strangers = [stranger, registrar, guardian, address(timelock)];
        for (uint256 i; i < 4; ++i) {
            _refuseAll(
                strangers[i],
                abi.encodeWithSelector(
                    IPartyDirectory.DirectoryUnknownAccount.selector, strangers[i]
                )
            );
        }
    }

    function test_accounts_of_a_suspended_party_are_refused() public {
        vm.prank(registrar);
        registry.setStatus(BUYER, 2, EVIDENCE);
        _refuseAll(
            accountOf(BUYER, 2),
            abi.encodeWithSelector(IPartyDirectory.DirectoryPartySuspended.selector, BUYER)
        );
    }

    function test_one_account_of_a_maker_checker_party_is_refused() public {
        _refuseAll(
            accountOf(SUPPLIER_MAKER_CHECKER),
            abi.encodeWithSelector(
                IPartyGate.OrdersNeedsSignatures.selector, SUPPLIER_MAKER_CHECKER, 2
            )
        );
    }

    function test_removed_account_is_refused() public {
        acts(BUYER);
        registry.removeAccount(IPartyRegistry.RemoveAccountItem(accountOf(BUYER, 2)));
        _refuseAll(
            accountOf(BUYER, 2),
            abi.encodeWithSelector(
                IPartyDirectory.DirectoryUnknownAccount.selector, accountOf(BUYER, 2)
            )
        );
    }

    function test_nothing_passes_in_a_pause() public {
        _pauseAll();
        bytes memory reason = abi.encodeWithSelector(IPartyGate.OrdersPaused.selector);
        _refuseAll(accountOf(BUYER), reason);
        for (uint256 i; i < Kinds.COUNT; ++i) {
            Kind memory kind = Kinds.get(i);
            ISignedOrders.Order memory order =
                signed(kind, BUYER, new bytes(uint256(kind.words) * 32));
            (bool success, bytes memory answer) = callExecute(kind, order);
            assertFalse(success);
            assertEq(answer, reason);
            ISignedOrders.Order[] memory orders = new ISignedOrders.Order[](1);
            orders[0] = order;
            vm.expectRevert(reason);
            ISignedOrders(placeOf(kind)).relay(orders);
            assertFalse(ISignedOrders(placeOf(kind)).nonceUsed(BUYER, order.nonce));
        }
        vm.expectRevert(reason);
        vm.prank(registrar);
        vouchers.setIssuerLimit(BUYER, 1);
        vm.expectRevert(reason);
        vm.prank(address(timelock));
        vouchers.addPolicy(firstPolicy());
    }

    function test_pause_is_the_guardians_and_its_end_the_timelocks() public {
        ISignedOrders[5] memory places =
            [ISignedOrders(registry), documents, voucherOrders, desk, evidence];
        address[4] memory others = [stranger, registrar, address(timelock), accountOf(OPERATOR)];
        for (uint256 p; p < 5; ++p) {
            for (uint256 i; i < 4; ++i) {
                if (others[i] != address(timelock)) {
                    _expectUnauthorized(others[i]);
                    vm.prank(others[i]);
                    places[p].pause();
                    _expectUnauthorized(others[i]);
                    vm.prank(others[i]);
                    places[p].unpause();
                }
            }
            vm.expectEmit(address(places[p]));
            emit ISignedOrders.Paused(guardian);
            vm.prank(guardian);
            places[p].pause();
            assertTrue(places[p].paused());
            _expectUnauthorized(guardian);
            vm.prank(guardian);
            places[p].unpause();
            vm.expectEmit(address(places[p]));
            emit ISignedOrders.Unpaused(address(timelock));
            vm.prank(address(timelock));
            places[p].unpause();
            assertFalse(places[p].paused());
        }
    }

    function test_parties_are_administered_also_in_a_pause() public {
        // Whoever stole keys is thrown out before anything runs again.
        _pauseAll();
        vm.prank(registrar);
        registry.setStatus(SUPPLIER, 2, EVIDENCE);
        assertEq(voucherOrders.party(SUPPLIER).status, 2);
    }

    function test_batch_of_nothing_does_nothing() public {
        for (uint256 i; i < Kinds.COUNT; ++i) {
            Kind memory kind = Kinds.get(i);
            if (kind.batch == 0) continue;
            vm.recordLogs();
            (bool success,) = callBatch(kind, accountOf(BUYER), "");
            assertTrue(success);
            assertEq(vm.getRecordedLogs().length, 0);
        }
    }

    function test_batch_ends_at_256_items() public {
        for (uint256 i; i < Kinds.COUNT; ++i) {
            Kind memory kind = Kinds.get(i);
            if (kind.batch == 0) continue;
            bytes memory items = new bytes(uint256(kind.words) * 32 * (ITEMS_MOST + 1));
            (bool success, bytes memory answer) = callBatch(kind, accountOf(BUYER), items);
            assertFalse(success);
            assertEq(
                answer,
                abi.encodeWithSelector(
                    IPartyGate.OrdersTooManyItems.selector, ITEMS_MOST + 1, ITEMS_MOST
                )
            );
            // 256 get as far as the first item, which means nothing and is refused for itself.
            items = new bytes(uint256(kind.words) * 32 * ITEMS_MOST);
            (success, answer) = callBatch(kind, accountOf(BUYER), items);
            assertFalse(success);
            assertTrue(bytes4(answer) != IPartyGate.OrdersTooManyItems.selector);
        }
    }

    function test_no_door_takes_money() public {
        address payer = accountOf(BUYER);
        cheats.deal(payer, 1 ether);
        address[5] memory places = [
            address(registry),
            address(documents),
            address(vouchers),
            address(desk),
            address(evidence)
        ];
        for (uint256 i; i < Kinds.COUNT; ++i) {
            Kind memory kind = Kinds.get(i);
            vm.prank(payer);
            (bool success,) =
                placeOf(kind).call{value: 1}(bytes.concat(kind.single, new bytes(11 * 32)));
            assertFalse(success);
        }
        for (uint256 i; i < 5; ++i) {
            vm.prank(payer);
            (bool success,) = places[i].call{value: 1}("");
            assertFalse(success);
            vm.prank(payer);
            (success,) = places[i].call{value: 1}(abi.encodeCall(ISignedOrders.paused, ()));
            assertFalse(success);
            ISignedOrders.Order[] memory orders = new ISignedOrders.Order[](0);
            vm.prank(payer);
            (success,) = places[i].call{value: 1}(abi.encodeCall(ISignedOrders.relay, (orders)));
            assertFalse(success);
            assertEq(places[i].balance, 0);
        }
    }

    function test_calls_without_meaning_are_refused() public {
        (bool success,) = address(vouchers).call(hex"12345678");
        assertFalse(success);
        (success,) = address(vouchers).call("");
        assertFalse(success);
        // ERC-721's transfers and approvals are not there.
        string[5] memory absent = [
            "transferFrom(address,address,uint256)",
            "safeTransferFrom(address,address,uint256)",
            "approve(address,uint256)",
            "setApprovalForAll(address,bool)",
            "balanceOf(address)"
        ];
        for (uint256 i; i < 5; ++i) {
            (success,) = address(vouchers)
                .call(abi.encodePacked(bytes4(keccak256(bytes(absent[i]))), new bytes(96)));
            assertTrue(!success, absent[i]);
        }
    }

    // ---- help

    /// @dev Every direct call and batch call, empty ones too, is refused to the caller for the reason.
    function _refuseAll(address caller, bytes memory reason) private {
        for (uint256 i; i < Kinds.COUNT; ++i) {
            Kind memory kind = Kinds.get(i);
            (bool success, bytes memory answer) =
                callSingle(kind, caller, new bytes(uint256(kind.words) * 32));
            assertFalse(success);
            assertEq(answer, reason);
            if (kind.batch == 0) continue;
            (success, answer) = callBatch(kind, caller, "");
            assertFalse(success);
            assertEq(answer, reason);
            (success, answer) = callBatch(kind, caller, new bytes(uint256(kind.words) * 32));
            assertFalse(success);
            assertEq(answer, reason);
        }
    }

    function _pauseAll() private {
        vm.startPrank(guardian);
        registry.pause();
        documents.pause();
        voucherOrders.pause();
        desk.pause();
        evidence.pause();
        vm.stopPrank();
    }

    function _expectUnauthorized(address caller) private {
        vm.expectRevert(
            abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, caller)
        );
    }
}
