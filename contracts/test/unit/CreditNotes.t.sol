// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ITradeDocuments} from "../../src/ITradeDocuments.sol";
import {IVoucherRecords} from "../../src/IVoucherRecords.sol";
import {Doors} from "../support/Doors.sol";
import {Kinds} from "../support/Kinds.sol";

/// @title Credit notes
contract CreditNotesTest is Doors {
    bytes32 internal constant KEY = "key";
    bytes32 internal constant NOTE = "note";

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
