// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IFinancingDesk} from "../../src/IFinancingDesk.sol";
import {IPartyDirectory} from "../../src/IPartyDirectory.sol";
import {IVoucherRecords} from "../../src/IVoucherRecords.sol";
import {Doors} from "../support/Doors.sol";
import {Kinds} from "../support/Kinds.sol";

/// @title Write-off after dishonour, and the block of an issuer
contract WriteOffTest is Doors {
    uint64 internal piece;
    uint32 internal dueDay;

    function setUp() public override {
        super.setUp();
        piece = held();
        dueDay = vouchers.rootOf(1).dueDay;
    }

    // ---- write-off

    function test_holder_writes_off_after_dishonour() public {
        passDays(91);
        _dishonour(piece);
        vm.expectEmit(address(vouchers));
        emit IVoucherRecords.PieceWrittenOff(piece, SUPPLIER, FACE, EVIDENCE);
        vm.expectEmit(address(vouchers));
        emit IVoucherRecords.Transfer(vouchers.partyAddress(SUPPLIER), address(0), piece);
        does(Kinds.WRITE_OFF, SUPPLIER, abi.encode(piece, EVIDENCE));
        assertEq(stateOf(piece), 7);
        assertEq(vouchers.rootState(1), 6);
        assertEq(vouchers.issuerOf(BUYER).outstanding, 0);
    }

    function test_root_paid_in_part_and_written_off_in_part_is_written_off() public {
        passDays(91);
        _dishonour(piece);
        acts(BANK);
        vouchers.redeem(IVoucherRecords.RedeemItem(piece, FACE / 2, RECEIPT));
        does(Kinds.WRITE_OFF, SUPPLIER, abi.encode(piece, EVIDENCE));
        assertEq(vouchers.rootState(1), 6);
    }

    function test_funder_writes_off_what_it_bought() public {
        uint64 sold = desk.financingOf(disbursed(true, false)).piece;
        passDays(91);
        _dishonour(sold);
        does(Kinds.WRITE_OFF, FUNDER, abi.encode(sold, EVIDENCE));
        assertEq(stateOf(sold), 7);
    }

    function test_write_off_is_the_holders_alone() public {
        passDays(91);
        _dishonour(piece);
        uint32[3] memory others = [BANK, BUYER, OPERATOR];
        for (uint256 i; i < 3; ++i) {
            refuses(
                Kinds.WRITE_OFF,
                others[i],
                abi.encode(piece, EVIDENCE),
                abi.encodeWithSelector(IVoucherRecords.VouchersNotHolder.selector, piece, others[i])
            );
        }
        refuses(
            Kinds.WRITE_OFF,
            SUPPLIER,
            abi.encode(uint64(7), EVIDENCE),
            abi.encodeWithSelector(IVoucherRecords.VouchersUnknownPiece.selector, 7)
        );
    }

    function test_write_off_needs_dishonour_and_evidence() public {
        passDays(91);
        refuses(
            Kinds.WRITE_OFF,
            SUPPLIER,
            abi.encode(piece, EVIDENCE),
            abi.encodeWithSelector(IVoucherRecords.VouchersNotDishonoured.selector, 1)
        );
        _dishonour(piece);
        refuses(
            Kinds.WRITE_OFF,
            SUPPLIER,
            abi.encode(piece, bytes32(0)),
            abi.encodeWithSelector(IVoucherRecords.VouchersEvidence.selector)
        );
    }

    function test_pieces_under_an_offer_a_lock_or_a_lien_are_not_written_off() public {
        uint64 part = transferOffered(piece, 10);
        uint64 locked = desk.financingOf(opened(false, true)).piece;
        uint64 pledged = desk.financingOf(disbursed(false, true)).piece;
        passDays(91);
        _refuseWriteOff(part, 3);
        _refuseWriteOff(locked, 4);
        _refuseWriteOff(pledged, 5);
        // The lien ends with the loan; then the piece is its holder's to write off.
        acts(BANK);
        desk.repay(IFinancingDesk.RepayItem(2, FACE / 2, RECEIPT));
        _dishonour(pledged);
        does(Kinds.WRITE_OFF, SUPPLIER, abi.encode(pledged, EVIDENCE));
    }

    // ---- block and unblock

    function test_operator_or_regulator_blocks_an_issuer() public {
        vm.expectEmit(address(vouchers));
        emit IVoucherRecords.IssuerBlocked(BUYER, OPERATOR, EVIDENCE);
        does(Kinds.BLOCK_ISSUER, OPERATOR, abi.encode(BUYER, EVIDENCE));
        does(Kinds.BLOCK_ISSUER, REGULATOR, abi.encode(BUYER_2, EVIDENCE));
        assertTrue(vouchers.issuerOf(BUYER).blocked && vouchers.issuerOf(BUYER_2).blocked);
    }

    function test_block_is_refused_to_others_twice_or_without_evidence() public {
        refuses(
            Kinds.BLOCK_ISSUER,
            BANK,
            abi.encode(BUYER, EVIDENCE),
            abi.encodeWithSelector(IPartyDirectory.DirectoryMissingRole.selector, BANK, 192)
        );
        refuses(
            Kinds.BLOCK_ISSUER,
            OPERATOR,
            abi.encode(99, EVIDENCE),
            abi.encodeWithSelector(IPartyDirectory.DirectoryUnknownParty.selector, 99)
        );
        refuses(
            Kinds.BLOCK_ISSUER,
            OPERATOR,
            abi.encode(BUYER, bytes32(0)),
            abi.encodeWithSelector(IVoucherRecords.VouchersEvidence.selector)
        );
        does(Kinds.BLOCK_ISSUER, OPERATOR, abi.encode(BUYER, EVIDENCE));
        refuses(
            Kinds.BLOCK_ISSUER,
            OPERATOR,
            abi.encode(BUYER, EVIDENCE),
            abi.encodeWithSelector(IVoucherRecords.VouchersIssuerBlocked.selector, BUYER)
        );
    }

    function test_regulator_alone_unblocks_on_evidence() public {
        refuses(
            Kinds.UNBLOCK_ISSUER,
            REGULATOR,
            abi.encode(BUYER, EVIDENCE),
            abi.encodeWithSelector(IVoucherRecords.VouchersIssuerNotBlocked.selector, BUYER)
        );
        does(Kinds.BLOCK_ISSUER, OPERATOR, abi.encode(BUYER, EVIDENCE));
        refuses(
            Kinds.UNBLOCK_ISSUER,
            OPERATOR,
            abi.encode(BUYER, EVIDENCE),
            abi.encodeWithSelector(IPartyDirectory.DirectoryMissingRole.selector, OPERATOR, 128)
        );
        refuses(
            Kinds.UNBLOCK_ISSUER,
            REGULATOR,
            abi.encode(BUYER, bytes32(0)),
            abi.encodeWithSelector(IVoucherRecords.VouchersEvidence.selector)
        );
        vm.expectEmit(address(vouchers));
        emit IVoucherRecords.IssuerUnblocked(BUYER, REGULATOR, EVIDENCE);
        does(Kinds.UNBLOCK_ISSUER, REGULATOR, abi.encode(BUYER, EVIDENCE));
        assertFalse(vouchers.issuerOf(BUYER).blocked);
        assertEq(vouchers.issuerOf(BUYER).limit, 100 * FACE);
        assertEq(vouchers.issuerOf(BUYER).outstanding, FACE);
    }

    // ---- help

    function _dishonour(uint64 id) private {
        acts(BANK);
        vouchers.dishonour(IVoucherRecords.DishonourItem(id, EVIDENCE));
    }

    function _refuseWriteOff(uint64 id, uint8 state) private {
        refuses(
            Kinds.WRITE_OFF,
            SUPPLIER,
            abi.encode(id, EVIDENCE),
            abi.encodeWithSelector(IVoucherRecords.VouchersPieceState.selector, id, state)
        );
    }
}
