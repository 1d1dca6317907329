// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IFinancingDesk} from "../../src/IFinancingDesk.sol";
import {IPartyRegistry} from "../../src/IPartyRegistry.sol";
import {ITradeDocuments} from "../../src/ITradeDocuments.sol";
import {IVoucherOffice} from "../../src/IVoucherOffice.sol";
import {IVoucherTrade} from "../../src/IVoucherTrade.sol";

/// @dev The contracts that take orders.
enum Place {
    Registry,
    Documents,
    Vouchers,
    Desk
}

/// @notice One kind of order, and the direct calls that do the same.
/// @param single Selector of the direct call with one item.
/// @param batch Selector of the direct call with a list of items; 0 where there is none.
/// @param words Fields of an item, each one 32-byte word.
/// @param item Type string of the item.
struct Kind {
    Place place;
    uint8 number;
    uint8 words;
    bytes4 single;
    bytes4 batch;
    string name;
    string item;
}

/// @title Every kind of order, written down a second time
/// @notice Independent of the contracts' own tables, so that a slip in either shows.
library Kinds {
    uint256 internal constant COUNT = 22;

    uint256 internal constant ADD_ACCOUNT = 0;
    uint256 internal constant REMOVE_ACCOUNT = 1;
    uint256 internal constant SET_THRESHOLD = 2;
    uint256 internal constant REGISTER_DOCUMENT = 3;
    uint256 internal constant CREDIT_NOTE = 4;
    uint256 internal constant COMBINE = 5;
    uint256 internal constant ISSUE = 6;
    uint256 internal constant ACCEPT = 7;
    uint256 internal constant DECLINE = 8;
    uint256 internal constant WITHDRAW = 9;
    uint256 internal constant TRANSFER = 10;
    uint256 internal constant MERGE = 11;
    uint256 internal constant REDEEM = 12;
    uint256 internal constant DISHONOUR = 13;
    uint256 internal constant WRITE_OFF = 14;
    uint256 internal constant BLOCK_ISSUER = 15;
    uint256 internal constant UNBLOCK_ISSUER = 16;
    uint256 internal constant OPEN = 17;
    uint256 internal constant REGISTER_FINANCING = 18;
    uint256 internal constant RELEASE = 19;
    uint256 internal constant DISBURSE = 20;
    uint256 internal constant REPAY = 21;

    function get(uint256 index) internal pure returns (Kind memory) {
        if (index < ISSUE) return _partiesAndDocuments(index);
        if (index < DISHONOUR) return _trade(index);
        if (index < OPEN) return _office(index);
        return _financing(index);
    }

    function _partiesAndDocuments(uint256 index) private pure returns (Kind memory) {
        if (index == ADD_ACCOUNT) {
            return Kind(
                Place.Registry,
                1,
                1,
                IPartyRegistry.addAccount.selector,
                0,
                "AddAccount",
                "AddAccountItem(address account)"
            );
        }
        if (index == REMOVE_ACCOUNT) {
            return Kind(
                Place.Registry,
                2,
                1,
                IPartyRegistry.removeAccount.selector,
                0,
                "RemoveAccount",
                "RemoveAccountItem(address account)"
            );
        }
        if (index == SET_THRESHOLD) {
            return Kind(
                Place.Registry,
                3,
                1,
                IPartyRegistry.setThreshold.selector,
                0,
                "SetThreshold",
                "SetThresholdItem(uint8 threshold)"
            );
        }
        if (index == REGISTER_DOCUMENT) {
            return Kind(
                Place.Documents,
                1,
                4,
                ITradeDocuments.registerDocument.selector,
                ITradeDocuments.registerDocumentBatch.selector,
                "RegisterDocument",
                "RegisterDocumentItem(bytes32 document,uint8 kind,uint32 seller,uint64 amount)"
            );
        }
        if (index == CREDIT_NOTE) {
            return Kind(
                Place.Documents,
                2,
                3,
                ITradeDocuments.creditNote.selector,
                ITradeDocuments.creditNoteBatch.selector,
                "CreditNote",
                "CreditNoteItem(bytes32 document,bytes32 note,uint64 amount)"
            );
        }
        return Kind(
            Place.Documents,
            3,
            3,
            ITradeDocuments.combine.selector,
            ITradeDocuments.combineBatch.selector,
            "Combine",
            "CombineItem(bytes32 target,bytes32 source,uint64 amount)"
        );
    }

    function _trade(uint256 index) private pure returns (Kind memory) {
        if (index == ISSUE) {
            return Kind(
                Place.Vouchers,
                1,
                7,
                IVoucherTrade.issue.selector,
                IVoucherTrade.issueBatch.selector,
                "Issue",
                "IssueItem(uint32 payee,uint32 payingBank,uint64 face,uint32 dueDay,uint32 expiry,bytes32 document,bytes32 terms)"
            );
        }
        if (index == ACCEPT) {
            return Kind(
                Place.Vouchers,
                2,
                1,
                IVoucherTrade.accept.selector,
                IVoucherTrade.acceptBatch.selector,
                "Accept",
                "AcceptItem(uint64 piece)"
            );
        }
        if (index == DECLINE) {
            return Kind(
                Place.Vouchers,
                3,
                2,
                IVoucherTrade.decline.selector,
                IVoucherTrade.declineBatch.selector,
                "Decline",
                "DeclineItem(uint64 piece,uint32 reason)"
            );
        }
        if (index == WITHDRAW) {
            return Kind(
                Place.Vouchers,
                4,
                1,
                IVoucherTrade.withdraw.selector,
                IVoucherTrade.withdrawBatch.selector,
                "Withdraw",
                "WithdrawItem(uint64 piece)"
            );
        }
        if (index == TRANSFER) {
            return Kind(
                Place.Vouchers,
                5,
                6,
                IVoucherTrade.transfer.selector,
                IVoucherTrade.transferBatch.selector,
                "Transfer",
                "TransferItem(uint64 piece,uint64 amount,bool back,uint32 to,uint32 expiry,uint32 purpose)"
            );
        }
        if (index == MERGE) {
            return Kind(
                Place.Vouchers,
                6,
                2,
                IVoucherTrade.merge.selector,
                IVoucherTrade.mergeBatch.selector,
                "Merge",
                "MergeItem(uint64 piece,uint64 other)"
            );
        }
        return Kind(
            Place.Vouchers,
            7,
            3,
            IVoucherTrade.redeem.selector,
            IVoucherTrade.redeemBatch.selector,
            "Redeem",
            "RedeemItem(uint64 piece,uint64 amount,bytes32 receipt)"
        );
    }

    function _office(uint256 index) private pure returns (Kind memory) {
        if (index == DISHONOUR) {
            return Kind(
                Place.Vouchers,
                8,
                2,
                IVoucherOffice.dishonour.selector,
                IVoucherOffice.dishonourBatch.selector,
                "Dishonour",
                "DishonourItem(uint64 piece,bytes32 evidence)"
            );
        }
        if (index == WRITE_OFF) {
            return Kind(
                Place.Vouchers,
                9,
                2,
                IVoucherOffice.writeOff.selector,
                IVoucherOffice.writeOffBatch.selector,
                "WriteOff",
                "WriteOffItem(uint64 piece,bytes32 evidence)"
            );
        }
        if (index == BLOCK_ISSUER) {
            return Kind(
                Place.Vouchers,
                10,
                2,
                IVoucherOffice.blockIssuer.selector,
                0,
                "BlockIssuer",
                "BlockIssuerItem(uint32 issuer,bytes32 evidence)"
            );
        }
        return Kind(
            Place.Vouchers,
            11,
            2,
            IVoucherOffice.unblockIssuer.selector,
            0,
            "UnblockIssuer",
            "UnblockIssuerItem(uint32 issuer,bytes32 evidence)"
        );
    }

    function _financing(uint256 index) private pure returns (Kind memory) {
        if (index == OPEN) {
            return Kind(
                Place.Desk,
                1,
                11,
                IFinancingDesk.openFinancing.selector,
                IFinancingDesk.openFinancingBatch.selector,
                "OpenFinancing",
                "OpenFinancingItem(uint64 piece,uint64 amount,bool back,uint32 funder,uint32 bank,bool sale,bool recourse,uint64 price,uint32 maturityDay,uint32 expiry,bytes32 terms)"
            );
        }
        if (index == REGISTER_FINANCING) {
            return Kind(
                Place.Desk,
                2,
                3,
                IFinancingDesk.registerFinancing.selector,
                IFinancingDesk.registerFinancingBatch.selector,
                "RegisterFinancing",
                "RegisterFinancingItem(uint64 financing,bytes32 registration,bytes32 tenorReason)"
            );
        }
        if (index == RELEASE) {
            return Kind(
                Place.Desk,
                3,
                2,
                IFinancingDesk.releaseFinancing.selector,
                IFinancingDesk.releaseFinancingBatch.selector,
                "ReleaseFinancing",
                "ReleaseFinancingItem(uint64 financing,uint32 reason)"
            );
        }
        if (index == DISBURSE) {
            return Kind(
                Place.Desk,
                4,
                3,
                IFinancingDesk.disburse.selector,
                IFinancingDesk.disburseBatch.selector,
                "Disburse",
                "DisburseItem(uint64 financing,uint64 amount,bytes32 receipt)"
            );
        }
        return Kind(
            Place.Desk,
            5,
            3,
            IFinancingDesk.repay.selector,
            IFinancingDesk.repayBatch.selector,
            "Repay",
            "RepayItem(uint64 financing,uint64 amount,bytes32 receipt)"
        );
    }
}
