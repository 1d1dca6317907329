// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title Trade documents and how much of each is used
/// @notice A document is known by one key. Vouchers use up its amount; nothing can use it twice. Amounts are fen.
/// Kinds: 1 contract, 2 order, 3 delivery, 4 invoice, 5 bundle of documents.
/// Orders: 1 RegisterDocument (buyer, an issuer), 2 CreditNote (buyer or seller), 3 Combine (buyer).
interface ITradeDocuments {
    /// @dev One slot. `usable` is net of credit notes and of what was moved into bundles; `shortfall` is what a credit note could not take back because
    /// vouchers already stood on it.
    struct Document {
        uint64 usable;
        uint64 used;
        uint32 buyer;
        uint32 seller;
        uint8 kind;
        uint48 shortfall;
    }

    struct RegisterDocumentItem {
        bytes32 document;
        uint8 kind;
        uint32 seller;
        uint64 amount;
    }

    /// @param note Key of the credit note; each is applied once to a document. Where part of the document went into a
    /// bundle, the note is applied to the bundle for that part.
    struct CreditNoteItem {
        bytes32 document;
        bytes32 note;
        uint64 amount;
    }

    /// @notice Moves free amount of `source` into the bundle `target` (same buyer and seller), so that one voucher can
    /// stand on several documents.
    struct CombineItem {
        bytes32 target;
        bytes32 source;
        uint64 amount;
    }

    event DocumentRegistered(
        bytes32 indexed document,
        uint32 indexed buyer,
        uint32 indexed seller,
        uint8 kind,
        uint64 amount
    );
    event CreditNoteApplied(
        bytes32 indexed document,
        bytes32 indexed note,
        uint32 indexed by,
        uint64 amount,
        uint64 shortfall
    );
    event DocumentsCombined(bytes32 indexed target, bytes32 indexed source, uint64 amount);
    event DocumentUsed(bytes32 indexed document, uint64 amount);
    event DocumentRestored(bytes32 indexed document, uint64 amount);

    error DocumentsExists(bytes32 document);
    error DocumentsUnknown(bytes32 document);
    error DocumentsKind(uint8 kind);
    error DocumentsAmount(uint64 amount);
    error DocumentsNotParty(bytes32 document, uint32 party);
    error DocumentsNotSeller(bytes32 document, uint32 party, uint32 seller);
    error DocumentsInsufficient(bytes32 document, uint64 wanted, uint64 free);
    error DocumentsNoteApplied(bytes32 note);
    error DocumentsSelf(uint32 party);
    error DocumentsVouchersOnly(address caller);

    function registerDocument(RegisterDocumentItem calldata item) external;
    function registerDocumentBatch(RegisterDocumentItem[] calldata items) external;
    function creditNote(CreditNoteItem calldata item) external;
    function creditNoteBatch(CreditNoteItem[] calldata items) external;
    function combine(CombineItem calldata item) external;
    function combineBatch(CombineItem[] calldata items) external;

    /// @notice Uses up `amount` for a voucher of `buyer` to `seller`. Vouchers contract only.
    function use(bytes32 document, uint32 buyer, uint32 seller, uint64 amount) external;
    /// @notice Gives back the amount of a voucher that came to nothing. Vouchers contract only.
    function restore(bytes32 document, uint64 amount) external;

    function documentOf(bytes32 document) external view returns (Document memory);
    /// @notice Whether a credit note was applied to a document.
    function noteApplied(bytes32 document, bytes32 note) external view returns (bool);
}
