// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IFinancingDesk} from "../src/IFinancingDesk.sol";
import {ISignedOrders} from "../src/ISignedOrders.sol";
import {ITradeDocuments} from "../src/ITradeDocuments.sol";
import {IVoucherRecords} from "../src/IVoucherRecords.sol";
import {Founding} from "./Founding.sol";

/// @title Short ways to act in a founded network
/// @notice `acts(party)` calls as the party's first account.
abstract contract Network is Founding {
    uint256 private _documentCount;

    /// @dev The next call comes from the party's first account.
    function acts(uint32 id) internal {
        vm.prank(accountOf(id));
    }

    // ---- governance

    /// @dev Lets the council and the timelock make a call.
    function govern(address target, bytes memory data) internal {
        bytes32 salt = keccak256(abi.encode(vm.getBlockTimestamp(), data));
        vm.prank(councillors[0]);
        council.approve(target, data, salt);
        vm.prank(councillors[1]);
        council.approve(target, data, salt);
        vm.warp(vm.getBlockTimestamp() + DELAY_SECONDS);
        timelock.execute(target, 0, data, 0, salt);
    }

    // ---- time

    function today() internal view returns (uint32) {
        return uint32((vm.getBlockTimestamp() + 8 hours) / 1 days);
    }

    function inDays(uint256 count) internal view returns (uint32) {
        return uint32(vm.getBlockTimestamp() + count * 1 days);
    }

    function passDays(uint256 count) internal {
        vm.warp(vm.getBlockTimestamp() + count * 1 days);
    }

    // ---- the usual items

    function newDocument(uint32 buyer, uint32 seller, uint64 amount)
        internal
        returns (bytes32 key)
    {
        key = keccak256(abi.encode("document", ++_documentCount));
        acts(buyer);
        documents.registerDocument(ITradeDocuments.RegisterDocumentItem(key, 4, seller, amount));
    }

    function issueItem(bytes32 document) internal view returns (IVoucherRecords.IssueItem memory) {
        return IVoucherRecords.IssueItem({
            payee: SUPPLIER,
            payingBank: BANK,
            face: FACE,
            dueDay: today() + 90,
            expiry: inDays(7),
            document: document,
            terms: "terms"
        });
    }

    function transferItem(uint64 piece, uint64 amount, uint32 to)
        internal
        view
        returns (IVoucherRecords.TransferItem memory)
    {
        return IVoucherRecords.TransferItem({
            piece: piece, amount: amount, back: false, to: to, expiry: inDays(7), purpose: 1
        });
    }

    /// @dev A voucher of `FACE` from the buyer to the supplier, not accepted yet.
    function offered() internal returns (uint64 piece) {
        bytes32 document = newDocument(BUYER, SUPPLIER, FACE);
        acts(BUYER);
        vouchers.issue(issueItem(document));
        return vouchers.rootCount() << 16;
    }

    /// @dev A voucher of `FACE`, held by the supplier.
    function held() internal returns (uint64 piece) {
        piece = offered();
        accept(SUPPLIER, piece);
    }

    function accept(uint32 by, uint64 piece) internal {
        acts(by);
        vouchers.accept(IVoucherRecords.AcceptItem(piece));
    }

    /// @dev Offers part of the supplier's piece to the second supplier.
    function transferOffered(uint64 piece, uint64 amount) internal returns (uint64 part) {
        uint64 root = piece >> 16;
        bool split = amount != sizeOf(piece);
        acts(vouchers.pieceOf(piece).holder);
        vouchers.transfer(transferItem(piece, amount, SUPPLIER_2));
        return split ? (root << 16) + vouchers.rootOf(root).pieces - 1 : piece;
    }

    function openItem(uint64 piece, uint64 amount, bool sale, bool recourse)
        internal
        view
        returns (IFinancingDesk.OpenFinancingItem memory item)
    {
        item.piece = piece;
        item.amount = amount;
        item.funder = FUNDER;
        item.bank = BANK;
        item.sale = sale;
        item.recourse = recourse;
        item.price = amount - amount / 50;
        item.maturityDay = today() + 90;
        item.expiry = inDays(7);
        item.terms = "quote";
    }

    /// @dev A financing of half of the supplier's piece, not registered yet.
    function opened(bool sale, bool recourse) internal returns (uint64 financing) {
        uint64 piece = held();
        acts(SUPPLIER);
        desk.openFinancing(openItem(piece, FACE / 2, sale, recourse));
        return desk.financingCount();
    }

    /// @dev A financing whose money has flowed.
    function disbursed(bool sale, bool recourse) internal returns (uint64 financing) {
        financing = opened(sale, recourse);
        acts(FUNDER);
        desk.registerFinancing(
            IFinancingDesk.RegisterFinancingItem(financing, keccak256(abi.encode(financing)), 0)
        );
        uint64 price = desk.financingOf(financing).price;
        acts(BANK);
        desk.disburse(IFinancingDesk.DisburseItem(financing, price, RECEIPT));
    }

    function sizeOf(uint64 piece) internal view returns (uint64) {
        IVoucherRecords.Piece memory stored = vouchers.pieceOf(piece);
        return stored.end - stored.start;
    }

    function stateOf(uint64 piece) internal view returns (uint8) {
        return vouchers.pieceOf(piece).state;
    }

    // ---- orders

    /// @dev An order of a party, signed by as many of its accounts as its threshold demands.
    function signedOrder(
        ISignedOrders target,
        uint8 kind,
        uint32 id,
        uint256 nonce,
        bytes memory items
    ) internal view returns (ISignedOrders.Order memory order) {
        order = ISignedOrders.Order({
            kind: kind,
            party: id,
            deadline: uint64(vm.getBlockTimestamp() + 1 hours),
            nonce: nonce,
            items: items,
            signatures: ""
        });
        bytes32 digest = target.orderDigest(order);
        order.signatures = signatureBy(id, 1, digest);
        if (registry.party(id).threshold == 2) {
            order.signatures = bytes.concat(order.signatures, signatureBy(id, 2, digest));
        }
    }

    function signatureBy(uint32 id, uint256 number, bytes32 digest)
        internal
        pure
        returns (bytes memory)
    {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(keyOf(id, number), digest);
        return abi.encodePacked(r, s, v);
    }
}
