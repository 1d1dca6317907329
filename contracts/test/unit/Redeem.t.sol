// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IVoucherRecords} from "../../src/IVoucherRecords.sol";
import {Doors} from "../support/Doors.sol";
import {Kinds} from "../support/Kinds.sol";

/// @title Redemption on the paying bank's receipt
contract RedeemTest is Doors {
    uint64 internal piece;

    function setUp() public override {
        super.setUp();
        piece = held();
    }

    function test_whole_piece_is_redeemed() public {
        vm.expectEmit(address(vouchers));
        emit IVoucherRecords.PieceRedeemed(piece, SUPPLIER, BANK, FACE, RECEIPT);
        vm.expectEmit(address(vouchers));
        emit IVoucherRecords.Transfer(vouchers.partyAddress(SUPPLIER), address(0), piece);
        does(Kinds.REDEEM, BANK, abi.encode(piece, FACE, RECEIPT));
        _assertRedeemed(piece, SUPPLIER, 0, 0, FACE);
        assertEq(vouchers.rootState(1), 5);
        assertEq(vouchers.issuerOf(BUYER).outstanding, 0);
    }

    function test_part_payment_takes_the_front() public {
        uint64 part = piece + 1;
        vm.expectEmit(address(vouchers));
        emit IVoucherRecords.PieceSplit(piece, part, 0, 30, 1, 1);
        vm.expectEmit(address(vouchers));
        emit IVoucherRecords.Transfer(address(0), vouchers.partyAddress(SUPPLIER), part);
        vm.expectEmit(address(vouchers));
        emit IVoucherRecords.PieceRedeemed(part, SUPPLIER, BANK, 30, RECEIPT);
        vm.expectEmit(address(vouchers));
        emit IVoucherRecords.Transfer(vouchers.partyAddress(SUPPLIER), address(0), part);
        does(Kinds.REDEEM, BANK, abi.encode(piece, 30, RECEIPT));
        _assertRedeemed(part, SUPPLIER, 0, 0, 30);
        assertEq(vouchers.pieceOf(piece).start, 30);
        assertEq(stateOf(piece), 2);
        assertEq(vouchers.issuerOf(BUYER).outstanding, FACE - 30);
        assertEq(vouchers.rootState(1), 2);
    }

    function test_many_are_redeemed_at_once() public {
        uint64 other = held();
        does(
            Kinds.REDEEM,
            BANK,
            bytes.concat(abi.encode(piece, FACE, RECEIPT), abi.encode(other, 1, RECEIPT))
        );
        assertEq(vouchers.issuerOf(BUYER).outstanding, FACE - 1);
    }

    function test_redeem_is_the_paying_banks_alone() public {
        uint32[4] memory others = [BUYER, SUPPLIER, BANK_2, OPERATOR];
        for (uint256 i; i < 4; ++i) {
            refuses(
                Kinds.REDEEM,
                others[i],
                abi.encode(piece, FACE, RECEIPT),
                abi.encodeWithSelector(IVoucherRecords.VouchersNotPayingBank.selector, 1, others[i])
            );
        }
    }

    function test_redeem_needs_a_piece_that_is_unpaid() public {
        refuses(
            Kinds.REDEEM,
            BANK,
            abi.encode(uint64(77), 1, RECEIPT),
            abi.encodeWithSelector(IVoucherRecords.VouchersUnknownPiece.selector, 77)
        );
        uint64 first = offered();
        _refuseState(first, 1);
        acts(BUYER);
        vouchers.withdraw(IVoucherRecords.WithdrawItem(first));
        _refuseState(first, 7);
        acts(BANK);
        vouchers.redeem(IVoucherRecords.RedeemItem(piece, FACE, RECEIPT));
        _refuseState(piece, 6);
    }

    function test_redeem_needs_a_receipt_and_an_amount() public {
        refuses(
            Kinds.REDEEM,
            BANK,
            abi.encode(piece, FACE, bytes32(0)),
            abi.encodeWithSelector(IVoucherRecords.VouchersReceipt.selector)
        );
        refuses(
            Kinds.REDEEM,
            BANK,
            abi.encode(piece, 0, RECEIPT),
            abi.encodeWithSelector(IVoucherRecords.VouchersAmount.selector, 0, FACE)
        );
        refuses(
            Kinds.REDEEM,
            BANK,
            abi.encode(piece, FACE + 1, RECEIPT),
            abi.encodeWithSelector(IVoucherRecords.VouchersAmount.selector, FACE + 1, FACE)
        );
    }

    function test_payment_is_a_fact_also_for_a_piece_on_offer() public {
        uint64 part = transferOffered(piece, 100);
        does(Kinds.REDEEM, BANK, abi.encode(part, 40, RECEIPT));
        // The rest stays on offer, to the same party and as long.
        assertEq(stateOf(part), 3);
        assertEq(vouchers.pieceOf(part).offeree, SUPPLIER_2);
        assertEq(sizeOf(part), 60);
        _assertRedeemed(piece + 2, SUPPLIER, 0, 0, 40);
        does(Kinds.REDEEM, BANK, abi.encode(part, 60, RECEIPT));
        _assertRedeemed(part, SUPPLIER, 0, 40, 100);
    }

    function test_payment_of_a_pledged_piece_goes_to_the_lien_holder() public {
        uint64 pledged = desk.financingOf(disbursed(false, true)).piece;
        uint64 part = (pledged >> 16 << 16) + 2;
        vm.expectEmit(address(vouchers));
        emit IVoucherRecords.PieceSplit(pledged, part, 0, 10, 2, 1);
        vm.expectEmit(address(vouchers));
        emit IVoucherRecords.Transfer(address(0), vouchers.partyAddress(SUPPLIER), part);
        vm.expectEmit(address(vouchers));
        emit IVoucherRecords.PieceRedeemed(part, FUNDER, BANK, 10, RECEIPT);
        does(Kinds.REDEEM, BANK, abi.encode(pledged, 10, RECEIPT));
        _assertRedeemed(part, SUPPLIER, FUNDER, 0, 10);
        assertEq(stateOf(pledged), 5);
        assertEq(vouchers.pieceOf(pledged).offeree, FUNDER);
    }

    function test_payment_of_a_sold_piece_goes_to_the_funder() public {
        uint64 sold = desk.financingOf(disbursed(true, false)).piece;
        uint64 size = sizeOf(sold);
        vm.expectEmit(address(vouchers));
        emit IVoucherRecords.PieceRedeemed(sold, FUNDER, BANK, size, RECEIPT);
        does(Kinds.REDEEM, BANK, abi.encode(sold, size, RECEIPT));
        _assertRedeemed(sold, FUNDER, 0, 0, size);
    }

    function test_payment_after_dishonour_settles_the_root() public {
        passDays(91);
        acts(BANK);
        vouchers.dishonour(IVoucherRecords.DishonourItem(piece, EVIDENCE));
        does(Kinds.REDEEM, BANK, abi.encode(piece, 1, RECEIPT));
        assertEq(vouchers.rootState(1), 4);
        does(Kinds.REDEEM, BANK, abi.encode(piece, FACE - 1, RECEIPT));
        assertEq(vouchers.rootState(1), 5);
        assertTrue(vouchers.issuerOf(BUYER).blocked);
    }

    function test_payment_does_not_heed_policy() public {
        IVoucherRecords.Policy memory policy = firstPolicy();
        (policy.maxDepth, policy.maxPieces) = (0, 1);
        govern(address(vouchers), abi.encodeCall(vouchers.addPolicy, (policy)));
        does(Kinds.REDEEM, BANK, abi.encode(piece, 1, RECEIPT));
        does(Kinds.REDEEM, BANK, abi.encode(piece, 1, RECEIPT));
        assertEq(vouchers.rootOf(1).pieces, 3);
    }

    function test_suspension_of_the_holder_does_not_stop_the_payment() public {
        vm.prank(registrar);
        registry.setStatus(SUPPLIER, 2, EVIDENCE);
        does(Kinds.REDEEM, BANK, abi.encode(piece, FACE, RECEIPT));
    }

    function test_cutting_for_payment_never_runs_out_of_depth() public {
        // A chain of part payments on the same piece keeps the depth; only parts get deeper.
        for (uint256 i; i < 300; ++i) {
            acts(BANK);
            vouchers.redeem(IVoucherRecords.RedeemItem(piece, 1, RECEIPT));
        }
        assertEq(vouchers.pieceOf(piece).depth, 0);
        assertEq(vouchers.pieceOf(piece + 300).depth, 1);
        assertEq(vouchers.rootOf(1).pieces, 301);
    }

    function test_ids_of_a_root_end_at_16_bits() public {
        // As if 65,535 ids had been given out: the count stands in bits 192 to 207 of the root's word.
        bytes32 base = keccak256(
            abi.encode(uint256(keccak256("xinlian.storage.CreditVouchers")) - 1)
        ) & ~bytes32(uint256(0xff));
        bytes32 slot = keccak256(abi.encode(uint64(1), base));
        bytes32 word = vm.load(address(vouchers), slot);
        vm.store(address(vouchers), slot, word | bytes32(uint256(type(uint16).max) << 192));
        assertEq(vouchers.rootOf(1).pieces, type(uint16).max);
        refuses(
            Kinds.REDEEM,
            BANK,
            abi.encode(piece, 1, RECEIPT),
            abi.encodeWithSelector(IVoucherRecords.VouchersPieces.selector, 1, type(uint16).max)
        );
        does(Kinds.REDEEM, BANK, abi.encode(piece, FACE, RECEIPT));
    }

    function _refuseState(uint64 id, uint8 state) private {
        refuses(
            Kinds.REDEEM,
            BANK,
            abi.encode(id, 1, RECEIPT),
            abi.encodeWithSelector(IVoucherRecords.VouchersPieceState.selector, id, state)
        );
    }

    function _assertRedeemed(uint64 id, uint32 holder, uint32 lien, uint64 start, uint64 end)
        private
        view
    {
        IVoucherRecords.Piece memory stored = vouchers.pieceOf(id);
        assertEq(stored.state, 6);
        assertEq(stored.holder, holder);
        assertEq(stored.offeree, lien);
        assertEq(stored.expiry, 0);
        assertEq(stored.start, start);
        assertEq(stored.end, end);
    }
}
