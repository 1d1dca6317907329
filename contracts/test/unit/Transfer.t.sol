// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IPartyDirectory} from "../../src/IPartyDirectory.sol";
import {IVoucherRecords} from "../../src/IVoucherRecords.sol";
import {Doors} from "../support/Doors.sol";
import {Kinds} from "../support/Kinds.sol";

/// @title Transfer offers and splitting
contract TransferTest is Doors {
    uint64 internal piece;

    function setUp() public override {
        super.setUp();
        piece = held();
    }

    function test_whole_piece_is_offered_as_it_is() public {
        IVoucherRecords.TransferItem memory item = transferItem(piece, FACE, SUPPLIER_2);
        vm.expectEmit(address(vouchers));
        emit IVoucherRecords.PieceOffered(piece, SUPPLIER, SUPPLIER_2, item.expiry, 1);
        does(Kinds.TRANSFER, SUPPLIER, abi.encode(item));
        _assertPiece(piece, 0, FACE, 3, 0, 0);
        assertEq(vouchers.pieceOf(piece).offeree, SUPPLIER_2);
        assertEq(vouchers.pieceOf(piece).expiry, item.expiry);
        assertEq(vouchers.rootOf(1).pieces, 1);
    }

    function test_part_is_cut_from_the_front() public {
        uint64 part = piece + 1;
        IVoucherRecords.TransferItem memory item = transferItem(piece, 30, SUPPLIER_2);
        vm.expectEmit(address(vouchers));
        emit IVoucherRecords.PieceSplit(piece, part, 0, 30, 1, 1);
        vm.expectEmit(address(vouchers));
        emit IVoucherRecords.Transfer(address(0), vouchers.partyAddress(SUPPLIER), part);
        vm.expectEmit(address(vouchers));
        emit IVoucherRecords.PieceOffered(part, SUPPLIER, SUPPLIER_2, item.expiry, 1);
        does(Kinds.TRANSFER, SUPPLIER, abi.encode(item));
        _assertPiece(piece, 30, FACE, 2, 0, 0);
        _assertPiece(part, 0, 30, 3, 1, 0);
        assertEq(vouchers.rootOf(1).pieces, 2);
    }

    function test_part_is_cut_from_the_back() public {
        uint64 part = piece + 1;
        IVoucherRecords.TransferItem memory item = transferItem(piece, FACE - 1, SUPPLIER_2);
        item.back = true;
        vm.expectEmit(address(vouchers));
        emit IVoucherRecords.PieceSplit(piece, part, 1, FACE, 1, 1);
        does(Kinds.TRANSFER, SUPPLIER, abi.encode(item));
        _assertPiece(piece, 0, 1, 2, 0, 0);
        _assertPiece(part, 1, FACE, 3, 1, 0);
    }

    function test_parts_of_parts_remember_where_they_came_from() public {
        uint64 part = transferOffered(piece, 100);
        accept(SUPPLIER_2, part);
        IVoucherRecords.TransferItem memory item = transferItem(part, 40, BUYER_2);
        does(Kinds.TRANSFER, SUPPLIER_2, abi.encode(item));
        _assertPiece(part, 40, 100, 2, 1, 0);
        _assertPiece(piece + 2, 0, 40, 3, 2, 1);
        assertEq(vouchers.pieceOf(piece + 2).holder, SUPPLIER_2);
    }

    function test_many_parts_leave_in_one_batch() public {
        bytes memory items = bytes.concat(
            abi.encode(transferItem(piece, 10, SUPPLIER_2)),
            abi.encode(transferItem(piece, 20, BUYER_2)),
            abi.encode(transferItem(piece, FACE - 30, FUNDER))
        );
        does(Kinds.TRANSFER, SUPPLIER, items);
        _assertPiece(piece + 1, 0, 10, 3, 1, 0);
        _assertPiece(piece + 2, 10, 30, 3, 1, 0);
        _assertPiece(piece, 30, FACE, 3, 0, 0);
    }

    function test_only_the_holder_offers_a_piece() public {
        refuses(
            Kinds.TRANSFER,
            SUPPLIER_2,
            abi.encode(transferItem(piece, 1, BUYER_2)),
            abi.encodeWithSelector(IVoucherRecords.VouchersNotHolder.selector, piece, SUPPLIER_2)
        );
        _refuse(
            transferItem(77, 1, SUPPLIER_2),
            abi.encodeWithSelector(IVoucherRecords.VouchersUnknownPiece.selector, 77)
        );
    }

    function test_only_a_held_piece_is_offered() public {
        transferOffered(piece, FACE);
        _refuse(
            transferItem(piece, 1, SUPPLIER_2),
            abi.encodeWithSelector(IVoucherRecords.VouchersPieceState.selector, piece, 3)
        );
        uint64 locked = desk.financingOf(opened(true, true)).piece;
        _refuse(
            transferItem(locked, 1, SUPPLIER_2),
            abi.encodeWithSelector(IVoucherRecords.VouchersPieceState.selector, locked, 4)
        );
        uint64 financed = desk.financingOf(disbursed(false, true)).piece;
        _refuse(
            transferItem(financed, 1, SUPPLIER_2),
            abi.encodeWithSelector(IVoucherRecords.VouchersPieceState.selector, financed, 5)
        );
        uint64 redeemed = held();
        acts(BANK);
        vouchers.redeem(IVoucherRecords.RedeemItem(redeemed, FACE, RECEIPT));
        _refuse(
            transferItem(redeemed, 1, SUPPLIER_2),
            abi.encodeWithSelector(IVoucherRecords.VouchersPieceState.selector, redeemed, 6)
        );
    }

    function test_transfer_goes_to_another_party_that_may_hold() public {
        _refuse(
            transferItem(piece, 1, SUPPLIER),
            abi.encodeWithSelector(IVoucherRecords.VouchersSelf.selector, SUPPLIER)
        );
        _refuse(
            transferItem(piece, 1, 99),
            abi.encodeWithSelector(IPartyDirectory.DirectoryUnknownParty.selector, 99)
        );
        _refuse(
            transferItem(piece, 1, BANK),
            abi.encodeWithSelector(IPartyDirectory.DirectoryMissingRole.selector, BANK, 7)
        );
        _refuse(
            transferItem(piece, 1, INSPECTOR),
            abi.encodeWithSelector(IPartyDirectory.DirectoryMissingRole.selector, INSPECTOR, 7)
        );
        vm.prank(registrar);
        registry.setStatus(SUPPLIER_2, 2, EVIDENCE);
        _refuse(
            transferItem(piece, 1, SUPPLIER_2),
            abi.encodeWithSelector(IPartyDirectory.DirectoryPartySuspended.selector, SUPPLIER_2)
        );
    }

    function test_transfer_names_its_purpose() public {
        IVoucherRecords.TransferItem memory item = transferItem(piece, 1, SUPPLIER_2);
        item.purpose = 0;
        _refuse(item, abi.encodeWithSelector(IVoucherRecords.VouchersPurpose.selector, piece));
    }

    function test_transfer_is_possible_before_the_due_day_alone() public {
        passDays(89);
        assertEq(today() + 1, vouchers.rootOf(1).dueDay);
        does(Kinds.TRANSFER, SUPPLIER, abi.encode(transferItem(piece, 1, SUPPLIER_2)));
        passDays(1);
        _refuse(
            transferItem(piece, 1, SUPPLIER_2),
            abi.encodeWithSelector(IVoucherRecords.VouchersRootState.selector, 1, 3)
        );
        passDays(1);
        acts(BANK);
        vouchers.dishonour(IVoucherRecords.DishonourItem(piece, EVIDENCE));
        _refuse(
            transferItem(piece, 1, SUPPLIER_2),
            abi.encodeWithSelector(IVoucherRecords.VouchersRootState.selector, 1, 4)
        );
    }

    function test_offer_ends_later_than_now_and_within_policy() public {
        IVoucherRecords.TransferItem memory item = transferItem(piece, 1, SUPPLIER_2);
        uint256 time = vm.getBlockTimestamp();
        item.expiry = uint32(time);
        _refuse(
            item,
            abi.encodeWithSelector(
                IVoucherRecords.VouchersExpiry.selector, time, time, time + 30 days
            )
        );
        item.expiry = uint32(time + 30 days + 1);
        _refuse(
            item,
            abi.encodeWithSelector(
                IVoucherRecords.VouchersExpiry.selector, item.expiry, time, time + 30 days
            )
        );
        item.expiry = uint32(time + 30 days);
        does(Kinds.TRANSFER, SUPPLIER, abi.encode(item));
    }

    function test_amount_runs_from_one_fen_to_the_whole() public {
        _refuse(
            transferItem(piece, 0, SUPPLIER_2),
            abi.encodeWithSelector(IVoucherRecords.VouchersAmount.selector, 0, FACE)
        );
        _refuse(
            transferItem(piece, FACE + 1, SUPPLIER_2),
            abi.encodeWithSelector(IVoucherRecords.VouchersAmount.selector, FACE + 1, FACE)
        );
        does(Kinds.TRANSFER, SUPPLIER, abi.encode(transferItem(piece, 1, SUPPLIER_2)));
    }

    function test_depth_ends_where_policy_says() public {
        IVoucherRecords.Policy memory policy = firstPolicy();
        policy.maxDepth = 1;
        govern(address(vouchers), abi.encodeCall(vouchers.addPolicy, (policy)));
        uint64 part = transferOffered(piece, 100);
        accept(SUPPLIER_2, part);
        refuses(
            Kinds.TRANSFER,
            SUPPLIER_2,
            abi.encode(transferItem(part, 1, BUYER_2)),
            abi.encodeWithSelector(IVoucherRecords.VouchersDepth.selector, part, 1)
        );
        // Whole it may still go on.
        does(Kinds.TRANSFER, SUPPLIER_2, abi.encode(transferItem(part, 100, BUYER_2)));
    }

    function test_pieces_end_where_policy_says() public {
        IVoucherRecords.Policy memory policy = firstPolicy();
        policy.maxPieces = 2;
        govern(address(vouchers), abi.encodeCall(vouchers.addPolicy, (policy)));
        transferOffered(piece, 1);
        _refuse(
            transferItem(piece, 1, SUPPLIER_2),
            abi.encodeWithSelector(IVoucherRecords.VouchersPieces.selector, 1, 2)
        );
        does(Kinds.TRANSFER, SUPPLIER, abi.encode(transferItem(piece, FACE - 1, SUPPLIER_2)));
    }

    function test_first_offer_is_not_the_issuers_to_pass_on() public {
        uint64 id = offered();
        refuses(
            Kinds.TRANSFER,
            BUYER,
            abi.encode(transferItem(id, 1, SUPPLIER_2)),
            abi.encodeWithSelector(IVoucherRecords.VouchersPieceState.selector, id, 1)
        );
    }

    function _refuse(IVoucherRecords.TransferItem memory item, bytes memory reason) private {
        refuses(Kinds.TRANSFER, SUPPLIER, abi.encode(item), reason);
    }

    function _assertPiece(
        uint64 id,
        uint64 start,
        uint64 end,
        uint8 state,
        uint8 depth,
        uint16 parent
    ) private view {
        IVoucherRecords.Piece memory stored = vouchers.pieceOf(id);
        assertEq(stored.start, start);
        assertEq(stored.end, end);
        assertEq(stored.state, state);
        assertEq(stored.depth, depth);
        assertEq(stored.parent, parent);
    }
}
