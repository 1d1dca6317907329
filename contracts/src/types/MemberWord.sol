// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @notice One storage word of what is known about a party: party 32 | roles 16 | status 8 | threshold 8, from the
/// lowest bit. 0 means: unknown.
/// @dev A word instead of a struct, so that reading all of it is one SLOAD and passing it on one stack item.
type MemberWord is uint256;

using {
    party,
    roles,
    status,
    threshold,
    isKnown,
    isActive,
    actsAlone,
    hasAnyOf
} for MemberWord global;

/// @dev Status of a party that may act.
uint8 constant STATUS_ACTIVE = 1;
/// @dev Status of a party whose value operations are frozen.
uint8 constant STATUS_SUSPENDED = 2;

uint16 constant ROLE_ISSUER = 1;
uint16 constant ROLE_SUPPLIER = 2;
uint16 constant ROLE_FUNDER = 4;
uint16 constant ROLE_BANK = 8;
uint16 constant ROLE_OPERATOR = 64;
uint16 constant ROLE_REGULATOR = 128;
/// @dev Every role that exists.
uint16 constant ROLES_ALL = 255;
/// @dev Roles that may hold a voucher.
uint16 constant ROLES_TRADING = ROLE_ISSUER | ROLE_SUPPLIER | ROLE_FUNDER;

function packMember(uint32 party_, uint16 roles_, uint8 status_, uint8 threshold_)
    pure
    returns (MemberWord)
{
    return MemberWord.wrap(
        uint256(party_) | (uint256(roles_) << 32) | (uint256(status_) << 48)
            | (uint256(threshold_) << 56)
    );
}

function party(MemberWord word) pure returns (uint32) {
    return uint32(MemberWord.unwrap(word));
}

function roles(MemberWord word) pure returns (uint16) {
    return uint16(MemberWord.unwrap(word) >> 32);
}

function status(MemberWord word) pure returns (uint8) {
    return uint8(MemberWord.unwrap(word) >> 48);
}

function threshold(MemberWord word) pure returns (uint8) {
    return uint8(MemberWord.unwrap(word) >> 56);
}

function isKnown(MemberWord word) pure returns (bool) {
    return MemberWord.unwrap(word) != 0;
}

function isActive(MemberWord word) pure returns (bool) {
    return status(word) == STATUS_ACTIVE;
}

/// @notice Whether one account of the party is enough to act: active, threshold 1.
function actsAlone(MemberWord word) pure returns (bool) {
    return uint16(MemberWord.unwrap(word) >> 48) == (1 << 8) | STATUS_ACTIVE;
}

/// @notice Whether at least one of the roles in the mask is held.
function hasAnyOf(MemberWord word, uint16 mask) pure returns (bool) {
    return roles(word) & mask != 0;
}
