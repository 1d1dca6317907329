// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IPartyDirectory} from "../../src/IPartyDirectory.sol";
import {IPartyGate} from "../../src/IPartyGate.sol";
import {ITradeDocuments} from "../../src/ITradeDocuments.sol";
import {IVoucherRecords} from "../../src/IVoucherRecords.sol";
import {Doors} from "../support/Doors.sol";
import {Kinds} from "../support/Kinds.sol";

/// @title Trade documents: registration, credit notes, bundles
contract DocumentsTest is Doors {
    uint64 internal constant MOST = 2 ** 48 - 1;
    bytes32 internal constant KEY = "key";
    bytes32 internal constant NOTE = "note";

    // ---- registration

    function test_buyer_registers_a_document() public {
        vm.expectEmit(address(documents));
        emit ITradeDocuments.DocumentRegistered(KEY, BUYER, SUPPLIER, 4, 100);
        does(Kinds.REGISTER_DOCUMENT, BUYER, abi.encode(KEY, 4, SUPPLIER, 100));
        _assertDocument(KEY, 100, 0, 0);
        ITradeDocuments.Document memory document = documents.documentOf(KEY);
        assertEq(document.buyer, BUYER);
        assertEq(document.seller, SUPPLIER);
        assertEq(document.kind, 4);
    }

    function test_many_documents_are_registered_at_once() public {
        does(
            Kinds.REGISTER_DOCUMENT,
            BUYER,
            bytes.concat(
                abi.encode(KEY, 1, SUPPLIER, 1), abi.encode(bytes32("b"), 3, SUPPLIER_2, MOST)
            )
        );
        _assertDocument(KEY, 1, 0, 0);
        _assertDocument("b", MOST, 0, 0);
    }

    function test_bundle_begins_empty_and_nothing_else_does() public {
        does(Kinds.REGISTER_DOCUMENT, BUYER, abi.encode(KEY, 5, SUPPLIER, 0));
        _refuseRegister(
            abi.encode(bytes32("b"), 5, SUPPLIER, 1),
            abi.encodeWithSelector(ITradeDocuments.DocumentsAmount.selector, 1)
        );
        _refuseRegister(
            abi.encode(bytes32("b"), 4, SUPPLIER, 0),
            abi.encodeWithSelector(ITradeDocuments.DocumentsAmount.selector, 0)
        );
        _refuseRegister(
            abi.encode(bytes32("b"), 4, SUPPLIER, MOST + 1),
            abi.encodeWithSelector(ITradeDocuments.DocumentsAmount.selector, MOST + 1)
        );
    }

    function test_registration_needs_an_issuer_and_a_supplier() public {
        refuses(
            Kinds.REGISTER_DOCUMENT,
            SUPPLIER,
            abi.encode(KEY, 4, SUPPLIER_2, 100),
            abi.encodeWithSelector(IPartyDirectory.DirectoryMissingRole.selector, SUPPLIER, 1)
        );
        _refuseRegister(
            abi.encode(KEY, 4, BUYER, 100),
            abi.encodeWithSelector(ITradeDocuments.DocumentsSelf.selector, BUYER)
        );
        _refuseRegister(
            abi.encode(KEY, 4, 99, 100),
            abi.encodeWithSelector(IPartyDirectory.DirectoryUnknownParty.selector, 99)
        );
        _refuseRegister(
            abi.encode(KEY, 4, FUNDER, 100),
            abi.encodeWithSelector(IPartyDirectory.DirectoryMissingRole.selector, FUNDER, 2)
        );
        vm.prank(registrar);
        registry.setStatus(SUPPLIER, 2, EVIDENCE);
        _refuseRegister(
            abi.encode(KEY, 4, SUPPLIER, 100),
            abi.encodeWithSelector(IPartyDirectory.DirectoryPartySuspended.selector, SUPPLIER)
        );
    }

    function test_kinds_run_from_1_to_5() public {
        _refuseRegister(
            abi.encode(KEY, 0, SUPPLIER, 100),
            abi.encodeWithSelector(ITradeDocuments.DocumentsKind.selector, 0)
        );
        _refuseRegister(
            abi.encode(KEY, 6, SUPPLIER, 100),
            abi.encodeWithSelector(ITradeDocuments.DocumentsKind.selector, 6)
        );
    }

    function test_a_key_is_registered_once() public {
        does(Kinds.REGISTER_DOCUMENT, BUYER, abi.encode(KEY, 4, SUPPLIER, 100));
        refuses(
            Kinds.REGISTER_DOCUMENT,
            BUYER_2,
            abi.encode(KEY, 4, SUPPLIER, 100),
            abi.encodeWithSelector(ITradeDocuments.DocumentsExists.selector, KEY)
        );
    }

    // ---- credit notes

    function test_either_party_applies_a_credit_note() public {
        _register(KEY, 4, 100);
        vm.expectEmit(address(documents));
        emit ITradeDocuments.CreditNoteApplied(KEY, NOTE, SUPPLIER, 30, 0);
        does(Kinds.CREDIT_NOTE, SUPPLIER, abi.encode(KEY, NOTE, 30));
        _assertDocument(KEY, 70, 0, 0);
        assertTrue(documents.noteApplied(KEY, NOTE));
        does(Kinds.CREDIT_NOTE, BUYER, abi.encode(KEY, bytes32("b"), 70));
        _assertDocument(KEY, 0, 0, 0);
    }

    function test_a_note_counts_once_for_a_document() public {
        _register(KEY, 4, 100);
        _register("b", 4, 100);
        does(Kinds.CREDIT_NOTE, BUYER, abi.encode(KEY, NOTE, 1));
        refuses(
            Kinds.CREDIT_NOTE,
            SUPPLIER,
            abi.encode(KEY, NOTE, 1),
            abi.encodeWithSelector(ITradeDocuments.DocumentsNoteApplied.selector, NOTE)
        );
        // The same key on another document is another matter: nobody can use up a stranger's note.
        does(Kinds.CREDIT_NOTE, SUPPLIER, abi.encode(bytes32("b"), NOTE, 1));
    }

    function test_a_note_takes_back_what_is_free_and_remembers_the_rest() public {
        _register(KEY, 4, FACE);
        _issueOn(KEY, FACE * 3 / 4);
        vm.expectEmit(address(documents));
        emit ITradeDocuments.CreditNoteApplied(KEY, NOTE, BUYER, FACE / 2, FACE / 4);
        does(Kinds.CREDIT_NOTE, BUYER, abi.encode(KEY, NOTE, FACE / 2));
        _assertDocument(KEY, FACE * 3 / 4, FACE * 3 / 4, uint48(FACE / 4));
        // What is left for notes: usable less what an earlier note still waits for.
        refuses(
            Kinds.CREDIT_NOTE,
            BUYER,
            abi.encode(KEY, bytes32("b"), FACE / 2 + 1),
            abi.encodeWithSelector(ITradeDocuments.DocumentsAmount.selector, FACE / 2 + 1)
        );
        // The voucher comes to nothing: the note takes its rest.
        acts(SUPPLIER);
        vm.expectEmit(address(documents));
        emit ITradeDocuments.DocumentRestored(KEY, FACE * 3 / 4);
        vouchers.decline(IVoucherRecords.DeclineItem(1 << 16, 0));
        _assertDocument(KEY, FACE / 2, 0, 0);
    }

    function test_a_rest_is_taken_as_vouchers_come_back() public {
        _register(KEY, 4, 100);
        _issueOn(KEY, 40);
        _issueOn(KEY, 60);
        does(Kinds.CREDIT_NOTE, BUYER, abi.encode(KEY, NOTE, 80));
        _assertDocument(KEY, 100, 100, 80);
        acts(SUPPLIER);
        vouchers.decline(IVoucherRecords.DeclineItem(1 << 16, 0));
        _assertDocument(KEY, 60, 60, 40);
        acts(SUPPLIER);
        vouchers.decline(IVoucherRecords.DeclineItem(2 << 16, 0));
        _assertDocument(KEY, 20, 0, 0);
    }

    function test_credit_note_is_refused_to_strangers_and_for_nothing() public {
        _register(KEY, 4, 100);
        refuses(
            Kinds.CREDIT_NOTE,
            SUPPLIER_2,
            abi.encode(KEY, NOTE, 1),
            abi.encodeWithSelector(ITradeDocuments.DocumentsNotParty.selector, KEY, SUPPLIER_2)
        );
        refuses(
            Kinds.CREDIT_NOTE,
            BUYER,
            abi.encode(bytes32("b"), NOTE, 1),
            abi.encodeWithSelector(ITradeDocuments.DocumentsUnknown.selector, bytes32("b"))
        );
        refuses(
            Kinds.CREDIT_NOTE,
            BUYER,
            abi.encode(KEY, NOTE, 0),
            abi.encodeWithSelector(ITradeDocuments.DocumentsAmount.selector, 0)
        );
        refuses(
            Kinds.CREDIT_NOTE,
            BUYER,
            abi.encode(KEY, NOTE, 101),
            abi.encodeWithSelector(ITradeDocuments.DocumentsAmount.selector, 101)
        );
    }

    // ---- bundles

    function test_one_voucher_stands_on_several_documents() public {
        _register("bundle", 5, 0);
        _register("a", 4, 100);
        _register("b", 4, 50);
        vm.expectEmit(address(documents));
        emit ITradeDocuments.DocumentsCombined("bundle", "a", 90);
        does(
            Kinds.COMBINE,
            BUYER,
            bytes.concat(
                abi.encode(bytes32("bundle"), bytes32("a"), 90),
                abi.encode(bytes32("bundle"), bytes32("b"), 50)
            )
        );
        _assertDocument("bundle", 140, 0, 0);
        _assertDocument("a", 10, 0, 0);
        _assertDocument("b", 0, 0, 0);
        _issueOn("bundle", 140);
        _assertDocument("bundle", 140, 140, 0);
    }

    function test_a_note_finds_an_amount_in_one_place_only() public {
        _register("bundle", 5, 0);
        _register("a", 4, 100);
        does(Kinds.COMBINE, BUYER, abi.encode(bytes32("bundle"), bytes32("a"), 90));
        refuses(
            Kinds.CREDIT_NOTE,
            SUPPLIER,
            abi.encode(bytes32("a"), NOTE, 11),
            abi.encodeWithSelector(ITradeDocuments.DocumentsAmount.selector, 11)
        );
        does(Kinds.CREDIT_NOTE, SUPPLIER, abi.encode(bytes32("bundle"), NOTE, 90));
        _assertDocument("bundle", 0, 0, 0);
    }

    function test_combine_refuses_what_does_not_fit() public {
        _register("bundle", 5, 0);
        _register("bundle 2", 5, 0);
        _register("a", 4, 100);
        _refuseCombine(
            "b",
            "a",
            1,
            abi.encodeWithSelector(ITradeDocuments.DocumentsUnknown.selector, bytes32("b"))
        );
        _refuseCombine(
            "bundle",
            "b",
            1,
            abi.encodeWithSelector(ITradeDocuments.DocumentsUnknown.selector, bytes32("b"))
        );
        _refuseCombine(
            "a", "a", 1, abi.encodeWithSelector(ITradeDocuments.DocumentsKind.selector, 4)
        );
        _refuseCombine(
            "bundle",
            "bundle 2",
            1,
            abi.encodeWithSelector(ITradeDocuments.DocumentsKind.selector, 5)
        );
        _refuseCombine(
            "bundle", "a", 0, abi.encodeWithSelector(ITradeDocuments.DocumentsAmount.selector, 0)
        );
        _refuseCombine(
            "bundle",
            "a",
            101,
            abi.encodeWithSelector(
                ITradeDocuments.DocumentsInsufficient.selector, bytes32("a"), 101, 100
            )
        );
    }

    function test_combine_is_the_buyers_of_both_for_one_seller() public {
        _register("bundle", 5, 0);
        _register("a", 4, 100);
        refuses(
            Kinds.COMBINE,
            BUYER_2,
            abi.encode(bytes32("bundle"), bytes32("a"), 1),
            abi.encodeWithSelector(
                ITradeDocuments.DocumentsNotParty.selector, bytes32("bundle"), BUYER_2
            )
        );
        acts(BUYER_2);
        documents.registerDocument(
            ITradeDocuments.RegisterDocumentItem("other buyer's", 4, SUPPLIER, 100)
        );
        _refuseCombine(
            "bundle",
            "other buyer's",
            1,
            abi.encodeWithSelector(
                ITradeDocuments.DocumentsNotParty.selector, bytes32("other buyer's"), BUYER
            )
        );
        acts(BUYER);
        documents.registerDocument(
            ITradeDocuments.RegisterDocumentItem("other seller's", 4, SUPPLIER_2, 100)
        );
        _refuseCombine(
            "bundle",
            "other seller's",
            1,
            abi.encodeWithSelector(
                ITradeDocuments.DocumentsNotSeller.selector,
                bytes32("other seller's"),
                SUPPLIER,
                SUPPLIER_2
            )
        );
    }

    function test_a_bundle_holds_48_bits() public {
        _register("bundle", 5, 0);
        _register("a", 4, MOST);
        _register("b", 4, 1);
        does(Kinds.COMBINE, BUYER, abi.encode(bytes32("bundle"), bytes32("a"), MOST));
        _refuseCombine(
            "bundle", "b", 1, abi.encodeWithSelector(ITradeDocuments.DocumentsAmount.selector, 1)
        );
    }

    // ---- the vouchers' door

    function test_use_and_restore_are_the_voucher_contracts_alone() public {
        _register(KEY, 4, 100);
        address[4] memory callers = [accountOf(BUYER), registrar, address(desk), address(timelock)];
        for (uint256 i; i < 4; ++i) {
            bytes memory reason =
                abi.encodeWithSelector(ITradeDocuments.DocumentsVouchersOnly.selector, callers[i]);
            vm.expectRevert(reason);
            vm.prank(callers[i]);
            documents.use(KEY, BUYER, SUPPLIER, 1);
            vm.expectRevert(reason);
            vm.prank(callers[i]);
            documents.restore(KEY, 0);
        }
    }

    function test_use_and_restore_stop_in_a_pause() public {
        vm.prank(guardian);
        documents.pause();
        vm.expectRevert(IPartyGate.OrdersPaused.selector);
        vm.prank(address(vouchers));
        documents.use(KEY, BUYER, SUPPLIER, 1);
        vm.expectRevert(IPartyGate.OrdersPaused.selector);
        vm.prank(address(vouchers));
        documents.restore(KEY, 0);
    }

    // ---- help

    function _register(bytes32 key, uint8 kind, uint64 amount) private {
        acts(BUYER);
        documents.registerDocument(
            ITradeDocuments.RegisterDocumentItem(key, kind, SUPPLIER, amount)
        );
    }

    function _issueOn(bytes32 key, uint64 face) private {
        IVoucherRecords.IssueItem memory item = issueItem(key);
        item.face = face;
        acts(BUYER);
        vouchers.issue(item);
    }

    function _refuseRegister(bytes memory items, bytes memory reason) private {
        refuses(Kinds.REGISTER_DOCUMENT, BUYER, items, reason);
    }

    function _refuseCombine(bytes32 target, bytes32 source, uint64 amount, bytes memory reason)
        private
    {
        refuses(Kinds.COMBINE, BUYER, abi.encode(target, source, amount), reason);
    }

    function _assertDocument(bytes32 key, uint64 usable, uint64 used, uint48 shortfall)
        private
        view
    {
        ITradeDocuments.Document memory document = documents.documentOf(key);
        assertEq(document.usable, usable);
        assertEq(document.used, used);
        assertEq(document.shortfall, shortfall);
    }
}
