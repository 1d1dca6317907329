// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @notice The storage word of a piece: holder 32 | offeree 32 | start 64 | end 64 | expiry 32 | state 8 | depth 8 |
/// parent 16, from the lowest bit; the layout Solidity gives `ICreditVouchers.Piece`.
/// @dev A word instead of a struct, so that an operation is one SLOAD and one SSTORE for certain.
type PieceWord is uint256;

using {
    holder,
    offeree,
    start,
    end,
    expiry,
    state,
    depth,
    parent,
    size,
    isUnpaid,
    isOffer,
    withHolder,
    withOffer,
    withRange,
    withDepth
} for PieceWord global;

uint8 constant PIECE_ISSUED = 1;
uint8 constant PIECE_HELD = 2;
uint8 constant PIECE_OFFERED = 3;
uint8 constant PIECE_LOCKED = 4;
uint8 constant PIECE_FINANCED = 5;
uint8 constant PIECE_REDEEMED = 6;
uint8 constant PIECE_CANCELLED = 7;
uint8 constant PIECE_MERGED = 8;

uint256 constant HOLDER_MASK = 0xffffffff;
uint256 constant RANGE_MASK = ((1 << 128) - 1) << 64;
/// @dev Offeree, expiry and state: what the begin and the end of an offer, a lock or a lien change.
uint256 constant OFFER_MASK = (0xffffffff << 32) | (0xffffffff << 192) | (0xff << 224);
uint256 constant DEPTH_MASK = 0xff << 232;

function packPiece(
    uint32 holder_,
    uint64 start_,
    uint64 end_,
    uint8 state_,
    uint8 depth_,
    uint16 parent_
) pure returns (PieceWord) {
    return PieceWord.wrap(
        uint256(holder_) | (uint256(start_) << 64) | (uint256(end_) << 128)
            | (uint256(state_) << 224) | (uint256(depth_) << 232) | (uint256(parent_) << 240)
    );
}

function holder(PieceWord word) pure returns (uint32) {
    return uint32(PieceWord.unwrap(word));
}

function offeree(PieceWord word) pure returns (uint32) {
    return uint32(PieceWord.unwrap(word) >> 32);
}

function start(PieceWord word) pure returns (uint64) {
    return uint64(PieceWord.unwrap(word) >> 64);
}

function end(PieceWord word) pure returns (uint64) {
    return uint64(PieceWord.unwrap(word) >> 128);
}

function expiry(PieceWord word) pure returns (uint32) {
    return uint32(PieceWord.unwrap(word) >> 192);
}

function state(PieceWord word) pure returns (uint8) {
    return uint8(PieceWord.unwrap(word) >> 224);
}

function depth(PieceWord word) pure returns (uint8) {
    return uint8(PieceWord.unwrap(word) >> 232);
}

function parent(PieceWord word) pure returns (uint16) {
    return uint16(PieceWord.unwrap(word) >> 240);
}

/// @notice Fen in the range.
function size(PieceWord word) pure returns (uint64) {
    unchecked {
        return end(word) - start(word); // start <= end holds for every word written
    }
}

/// @notice Whether the issuer still owes the piece to a holder: held, offered, locked or financed.
function isUnpaid(PieceWord word) pure returns (bool) {
    uint8 state_ = state(word);
    return state_ >= PIECE_HELD && state_ <= PIECE_FINANCED;
}

/// @notice Whether the piece waits for somebody's acceptance.
function isOffer(PieceWord word) pure returns (bool) {
    uint8 state_ = state(word);
    return state_ == PIECE_ISSUED || state_ == PIECE_OFFERED;
}

function withHolder(PieceWord word, uint32 holder_) pure returns (PieceWord) {
    return PieceWord.wrap((PieceWord.unwrap(word) & ~HOLDER_MASK) | holder_);
}

function withOffer(PieceWord word, uint8 state_, uint32 offeree_, uint32 expiry_)
    pure
    returns (PieceWord)
{
    return PieceWord.wrap(
        (PieceWord.unwrap(word) & ~OFFER_MASK) | (uint256(offeree_) << 32)
            | (uint256(expiry_) << 192) | (uint256(state_) << 224)
    );
}

function withRange(PieceWord word, uint64 start_, uint64 end_) pure returns (PieceWord) {
    return PieceWord.wrap(
        (PieceWord.unwrap(word) & ~RANGE_MASK) | (uint256(start_) << 64) | (uint256(end_) << 128)
    );
}

function withDepth(PieceWord word, uint8 depth_) pure returns (PieceWord) {
    return PieceWord.wrap((PieceWord.unwrap(word) & ~DEPTH_MASK) | (uint256(depth_) << 232));
}
