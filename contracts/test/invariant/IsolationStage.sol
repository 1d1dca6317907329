// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IPartyDirectory} from "../../src/IPartyDirectory.sol";
import {IPartyRegistry} from "../../src/IPartyRegistry.sol";
import {ISignedOrders} from "../../src/ISignedOrders.sol";
import {ITradeDocuments} from "../../src/ITradeDocuments.sol";
import {IVoucherRecords} from "../../src/IVoucherRecords.sol";
import {Doors} from "../support/Doors.sol";
import {Kind, Kinds} from "../support/Kinds.sol";

/// @title The stage on which nobody may move what is not theirs
/// @notice Three honest parties hold pieces in every state, and have signed orders that are spent, stale or meant for
/// elsewhere. Their bank, the regulator and the timelock are honest. A gang has the rest.
abstract contract IsolationStage is Doors {
    uint32[5] internal gang = [OPERATOR, BUYER_2, SUPPLIER_2, FUNDER, BANK_2];
    uint32[3] internal victims = [BUYER, SUPPLIER, SUPPLIER_MAKER_CHECKER];

    /// @dev Pieces whose word may not change at all.
    uint64[] internal still;
    mapping(uint64 piece => bytes32) internal words;
    uint64 internal onOffer;
    uint64 internal locked;
    /// @dev Offered by one victim to another.
    uint64 internal betweenVictims;

    ISignedOrders.Order[] internal loot;
    uint256[] internal lootKinds;
    bool[] internal lootUsed;
    bytes32 internal documentsBefore;
    bytes32[5] internal accountsBefore;
    /// @notice Orders in a victim's name that took effect, and calls through doors that are not the gang's.
    uint256 public forged;

    function setUp() public override {
        super.setUp();
        _prepare();
        _takeLoot();
        for (uint256 i; i < still.length; ++i) {
            words[still[i]] = _word(still[i]);
        }
        documentsBefore = _documentsNow();
        accountsBefore = _accountsNow();
    }

    // ---- what may not move

    function check() external view {
        assertEq(forged, 0, "nobody acts in a victim's name");
        for (uint256 i; i < still.length; ++i) {
            assertEq(_word(still[i]), words[still[i]], "6: a piece moves by its holder alone");
        }
        // What was offered to the gang may come to it or come back, whole.
        IVoucherRecords.Piece memory piece = vouchers.pieceOf(onOffer);
        bool stays = piece.holder == SUPPLIER && (piece.state == 2 || piece.state == 3);
        bool taken = piece.holder == SUPPLIER_2 && piece.state >= 2;
        assertTrue(stays || taken, "6: an offer is answered or ends");
        // What one victim offered to another waits for that one's answer, or for the end of the offer.
        piece = vouchers.pieceOf(betweenVictims);
        assertEq(piece.holder, SUPPLIER, "6: nobody else accepts");
        assertTrue(piece.state == 2 || piece.state == 3, "6: an offer is answered or ends");
        assertEq(piece.end - piece.start, FACE, "6: an offer stays whole");
        // What is locked for the gang's funder waits for the honest bank, or is let go.
        piece = vouchers.pieceOf(locked);
        assertEq(piece.holder, SUPPLIER, "6: no money, no sale");
        assertTrue(piece.state == 4 || piece.state == 2, "6: a lock ends free");
        assertEq(piece.end - piece.start, FACE / 2, "6: a lock keeps the piece whole");

        assertEq(_documentsNow(), documentsBefore, "the victims' documents stand");
        assertEq(vouchers.issuerOf(BUYER).outstanding, 7 * FACE, "the victim owes what it owed");
        for (uint256 i; i < 5; ++i) {
            assertEq(_accountsNow()[i], accountsBefore[i], "accounts are the party's own");
        }
        for (uint256 i; i < loot.length; ++i) {
            assertTrue(lootUsed[i] == _used(i), "nonces are the party's own");
        }
    }

    // ---- the stage

    function _prepare() internal {
        // Held whole; part held, part offered to the gang; locked for the gang; pledged to the gang; maker-checker's.
        still.push(held());
        uint64 piece = held();
        still.push(piece);
        onOffer = transferOffered(piece, FACE / 3);
        locked = desk.financingOf(opened(true, true)).piece;
        still.push(((locked >> 16) << 16));
        uint64 pledge = desk.financingOf(disbursed(false, true)).piece;
        still.push(pledge);

        bytes32 document = newDocument(BUYER, SUPPLIER_MAKER_CHECKER, FACE);
        IVoucherRecords.IssueItem memory item = issueItem(document);
        item.payee = SUPPLIER_MAKER_CHECKER;
        acts(BUYER);
        vouchers.issue(item);
        piece = vouchers.rootCount() << 16;
        callExecute(
            Kinds.get(Kinds.ACCEPT),
            signed(Kinds.get(Kinds.ACCEPT), SUPPLIER_MAKER_CHECKER, abi.encode(piece))
        );
        assertEq(stateOf(piece), 2);
        still.push(piece);

        // A root of which the gang has a part, and the victim the rest.
        piece = held();
        uint64 part = transferOffered(piece, FACE / 4);
        accept(SUPPLIER_2, part);
        still.push(piece);
        betweenVictims = held();
        acts(SUPPLIER);
        vouchers.transfer(transferItem(betweenVictims, FACE, SUPPLIER_MAKER_CHECKER));
        // A voucher of the gang's own issuer in a victim's hands.
        document = newDocument(BUYER_2, SUPPLIER, FACE);
        acts(BUYER_2);
        vouchers.issue(issueItem(document));
        accept(SUPPLIER, vouchers.rootCount() << 16);
        still.push(vouchers.rootCount() << 16);
    }

    /// @dev Orders of the victims that must not work any more, or not here, or not yet.
    function _takeLoot() internal {
        Kind memory kind = Kinds.get(Kinds.TRANSFER);
        uint64 piece = still[0];
        bytes memory items = abi.encode(transferItem(piece, FACE, SUPPLIER_2));
        // Given up.
        ISignedOrders.Order memory order = _lasting(kind, SUPPLIER, items);
        acts(SUPPLIER);
        voucherOrders.cancelNonce(order.nonce);
        _keep(Kinds.TRANSFER, order);
        // Stale.
        order = unsigned(kind, SUPPLIER, items);
        order.deadline = uint64(vm.getBlockTimestamp());
        sign(kind, order);
        _keep(Kinds.TRANSFER, order);
        vm.warp(vm.getBlockTimestamp() + 1);
        // For another chain, and for another network's contract.
        order = _lasting(kind, SUPPLIER, items);
        order.signatures =
            signatureBy(SUPPLIER, 1, digestOf(kind, order, block.chainid + 1, placeOf(kind)));
        _keep(Kinds.TRANSFER, order);
        order = _lasting(kind, SUPPLIER, items);
        order.signatures =
            signatureBy(SUPPLIER, 1, digestOf(kind, order, block.chainid, address(this)));
        _keep(Kinds.TRANSFER, order);
        // Of the maker, without the checker.
        order = _lasting(
            kind, SUPPLIER_MAKER_CHECKER, abi.encode(transferItem(still[4], FACE, SUPPLIER_2))
        );
        order.signatures = slice(order.signatures, 0, 65);
        _keep(Kinds.TRANSFER, order);
        // By an account that its party threw out.
        order = _lasting(kind, SUPPLIER, items);
        order.signatures =
            signatureBy(SUPPLIER, 2, digestOf(kind, order, block.chainid, placeOf(kind)));
        acts(SUPPLIER);
        registry.removeAccount(IPartyRegistry.RemoveAccountItem(accountOf(SUPPLIER, 2)));
        _keep(Kinds.TRANSFER, order);
        // Spent: the offer was made, and taken back.
        order = _lasting(kind, SUPPLIER, items);
        callExecute(kind, order);
        acts(SUPPLIER);
        vouchers.withdraw(IVoucherRecords.WithdrawItem(piece));
        _keep(Kinds.TRANSFER, order);
        order = _lasting(kind, SUPPLIER, items);
        assertEq(callRelay(kind, order), 1);
        acts(SUPPLIER);
        vouchers.withdraw(IVoucherRecords.WithdrawItem(piece));
        _keep(Kinds.TRANSFER, order);
    }

    /// @dev Signed, and without an end in time.
    function _lasting(Kind memory kind, uint32 by, bytes memory items)
        private
        returns (ISignedOrders.Order memory order)
    {
        order = unsigned(kind, by, items);
        order.deadline = type(uint64).max;
        sign(kind, order);
    }

    function _keep(uint256 index, ISignedOrders.Order memory order) internal {
        loot.push(order);
        lootKinds.push(index);
        lootUsed.push(_used(loot.length - 1));
    }

    // ---- help

    function _used(uint256 which) internal view returns (bool) {
        ISignedOrders place = ISignedOrders(placeOf(Kinds.get(lootKinds[which])));
        return place.nonceUsed(loot[which].party, loot[which].nonce);
    }

    function _word(uint64 id) internal view returns (bytes32) {
        return keccak256(abi.encode(vouchers.pieceOf(id)));
    }

    function _documentsNow() internal view returns (bytes32 hash) {
        for (uint256 i = 1; i <= 8; ++i) {
            bytes32 key = keccak256(abi.encode("document", i));
            ITradeDocuments.Document memory document = documents.documentOf(key);
            if (document.buyer == BUYER) hash = keccak256(abi.encode(hash, document));
        }
    }

    function _accountsNow() internal view returns (bytes32[5] memory hashes) {
        IPartyDirectory[5] memory places =
            [IPartyDirectory(registry), documents, voucherOrders, desk, evidence];
        for (uint256 p; p < 5; ++p) {
            for (uint256 i; i < 3; ++i) {
                address[] memory accounts = registry.accountsOf(victims[i]);
                hashes[p] = keccak256(
                    abi.encode(hashes[p], accounts, places[p].party(victims[i]).threshold)
                );
                for (uint256 j; j < accounts.length; ++j) {
                    hashes[p] =
                        keccak256(abi.encode(hashes[p], places[p].memberOf(accounts[j]).party));
                }
            }
        }
    }
}
