// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";
import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

import {ISignedOrders} from "./ISignedOrders.sol";
import {OrderHash} from "./OrderHash.sol";
import {PartyGate} from "./PartyGate.sol";
import {MemberWord} from "./types/MemberWord.sol";

/// @title Orders of parties: signatures, nonces, relaying and the pause
/// @notice What every value contract shares. A deriving contract names its kinds of order (`_kind`) and their items (`_run`).
abstract contract SignedOrders is ISignedOrders, PartyGate, UUPSUpgradeable {
    /// @custom:storage-location erc7201:xinlian.storage.SignedOrders
    struct OrdersStorage {
        mapping(uint32 party => mapping(uint256 word => uint256 bits)) nonces;
    }

    uint256 internal constant SIGNATURE_BYTES = 65;

    /// @dev ERC-7201 slot of "xinlian.storage.SignedOrders".
    bytes32 private constant ORDERS_STORAGE =
        0xf8cfbf2cc54c86eab5e16f552cc6675e4904343542c24ade54e66a03ed97a600;

    /// @inheritdoc ISignedOrders
    function execute(Order calldata order) external whenNotPaused {
        (bytes32 digest, MemberWord by, bytes memory failure) =
            _verify(order, OrderHash.domainSeparator());
        if (failure.length != 0) _revert(failure);
        if (!by.isActive()) revert DirectoryPartySuspended(order.party);
        _useNonce(order.party, order.nonce);
        bool success;
        (success, failure) = _call(order, by);
        if (!success) _revert(failure);
        emit OrderExecuted(digest, order.party, order.nonce, order.kind);
    }

    /// @inheritdoc ISignedOrders
    /// @dev A relayer that gives too little gas must not be able to burn an order. Every failure that an order can
    /// earn carries data (a custom error or a panic), while a frame that runs out of gas returns none, and callers
    /// pass that emptiness on: nothing on the way catches an error or branches on the gas left. So an empty answer
    /// means lack of gas, at whatever depth, and undoes the whole transaction.
    function relay(Order[] calldata orders) external whenNotPaused returns (uint256 succeeded) {
        bytes32 domain = OrderHash.domainSeparator();
        for (uint256 i; i < orders.length; ++i) {
            uint256 freeMemory;
            assembly ("memory-safe") {
                freeMemory := mload(0x40)
            }
            if (_relayOne(orders[i], domain, i)) ++succeeded;
            // Nothing made for one order outlives it; without this, memory would cost the later orders ever more.
            assembly ("memory-safe") {
                mstore(0x40, freeMemory)
            }
        }
    }

    /// @notice Runs the items of a verified order; called by the contract itself, so that a failure undoes the items
    /// and, in `relay`, keeps the nonce used.
    function runItems(uint8 kind, MemberWord by, bytes calldata items) external {
        if (msg.sender != address(this)) revert OrdersSelfOnly(msg.sender);
        _run(kind, by, items);
    }

    /// @inheritdoc ISignedOrders
    /// @dev Any one account may do so, whatever the threshold and even while the party is suspended: giving up is a
    /// veto and moves nothing.
    function cancelNonce(uint256 nonce) external whenNotPaused {
        MemberWord by = _member(msg.sender);
        if (!by.isKnown()) revert DirectoryUnknownAccount(msg.sender);
        uint32 id = by.party();
        if (nonceUsed(id, nonce)) revert OrdersNonceUsed(id, nonce);
        _useNonce(id, nonce);
        emit NonceCancelled(id, nonce);
    }

    /// @inheritdoc ISignedOrders
    function pause() external restricted {
        _config().paused = true;
        emit Paused(msg.sender);
    }

    /// @inheritdoc ISignedOrders
    function unpause() external restricted {
        _config().paused = false;
        emit Unpaused(msg.sender);
    }

    /// @inheritdoc ISignedOrders
    function orderDigest(Order calldata order) external view returns (bytes32) {
        (bytes32 orderHash, bytes memory failure) = _hashOrder(order);
        if (failure.length != 0) _revert(failure);
        return OrderHash.digest(OrderHash.domainSeparator(), orderHash);
    }

    /// @inheritdoc ISignedOrders
    function orderType(uint8 kind) external pure returns (string memory) {
        (string memory name, string memory itemType, uint256 widths) = _kind(kind);
        if (widths == 0) revert OrdersUnknownKind(kind);
        return string(OrderHash.typeString(name, itemType));
    }

    /// @inheritdoc ISignedOrders
    function paused() external view returns (bool) {
        return _config().paused;
    }

    /// @inheritdoc ISignedOrders
    function nonceUsed(uint32 id, uint256 nonce) public view returns (bool) {
        return _orders().nonces[id][nonce >> 8] >> (nonce & 0xff) & 1 != 0;
    }

    /// @dev What there is to know about a kind of order.
    /// @return name Name K of the order's type; its items are of type KItem.
    /// @return itemType Type string of the item.
    /// @return widths From the lowest byte: number of fields, then the width of each field in bits (0 for 256). 0
    /// where the kind does not exist.
    function _kind(uint8 kind)
        internal
        pure
        virtual
        returns (string memory name, string memory itemType, uint256 widths);

    /// @dev Runs items whose words have been checked against the kind's widths.
    function _run(uint8 kind, MemberWord by, bytes calldata items) internal virtual;

    // solhint-disable-next-line func-name-mixedcase
    function __SignedOrders_init(address authority_) internal onlyInitializing {
        __AccessManaged_init(authority_);
    }

    function _authorizeUpgrade(address) internal override restricted {}

    /// @return Whether the order took effect.
    function _relayOne(Order calldata order, bytes32 domain, uint256 index) private returns (bool) {
        (bytes32 digest, MemberWord by, bytes memory failure) = _verify(order, domain);
        // Emptiness is the message here, not an amount that somebody could push off zero.
        // slither-disable-next-line incorrect-equality
        bool burned = failure.length == 0;
        if (burned) {
            _useNonce(order.party, order.nonce);
            bool success;
            (success, failure) = by.isActive() ? _call(order, by) : _suspended(order.party);
            if (success) {
                emit OrderExecuted(digest, order.party, order.nonce, order.kind);
                return true;
            }
            // slither-disable-next-line incorrect-equality
            if (failure.length == 0) revert OrdersOutOfGas(index);
        }
        emit OrderFailed(digest, order.party, order.nonce, order.kind, burned, failure);
        return false;
    }

    /// @dev Runs the items in a frame of their own.
    function _call(Order calldata order, MemberWord by) private returns (bool, bytes memory) {
        return address(this).call(abi.encodeCall(this.runItems, (order.kind, by, order.items)));
    }

    /// @dev An order that meets its party's suspension is as dead as any other that fails: it must not take effect
    /// once the party is reinstated, after its clerk was told that it failed.
    function _suspended(uint32 id) private pure returns (bool, bytes memory) {
        return (false, abi.encodeWithSelector(DirectoryPartySuspended.selector, id));
    }

    function _revert(bytes memory failure) private pure {
        assembly ("memory-safe") {
            revert(add(failure, 0x20), mload(failure))
        }
    }

    /// @dev Checks in order of precedence: kind, items, deadline, signatures, nonce.
    /// @return digest EIP-712 digest; 0 where kind or items are malformed.
    /// @return by The party that signed.
    /// @return failure ABI-encoded error; empty if the order is good.
    function _verify(Order calldata order, bytes32 domain)
        private
        view
        returns (bytes32 digest, MemberWord by, bytes memory failure)
    {
        bytes32 orderHash;
        (orderHash, failure) = _hashOrder(order);
        if (failure.length != 0) return (0, by, failure);
        digest = OrderHash.digest(domain, orderHash);

        if (block.timestamp > order.deadline) {
            failure =
                abi.encodeWithSelector(OrdersExpired.selector, order.deadline, block.timestamp);
            return (digest, by, failure);
        }
        (by, failure) = _signers(digest, order.party, order.signatures);
        if (failure.length == 0 && nonceUsed(order.party, order.nonce)) {
            failure = abi.encodeWithSelector(OrdersNonceUsed.selector, order.party, order.nonce);
        }
    }

    /// @dev As many good signatures of distinct accounts of the party as its threshold demands, neither more nor
    /// fewer.
    function _signers(bytes32 digest, uint32 id, bytes calldata signatures)
        private
        view
        returns (MemberWord by, bytes memory failure)
    {
        uint256 length = signatures.length;
        if (length != SIGNATURE_BYTES && length != 2 * SIGNATURE_BYTES) {
            return (by, _signatureCount(length, _party(id).threshold()));
        }
        address first = _recover(digest, signatures[:SIGNATURE_BYTES]);
        by = _member(first);
        if (by.party() != id || id == 0) {
            return (by, abi.encodeWithSelector(OrdersBadSignature.selector, id, first));
        }
        if (length != SIGNATURE_BYTES * by.threshold()) {
            return (by, _signatureCount(length, by.threshold()));
        }
        if (length == SIGNATURE_BYTES) return (by, failure);

        address second = _recover(digest, signatures[SIGNATURE_BYTES:]);
        if (_member(second).party() != id) {
            return (by, abi.encodeWithSelector(OrdersBadSignature.selector, id, second));
        }
        if (first == second) {
            return (by, abi.encodeWithSelector(OrdersDuplicateSigner.selector, first));
        }
    }

    /// @dev The signer, or 0 where the signature is bad (also: s in the upper half, v neither 27 nor 28).
    function _recover(bytes32 digest, bytes calldata signature) private pure returns (address) {
        // A bad signature gives signer 0, whatever the reason: no party has that account.
        // slither-disable-next-line unused-return
        (address signer,,) = ECDSA.tryRecover(
            digest, uint8(signature[64]), bytes32(signature[:32]), bytes32(signature[32:64])
        );
        return signer;
    }

    /// @dev EIP-712 struct hash of an order, straight from its words; an item that does not fit its type is refused,
    /// so that what was signed and what is run are the same values.
    function _hashOrder(Order calldata order)
        private
        pure
        returns (bytes32 orderHash, bytes memory failure)
    {
        (string memory name, string memory itemType, uint256 widths) = _kind(order.kind);
        if (widths == 0) {
            return (0, abi.encodeWithSelector(OrdersUnknownKind.selector, order.kind));
        }
        uint256 itemBytes = (widths & 0xff) * 32;
        uint256 length = order.items.length;
        uint256 count = length / itemBytes;
        if (count > ITEMS_MAX) {
            return (0, abi.encodeWithSelector(OrdersTooManyItems.selector, count, ITEMS_MAX));
        }
        (bytes32 itemsHash, bool fits) =
            OrderHash.ofItems(order.items, keccak256(bytes(itemType)), widths, count);
        if (count == 0 || length % itemBytes != 0 || !fits) {
            return (0, abi.encodeWithSelector(OrdersMalformedItems.selector, order.kind, length));
        }
        bytes32 typeHash = keccak256(OrderHash.typeString(name, itemType));
        orderHash =
            keccak256(abi.encode(typeHash, order.party, order.nonce, order.deadline, itemsHash));
    }

    function _useNonce(uint32 id, uint256 nonce) private {
        _orders().nonces[id][nonce >> 8] |= 1 << (nonce & 0xff);
    }

    function _signatureCount(uint256 length, uint8 threshold) private pure returns (bytes memory) {
        return abi.encodeWithSelector(OrdersSignatureCount.selector, length, threshold);
    }

    function _orders() private pure returns (OrdersStorage storage $) {
        assembly ("memory-safe") {
            $.slot := ORDERS_STORAGE
        }
    }
}
