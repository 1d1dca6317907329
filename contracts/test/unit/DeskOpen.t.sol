// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IFinancingDesk} from "../../src/IFinancingDesk.sol";
import {IPartyDirectory} from "../../src/IPartyDirectory.sol";
import {IVoucherRecords} from "../../src/IVoucherRecords.sol";
import {Doors} from "../support/Doors.sol";
import {Kinds} from "../support/Kinds.sol";

/// @title Opening a financing
contract DeskOpenTest is Doors {
    uint64 internal piece;

    function setUp() public override {
        super.setUp();
        piece = held();
    }

    // ---- open

    function test_opening_locks_the_piece() public {
        IFinancingDesk.OpenFinancingItem memory item = openItem(piece, FACE / 2, true, true);
        uint64 part = piece + 1;
        vm.expectEmit(address(vouchers));
        emit IVoucherRecords.PieceSplit(piece, part, 0, FACE / 2, 1, 1);
        vm.expectEmit(address(vouchers));
        emit IVoucherRecords.PieceLocked(part, SUPPLIER, FUNDER, item.expiry);
        vm.expectEmit(address(desk));
        emit IFinancingDesk.FinancingOpened(
            1,
            part,
            SUPPLIER,
            FUNDER,
            BANK,
            true,
            true,
            item.price,
            item.maturityDay,
            item.expiry,
            "quote"
        );
        does(Kinds.OPEN, SUPPLIER, abi.encode(item));

        IFinancingDesk.Financing memory financing = desk.financingOf(1);
        assertEq(financing.piece, part);
        assertEq(financing.seller, SUPPLIER);
        assertEq(financing.funder, FUNDER);
        assertEq(financing.bank, BANK);
        assertEq(financing.expiry, item.expiry);
        assertEq(financing.state, 1);
        assertTrue(financing.sale && financing.recourse);
        assertEq(financing.price, item.price);
        assertEq(financing.amount, FACE / 2);
        assertEq(financing.maturityDay, item.maturityDay);
        assertEq(financing.terms, "quote");
        assertEq(financing.registration, 0);
        assertEq(desk.financingCount(), 1);
        IVoucherRecords.Piece memory locked = vouchers.pieceOf(part);
        assertEq(locked.state, 4);
        assertEq(locked.holder, SUPPLIER);
        assertEq(locked.offeree, FUNDER);
        assertEq(locked.expiry, item.expiry);
    }

    function test_whole_piece_from_the_back_or_front_is_the_same() public {
        IFinancingDesk.OpenFinancingItem memory item = openItem(piece, FACE, false, false);
        item.back = true;
        does(Kinds.OPEN, SUPPLIER, abi.encode(item));
        assertEq(desk.financingOf(1).piece, piece);
        assertFalse(desk.financingOf(1).sale || desk.financingOf(1).recourse);
    }

    function test_part_is_locked_from_the_back() public {
        IFinancingDesk.OpenFinancingItem memory item = openItem(piece, 100, false, false);
        item.back = true;
        does(Kinds.OPEN, SUPPLIER, abi.encode(item));
        assertEq(vouchers.pieceOf(piece + 1).start, FACE - 100);
    }

    function test_many_are_opened_at_once() public {
        does(
            Kinds.OPEN,
            SUPPLIER,
            bytes.concat(
                abi.encode(openItem(piece, 100, true, true)),
                abi.encode(openItem(piece, 200, false, false))
            )
        );
        assertEq(desk.financingCount(), 2);
        assertEq(sizeOf(piece + 2), 200);
    }

    function test_opening_needs_a_funder_and_a_bank_that_may_act() public {
        IFinancingDesk.OpenFinancingItem memory item = openItem(piece, FACE, true, true);
        item.funder = SUPPLIER;
        _refuseOpen(item, abi.encodeWithSelector(IFinancingDesk.DeskSelf.selector, SUPPLIER));
        item.funder = SUPPLIER_2;
        _refuseOpen(
            item,
            abi.encodeWithSelector(IPartyDirectory.DirectoryMissingRole.selector, SUPPLIER_2, 4)
        );
        item.funder = 99;
        _refuseOpen(
            item, abi.encodeWithSelector(IPartyDirectory.DirectoryUnknownParty.selector, 99)
        );
        item.funder = FUNDER;
        item.bank = FUNDER;
        _refuseOpen(
            item, abi.encodeWithSelector(IPartyDirectory.DirectoryMissingRole.selector, FUNDER, 8)
        );
        item.bank = BANK;
        vm.prank(registrar);
        registry.setStatus(FUNDER, 2, EVIDENCE);
        _refuseOpen(
            item, abi.encodeWithSelector(IPartyDirectory.DirectoryPartySuspended.selector, FUNDER)
        );
    }

    function test_price_is_from_one_fen_to_the_amount() public {
        IFinancingDesk.OpenFinancingItem memory item = openItem(piece, 100, true, true);
        item.price = 0;
        _refuseOpen(item, abi.encodeWithSelector(IFinancingDesk.DeskPrice.selector, 0, 100));
        item.price = 101;
        _refuseOpen(item, abi.encodeWithSelector(IFinancingDesk.DeskPrice.selector, 101, 100));
        item.price = 100;
        does(Kinds.OPEN, SUPPLIER, abi.encode(item));
    }

    function test_maturity_is_not_past_and_terms_are_named() public {
        IFinancingDesk.OpenFinancingItem memory item = openItem(piece, 100, true, true);
        item.maturityDay = today() - 1;
        _refuseOpen(
            item,
            abi.encodeWithSelector(IFinancingDesk.DeskMaturity.selector, item.maturityDay, today())
        );
        item.maturityDay = today();
        item.terms = 0;
        _refuseOpen(item, abi.encodeWithSelector(IFinancingDesk.DeskTerms.selector));
        item.terms = "quote";
        does(Kinds.OPEN, SUPPLIER, abi.encode(item));
    }

    function test_what_the_piece_forbids_the_desk_refuses() public {
        refuses(
            Kinds.OPEN,
            SUPPLIER_2,
            abi.encode(openItem(piece, 1, true, true)),
            abi.encodeWithSelector(IVoucherRecords.VouchersNotHolder.selector, piece, SUPPLIER_2)
        );
        _refuseOpen(
            openItem(77, 1, true, true),
            abi.encodeWithSelector(IVoucherRecords.VouchersUnknownPiece.selector, 77)
        );
        _refuseOpen(
            openItem(piece, FACE + 1, true, true),
            abi.encodeWithSelector(IVoucherRecords.VouchersAmount.selector, FACE + 1, FACE)
        );
        IFinancingDesk.OpenFinancingItem memory item = openItem(piece, 1, true, true);
        uint256 time = vm.getBlockTimestamp();
        (item.price, item.expiry) = (1, uint32(time));
        _refuseOpen(
            item,
            abi.encodeWithSelector(
                IVoucherRecords.VouchersExpiry.selector, time, time, time + 30 days
            )
        );
        transferOffered(piece, FACE);
        item.expiry = uint32(time + 1);
        _refuseOpen(
            item, abi.encodeWithSelector(IVoucherRecords.VouchersPieceState.selector, piece, 3)
        );
    }

    function test_lock_heeds_policy() public {
        IVoucherRecords.Policy memory policy = firstPolicy();
        policy.maxDepth = 0;
        govern(address(vouchers), abi.encodeCall(vouchers.addPolicy, (policy)));
        _refuseOpen(
            openItem(piece, 100, true, true),
            abi.encodeWithSelector(IVoucherRecords.VouchersDepth.selector, piece, 0)
        );
        policy.maxDepth = 5;
        policy.maxPieces = 1;
        govern(address(vouchers), abi.encodeCall(vouchers.addPolicy, (policy)));
        _refuseOpen(
            openItem(piece, 100, true, true),
            abi.encodeWithSelector(IVoucherRecords.VouchersPieces.selector, 1, 1)
        );
        passDays(90);
        _refuseOpen(
            openItem(piece, FACE, true, true),
            abi.encodeWithSelector(IVoucherRecords.VouchersRootState.selector, 1, 3)
        );
    }

    // ---- release

    function _refuseOpen(IFinancingDesk.OpenFinancingItem memory item, bytes memory reason)
        private
    {
        refuses(Kinds.OPEN, SUPPLIER, abi.encode(item), reason);
    }
}
