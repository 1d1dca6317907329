// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IVoucherRecords} from "../../src/IVoucherRecords.sol";
import {Doors} from "../support/Doors.sol";
import {Kinds} from "../support/Kinds.sol";

/// @title Merging what belongs together
contract MergeTest is Doors {
    uint64 internal piece;

    function setUp() public override {
        super.setUp();
        piece = held();
    }

    function test_a_part_that_comes_back_is_merged_into_its_piece() public {
        uint64 part = _returned(100, false);
        vm.expectEmit(address(vouchers));
        emit IVoucherRecords.PiecesMerged(piece, part, 0, FACE, 0);
        vm.expectEmit(address(vouchers));
        emit IVoucherRecords.Transfer(vouchers.partyAddress(SUPPLIER), address(0), part);
        does(Kinds.MERGE, SUPPLIER, abi.encode(piece, part));
        _assertPiece(piece, 0, FACE, 2, 0);
        _assertPiece(part, 0, 0, 8, 1);
        assertEq(vouchers.rootState(1), 2);
        assertEq(vouchers.rootOf(1).pieces, 2);
    }

    function test_the_lower_id_survives_whatever_the_order() public {
        uint64 part = _returned(100, true);
        vm.expectEmit(address(vouchers));
        emit IVoucherRecords.PiecesMerged(piece, part, 0, FACE, 0);
        does(Kinds.MERGE, SUPPLIER, abi.encode(part, piece));
        _assertPiece(piece, 0, FACE, 2, 0);
        _assertPiece(part, FACE - 100, FACE - 100, 8, 1);
    }

    function test_strangers_that_meet_take_the_greater_depth() public {
        // A part goes two tiers down and comes back beside a part of the first tier.
        uint64 left = transferOffered(piece, 100); // [0, 100), depth 1
        accept(SUPPLIER_2, left);
        acts(SUPPLIER_2);
        vouchers.transfer(transferItem(left, 40, BUYER_2)); // [0, 40), depth 2
        uint64 deep = piece + 2;
        accept(BUYER_2, deep);
        uint64 right = transferOffered(piece, 50); // [100, 150), depth 1
        accept(SUPPLIER_2, right);
        // The middle part [40, 100) of the first tier and the right one are both the second supplier's.
        vm.expectEmit(address(vouchers));
        emit IVoucherRecords.PiecesMerged(left, right, 40, 150, 1);
        does(Kinds.MERGE, SUPPLIER_2, abi.encode(right, left));
        // Home comes the deep one: it is the survivor's own child, and depth stays 1.
        acts(BUYER_2);
        vouchers.transfer(transferItem(deep, 40, SUPPLIER_2));
        accept(SUPPLIER_2, deep);
        does(Kinds.MERGE, SUPPLIER_2, abi.encode(left, deep));
        _assertDepth(left, 0, 150, 1);
    }

    function test_a_deeper_stranger_lends_its_depth() public {
        uint64 left = transferOffered(piece, 100);
        accept(SUPPLIER_2, left);
        acts(SUPPLIER_2);
        IVoucherRecords.TransferItem memory item = transferItem(left, 40, SUPPLIER);
        item.back = true;
        vouchers.transfer(item); // [60, 100), depth 2, back to where the root's rest [100, FACE) is
        accept(SUPPLIER, piece + 2);
        vm.expectEmit(address(vouchers));
        emit IVoucherRecords.PiecesMerged(piece, piece + 2, 60, FACE, 2);
        does(Kinds.MERGE, SUPPLIER, abi.encode(piece, piece + 2));
    }

    function test_depth_is_not_laundered_through_a_child() public {
        uint64 first = _passed(SUPPLIER, piece, 100, false, SUPPLIER_2); // [0, 100), depth 1
        uint64 second = _passed(SUPPLIER, piece, 100, false, SUPPLIER_2); // [100, 200), depth 1
        uint64 third = _passed(SUPPLIER_2, first, 40, true, BUYER_2); // [60, 100), depth 2
        uint64 fourth = _passed(BUYER_2, third, 20, true, SUPPLIER_2); // [80, 100), depth 3
        does(Kinds.MERGE, SUPPLIER_2, abi.encode(second, fourth));
        _assertDepth(second, 80, 200, 3);
        // It is a child of the root's first piece, but not the one that was cut there.
        acts(SUPPLIER_2);
        vouchers.transfer(transferItem(second, 120, SUPPLIER));
        accept(SUPPLIER, second);
        does(Kinds.MERGE, SUPPLIER, abi.encode(piece, second));
        _assertDepth(piece, 80, FACE, 3);
    }

    function test_merge_needs_neighbours_of_one_root() public {
        uint64 part = _returned(100, false);
        uint64 far = _returned(100, true);
        _refuse(part, far);
        _refuse(part, part);
        uint64 other = held();
        _refuse(part, other);
        // Two pieces of different roots whose ranges would touch.
        acts(SUPPLIER);
        vouchers.transfer(transferItem(other, 100, SUPPLIER_2));
        _refuse(part, other);
    }

    function test_merge_is_the_holders_of_both() public {
        uint64 part = transferOffered(piece, 100);
        accept(SUPPLIER_2, part);
        refuses(
            Kinds.MERGE,
            SUPPLIER,
            abi.encode(piece, part),
            abi.encodeWithSelector(IVoucherRecords.VouchersNotHolder.selector, part, SUPPLIER)
        );
        refuses(
            Kinds.MERGE,
            SUPPLIER_2,
            abi.encode(piece, part),
            abi.encodeWithSelector(IVoucherRecords.VouchersNotHolder.selector, piece, SUPPLIER_2)
        );
    }

    function test_merge_needs_both_held() public {
        uint64 part = transferOffered(piece, 100);
        refuses(
            Kinds.MERGE,
            SUPPLIER,
            abi.encode(piece, part),
            abi.encodeWithSelector(IVoucherRecords.VouchersPieceState.selector, part, 3)
        );
        refuses(
            Kinds.MERGE,
            SUPPLIER,
            abi.encode(part, piece),
            abi.encodeWithSelector(IVoucherRecords.VouchersPieceState.selector, part, 3)
        );
        refuses(
            Kinds.MERGE,
            SUPPLIER,
            abi.encode(piece, piece + 2),
            abi.encodeWithSelector(IVoucherRecords.VouchersUnknownPiece.selector, piece + 2)
        );
    }

    function test_what_was_merged_stays_merged() public {
        uint64 part = _returned(100, false);
        acts(SUPPLIER);
        vouchers.merge(IVoucherRecords.MergeItem(piece, part));
        refuses(
            Kinds.MERGE,
            SUPPLIER,
            abi.encode(piece, part),
            abi.encodeWithSelector(IVoucherRecords.VouchersPieceState.selector, part, 8)
        );
        vm.expectRevert(
            abi.encodeWithSelector(IVoucherRecords.VouchersPieceState.selector, part, 8)
        );
        vouchers.ownerOf(part);
    }

    function test_many_parts_are_merged_in_one_order() public {
        uint64 a = _returned(10, false);
        uint64 b = _returned(10, false);
        uint64 c = _returned(10, false);
        // Front to back: a [0,10), b [10,20), c [20,30), rest [30,FACE).
        does(
            Kinds.MERGE,
            SUPPLIER,
            bytes.concat(abi.encode(a, b), abi.encode(a, c), abi.encode(piece, a))
        );
        _assertPiece(piece, 0, FACE, 2, 0);
    }

    function test_ids_of_merged_parts_are_spent() public {
        IVoucherRecords.Policy memory policy = firstPolicy();
        policy.maxPieces = 5;
        govern(address(vouchers), abi.encodeCall(vouchers.addPolicy, (policy)));
        for (uint256 i; i < 4; ++i) {
            uint64 part = _returned(10, false);
            acts(SUPPLIER);
            vouchers.merge(IVoucherRecords.MergeItem(piece, part));
        }
        _assertPiece(piece, 0, FACE, 2, 0);
        // The bound is on ids given out: the piece is whole again and can go on whole, but not be cut.
        refuses(
            Kinds.TRANSFER,
            SUPPLIER,
            abi.encode(transferItem(piece, 10, SUPPLIER_2)),
            abi.encodeWithSelector(IVoucherRecords.VouchersPieces.selector, 1, 5)
        );
        does(Kinds.TRANSFER, SUPPLIER, abi.encode(transferItem(piece, FACE, SUPPLIER_2)));
    }

    function test_merge_is_possible_after_dishonour() public {
        uint64 part = _returned(100, false);
        passDays(91);
        acts(BANK);
        vouchers.dishonour(IVoucherRecords.DishonourItem(piece, EVIDENCE));
        does(Kinds.MERGE, SUPPLIER, abi.encode(piece, part));
    }

    /// @dev A part cut off and offered, then withdrawn.
    function _returned(uint64 amount, bool back) private returns (uint64 part) {
        IVoucherRecords.TransferItem memory item = transferItem(piece, amount, SUPPLIER_2);
        item.back = back;
        acts(SUPPLIER);
        vouchers.transfer(item);
        part = piece + vouchers.rootOf(1).pieces - 1;
        acts(SUPPLIER);
        vouchers.withdraw(IVoucherRecords.WithdrawItem(part));
    }

    function _refuse(uint64 id, uint64 other) private {
        refuses(
            Kinds.MERGE,
            SUPPLIER,
            abi.encode(id, other),
            abi.encodeWithSelector(IVoucherRecords.VouchersNotAdjacent.selector, id, other)
        );
    }

    /// @dev Cuts an amount off and hands it over; its piece.
    function _passed(uint32 from, uint64 id, uint64 amount, bool back, uint32 to)
        private
        returns (uint64 part)
    {
        IVoucherRecords.TransferItem memory item = transferItem(id, amount, to);
        item.back = back;
        acts(from);
        vouchers.transfer(item);
        part = (id >> 16 << 16) + vouchers.rootOf(id >> 16).pieces - 1;
        accept(to, part);
    }

    function _assertPiece(uint64 id, uint64 start, uint64 end, uint8 state, uint8 depth)
        private
        view
    {
        assertEq(stateOf(id), state);
        assertEq(vouchers.pieceOf(id).offeree, 0);
        assertEq(vouchers.pieceOf(id).expiry, 0);
        _assertDepth(id, start, end, depth);
    }

    function _assertDepth(uint64 id, uint64 start, uint64 end, uint8 depth) private view {
        assertEq(vouchers.pieceOf(id).start, start);
        assertEq(vouchers.pieceOf(id).end, end);
        assertEq(vouchers.pieceOf(id).depth, depth);
    }
}
