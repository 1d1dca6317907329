// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IFinancingDesk} from "../../src/IFinancingDesk.sol";
import {ISignedOrders} from "../../src/ISignedOrders.sol";
import {IVoucherRecords} from "../../src/IVoucherRecords.sol";
import {Network} from "../Network.sol";

/// @title A relayer that gives too little gas cannot burn an order
/// @notice Every amount of gas, in small steps, from none to enough: either nothing happens at all, or every order takes
/// effect. Orders that call on into another contract run dry there as well.
contract StingyRelayerTest is Network {
    uint256 private constant STEP = 257;
    uint256 private constant GAS_MAX = 700_000;

    function test_transfer_is_done_or_untouched() public {
        uint64 piece = held();
        bytes memory items = abi.encode(transferItem(piece, FACE / 3, SUPPLIER_2));
        _sweep(voucherOrders, _orders(voucherOrders, 5, SUPPLIER, items));
    }

    /// @dev The voucher contract calls the documents while it runs the order.
    function test_issue_is_done_or_untouched() public {
        bytes32 document = newDocument(BUYER, SUPPLIER, FACE);
        _sweep(voucherOrders, _orders(voucherOrders, 1, BUYER, abi.encode(issueItem(document))));
    }

    /// @dev The order is run by the office, one delegate call further down.
    function test_block_of_an_issuer_is_done_or_untouched() public {
        bytes memory items = abi.encode(IVoucherRecords.BlockIssuerItem(BUYER, EVIDENCE));
        _sweep(voucherOrders, _orders(voucherOrders, 10, REGULATOR, items));
    }

    /// @dev The desk calls the voucher contract, which cuts and locks.
    function test_financing_is_done_or_untouched() public {
        uint64 piece = held();
        IFinancingDesk.OpenFinancingItem memory item = openItem(piece, FACE / 2, true, false);
        _sweep(desk, _orders(desk, 1, SUPPLIER, abi.encode(item)));
    }

    /// @dev The registry tells three contracts.
    function test_new_account_is_done_or_untouched() public {
        bytes memory items = abi.encode(stranger);
        _sweep(registry, _orders(registry, 1, SUPPLIER, items));
    }

    /// @dev A dry order in the middle takes the finished ones before it back with it.
    function test_three_orders_are_done_or_untouched() public {
        ISignedOrders.Order[] memory orders = new ISignedOrders.Order[](3);
        for (uint256 i; i < 3; ++i) {
            uint64 piece = held();
            bytes memory items = abi.encode(transferItem(piece, FACE / 3, SUPPLIER_2));
            orders[i] = signedOrder(voucherOrders, 5, SUPPLIER, i, items);
        }
        _sweep(voucherOrders, orders);
    }

    function _orders(ISignedOrders target, uint8 kind, uint32 id, bytes memory items)
        private
        view
        returns (ISignedOrders.Order[] memory orders)
    {
        orders = new ISignedOrders.Order[](1);
        orders[0] = signedOrder(target, kind, id, 0, items);
    }

    function _sweep(ISignedOrders target, ISignedOrders.Order[] memory orders) private {
        bytes memory data = abi.encodeCall(ISignedOrders.relay, (orders));
        uint256 outOfGas;
        for (uint256 gas = 30_000; gas < GAS_MAX; gas += STEP) {
            (bool success, bytes memory answer) = address(target).call{gas: gas}(data);
            if (success) {
                assertEq(abi.decode(answer, (uint256)), orders.length, "a dry order was burned");
                assertTrue(outOfGas != 0, "the sweep never met an order that ran dry");
                return;
            }
            if (answer.length != 0) {
                assertEq(bytes32(bytes4(answer)), bytes32(ISignedOrders.OrdersOutOfGas.selector));
                ++outOfGas;
            }
            for (uint256 i; i < orders.length; ++i) {
                assertFalse(target.nonceUsed(orders[i].party, orders[i].nonce));
            }
        }
        assertTrue(false, "no amount of gas was enough");
    }
}
