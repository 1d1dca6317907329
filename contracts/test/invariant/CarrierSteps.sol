// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ISignedOrders} from "../../src/ISignedOrders.sol";
import {Kind, Kinds, Place} from "../support/Kinds.sol";
import {NetworkSteps} from "./NetworkSteps.sol";

/// @title Steps of those who carry orders, and of those who forge them
abstract contract CarrierSteps is NetworkSteps {
    uint256 public carried;
    uint256 public starved;
    uint256 public attacks;
    /// @notice Attacks by kind of attack that were repelled.
    mapping(uint256 => uint256) public repelled;

    // ---- carriers

    /// @dev Carries what waits for one contract, in any order, some of it twice.
    function carryQueue(uint256 seed) external step(seed) {
        if (queue.length == 0) return;
        Place place = Kinds.get(queue[chance(queue.length)].kind).place;
        ISignedOrders.Order[] memory orders = new ISignedOrders.Order[](2 * queue.length);
        uint256 count;
        uint256 first = chance(queue.length);
        for (uint256 i; i < queue.length; ++i) {
            Queued storage waiting = queue[(first + i) % queue.length];
            if (Kinds.get(waiting.kind).place != place) continue;
            orders[count++] = waiting.order;
            if (chance(5) == 0) orders[count++] = waiting.order;
        }
        assembly ("memory-safe") {
            mstore(orders, count)
        }
        address target = _place(uint256(place));
        // Now and then with too little gas: then nothing may come of it.
        bool little = chance(4) == 0;
        uint256 gas_ = little ? 30_000 + chance(400_000) : gasleft();
        vm.prank(stranger);
        try ISignedOrders(target).relay{gas: gas_}(orders) returns (uint256 succeeded) {
            carried += succeeded;
            _forget(place);
        } catch {
            undone();
            if (little) ++starved;
        }
    }

    // ---- harm

    /// @dev An order that is not what its party signed, or not to be run any more, must do nothing at all.
    function attack(uint256 seed) external step(seed) {
        uint32 victim = pickParty();
        uint64 piece = pickPiece(chance(2) == 0 ? 2 : 3, 0, 0);
        if (ghostPieces[piece].holder != 0) victim = ghostPieces[piece].holder;
        uint256 index = ghostPieces[piece].state == 3 ? Kinds.WITHDRAW : Kinds.TRANSFER;
        bytes memory items = index == Kinds.WITHDRAW
            ? abi.encode(piece)
            : abi.encode(piece, 1, 0, pickTrader(), uint32(vm.getBlockTimestamp() + 100), 1);
        ISignedOrders.Order memory order = signedNow(index, victim, items);
        if (order.signatures.length == 0) return;
        uint256 how = chance(8);
        _spoil(index, order, how);
        _applyLogs();
        ++attacks;
        bool success;
        if (chance(2) == 0) success = tryExecute(Kinds.get(index), order);
        else success = tryRelay(Kinds.get(index), order);
        _hold(!success, "6: nothing moves without the holder's signature");
        bool unburnt = how == 6 || !vouchersNonceUsed(order);
        _hold(unburnt, "only the party's signature uses its nonce");
        if (!success) ++repelled[how];
    }

    function vouchersNonceUsed(ISignedOrders.Order memory order) internal view returns (bool) {
        return voucherOrders.nonceUsed(order.party, order.nonce);
    }

    function _spoil(uint256 index, ISignedOrders.Order memory order, uint256 how) private {
        Kind memory kind = Kinds.get(index);
        bytes32 digest = digestOf(kind, order, block.chainid, address(vouchers));
        uint256 length = order.signatures.length;
        if (how == 0) {
            order.signatures = "";
            for (uint256 i; i < length / 65; ++i) {
                order.signatures = bytes.concat(order.signatures, _stranger(digest, i));
            }
        } else if (how == 1) {
            _resign(order, digestOf(kind, order, block.chainid + 1, address(vouchers)));
        } else if (how == 2) {
            _resign(order, digestOf(kind, order, block.chainid, address(desk)));
        } else if (how == 3) {
            order.deadline += 1;
        } else if (how == 4) {
            order.deadline = uint64(vm.getBlockTimestamp() - 1);
            _resign(order, digestOf(kind, order, block.chainid, address(vouchers)));
        } else if (how == 5) {
            order.items = bytes.concat(order.items, order.items);
        } else if (how == 6) {
            // A nonce that was used or given up.
            vm.prank(anyAccount(order.party));
            try voucherOrders.cancelNonce(order.nonce) {}
            catch {
                undone();
            }
            if (!vouchersNonceUsed(order)) order.signatures = "";
        } else {
            order.signatures = length == 130
                ? slice(order.signatures, 0, 65)
                : bytes.concat(order.signatures, order.signatures);
        }
    }

    function _resign(ISignedOrders.Order memory order, bytes32 digest) private view {
        uint32 by = order.party;
        order.signatures = signatureOf(ghostAccounts[by][0], digest);
        if (ghostMembers[by].threshold == 2) {
            order.signatures =
                bytes.concat(order.signatures, signatureOf(ghostAccounts[by][1], digest));
        }
    }

    function _stranger(bytes32 digest, uint256 number) private returns (bytes memory) {
        // Someone who was thrown out, or never was in.
        if (ghostDropped.length != 0 && chance(2) == 0) {
            address dropped = ghostDropped[chance(ghostDropped.length)];
            if (registry.memberOf(dropped).party == 0) return signatureOf(dropped, digest);
        }
        return signatureBy(0, number, digest);
    }

    function _forget(Place place) private {
        for (uint256 i = queue.length; i > 0; --i) {
            if (Kinds.get(queue[i - 1].kind).place != place) continue;
            queue[i - 1] = queue[queue.length - 1];
            queue.pop();
        }
    }
}
