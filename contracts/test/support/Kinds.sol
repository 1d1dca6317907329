// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IEvidenceLog} from "../../src/IEvidenceLog.sol";
import {IFinancingDesk} from "../../src/IFinancingDesk.sol";
import {IPartyRegistry} from "../../src/IPartyRegistry.sol";
import {ITradeDocuments} from "../../src/ITradeDocuments.sol";
import {IVoucherOffice} from "../../src/IVoucherOffice.sol";
import {IVoucherTrade} from "../../src/IVoucherTrade.sol";
import {Kind, Place, kindOf} from "./Kind.sol";

/// @title Every kind of order, written down a second time
/// @notice Independent of the contracts' own tables, so that a slip in either shows.
library Kinds {
    uint256 internal constant COUNT = 24;

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
    uint256 internal constant OPEN_LOG = 22;
    uint256 internal constant SET_WRITER = 23;

    function get(uint256 index) internal pure returns (Kind memory) {
        if (index < ISSUE) return _partiesAndDocuments(index);
        if (index < DISHONOUR) return _trade(index);
        if (index < OPEN) return _office(index);
        if (index < OPEN_LOG) return _financing(index);
        return _evidence(index);
    }

    function _partiesAndDocuments(uint256 index) private pure returns (Kind memory) {
        if (index == ADD_ACCOUNT) {
            return kindOf(
                Place.Registry,
                1,
                IPartyRegistry.addAccount.selector,
                0,
                "AddAccount",
                "address account"
            );
        }
        if (index == REMOVE_ACCOUNT) {
            return kindOf(
                Place.Registry,
                2,
                IPartyRegistry.removeAccount.selector,
                0,
                "RemoveAccount",
                "address account"
            );
        }
        if (index == SET_THRESHOLD) {
            return kindOf(
                Place.Registry,
                3,
                IPartyRegistry.setThreshold.selector,
                0,
                "SetThreshold",
                "uint8 threshold"
            );
        }
        if (index == REGISTER_DOCUMENT) {
            return kindOf(
                Place.Documents,
                1,
                ITradeDocuments.registerDocument.selector,
                ITradeDocuments.registerDocumentBatch.selector,
                "RegisterDocument",
                "bytes32 document,uint8 kind,uint32 seller,uint64 amount"
            );
        }
        if (index == CREDIT_NOTE) {
            return kindOf(
                Place.Documents,
                2,
                ITradeDocuments.creditNote.selector,
                ITradeDocuments.creditNoteBatch.selector,
                "CreditNote",
                "bytes32 document,bytes32 note,uint64 amount"
            );
        }
        return kindOf(
            Place.Documents,
            3,
            ITradeDocuments.combine.selector,
            ITradeDocuments.combineBatch.selector,
            "Combine",
            "bytes32 target,bytes32 source,uint64 amount"
        );
    }

    function _trade(uint256 index) private pure returns (Kind memory) {
        if (index == ISSUE) {
            return kindOf(
                Place.Vouchers,
                1,
                IVoucherTrade.issue.selector,
                IVoucherTrade.issueBatch.selector,
                "Issue",
                "uint32 payee,uint32 payingBank,uint64 face,uint32 dueDay,uint32 expiry,bytes32 document,bytes32 terms"
            );
        }
        if (index == ACCEPT) {
            return kindOf(
                Place.Vouchers,
                2,
                IVoucherTrade.accept.selector,
                IVoucherTrade.acceptBatch.selector,
                "Accept",
                "uint64 piece"
            );
        }
        if (index == DECLINE) {
            return kindOf(
                Place.Vouchers,
                3,
                IVoucherTrade.decline.selector,
                IVoucherTrade.declineBatch.selector,
                "Decline",
                "uint64 piece,uint32 reason"
            );
        }
        if (index == WITHDRAW) {
            return kindOf(
                Place.Vouchers,
                4,
                IVoucherTrade.withdraw.selector,
                IVoucherTrade.withdrawBatch.selector,
                "Withdraw",
                "uint64 piece"
            );
        }
        if (index == TRANSFER) {
            return kindOf(
                Place.Vouchers,
                5,
                IVoucherTrade.transfer.selector,
                IVoucherTrade.transferBatch.selector,
                "Transfer",
                "uint64 piece,uint64 amount,bool back,uint32 to,uint32 expiry,uint32 purpose"
            );
        }
        if (index == MERGE) {
            return kindOf(
                Place.Vouchers,
                6,
                IVoucherTrade.merge.selector,
                IVoucherTrade.mergeBatch.selector,
                "Merge",
                "uint64 piece,uint64 other"
            );
        }
        return kindOf(
            Place.Vouchers,
            7,
            IVoucherTrade.redeem.selector,
            IVoucherTrade.redeemBatch.selector,
            "Redeem",
            "uint64 piece,uint64 amount,bytes32 receipt"
        );
    }

    function _office(uint256 index) private pure returns (Kind memory) {
        if (index == DISHONOUR) {
            return kindOf(
                Place.Vouchers,
                8,
                IVoucherOffice.dishonour.selector,
                IVoucherOffice.dishonourBatch.selector,
                "Dishonour",
                "uint64 piece,bytes32 evidence"
            );
        }
        if (index == WRITE_OFF) {
            return kindOf(
                Place.Vouchers,
                9,
                IVoucherOffice.writeOff.selector,
                IVoucherOffice.writeOffBatch.selector,
                "WriteOff",
                "uint64 piece,bytes32 evidence"
            );
        }
        if (index == BLOCK_ISSUER) {
            return kindOf(
                Place.Vouchers,
                10,
                IVoucherOffice.blockIssuer.selector,
                0,
                "BlockIssuer",
                "uint32 issuer,bytes32 evidence"
            );
        }
        return kindOf(
            Place.Vouchers,
            11,
            IVoucherOffice.unblockIssuer.selector,
            0,
            "UnblockIssuer",
            "uint32 issuer,bytes32 evidence"
        );
    }

    function _financing(uint256 index) private pure returns (Kind memory) {
        if (index == OPEN) {
            return kindOf(
                Place.Desk,
                1,
                IFinancingDesk.openFinancing.selector,
                IFinancingDesk.openFinancingBatch.selector,
                "OpenFinancing",
                "uint64 piece,uint64 amount,bool back,uint32 funder,uint32 bank,bool sale,bool recourse,uint64 price,uint32 maturityDay,uint32 expiry,bytes32 terms"
            );
        }
        if (index == REGISTER_FINANCING) {
            return kindOf(
                Place.Desk,
                2,
                IFinancingDesk.registerFinancing.selector,
                IFinancingDesk.registerFinancingBatch.selector,
                "RegisterFinancing",
                "uint64 financing,bytes32 registration,bytes32 tenorReason"
            );
        }
        if (index == RELEASE) {
            return kindOf(
                Place.Desk,
                3,
                IFinancingDesk.releaseFinancing.selector,
                IFinancingDesk.releaseFinancingBatch.selector,
                "ReleaseFinancing",
                "uint64 financing,uint32 reason"
            );
        }
        if (index == DISBURSE) {
            return kindOf(
                Place.Desk,
                4,
                IFinancingDesk.disburse.selector,
                IFinancingDesk.disburseBatch.selector,
                "Disburse",
                "uint64 financing,uint64 amount,bytes32 receipt"
            );
        }
        return kindOf(
            Place.Desk,
            5,
            IFinancingDesk.repay.selector,
            IFinancingDesk.repayBatch.selector,
            "Repay",
            "uint64 financing,uint64 amount,bytes32 receipt"
        );
    }

    function _evidence(uint256 index) private pure returns (Kind memory) {
        if (index == OPEN_LOG) {
            return kindOf(
                Place.Evidence,
                1,
                IEvidenceLog.openLog.selector,
                0,
                "OpenLog",
                "bytes32 stream,bytes32 keyCommitment,address writer,bool sm3"
            );
        }
        return kindOf(
            Place.Evidence,
            2,
            IEvidenceLog.setWriter.selector,
            0,
            "SetWriter",
            "bytes32 log,address writer"
        );
    }
}
