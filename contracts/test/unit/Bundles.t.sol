// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ITradeDocuments} from "../../src/ITradeDocuments.sol";
import {IVoucherRecords} from "../../src/IVoucherRecords.sol";
import {Doors} from "../support/Doors.sol";
import {Kinds} from "../support/Kinds.sol";

/// @title Bundles: one voucher on several documents
contract BundlesTest is Doors {
    uint64 internal constant MOST = 2 ** 48 - 1;
    bytes32 internal constant NOTE = "note";

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
