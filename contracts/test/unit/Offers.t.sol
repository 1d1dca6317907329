// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IPartyGate} from "../../src/IPartyGate.sol";
import {ITradeDocuments} from "../../src/ITradeDocuments.sol";
import {IVoucherRecords} from "../../src/IVoucherRecords.sol";
import {Doors} from "../support/Doors.sol";
import {Kinds} from "../support/Kinds.sol";

/// @title How offers end: accepted, declined, withdrawn, run out
contract OffersTest is Doors {
    uint64 internal first;
    uint64 internal onward;

    function setUp() public override {
        super.setUp();
        first = offered();
        onward = transferOffered(held(), FACE / 4);
    }

    // ---- accept

    function test_accepting_a_first_offer_makes_the_payee_holder() public {
        vm.expectEmit(address(vouchers));
        emit IVoucherRecords.OfferAccepted(first, BUYER, SUPPLIER);
        vm.expectEmit(address(vouchers));
        emit IVoucherRecords.Transfer(address(0), vouchers.partyAddress(SUPPLIER), first);
        does(Kinds.ACCEPT, SUPPLIER, abi.encode(first));
        _assertPiece(first, SUPPLIER, 2);
        assertEq(vouchers.rootState(first >> 16), 2);
    }

    function test_accepting_a_transfer_makes_the_offeree_holder() public {
        vm.expectEmit(address(vouchers));
        emit IVoucherRecords.OfferAccepted(onward, SUPPLIER, SUPPLIER_2);
        vm.expectEmit(address(vouchers));
        emit IVoucherRecords.Transfer(
            vouchers.partyAddress(SUPPLIER), vouchers.partyAddress(SUPPLIER_2), onward
        );
        does(Kinds.ACCEPT, SUPPLIER_2, abi.encode(onward));
        _assertPiece(onward, SUPPLIER_2, 2);
    }

    function test_many_offers_are_accepted_at_once() public {
        uint64 second = offered();
        does(Kinds.ACCEPT, SUPPLIER, abi.encode(first, second));
        _assertPiece(first, SUPPLIER, 2);
        _assertPiece(second, SUPPLIER, 2);
    }

    function test_accept_is_the_offerees_alone() public {
        refuses(
            Kinds.ACCEPT,
            SUPPLIER_2,
            abi.encode(first),
            abi.encodeWithSelector(IVoucherRecords.VouchersNotOfferee.selector, first, SUPPLIER_2)
        );
        refuses(
            Kinds.ACCEPT,
            SUPPLIER,
            abi.encode(onward),
            abi.encodeWithSelector(IVoucherRecords.VouchersNotOfferee.selector, onward, SUPPLIER)
        );
    }

    function test_accept_needs_an_offer() public {
        refuses(
            Kinds.ACCEPT,
            SUPPLIER,
            abi.encode(uint64(77)),
            abi.encodeWithSelector(IVoucherRecords.VouchersUnknownPiece.selector, 77)
        );
        accept(SUPPLIER, first);
        refuses(
            Kinds.ACCEPT,
            SUPPLIER,
            abi.encode(first),
            abi.encodeWithSelector(IVoucherRecords.VouchersPieceState.selector, first, 2)
        );
    }

    function test_accept_is_in_time_until_the_last_second() public {
        uint32 expiry = vouchers.pieceOf(first).expiry;
        vm.warp(expiry + 1);
        refuses(
            Kinds.ACCEPT,
            SUPPLIER,
            abi.encode(first),
            abi.encodeWithSelector(IVoucherRecords.VouchersOfferExpired.selector, first, expiry)
        );
        vm.warp(expiry);
        does(Kinds.ACCEPT, SUPPLIER, abi.encode(first));
    }

    function test_transfer_is_not_accepted_once_the_root_is_dishonoured() public {
        (uint64 piece, uint64 part) = _offeredAcrossDue();
        acts(BANK);
        vouchers.dishonour(IVoucherRecords.DishonourItem(piece, EVIDENCE));
        refuses(
            Kinds.ACCEPT,
            SUPPLIER_2,
            abi.encode(part),
            abi.encodeWithSelector(IVoucherRecords.VouchersRootState.selector, part >> 16, 4)
        );
        // Its holder gets it back by every other way an offer ends.
        vm.warp(vouchers.pieceOf(part).expiry + 1);
        uint64[] memory ids = new uint64[](1);
        ids[0] = part;
        vouchers.expire(ids);
        _assertPiece(part, SUPPLIER, 2);
    }

    function test_transfer_offered_in_time_is_accepted_after_the_due_day() public {
        (, uint64 part) = _offeredAcrossDue();
        assertEq(vouchers.rootState(part >> 16), 3);
        does(Kinds.ACCEPT, SUPPLIER_2, abi.encode(part));
        _assertPiece(part, SUPPLIER_2, 2);
    }

    // ---- decline

    function test_declining_a_first_offer_cancels_the_voucher() public {
        vm.expectEmit(address(documents));
        emit ITradeDocuments.DocumentRestored(vouchers.rootOf(first >> 16).document, FACE);
        vm.expectEmit(address(vouchers));
        emit IVoucherRecords.OfferEnded(first, BUYER, SUPPLIER, 1, 42);
        does(Kinds.DECLINE, SUPPLIER, abi.encode(first, 42));
        _assertCancelled();
    }

    function test_declining_a_transfer_gives_the_piece_back() public {
        vm.expectEmit(address(vouchers));
        emit IVoucherRecords.OfferEnded(onward, SUPPLIER, SUPPLIER_2, 1, 0);
        does(Kinds.DECLINE, SUPPLIER_2, abi.encode(onward, 0));
        _assertPiece(onward, SUPPLIER, 2);
    }

    function test_decline_is_the_offerees_alone() public {
        refuses(
            Kinds.DECLINE,
            BUYER,
            abi.encode(first, 0),
            abi.encodeWithSelector(IVoucherRecords.VouchersNotOfferee.selector, first, BUYER)
        );
        refuses(
            Kinds.DECLINE,
            SUPPLIER,
            abi.encode(uint64(77), 0),
            abi.encodeWithSelector(IVoucherRecords.VouchersUnknownPiece.selector, 77)
        );
        accept(SUPPLIER, first);
        refuses(
            Kinds.DECLINE,
            SUPPLIER,
            abi.encode(first, 0),
            abi.encodeWithSelector(IVoucherRecords.VouchersPieceState.selector, first, 2)
        );
    }

    function test_decline_is_possible_after_the_offer_ran_out() public {
        vm.warp(vouchers.pieceOf(first).expiry + 1);
        does(Kinds.DECLINE, SUPPLIER, abi.encode(first, 1));
        _assertCancelled();
    }

    // ---- withdraw

    function test_withdrawing_a_first_offer_cancels_the_voucher() public {
        vm.expectEmit(address(vouchers));
        emit IVoucherRecords.OfferEnded(first, BUYER, SUPPLIER, 2, 0);
        does(Kinds.WITHDRAW, BUYER, abi.encode(first));
        _assertCancelled();
    }

    function test_withdrawing_a_transfer_gives_the_piece_back() public {
        vm.expectEmit(address(vouchers));
        emit IVoucherRecords.OfferEnded(onward, SUPPLIER, SUPPLIER_2, 2, 0);
        does(Kinds.WITHDRAW, SUPPLIER, abi.encode(onward));
        _assertPiece(onward, SUPPLIER, 2);
    }

    function test_withdraw_is_the_holders_alone() public {
        refuses(
            Kinds.WITHDRAW,
            SUPPLIER_2,
            abi.encode(onward),
            abi.encodeWithSelector(IVoucherRecords.VouchersNotHolder.selector, onward, SUPPLIER_2)
        );
        refuses(
            Kinds.WITHDRAW,
            SUPPLIER,
            abi.encode(uint64(77)),
            abi.encodeWithSelector(IVoucherRecords.VouchersUnknownPiece.selector, 77)
        );
        acts(SUPPLIER);
        vouchers.withdraw(IVoucherRecords.WithdrawItem(onward));
        refuses(
            Kinds.WITHDRAW,
            SUPPLIER,
            abi.encode(onward),
            abi.encodeWithSelector(IVoucherRecords.VouchersPieceState.selector, onward, 2)
        );
    }

    // ---- expire

    function test_anyone_ends_offers_whose_time_has_run_out() public {
        uint64[] memory ids = new uint64[](2);
        (ids[0], ids[1]) = (first, onward);
        vm.warp(vouchers.pieceOf(onward).expiry + 1);
        vm.expectEmit(address(vouchers));
        emit IVoucherRecords.OfferEnded(first, BUYER, SUPPLIER, 3, 0);
        vm.expectEmit(address(vouchers));
        emit IVoucherRecords.OfferEnded(onward, SUPPLIER, SUPPLIER_2, 3, 0);
        vm.prank(stranger);
        vouchers.expire(ids);
        _assertCancelled();
        _assertPiece(onward, SUPPLIER, 2);
    }

    function test_expire_waits_for_the_last_second() public {
        uint64[] memory ids = new uint64[](1);
        ids[0] = first;
        uint32 expiry = vouchers.pieceOf(first).expiry;
        vm.warp(expiry);
        vm.expectRevert(
            abi.encodeWithSelector(IVoucherRecords.VouchersOfferRuns.selector, first, expiry)
        );
        vouchers.expire(ids);
        accept(SUPPLIER, first);
        vm.warp(expiry + 1);
        vm.expectRevert(
            abi.encodeWithSelector(IVoucherRecords.VouchersPieceState.selector, first, 2)
        );
        vouchers.expire(ids);
        ids[0] = 77;
        vm.expectRevert(abi.encodeWithSelector(IVoucherRecords.VouchersUnknownPiece.selector, 77));
        vouchers.expire(ids);
    }

    function test_expire_is_bounded_and_stops_in_a_pause() public {
        vm.expectRevert(abi.encodeWithSelector(IPartyGate.OrdersTooManyItems.selector, 257, 256));
        vouchers.expire(new uint64[](257));
        vouchers.expire(new uint64[](0));
        vm.prank(guardian);
        voucherOrders.pause();
        vm.expectRevert(IPartyGate.OrdersPaused.selector);
        vouchers.expire(new uint64[](0));
    }

    // ---- help

    /// @dev A piece and a part of it on offer, one day after the root's due day.
    function _offeredAcrossDue() private returns (uint64 piece, uint64 part) {
        IVoucherRecords.IssueItem memory item = issueItem(newDocument(BUYER, SUPPLIER, FACE));
        item.dueDay = today() + 1;
        acts(BUYER);
        vouchers.issue(item);
        piece = vouchers.rootCount() << 16;
        accept(SUPPLIER, piece);
        part = transferOffered(piece, FACE / 4);
        passDays(2);
    }

    function _assertPiece(uint64 id, uint32 holder, uint8 state) private view {
        IVoucherRecords.Piece memory piece = vouchers.pieceOf(id);
        assertEq(piece.holder, holder);
        assertEq(piece.state, state);
        assertEq(piece.offeree, 0);
        assertEq(piece.expiry, 0);
    }

    /// @dev The first offer came to nothing: no debt, no use of the document, no token.
    function _assertCancelled() private {
        _assertPiece(first, BUYER, 7);
        assertEq(vouchers.rootState(first >> 16), 7);
        assertEq(vouchers.rootOf(first >> 16).state, 2);
        assertEq(vouchers.issuerOf(BUYER).outstanding, FACE);
        assertEq(documents.documentOf(vouchers.rootOf(first >> 16).document).used, 0);
        vm.expectRevert(
            abi.encodeWithSelector(IVoucherRecords.VouchersPieceState.selector, first, 7)
        );
        vouchers.ownerOf(first);
    }
}
