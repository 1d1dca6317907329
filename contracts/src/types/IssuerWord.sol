// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @notice The storage word of an issuer: limit 64 | outstanding 64 | blocked 8, from the lowest bit; the layout
/// Solidity gives `IVoucherRecords.Issuer`.
type IssuerWord is uint256;

using {limit, outstanding, blocked, withLimit, withOutstanding, withBlocked} for IssuerWord global;

uint256 constant LIMIT_MASK = type(uint64).max;
uint256 constant OUTSTANDING_MASK = uint256(type(uint64).max) << 64;
uint256 constant BLOCKED_BIT = 1 << 128;

function limit(IssuerWord word) pure returns (uint64) {
    return uint64(IssuerWord.unwrap(word));
}

function outstanding(IssuerWord word) pure returns (uint64) {
    return uint64(IssuerWord.unwrap(word) >> 64);
}

function blocked(IssuerWord word) pure returns (bool) {
    return IssuerWord.unwrap(word) & BLOCKED_BIT != 0;
}

function withLimit(IssuerWord word, uint64 limit_) pure returns (IssuerWord) {
    return IssuerWord.wrap((IssuerWord.unwrap(word) & ~LIMIT_MASK) | limit_);
}

function withOutstanding(IssuerWord word, uint64 outstanding_) pure returns (IssuerWord) {
    return
        IssuerWord.wrap(
            (IssuerWord.unwrap(word) & ~OUTSTANDING_MASK) | (uint256(outstanding_) << 64)
        );
}

function withBlocked(IssuerWord word, bool blocked_) pure returns (IssuerWord) {
    uint256 rest = IssuerWord.unwrap(word) & ~BLOCKED_BIT;
    return IssuerWord.wrap(blocked_ ? rest | BLOCKED_BIT : rest);
}
