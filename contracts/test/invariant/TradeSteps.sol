// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IVoucherRecords} from "../../src/IVoucherRecords.sol";
import {Kinds} from "../support/Kinds.sol";
import {EvidenceSteps} from "./EvidenceSteps.sol";

/// @title Steps of documents and vouchers
abstract contract TradeSteps is EvidenceSteps {
    uint256 private _keysGiven;

    // ---- documents

    function registerDocument(uint256 seed) external step(seed) {
        uint32 buyer = pickIssuer();
        bytes memory items;
        for (uint256 i = 1 + chance(2); i > 0; --i) {
            uint256 kind = 1 + chance(5);
            uint256 amount = kind == 5 ? 0 : 1 + chance(chance(4) == 0 ? 2 ** 48 - 1 : 5_000);
            uint32 seller = pickSupplier();
            bytes32 key = chance(20) == 0 && ghostDocumentKeys.length != 0
                ? anyDocument()
                : keccak256(abi.encode("invariant document", ++_keysGiven));
            items = bytes.concat(
                items, abi.encode(key, mostly(kind, 8), mostly(seller, 32), mostly(amount, 64))
            );
        }
        send(Kinds.REGISTER_DOCUMENT, buyer, items);
    }

    function creditNote(uint256 seed) external step(seed) {
        if (ghostDocumentKeys.length == 0) return;
        bytes32 key = anyDocument();
        uint32 by = chance(2) == 0 ? ghostDocuments[key].buyer : ghostDocuments[key].seller;
        uint256 most = ghostDocuments[key].usable;
        uint256 amount = 1 + chance(most / (1 + chance(10)) + 1);
        bytes32 note = bytes32(chance(8) == 0 ? 1 : ++_keysGiven);
        send(Kinds.CREDIT_NOTE, chance(10) == 0 ? pickParty() : by, abi.encode(key, note, amount));
    }

    function combine(uint256 seed) external step(seed) {
        (bytes32 target, bytes32 source) = _bundle();
        if (target == 0) return;
        uint64 free = ghostDocuments[source].usable - ghostDocuments[source].used;
        uint256 amount = 1 + chance(uint256(free) + 1);
        send(Kinds.COMBINE, ghostDocuments[target].buyer, abi.encode(target, source, amount));
    }

    // ---- vouchers: the way of an offer

    function issue(uint256 seed) external step(seed) {
        if (ghostDocumentKeys.length == 0) return;
        bytes memory items;
        uint32 issuer;
        for (uint256 i = 1 + chance(2); i > 0; --i) {
            bytes32 key = _freeDocument(issuer);
            issuer = ghostDocuments[key].buyer;
            items = bytes.concat(items, _issueItem(key));
        }
        send(Kinds.ISSUE, issuer, items);
    }

    function accept(uint256 seed) external step(seed) {
        uint64 id = _anyOffer();
        send(Kinds.ACCEPT, _answerer(id), abi.encode(id));
    }

    function decline(uint256 seed) external step(seed) {
        uint64 id = _anyOffer();
        send(Kinds.DECLINE, _answerer(id), abi.encode(id, chance(9)));
    }

    function withdraw(uint256 seed) external step(seed) {
        uint64 id = _anyOffer();
        uint32 by = ghostPieces[id].holder;
        send(Kinds.WITHDRAW, by == 0 ? pickParty() : by, abi.encode(id));
    }

    function expire(uint256 seed) external step(seed) {
        uint64[] memory ids = new uint64[](1 + chance(2));
        for (uint256 i; i < ids.length; ++i) {
            ids[i] = _anyOffer();
        }
        // Anyone, and for nothing.
        vm.prank(stranger);
        try vouchers.expire(ids) {
            ++expired;
        } catch {
            undone();
        }
    }

    uint256 public expired;

    function transfer(uint256 seed) external step(seed) {
        uint64 id = pickPiece(2, 0, 0);
        uint32 holder = ghostPieces[id].holder;
        bytes memory items = _transferItem(id);
        if (chance(4) == 0) items = bytes.concat(items, _transferItem(pickPiece(2, holder, 0)));
        send(Kinds.TRANSFER, chance(15) == 0 || holder == 0 ? pickParty() : holder, items);
    }

    function merge(uint256 seed) external step(seed) {
        (uint64 id, uint64 other) = _neighbours();
        if (chance(2) == 0) (id, other) = (other, id);
        uint32 holder = ghostPieces[id].holder;
        send(Kinds.MERGE, holder == 0 ? pickParty() : holder, abi.encode(id, other));
    }

    // ---- vouchers: the end

    function redeem(uint256 seed) external step(seed) {
        uint8 state = uint8(2 + chance(4));
        uint64 id = pickPiece(state, 0, 0);
        if (ghostPieces[id].state != state) id = pickPiece(2, 0, 0);
        uint64 size = ghostPieces[id].end - ghostPieces[id].start;
        uint256 amount = chance(2) == 0 ? size : 1 + chance(uint256(size) + 1);
        uint32 bank = ghostRoots[id >> 16].root.payingBank;
        if (bank == 0 || chance(15) == 0) bank = pickParty();
        send(Kinds.REDEEM, bank, abi.encode(id, amount, chance(20) == 0 ? bytes32(0) : RECEIPT));
    }

    function dishonour(uint256 seed) external step(seed) {
        uint64 id = _overdue();
        uint32 by = chance(2) == 0 ? ghostPieces[id].holder : ghostRoots[id >> 16].root.payingBank;
        if (ghostPieces[id].offeree != 0 && chance(3) == 0) by = ghostPieces[id].offeree;
        send(Kinds.DISHONOUR, by == 0 ? pickParty() : by, abi.encode(id, mostly(1, 8)));
    }

    function writeOff(uint256 seed) external step(seed) {
        uint64 id = _dishonoured();
        uint32 by = ghostPieces[id].holder;
        send(Kinds.WRITE_OFF, by == 0 ? pickParty() : by, abi.encode(id, EVIDENCE));
    }

    function blockIssuer(uint256 seed) external step(seed) {
        // Rarely, or little else would happen.
        if (chance(4) != 0) return;
        uint32 by = chance(2) == 0 ? OPERATOR : REGULATOR;
        send(
            Kinds.BLOCK_ISSUER,
            chance(10) == 0 ? pickParty() : by,
            abi.encode(mostly(pickIssuer(), 32), EVIDENCE)
        );
    }

    function unblockIssuer(uint256 seed) external step(seed) {
        uint32 issuer = ghostIssuers[BUYER].blocked ? BUYER : BUYER_2;
        send(
            Kinds.UNBLOCK_ISSUER,
            chance(8) == 0 ? pickParty() : REGULATOR,
            abi.encode(issuer, EVIDENCE)
        );
    }

    // ---- items

    function anyDocument() internal returns (bytes32) {
        return ghostDocumentKeys[chance(ghostDocumentKeys.length)];
    }

    function _issueItem(bytes32 key) private returns (bytes memory) {
        uint64 free = ghostDocuments[key].usable - ghostDocuments[key].used;
        uint256 face = 1 + chance(chance(3) == 0 ? uint256(free) + 1 : uint256(free) / 4 + 1);
        uint32[4] memory terms = [uint32(0), 2, 90, 360];
        uint256 dueDay = today() + terms[chance(4)] + chance(3);
        uint256 expiry = vm.getBlockTimestamp() + 1 + chance(chance(3) == 0 ? 5 days : 31 days);
        return abi.encode(
            mostly(ghostDocuments[key].seller, 32),
            mostly(chance(4) == 0 ? BANK_2 : BANK, 32),
            mostly(face, 64),
            mostly(dueDay, 32),
            uint32(expiry),
            key,
            bytes32("terms")
        );
    }

    function _transferItem(uint64 id) private returns (bytes memory) {
        uint64 size = ghostPieces[id].end - ghostPieces[id].start;
        uint256 amount = chance(3) == 0 ? size : 1 + chance(uint256(size) + 1);
        uint256 expiry = vm.getBlockTimestamp() + 1 + chance(chance(3) == 0 ? 5 days : 31 days);
        return
            abi.encode(
                id, amount, chance(2), mostly(pickTrader(), 32), uint32(expiry), mostly(1, 1)
            );
    }

    function _answerer(uint64 id) private returns (uint32 by) {
        by = ghostPieces[id].offeree;
        if (by == 0 || chance(15) == 0) by = pickParty();
    }

    function _anyOffer() private returns (uint64 id) {
        uint8 state = chance(2) == 0 ? 1 : 3;
        id = pickPiece(state, 0, 0);
        if (ghostPieces[id].state != state) id = pickPiece(4 - state, 0, 0);
    }

    /// @dev A document with something free on it, of the issuer where one is named.
    function _freeDocument(uint32 issuer) private returns (bytes32 key) {
        uint256 count = ghostDocumentKeys.length;
        uint256 first = chance(count);
        for (uint256 i; i < count; ++i) {
            key = ghostDocumentKeys[(first + i) % count];
            bool right = issuer == 0 || ghostDocuments[key].buyer == issuer;
            if (right && ghostDocuments[key].usable > ghostDocuments[key].used) return key;
        }
    }

    /// @dev A bundle and a document that could go into it.
    function _bundle() private returns (bytes32 target, bytes32 source) {
        uint256 count = ghostDocumentKeys.length;
        if (count == 0) return (0, 0);
        uint256 first = chance(count);
        for (uint256 i; i < count; ++i) {
            target = ghostDocumentKeys[(first + i) % count];
            if (ghostDocuments[target].kind != 5) continue;
            for (uint256 j; j < count; ++j) {
                source = ghostDocumentKeys[(first + j) % count];
                bool fits = ghostDocuments[source].kind != 5
                    && ghostDocuments[source].buyer == ghostDocuments[target].buyer
                    && ghostDocuments[source].seller == ghostDocuments[target].seller
                    && ghostDocuments[source].usable > ghostDocuments[source].used;
                if (fits) return (target, source);
            }
        }
        return (0, 0);
    }

    /// @dev Two held pieces of one holder that touch; where there are none, any two.
    function _neighbours() private returns (uint64 id, uint64 other) {
        for (uint64 root = 1; root <= ghostRootCount; ++root) {
            uint16 count = ghostRoots[root].root.pieces;
            for (uint16 i; i < count; ++i) {
                id = (root << 16) | i;
                if (ghostPieces[id].state != 2) continue;
                for (uint16 j; j < count; ++j) {
                    other = (root << 16) | j;
                    bool touching = ghostPieces[other].state == 2
                        && ghostPieces[other].holder == ghostPieces[id].holder
                        && ghostPieces[other].start == ghostPieces[id].end;
                    if (touching && i != j && chance(8) != 0) return (id, other);
                }
            }
        }
        return (pickPiece(2, 0, 0), pickPiece(2, 0, 0));
    }

    /// @dev An unpaid piece of a root that is past due and not dishonoured yet; else any piece.
    function _overdue() private returns (uint64 id) {
        uint256 first = chance(ghostRootCount + 1);
        for (uint256 i; i < ghostRootCount; ++i) {
            uint64 root = uint64(1 + (first + i) % ghostRootCount);
            IVoucherRecords.Root storage stored = ghostRoots[root].root;
            if (stored.state != 1 || stored.dueDay >= today()) continue;
            for (uint16 j; j < stored.pieces; ++j) {
                id = (root << 16) | j;
                if (ghostPieces[id].state >= 2 && ghostPieces[id].state <= 5) return id;
            }
        }
        return pickPiece(2, 0, 0);
    }

    /// @dev An unpaid piece of a dishonoured root; else any piece.
    function _dishonoured() private returns (uint64 id) {
        for (uint64 root = 1; root <= ghostRootCount; ++root) {
            if (ghostRoots[root].root.state != 3) continue;
            uint16 count = ghostRoots[root].root.pieces;
            uint256 first = chance(count);
            for (uint16 j; j < count; ++j) {
                id = (root << 16) | uint64((first + j) % count);
                if (ghostPieces[id].state >= 2 && ghostPieces[id].state <= 5) return id;
            }
        }
        return pickPiece(2, 0, 0);
    }
}
