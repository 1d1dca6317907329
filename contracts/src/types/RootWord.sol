// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @notice The first storage word of a root: issuer 32 | payingBank 32 | face 64 | dueDay 32 | issuedDay 32 |
/// pieces 16 | state 8 | policy 8, from the lowest bit; the layout Solidity gives `ICreditVouchers.Root`.
type RootWord is uint256;

using {
    issuer,
    payingBank,
    face,
    dueDay,
    issuedDay,
    pieces,
    state,
    policy,
    withPieces,
    withState
} for RootWord global;

uint8 constant ROOT_OPEN = 1;
uint8 constant ROOT_CANCELLED = 2;
uint8 constant ROOT_DISHONOURED = 3;

uint256 constant PIECES_MASK = 0xffff << 192;
uint256 constant ROOT_STATE_MASK = 0xff << 208;

function packRoot(
    uint32 issuer_,
    uint32 payingBank_,
    uint64 face_,
    uint32 dueDay_,
    uint32 issuedDay_,
    uint8 policy_
) pure returns (RootWord) {
    return RootWord.wrap(
        uint256(issuer_) | (uint256(payingBank_) << 32) | (uint256(face_) << 64)
            | (uint256(dueDay_) << 128) | (uint256(issuedDay_) << 160) | (1 << 192)
            | (uint256(ROOT_OPEN) << 208) | (uint256(policy_) << 216)
    );
}

function issuer(RootWord word) pure returns (uint32) {
    return uint32(RootWord.unwrap(word));
}

function payingBank(RootWord word) pure returns (uint32) {
    return uint32(RootWord.unwrap(word) >> 32);
}

function face(RootWord word) pure returns (uint64) {
    return uint64(RootWord.unwrap(word) >> 64);
}

function dueDay(RootWord word) pure returns (uint32) {
    return uint32(RootWord.unwrap(word) >> 128);
}

function issuedDay(RootWord word) pure returns (uint32) {
    return uint32(RootWord.unwrap(word) >> 160);
}

/// @notice Number of piece ids given out.
function pieces(RootWord word) pure returns (uint16) {
    return uint16(RootWord.unwrap(word) >> 192);
}

function state(RootWord word) pure returns (uint8) {
    return uint8(RootWord.unwrap(word) >> 208);
}

/// @notice Number of the policy row used at issue.
function policy(RootWord word) pure returns (uint8) {
    return uint8(RootWord.unwrap(word) >> 216);
}

function withPieces(RootWord word, uint16 pieces_) pure returns (RootWord) {
    return RootWord.wrap((RootWord.unwrap(word) & ~PIECES_MASK) | (uint256(pieces_) << 192));
}

function withState(RootWord word, uint8 state_) pure returns (RootWord) {
    return RootWord.wrap((RootWord.unwrap(word) & ~ROOT_STATE_MASK) | (uint256(state_) << 208));
}
