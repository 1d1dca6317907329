// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IPartyDirectory} from "../../src/IPartyDirectory.sol";
import {IPartyGate} from "../../src/IPartyGate.sol";
import {ITradeDocuments} from "../../src/ITradeDocuments.sol";
import {Doors} from "../support/Doors.sol";
import {Kinds} from "../support/Kinds.sol";

/// @title Registration of trade documents, and the vouchers' door to them
contract DocumentsTest is Doors {
    uint64 internal constant MOST = 2 ** 48 - 1;
    bytes32 internal constant KEY = "key";

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

    function _refuseRegister(bytes memory items, bytes memory reason) private {
        refuses(Kinds.REGISTER_DOCUMENT, BUYER, items, reason);
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
