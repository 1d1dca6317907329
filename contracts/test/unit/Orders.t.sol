// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IPartyGate} from "../../src/IPartyGate.sol";
import {ISignedOrders} from "../../src/ISignedOrders.sol";
import {IVoucherRecords} from "../../src/IVoucherRecords.sol";
import {Doors} from "../support/Doors.sol";
import {Kind, Kinds} from "../support/Kinds.sol";

/// @title What makes an order good, and what spoils it
contract OrdersTest is Doors {
    Kind internal accepting;
    uint64 internal piece;

    function setUp() public override {
        super.setUp();
        accepting = Kinds.get(Kinds.ACCEPT);
        piece = offered();
    }

    // ---- typed data

    function test_every_kind_has_its_type_and_digest() public {
        for (uint256 i; i < Kinds.COUNT; ++i) {
            Kind memory kind = Kinds.get(i);
            ISignedOrders place = ISignedOrders(placeOf(kind));
            assertEq(place.orderType(kind.number), orderTypeOf(kind));
            ISignedOrders.Order memory order =
                unsigned(kind, 7, new bytes(uint256(kind.words) * 64));
            assertEq(place.orderDigest(order), digestOf(kind, order, block.chainid, address(place)));
        }
    }

    function test_kinds_that_do_not_exist_have_neither() public {
        ISignedOrders[5] memory places =
            [ISignedOrders(registry), documents, voucherOrders, desk, evidence];
        uint8[5] memory last = [uint8(3), 3, 11, 5, 2];
        for (uint256 i; i < 5; ++i) {
            uint8[3] memory numbers = [0, last[i] + 1, 255];
            for (uint256 j; j < 3; ++j) {
                bytes memory reason =
                    abi.encodeWithSelector(ISignedOrders.OrdersUnknownKind.selector, numbers[j]);
                vm.expectRevert(reason);
                places[i].orderType(numbers[j]);
                ISignedOrders.Order memory order;
                (order.kind, order.items) = (numbers[j], new bytes(64));
                vm.expectRevert(reason);
                places[i].orderDigest(order);
                vm.expectRevert(reason);
                places[i].execute(order);
            }
        }
    }

    function test_digest_is_what_wallets_sign() public {
        ISignedOrders.Order memory order = unsigned(accepting, SUPPLIER, abi.encode(piece, 77));
        string memory json = string.concat(
            '{"types":{"EIP712Domain":[{"name":"name","type":"string"},{"name":"version","type":"string"},',
            '{"name":"chainId","type":"uint256"},{"name":"verifyingContract","type":"address"}],',
            '"Accept":[{"name":"party","type":"uint32"},{"name":"nonce","type":"uint256"},',
            '{"name":"deadline","type":"uint64"},{"name":"items","type":"AcceptItem[]"}],',
            '"AcceptItem":[{"name":"piece","type":"uint64"}]},"primaryType":"Accept",',
            '"domain":{"name":"Xinlian","version":"1","chainId":',
            vm.toString(block.chainid),
            ',"verifyingContract":"',
            cheats.toString(address(vouchers)),
            '"},'
        );
        json = string.concat(
            json,
            '"message":{"party":2,"nonce":"',
            vm.toString(order.nonce),
            '","deadline":',
            vm.toString(order.deadline),
            ',"items":[{"piece":',
            vm.toString(piece),
            '},{"piece":77}]}}'
        );
        assertEq(voucherOrders.orderDigest(order), cheats.eip712HashTypedData(json));
    }

    // ---- success

    function test_executed_order_says_so_and_uses_its_nonce() public {
        ISignedOrders.Order memory order = _order();
        bytes32 digest = voucherOrders.orderDigest(order);
        vm.expectEmit(address(vouchers));
        emit IVoucherRecords.OfferAccepted(piece, BUYER, SUPPLIER);
        vm.expectEmit(address(vouchers));
        emit IVoucherRecords.Transfer(address(0), vouchers.partyAddress(SUPPLIER), piece);
        vm.expectEmit(address(vouchers));
        emit ISignedOrders.OrderExecuted(digest, SUPPLIER, order.nonce, 2);
        voucherOrders.execute(order);
        assertTrue(voucherOrders.nonceUsed(SUPPLIER, order.nonce));
        assertEq(stateOf(piece), 2);
    }

    function test_anyone_of_the_party_signs() public {
        ISignedOrders.Order memory order = unsigned(accepting, SUPPLIER, abi.encode(piece));
        order.signatures = signatureBy(SUPPLIER, 2, voucherOrders.orderDigest(order));
        voucherOrders.execute(order);
        assertEq(stateOf(piece), 2);
    }

    function test_two_sign_in_any_order() public {
        uint64 part = _forMakerChecker();
        ISignedOrders.Order memory order =
            unsigned(accepting, SUPPLIER_MAKER_CHECKER, abi.encode(part));
        bytes32 digest = voucherOrders.orderDigest(order);
        order.signatures = bytes.concat(
            signatureBy(SUPPLIER_MAKER_CHECKER, 2, digest),
            signatureBy(SUPPLIER_MAKER_CHECKER, 1, digest)
        );
        voucherOrders.execute(order);
        assertEq(vouchers.pieceOf(part).holder, SUPPLIER_MAKER_CHECKER);
    }

    function test_order_is_good_until_its_last_second() public {
        ISignedOrders.Order memory order = _order();
        uint256 before = cheats.snapshotState();
        vm.warp(order.deadline);
        voucherOrders.execute(order);
        cheats.revertToState(before);
        vm.warp(uint256(order.deadline) + 1);
        _refuse(
            order,
            abi.encodeWithSelector(
                ISignedOrders.OrdersExpired.selector, order.deadline, order.deadline + 1
            )
        );
    }

    // ---- meant for elsewhere

    function test_order_for_another_chain_is_refused() public {
        ISignedOrders.Order memory order = _order();
        vm.chainId(block.chainid + 1);
        _refuseSignature(order);
    }

    function test_order_for_another_contract_is_refused() public {
        ISignedOrders.Order memory order = unsigned(accepting, SUPPLIER, abi.encode(piece));
        order.signatures =
            signatureBy(SUPPLIER, 1, digestOf(accepting, order, block.chainid, address(desk)));
        _refuseSignature(order);
    }

    function test_order_of_another_kind_is_refused() public {
        // Accept and Withdraw have the same words; Dishonour and WriteOff too.
        ISignedOrders.Order memory order = _order();
        order.kind = 4;
        _refuseSignature(order);
        Kind memory kind = Kinds.get(Kinds.DISHONOUR);
        order = signed(kind, SUPPLIER, abi.encode(piece, EVIDENCE));
        order.kind = 9;
        _refuseSignature(order);
    }

    function test_order_of_another_party_is_refused() public {
        ISignedOrders.Order memory order = _order();
        order.party = SUPPLIER_2;
        _refuseSignature(order);
        // By whom it is really signed does not help a party that is none.
        order = unsigned(accepting, 0, abi.encode(piece));
        order.signatures = signatureBy(0, 1, voucherOrders.orderDigest(order));
        _refuse(
            order,
            abi.encodeWithSelector(ISignedOrders.OrdersBadSignature.selector, 0, accountOf(0, 1))
        );
    }

    function test_changed_order_is_refused() public {
        ISignedOrders.Order memory order = _order();
        order.nonce += 1;
        _refuseSignature(order);
        order = _order();
        order.deadline += 1;
        _refuseSignature(order);
        order = _order();
        order.items = abi.encode(piece + 1);
        _refuseSignature(order);
        order = _order();
        order.items = abi.encode(piece, piece);
        _refuseSignature(order);
    }

    // ---- items

    function test_items_fill_whole_structs() public {
        uint256[4] memory lengths = [uint256(0), 1, 31, 33];
        for (uint256 i; i < 4; ++i) {
            ISignedOrders.Order memory order = unsigned(accepting, SUPPLIER, new bytes(lengths[i]));
            order.signatures = new bytes(65);
            bytes memory reason =
                abi.encodeWithSelector(ISignedOrders.OrdersMalformedItems.selector, 2, lengths[i]);
            vm.expectRevert(reason);
            voucherOrders.orderDigest(order);
            vm.expectEmit(address(vouchers));
            emit ISignedOrders.OrderFailed(0, SUPPLIER, order.nonce, 2, false, reason);
            assertEq(callRelay(accepting, order), 0);
        }
    }

    function test_items_end_at_256() public {
        ISignedOrders.Order memory order = unsigned(accepting, SUPPLIER, new bytes(257 * 32));
        vm.expectRevert(abi.encodeWithSelector(IPartyGate.OrdersTooManyItems.selector, 257, 256));
        voucherOrders.orderDigest(order);
        order.items = new bytes(256 * 32);
        assertEq(
            voucherOrders.orderDigest(order),
            digestOf(accepting, order, block.chainid, address(vouchers))
        );
    }

    // ---- help

    function _order() private returns (ISignedOrders.Order memory) {
        return signed(accepting, SUPPLIER, abi.encode(piece));
    }

    function _forMakerChecker() private returns (uint64 part) {
        accept(SUPPLIER, piece);
        acts(SUPPLIER);
        vouchers.transfer(transferItem(piece, FACE, SUPPLIER_MAKER_CHECKER));
        return piece;
    }

    /// @dev Refused by `execute`; by `relay` with the same reason, and its nonce is not burnt.
    function _refuse(ISignedOrders.Order memory order, bytes memory reason) private {
        vm.expectRevert(reason);
        voucherOrders.execute(order);
        bytes32 digest = voucherOrders.orderDigest(order);
        vm.expectEmit(address(vouchers));
        emit ISignedOrders.OrderFailed(digest, order.party, order.nonce, order.kind, false, reason);
        assertEq(callRelay(accepting, order), 0);
        assertFalse(voucherOrders.nonceUsed(order.party, order.nonce));
    }

    /// @dev Refused because whoever seems to have signed is no account of the party.
    function _refuseSignature(ISignedOrders.Order memory order) private {
        (bool success, bytes memory answer) = callExecute(accepting, order);
        assertFalse(success);
        assertEq(bytes32(bytes4(answer)), bytes32(ISignedOrders.OrdersBadSignature.selector));
        assertEq(callRelay(accepting, order), 0);
        assertFalse(voucherOrders.nonceUsed(order.party, order.nonce));
        assertEq(stateOf(piece), 1);
    }
}
