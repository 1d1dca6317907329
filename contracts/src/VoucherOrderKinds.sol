// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

uint8 constant KIND_ISSUE = 1;
uint8 constant KIND_ACCEPT = 2;
uint8 constant KIND_DECLINE = 3;
uint8 constant KIND_WITHDRAW = 4;
uint8 constant KIND_TRANSFER = 5;
uint8 constant KIND_MERGE = 6;
uint8 constant KIND_REDEEM = 7;
uint8 constant KIND_DISHONOUR = 8;
uint8 constant KIND_WRITE_OFF = 9;
uint8 constant KIND_BLOCK_ISSUER = 10;
uint8 constant KIND_UNBLOCK_ISSUER = 11;

/// @notice Name, item type and field widths (as `SignedOrders._kind`) of the kinds of order of the voucher contract.
function voucherOrderKind(uint8 kind)
    pure
    returns (string memory name, string memory itemType, uint256 widths)
{
    if (kind == KIND_ISSUE) {
        return (
            "Issue",
            "IssueItem(uint32 payee,uint32 payingBank,uint64 face,uint32 dueDay,uint32 expiry,bytes32 document,bytes32 terms)",
            0x00_00_20_20_40_20_20_07
        );
    }
    if (kind == KIND_ACCEPT) return ("Accept", "AcceptItem(uint64 piece)", 0x40_01);
    if (kind == KIND_DECLINE) {
        return ("Decline", "DeclineItem(uint64 piece,uint32 reason)", 0x20_40_02);
    }
    if (kind == KIND_WITHDRAW) return ("Withdraw", "WithdrawItem(uint64 piece)", 0x40_01);
    if (kind == KIND_TRANSFER) {
        return (
            "Transfer",
            "TransferItem(uint64 piece,uint64 amount,bool back,uint32 to,uint32 expiry,uint32 purpose)",
            0x20_20_20_01_40_40_06
        );
    }
    if (kind == KIND_MERGE) return ("Merge", "MergeItem(uint64 piece,uint64 other)", 0x40_40_02);
    if (kind == KIND_REDEEM) {
        return ("Redeem", "RedeemItem(uint64 piece,uint64 amount,bytes32 receipt)", 0x00_40_40_03);
    }
    if (kind == KIND_DISHONOUR) {
        return ("Dishonour", "DishonourItem(uint64 piece,bytes32 evidence)", 0x00_40_02);
    }
    if (kind == KIND_WRITE_OFF) {
        return ("WriteOff", "WriteOffItem(uint64 piece,bytes32 evidence)", 0x00_40_02);
    }
    if (kind == KIND_BLOCK_ISSUER) {
        return ("BlockIssuer", "BlockIssuerItem(uint32 issuer,bytes32 evidence)", 0x00_20_02);
    }
    if (kind == KIND_UNBLOCK_ISSUER) {
        return ("UnblockIssuer", "UnblockIssuerItem(uint32 issuer,bytes32 evidence)", 0x00_20_02);
    }
    return ("", "", 0);
}
