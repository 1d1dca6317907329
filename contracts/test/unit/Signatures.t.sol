// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IPartyDirectory} from "../../src/IPartyDirectory.sol";
import {ISignedOrders} from "../../src/ISignedOrders.sol";
import {Doors} from "../support/Doors.sol";
import {Kind, Kinds} from "../support/Kinds.sol";

/// @title Whose signatures an order needs
contract SignaturesTest is Doors {
    uint256 internal constant HALF_ORDER =
        0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0;
    uint256 internal constant ORDER_OF_CURVE = 2 * HALF_ORDER + 1;

    Kind internal accepting;
    uint64 internal piece;

    function setUp() public override {
        super.setUp();
        accepting = Kinds.get(Kinds.ACCEPT);
        piece = offered();
    }

    // ---- signatures

    function test_signature_in_the_upper_half_is_refused() public {
        ISignedOrders.Order memory order = unsigned(accepting, SUPPLIER, abi.encode(piece));
        bytes32 digest = voucherOrders.orderDigest(order);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(keyOf(SUPPLIER, 1), digest);
        order.signatures =
            abi.encodePacked(r, ORDER_OF_CURVE - uint256(s), v == 27 ? uint8(28) : uint8(27));
        _refuse(order, _bad(SUPPLIER, address(0)));
        // v as 0 or 1, and v that is nothing.
        order.signatures = abi.encodePacked(r, s, v - 27);
        _refuse(order, _bad(SUPPLIER, address(0)));
        order.signatures = abi.encodePacked(r, s, uint8(29));
        _refuse(order, _bad(SUPPLIER, address(0)));
        order.signatures = new bytes(65);
        _refuse(order, _bad(SUPPLIER, address(0)));
    }

    function test_as_many_signatures_as_the_threshold() public {
        ISignedOrders.Order memory order = _order();
        bytes memory one = order.signatures;
        uint256[5] memory lengths = [uint256(0), 1, 64, 66, 195];
        for (uint256 i; i < 5; ++i) {
            order.signatures = new bytes(lengths[i]);
            _refuse(order, _count(lengths[i], 1));
        }
        order.signatures = bytes.concat(one, one);
        _refuse(order, _count(130, 1));
        order = signed(accepting, SUPPLIER_MAKER_CHECKER, abi.encode(piece));
        order.signatures = slice(order.signatures, 0, 65);
        _refuse(order, _count(65, 2));
        // A party that does not exist has no threshold.
        order.party = 99;
        order.signatures = "";
        _refuse(order, _count(0, 0));
    }

    function test_two_signatures_are_of_two_accounts_of_the_party() public {
        ISignedOrders.Order memory order =
            signed(accepting, SUPPLIER_MAKER_CHECKER, abi.encode(piece));
        bytes memory maker = slice(order.signatures, 0, 65);
        order.signatures = bytes.concat(maker, maker);
        _refuse(
            order,
            abi.encodeWithSelector(
                ISignedOrders.OrdersDuplicateSigner.selector, accountOf(SUPPLIER_MAKER_CHECKER)
            )
        );
        bytes32 digest = voucherOrders.orderDigest(order);
        order.signatures = bytes.concat(maker, signatureBy(SUPPLIER, 1, digest));
        _refuse(order, _bad(SUPPLIER_MAKER_CHECKER, accountOf(SUPPLIER)));
        order.signatures = bytes.concat(signatureBy(SUPPLIER, 1, digest), maker);
        _refuse(order, _bad(SUPPLIER_MAKER_CHECKER, accountOf(SUPPLIER)));
        order.signatures = bytes.concat(maker, new bytes(65));
        _refuse(order, _bad(SUPPLIER_MAKER_CHECKER, address(0)));
    }

    function test_order_that_met_a_suspension_is_dead() public {
        ISignedOrders.Order memory order = _order();
        vm.prank(registrar);
        registry.setStatus(SUPPLIER, 2, EVIDENCE);
        bytes memory reason =
            abi.encodeWithSelector(IPartyDirectory.DirectoryPartySuspended.selector, SUPPLIER);

        // Refused by itself, it was never carried: nothing is used up.
        vm.expectRevert(reason);
        voucherOrders.execute(order);
        assertFalse(voucherOrders.nonceUsed(SUPPLIER, order.nonce));

        // Carried, it failed for good, also once the party may act again.
        ISignedOrders.Order[] memory orders = new ISignedOrders.Order[](1);
        orders[0] = order;
        vm.expectEmit(address(voucherOrders));
        emit ISignedOrders.OrderFailed(
            voucherOrders.orderDigest(order), SUPPLIER, order.nonce, order.kind, true, reason
        );
        assertEq(voucherOrders.relay(orders), 0);
        vm.prank(registrar);
        registry.setStatus(SUPPLIER, 1, EVIDENCE);
        assertEq(voucherOrders.relay(orders), 0);
        vm.expectRevert(
            abi.encodeWithSelector(ISignedOrders.OrdersNonceUsed.selector, SUPPLIER, order.nonce)
        );
        voucherOrders.execute(order);
    }

    // ---- help

    function _order() private returns (ISignedOrders.Order memory) {
        return signed(accepting, SUPPLIER, abi.encode(piece));
    }

    function _bad(uint32 id, address signer) private pure returns (bytes memory) {
        return abi.encodeWithSelector(ISignedOrders.OrdersBadSignature.selector, id, signer);
    }

    function _count(uint256 length, uint8 threshold) private pure returns (bytes memory) {
        return
            abi.encodeWithSelector(ISignedOrders.OrdersSignatureCount.selector, length, threshold);
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
}
