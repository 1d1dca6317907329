// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ITradeDocuments} from "./ITradeDocuments.sol";
import {PartyDirectory} from "./PartyDirectory.sol";
import {SignedOrders} from "./SignedOrders.sol";
import {MemberWord, ROLE_ISSUER, ROLE_SUPPLIER} from "./types/MemberWord.sol";

/// @title TradeDocuments
contract TradeDocuments is SignedOrders, ITradeDocuments {
    /// @custom:storage-location erc7201:xinlian.storage.TradeDocuments
    struct DocumentStorage {
        mapping(bytes32 key => Document) documents;
        mapping(bytes32 key => mapping(bytes32 note => bool)) notes;
    }

    uint8 private constant KIND_BUNDLE = 5;
    /// @dev Keeps every sum of a document inside `Document.shortfall`.
    uint64 private constant AMOUNT_MAX = 2 ** 48 - 1;

    uint8 private constant REGISTER = 1;
    uint8 private constant CREDIT_NOTE = 2;
    uint8 private constant COMBINE = 3;

    /// @dev ERC-7201 slot of "xinlian.storage.TradeDocuments".
    bytes32 private constant DOCUMENT_STORAGE =
        0x7c79e987da2d00e0c0cda8897b7aa1f085fab2f01f52081c6547f8cccd8daf00;

    /// @notice The only contract that uses documents up.
    address public immutable vouchers;

    /// @custom:oz-upgrades-unsafe-allow constructor
    constructor(address registry_, address vouchers_) PartyDirectory(registry_) {
        vouchers = vouchers_;
        _disableInitializers();
    }

    function initialize(address authority_) external initializer {
        __SignedOrders_init(authority_);
    }

    modifier onlyVouchers() {
        if (msg.sender != vouchers) revert DocumentsVouchersOnly(msg.sender);
        _;
    }

    /// @inheritdoc ITradeDocuments
    function registerDocument(RegisterDocumentItem calldata item) external {
        _register(_direct(), item);
    }

    /// @inheritdoc ITradeDocuments
    function registerDocumentBatch(RegisterDocumentItem[] calldata items) external {
        _registerAll(_directBatch(items.length), items);
    }

    /// @inheritdoc ITradeDocuments
    function creditNote(CreditNoteItem calldata item) external {
        _creditNote(_direct(), item);
    }

    /// @inheritdoc ITradeDocuments
    function creditNoteBatch(CreditNoteItem[] calldata items) external {
        _creditNoteAll(_directBatch(items.length), items);
    }

    /// @inheritdoc ITradeDocuments
    function combine(CombineItem calldata item) external {
        _combine(_direct(), item);
    }

    /// @inheritdoc ITradeDocuments
    function combineBatch(CombineItem[] calldata items) external {
        _combineAll(_directBatch(items.length), items);
    }

    /// @inheritdoc ITradeDocuments
    function use(bytes32 document, uint32 buyer, uint32 seller, uint64 amount)
        external
        onlyVouchers
        whenNotPaused
    {
        Document storage stored = _known(document);
        if (stored.buyer != buyer) revert DocumentsNotParty(document, buyer);
        if (stored.seller != seller) {
            revert DocumentsNotSeller(document, seller, stored.seller);
        }
        uint64 used = stored.used;
        uint64 free = stored.usable - used;
        if (amount > free) revert DocumentsInsufficient(document, amount, free);
        stored.used = used + amount;
        emit DocumentUsed(document, amount);
    }

    /// @inheritdoc ITradeDocuments
    function restore(bytes32 document, uint64 amount) external onlyVouchers whenNotPaused {
        Document storage stored = _documents().documents[document];
        stored.used -= amount;
        // What a credit note could not take back then, it takes back now.
        uint48 shortfall = stored.shortfall;
        if (shortfall != 0) {
            uint48 taken = amount < shortfall ? uint48(amount) : shortfall;
            stored.shortfall = shortfall - taken;
            stored.usable -= taken;
        }
        emit DocumentRestored(document, amount);
    }

    /// @inheritdoc ITradeDocuments
    function documentOf(bytes32 document) external view returns (Document memory) {
        return _documents().documents[document];
    }

    /// @inheritdoc ITradeDocuments
    function noteApplied(bytes32 document, bytes32 note) external view returns (bool) {
        return _documents().notes[document][note];
    }

    function _kind(uint8 kind)
        internal
        pure
        override
        returns (string memory, string memory, uint256)
    {
        if (kind == REGISTER) {
            return (
                "RegisterDocument",
                "RegisterDocumentItem(bytes32 document,uint8 kind,uint32 seller,uint64 amount)",
                0x40_20_08_00_04
            );
        }
        if (kind == CREDIT_NOTE) {
            return (
                "CreditNote",
                "CreditNoteItem(bytes32 document,bytes32 note,uint64 amount)",
                0x40_00_00_03
            );
        }
        if (kind == COMBINE) {
            return
                (
                    "Combine",
                    "CombineItem(bytes32 target,bytes32 source,uint64 amount)",
                    0x40_00_00_03
                );
        }
        return ("", "", 0);
    }

    function _run(uint8 kind, MemberWord by, bytes calldata items) internal override {
        if (kind == REGISTER) {
            RegisterDocumentItem[] calldata list;
            assembly ("memory-safe") {
                list.offset := items.offset
                list.length := div(items.length, 0x80)
            }
            _registerAll(by, list);
        } else if (kind == CREDIT_NOTE) {
            CreditNoteItem[] calldata list;
            assembly ("memory-safe") {
                list.offset := items.offset
                list.length := div(items.length, 0x60)
            }
            _creditNoteAll(by, list);
        } else {
            CombineItem[] calldata list;
            assembly ("memory-safe") {
                list.offset := items.offset
                list.length := div(items.length, 0x60)
            }
            _combineAll(by, list);
        }
    }

    function _registerAll(MemberWord by, RegisterDocumentItem[] calldata items) private {
        for (uint256 i; i < items.length; ++i) {
            _register(by, items[i]);
        }
    }

    function _creditNoteAll(MemberWord by, CreditNoteItem[] calldata items) private {
        for (uint256 i; i < items.length; ++i) {
            _creditNote(by, items[i]);
        }
    }

    function _combineAll(MemberWord by, CombineItem[] calldata items) private {
        for (uint256 i; i < items.length; ++i) {
            _combine(by, items[i]);
        }
    }

    function _register(MemberWord by, RegisterDocumentItem calldata item) private {
        uint32 buyer = by.party();
        _requireRole(by, ROLE_ISSUER);
        if (item.kind == 0 || item.kind > KIND_BUNDLE) revert DocumentsKind(item.kind);
        if (item.seller == buyer) revert DocumentsSelf(buyer);
        _requireParty(item.seller, ROLE_SUPPLIER);
        // A bundle begins empty; every other kind has an amount of its own.
        bool empty = item.amount == 0;
        if (empty != (item.kind == KIND_BUNDLE) || item.amount > AMOUNT_MAX) {
            revert DocumentsAmount(item.amount);
        }
        Document storage stored = _documents().documents[item.document];
        if (stored.kind != 0) revert DocumentsExists(item.document);

        stored.usable = item.amount;
        stored.buyer = buyer;
        stored.seller = item.seller;
        stored.kind = item.kind;
        emit DocumentRegistered(item.document, buyer, item.seller, item.kind, item.amount);
    }

    function _creditNote(MemberWord by, CreditNoteItem calldata item) private {
        uint32 id = by.party();
        Document storage stored = _known(item.document);
        if (stored.buyer != id && stored.seller != id) revert DocumentsNotParty(item.document, id);
        mapping(bytes32 note => bool) storage notes = _documents().notes[item.document];
        if (notes[item.note]) revert DocumentsNoteApplied(item.note);
        uint64 usable = stored.usable;
        // Earlier notes count also where they could not take back anything yet.
        if (item.amount == 0 || item.amount > usable - stored.shortfall) {
            revert DocumentsAmount(item.amount);
        }

        notes[item.note] = true;
        uint64 free = usable - stored.used;
        uint64 taken = item.amount < free ? item.amount : free;
        uint64 shortfall = item.amount - taken;
        stored.usable = usable - taken;
        // forge-lint: disable-next-line(unsafe-typecast) at most `usable`, which is at most AMOUNT_MAX
        stored.shortfall += uint48(shortfall);
        emit CreditNoteApplied(item.document, item.note, id, item.amount, shortfall);
    }

    function _combine(MemberWord by, CombineItem calldata item) private {
        uint32 id = by.party();
        Document storage target = _known(item.target);
        Document storage source = _known(item.source);
        if (target.kind != KIND_BUNDLE) revert DocumentsKind(target.kind);
        if (source.kind == KIND_BUNDLE) revert DocumentsKind(source.kind);
        if (target.buyer != id) revert DocumentsNotParty(item.target, id);
        if (source.buyer != id) revert DocumentsNotParty(item.source, id);
        if (source.seller != target.seller) {
            revert DocumentsNotSeller(item.source, target.seller, source.seller);
        }
        uint64 usable = target.usable;
        if (item.amount == 0 || item.amount > AMOUNT_MAX - usable) {
            revert DocumentsAmount(item.amount);
        }
        uint64 free = source.usable - source.used;
        if (item.amount > free) revert DocumentsInsufficient(item.source, item.amount, free);
        // Moved, not used up: a later credit note must find the amount in one place only.
        source.usable -= item.amount;
        target.usable = usable + item.amount;
        emit DocumentsCombined(item.target, item.source, item.amount);
    }

    function _known(bytes32 key) private view returns (Document storage stored) {
        stored = _documents().documents[key];
        if (stored.kind == 0) revert DocumentsUnknown(key);
    }

    function _documents() private pure returns (DocumentStorage storage $) {
        assembly ("memory-safe") {
            $.slot := DOCUMENT_STORAGE
        }
    }
}
