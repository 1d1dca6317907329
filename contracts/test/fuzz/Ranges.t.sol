// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IVoucherRecords} from "../../src/IVoucherRecords.sol";
import {Network} from "../Network.sol";

/// @title Cutting, merging and paying ranges of any size
contract RangesTest is Network {
    uint64 internal constant MOST = 2 ** 48 - 1;

    function testFuzz_cut_parts_add_up(uint64 face, uint64 amount, bool back) public {
        face = uint64(bound(face, 1, MOST));
        amount = uint64(bound(amount, 1, face));
        uint64 piece = _heldOf(face);
        _offer(piece, amount, back);
        if (amount == face) {
            assertEq(sizeOf(piece), face);
            return;
        }
        assertEq(sizeOf(piece) + sizeOf(piece + 1), face);
        IVoucherRecords.Piece memory rest = vouchers.pieceOf(piece);
        IVoucherRecords.Piece memory part = vouchers.pieceOf(piece + 1);
        assertEq(part.end - part.start, amount);
        assertEq(back ? rest.end : part.end, back ? part.start : rest.start);
        assertEq(back ? rest.start : part.start, 0);
        assertEq(back ? part.end : rest.end, face);
    }

    function testFuzz_cut_and_merge_is_nothing(uint64 face, uint256 seed, uint8 cuts) public {
        face = uint64(bound(face, 4_096, MOST));
        uint64 piece = _heldOf(face);
        uint64 count = uint64(bound(cuts, 1, 10));
        for (uint64 i = 1; i <= count; ++i) {
            seed = uint256(keccak256(abi.encode(seed)));
            uint64 size = sizeOf(piece);
            _offer(piece, uint64(bound(seed, 1, size / 2)), seed % 2 == 0);
            acts(SUPPLIER);
            vouchers.withdraw(IVoucherRecords.WithdrawItem(piece + i));
        }
        // The last part cut off touches what is left, whichever side it came from.
        for (uint64 i = count; i > 0; --i) {
            acts(SUPPLIER);
            vouchers.merge(IVoucherRecords.MergeItem(piece + i, piece));
        }
        IVoucherRecords.Piece memory whole = vouchers.pieceOf(piece);
        assertEq(whole.start, 0);
        assertEq(whole.end, face);
        assertEq(whole.depth, 0);
        assertEq(whole.state, 2);
    }

    function testFuzz_payments_discharge_the_issuer_to_the_fen(uint64 face, uint256 seed) public {
        face = uint64(bound(face, 1, MOST));
        uint64 piece = _heldOf(face);
        uint64 owed = face;
        for (uint256 i; i < 8 && owed != 0; ++i) {
            seed = uint256(keccak256(abi.encode(seed)));
            uint64 amount = uint64(bound(seed, 1, owed));
            acts(BANK);
            vouchers.redeem(IVoucherRecords.RedeemItem(piece, amount, RECEIPT));
            owed -= amount;
            assertEq(vouchers.issuerOf(BUYER).outstanding, owed);
        }
        if (owed != 0) {
            acts(BANK);
            vouchers.redeem(IVoucherRecords.RedeemItem(piece, owed, RECEIPT));
        }
        assertEq(vouchers.issuerOf(BUYER).outstanding, 0);
        assertEq(vouchers.rootState(piece >> 16), 5);
    }

    function _heldOf(uint64 face) private returns (uint64 piece) {
        vm.prank(registrar);
        vouchers.setIssuerLimit(BUYER, MOST);
        IVoucherRecords.IssueItem memory item = issueItem(newDocument(BUYER, SUPPLIER, face));
        item.face = face;
        acts(BUYER);
        vouchers.issue(item);
        piece = vouchers.rootCount() << 16;
        accept(SUPPLIER, piece);
    }

    function _offer(uint64 piece, uint64 amount, bool back) private {
        IVoucherRecords.TransferItem memory item = transferItem(piece, amount, SUPPLIER_2);
        item.back = back;
        acts(SUPPLIER);
        vouchers.transfer(item);
    }
}
