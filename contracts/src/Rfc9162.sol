// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title Consistency proofs of growing Merkle trees, as RFC 9162 has them
/// @notice Hashes with the SHA-256 precompile, one call a node, in memory that is used again.
library Rfc9162 {
    /// @notice Whether the tree of `newSize` leaves with `newRoot` begins with the very leaves of the tree of
    /// `oldSize` leaves with `oldRoot`: the algorithm of RFC 9162, section 2.1.4.2.
    /// @dev The tree of no leaves begins every tree; its proof is empty. Sizes have to grow. Each round halves
    /// `newNode`, so a proof of any length ends the loop after 64 rounds.
    function consistent(
        uint64 oldSize,
        bytes32 oldRoot,
        uint64 newSize,
        bytes32 newRoot,
        bytes32[] calldata proof
    ) internal view returns (bool) {
        if (oldSize >= newSize) return false;
        if (oldSize == 0) return proof.length == 0;

        uint256 oldNode = oldSize - 1;
        uint256 newNode = newSize - 1;
        while (oldNode & 1 == 1) {
            oldNode >>= 1;
            newNode >>= 1;
        }
        // A whole subtree of the old size is the old root itself, which the proof does not repeat.
        uint256 next = oldNode == 0 ? 0 : 1;
        if (proof.length < next) return false;
        bytes32 oldHash = next == 0 ? oldRoot : proof[0];
        bytes32 newHash = oldHash;

        for (; next < proof.length; ++next) {
            if (newNode == 0) return false;
            bytes32 sibling = proof[next];
            if (oldNode & 1 == 1 || oldNode == newNode) {
                oldHash = node(sibling, oldHash);
                newHash = node(sibling, newHash);
                while (oldNode & 1 == 0 && oldNode != 0) {
                    oldNode >>= 1;
                    newNode >>= 1;
                }
            } else {
                newHash = node(newHash, sibling);
            }
            oldNode >>= 1;
            newNode >>= 1;
        }
        return newNode == 0 && oldHash == oldRoot && newHash == newRoot;
    }

    /// @notice SHA-256(0x01 ‖ left ‖ right).
    /// @dev Without gas for the precompile it reverts with no data, as any call that runs out of gas.
    function node(bytes32 left, bytes32 right) internal view returns (bytes32 hash) {
        assembly ("memory-safe") {
            let data := mload(0x40)
            mstore8(data, 1)
            mstore(add(data, 0x01), left)
            mstore(add(data, 0x21), right)
            if iszero(staticcall(gas(), 0x02, data, 0x41, 0x00, 0x20)) { revert(0, 0) }
            hash := mload(0x00)
        }
    }
}
