// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IPartyGate} from "./IPartyGate.sol";

/// @title Orders that a party signs and anyone may carry
/// @notice Every value operation of a contract exists as an EIP-712 order. An order is signed by as many accounts of
/// the party as the party's threshold demands, carries an unordered nonce and a deadline, and holds one or more items
/// of one kind; its items succeed or fail together.
/// @dev Typed data of kind K: `K(uint32 party,uint256 nonce,uint64 deadline,KItem[] items)KItem(...)`. Domain: name
/// "Xinlian", version "1", chain id, the contract's (proxy) address.
interface ISignedOrders is IPartyGate {
    /// @param kind Kind of the order, 1 .. `orderKinds()`; its meaning belongs to the contract.
    /// @param party Party that signs.
    /// @param deadline Last second (Unix time) at which the order may be executed.
    /// @param nonce Any number the party never used with this contract; a bitmap word holds 256 of them.
    /// @param items The items, each field one 32-byte word, in the order of the item struct.
    /// @param signatures One or two signatures, 65 bytes each (r, s, v), of distinct accounts of the party.
    struct Order {
        uint8 kind;
        uint32 party;
        uint64 deadline;
        uint256 nonce;
        bytes items;
        bytes signatures;
    }

    /// @notice An order took effect.
    event OrderExecuted(bytes32 indexed digest, uint32 indexed party, uint256 nonce, uint8 kind);
    /// @notice A relayed order failed. If its signatures were good (`burned`) its nonce is used up and it can never
    /// take effect later. `reason` is the ABI-encoded custom error.
    event OrderFailed(
        bytes32 indexed digest,
        uint32 indexed party,
        uint256 nonce,
        uint8 kind,
        bool burned,
        bytes reason
    );
    /// @notice A party gave up a nonce.
    event NonceCancelled(uint32 indexed party, uint256 nonce);
    event Paused(address indexed by);
    event Unpaused(address indexed by);

    error OrdersUnknownKind(uint8 kind);
    error OrdersMalformedItems(uint8 kind, uint256 length);
    error OrdersExpired(uint64 deadline, uint256 time);
    error OrdersNonceUsed(uint32 party, uint256 nonce);
    error OrdersSignatureCount(uint256 length, uint8 threshold);
    error OrdersBadSignature(uint32 party, address signer);
    error OrdersDuplicateSigner(address signer);
    /// @notice The relaying transaction carried too little gas to let an order run; nothing was done.
    error OrdersOutOfGas(uint256 index);

    /// @notice Executes one order or reverts with its reason.
    function execute(Order calldata order) external;

    /// @notice Executes many orders; each succeeds or fails on its own, with its reason in an event.
    /// @return succeeded Number of orders that took effect.
    function relay(Order[] calldata orders) external returns (uint256 succeeded);

    /// @notice Gives up a nonce of the caller's party.
    function cancelNonce(uint256 nonce) external;

    /// @notice Whether a nonce of a party is used or given up.
    function nonceUsed(uint32 party, uint256 nonce) external view returns (bool);

    /// @notice EIP-712 digest of an order as the accounts sign it.
    function orderDigest(Order calldata order) external view returns (bytes32);

    /// @notice Type string of a kind of order.
    function orderType(uint8 kind) external view returns (string memory);

    function paused() external view returns (bool);
    /// @notice Stops every state change of value operations. Guardian only.
    function pause() external;
    /// @notice Ends a pause. Timelock only.
    function unpause() external;
}
