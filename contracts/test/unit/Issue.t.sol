// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IPartyDirectory} from "../../src/IPartyDirectory.sol";
import {IPartyGate} from "../../src/IPartyGate.sol";
import {ISignedOrders} from "../../src/ISignedOrders.sol";
import {ITradeDocuments} from "../../src/ITradeDocuments.sol";
import {IVoucherRecords} from "../../src/IVoucherRecords.sol";
import {Doors} from "../support/Doors.sol";
import {Kinds} from "../support/Kinds.sol";

/// @title Issue of a voucher
contract IssueTest is Doors {
    bytes32 internal document;

    function setUp() public override {
        super.setUp();
        document = newDocument(BUYER, SUPPLIER, FACE);
    }

    function test_issue_offers_a_voucher_to_the_payee() public {
        IVoucherRecords.IssueItem memory item = issueItem(document);
        vm.expectEmit(address(documents));
        emit ITradeDocuments.DocumentUsed(document, FACE);
        vm.expectEmit(address(vouchers));
        emit IVoucherRecords.VoucherOffered(
            1 << 16,
            BUYER,
            SUPPLIER,
            BANK,
            FACE,
            item.dueDay,
            today(),
            item.expiry,
            1,
            document,
            "terms"
        );
        does(Kinds.ISSUE, BUYER, abi.encode(item));

        IVoucherRecords.Root memory root = vouchers.rootOf(1);
        assertEq(root.issuer, BUYER);
        assertEq(root.payingBank, BANK);
        assertEq(root.face, FACE);
        assertEq(root.dueDay, item.dueDay);
        assertEq(root.issuedDay, today());
        assertEq(root.pieces, 1);
        assertEq(root.state, 1);
        assertEq(root.policy, 1);
        assertEq(root.document, document);
        IVoucherRecords.Piece memory piece = vouchers.pieceOf(1 << 16);
        assertEq(piece.holder, BUYER);
        assertEq(piece.offeree, SUPPLIER);
        assertEq(piece.start, 0);
        assertEq(piece.end, FACE);
        assertEq(piece.expiry, item.expiry);
        assertEq(piece.state, 1);
        assertEq(piece.depth, 0);
        assertEq(piece.parent, 0);
        assertEq(vouchers.rootState(1), 1);
        assertEq(vouchers.issuerOf(BUYER).outstanding, FACE);
        assertEq(documents.documentOf(document).used, FACE);
    }

    function test_issue_of_many_numbers_them_in_order() public {
        IVoucherRecords.IssueItem memory item = issueItem(document);
        item.face = FACE / 4;
        bytes memory items = bytes.concat(abi.encode(item), abi.encode(item), abi.encode(item));
        does(Kinds.ISSUE, BUYER, items);
        assertEq(vouchers.rootCount(), 3);
        assertEq(vouchers.issuerOf(BUYER).outstanding, FACE / 4 * 3);
        assertEq(vouchers.rootOf(3).face, FACE / 4);
    }

    function test_issue_of_many_stands_or_falls_together() public {
        IVoucherRecords.IssueItem memory item = issueItem(document);
        item.face = FACE / 2 + 1;
        refuses(
            Kinds.ISSUE,
            BUYER,
            bytes.concat(abi.encode(item), abi.encode(item)),
            abi.encodeWithSelector(
                ITradeDocuments.DocumentsInsufficient.selector, document, FACE / 2 + 1, FACE / 2 - 1
            )
        );
        assertEq(vouchers.rootCount(), 0);
        assertEq(documents.documentOf(document).used, 0);
    }

    function test_issue_needs_the_issuers_role() public {
        refuses(
            Kinds.ISSUE,
            SUPPLIER,
            abi.encode(issueItem(document)),
            abi.encodeWithSelector(IPartyDirectory.DirectoryMissingRole.selector, SUPPLIER, 1)
        );
    }

    function test_nobody_is_payee_or_bank_of_its_own_debt() public {
        bytes memory reason = abi.encodeWithSelector(IVoucherRecords.VouchersSelf.selector, BUYER);
        IVoucherRecords.IssueItem memory item = issueItem(document);
        item.payee = BUYER;
        refuses(Kinds.ISSUE, BUYER, abi.encode(item), reason);
        (item.payee, item.payingBank) = (SUPPLIER, BUYER);
        refuses(Kinds.ISSUE, BUYER, abi.encode(item), reason);
    }

    function test_issue_needs_a_supplier_that_may_act() public {
        IVoucherRecords.IssueItem memory item = issueItem(document);
        item.payee = 99;
        _refuse(item, abi.encodeWithSelector(IPartyDirectory.DirectoryUnknownParty.selector, 99));
        item.payee = FUNDER;
        _refuse(
            item, abi.encodeWithSelector(IPartyDirectory.DirectoryMissingRole.selector, FUNDER, 2)
        );
        item.payee = SUPPLIER;
        vm.prank(registrar);
        registry.setStatus(SUPPLIER, 2, EVIDENCE);
        _refuse(
            item, abi.encodeWithSelector(IPartyDirectory.DirectoryPartySuspended.selector, SUPPLIER)
        );
    }

    function test_issue_needs_a_paying_bank_that_may_act() public {
        IVoucherRecords.IssueItem memory item = issueItem(document);
        item.payingBank = 0;
        _refuse(item, abi.encodeWithSelector(IPartyDirectory.DirectoryUnknownParty.selector, 0));
        item.payingBank = FUNDER;
        _refuse(
            item, abi.encodeWithSelector(IPartyDirectory.DirectoryMissingRole.selector, FUNDER, 8)
        );
        item.payingBank = BANK;
        vm.prank(registrar);
        registry.setStatus(BANK, 2, EVIDENCE);
        _refuse(
            item, abi.encodeWithSelector(IPartyDirectory.DirectoryPartySuspended.selector, BANK)
        );
    }

    function test_face_runs_from_one_fen_to_48_bits() public {
        vm.prank(registrar);
        vouchers.setIssuerLimit(BUYER, 2 ** 63 - 1);
        uint64 most = 2 ** 48 - 1;
        IVoucherRecords.IssueItem memory item = issueItem(document);
        item.face = 0;
        _refuse(item, abi.encodeWithSelector(IVoucherRecords.VouchersAmount.selector, 0, most));
        item.face = most + 1;
        _refuse(
            item, abi.encodeWithSelector(IVoucherRecords.VouchersAmount.selector, most + 1, most)
        );
        item.face = 1;
        does(Kinds.ISSUE, BUYER, abi.encode(item));
        item.document = newDocument(BUYER, SUPPLIER, most);
        item.face = most;
        does(Kinds.ISSUE, BUYER, abi.encode(item));
        assertEq(sizeOf(2 << 16), most);
    }

    function test_due_day_runs_from_today_to_the_hard_limit() public {
        IVoucherRecords.IssueItem memory item = issueItem(document);
        item.face = 1;
        // 2026-03-02 and twelve calendar months on.
        uint32 last = today() + 365;
        item.dueDay = today() - 1;
        _refuse(
            item,
            abi.encodeWithSelector(IVoucherRecords.VouchersDue.selector, item.dueDay, today(), last)
        );
        item.dueDay = last + 1;
        _refuse(
            item,
            abi.encodeWithSelector(IVoucherRecords.VouchersDue.selector, item.dueDay, today(), last)
        );
        item.dueDay = today();
        does(Kinds.ISSUE, BUYER, abi.encode(item));
        item.dueDay = last;
        does(Kinds.ISSUE, BUYER, abi.encode(item));
    }

    function test_months_end_where_the_shorter_month_ends() public {
        // Hard limit of six months; 31 August 2026 and six months on is 28 February 2027.
        IVoucherRecords.Policy memory policy = firstPolicy();
        policy.tenorMonthsHard = 6;
        govern(address(vouchers), abi.encodeCall(vouchers.addPolicy, (policy)));
        vm.warp(1_788_148_800); // 2026-08-31 12:00 in China
        IVoucherRecords.IssueItem memory item = issueItem(document);
        item.face = 1;
        uint32 last = today() + 181;
        item.dueDay = last + 1;
        _refuse(
            item,
            abi.encodeWithSelector(IVoucherRecords.VouchersDue.selector, item.dueDay, today(), last)
        );
        item.dueDay = last;
        does(Kinds.ISSUE, BUYER, abi.encode(item));
        assertEq(vouchers.rootOf(1).policy, 2);
    }

    function test_offer_ends_later_than_now_and_within_policy() public {
        IVoucherRecords.IssueItem memory item = issueItem(document);
        item.face = 1;
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
        item.expiry = uint32(time + 1);
        does(Kinds.ISSUE, BUYER, abi.encode(item));
        item.expiry = uint32(time + 30 days);
        does(Kinds.ISSUE, BUYER, abi.encode(item));
    }

    function test_issue_stays_within_the_limit() public {
        vm.prank(registrar);
        vouchers.setIssuerLimit(BUYER, FACE / 2);
        IVoucherRecords.IssueItem memory item = issueItem(document);
        item.face = FACE / 2 + 1;
        _refuse(
            item,
            abi.encodeWithSelector(
                IVoucherRecords.VouchersLimit.selector, BUYER, FACE / 2 + 1, FACE / 2
            )
        );
        item.face = FACE / 2;
        does(Kinds.ISSUE, BUYER, abi.encode(item));
        // A limit lowered below what is owed leaves nothing free, and takes nothing back.
        vm.prank(registrar);
        vouchers.setIssuerLimit(BUYER, 1);
        item.face = 1;
        _refuse(item, abi.encodeWithSelector(IVoucherRecords.VouchersLimit.selector, BUYER, 1, 0));
        assertEq(vouchers.issuerOf(BUYER).outstanding, FACE / 2);
    }

    function test_blocked_issuer_issues_nothing() public {
        acts(REGULATOR);
        vouchers.blockIssuer(IVoucherRecords.BlockIssuerItem(BUYER, EVIDENCE));
        _refuse(
            issueItem(document),
            abi.encodeWithSelector(IVoucherRecords.VouchersIssuerBlocked.selector, BUYER)
        );
    }

    function test_issue_stands_on_a_document_between_the_same_parties() public {
        IVoucherRecords.IssueItem memory item = issueItem("nothing");
        _refuse(
            item,
            abi.encodeWithSelector(ITradeDocuments.DocumentsUnknown.selector, bytes32("nothing"))
        );
        item.document = newDocument(BUYER_2, SUPPLIER, FACE);
        _refuse(
            item,
            abi.encodeWithSelector(ITradeDocuments.DocumentsNotParty.selector, item.document, BUYER)
        );
        item.document = newDocument(BUYER, SUPPLIER_2, FACE);
        _refuse(
            item,
            abi.encodeWithSelector(
                ITradeDocuments.DocumentsNotSeller.selector, item.document, SUPPLIER, SUPPLIER_2
            )
        );
        item.document = document;
        item.face = FACE + 1;
        _refuse(
            item,
            abi.encodeWithSelector(
                ITradeDocuments.DocumentsInsufficient.selector, document, FACE + 1, FACE
            )
        );
    }

    function test_issue_needs_documents_that_are_not_paused() public {
        vm.prank(guardian);
        documents.pause();
        _refuse(issueItem(document), abi.encodeWithSelector(IPartyGate.OrdersPaused.selector));
    }

    function test_voucher_declined_makes_room_for_another() public {
        does(Kinds.ISSUE, BUYER, abi.encode(issueItem(document)));
        acts(SUPPLIER);
        vouchers.decline(IVoucherRecords.DeclineItem(1 << 16, 0));
        does(Kinds.ISSUE, BUYER, abi.encode(issueItem(document)));
        assertEq(documents.documentOf(document).used, FACE);
    }

    function _refuse(IVoucherRecords.IssueItem memory item, bytes memory reason) private {
        refuses(Kinds.ISSUE, BUYER, abi.encode(item), reason);
    }
}
