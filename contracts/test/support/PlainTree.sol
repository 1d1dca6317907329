// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title The trees of RFC 9162 by their definition, with no word from the contracts
/// @notice Plain recursion over all leaves: slow, and easy to hold against section 2.1 of the RFC.
library PlainTree {
    /// @dev MTH(D[from:to]), given the hashes of the leaves.
    function root(bytes32[] memory leaves, uint256 from, uint256 to)
        internal
        pure
        returns (bytes32)
    {
        if (from == to) return sha256("");
        if (to - from == 1) return leaves[from];
        uint256 middle = from + _half(to - from);
        return node(root(leaves, from, middle), root(leaves, middle, to));
    }

    /// @dev PROOF(m, D_n), section 2.1.4.1.
    function consistency(bytes32[] memory leaves, uint256 m, uint256 n)
        internal
        pure
        returns (bytes32[] memory)
    {
        return _subproof(leaves, m, 0, n, true);
    }

    function node(bytes32 left, bytes32 right) internal pure returns (bytes32) {
        return sha256(abi.encodePacked(bytes1(0x01), left, right));
    }

    /// @dev Leaves that differ from each other and by the seed.
    function grown(uint256 seed, uint256 count) internal pure returns (bytes32[] memory leaves) {
        leaves = new bytes32[](count);
        for (uint256 i; i < count; ++i) {
            leaves[i] = sha256(abi.encode(seed, i));
        }
    }

    /// @dev SUBPROOF(m, D[from:to], whole).
    function _subproof(bytes32[] memory leaves, uint256 m, uint256 from, uint256 to, bool whole)
        private
        pure
        returns (bytes32[] memory)
    {
        uint256 n = to - from;
        if (m == n) {
            if (whole) return new bytes32[](0);
            return _with(new bytes32[](0), root(leaves, from, to));
        }
        uint256 half = _half(n);
        if (m <= half) {
            return
                _with(_subproof(leaves, m, from, from + half, whole), root(leaves, from + half, to));
        }
        return
            _with(
                _subproof(leaves, m - half, from + half, to, false), root(leaves, from, from + half)
            );
    }

    /// @dev The largest power of two below n.
    function _half(uint256 n) private pure returns (uint256 half) {
        half = 1;
        while (2 * half < n) {
            half *= 2;
        }
    }

    function _with(bytes32[] memory list, bytes32 last)
        private
        pure
        returns (bytes32[] memory longer)
    {
        longer = new bytes32[](list.length + 1);
        for (uint256 i; i < list.length; ++i) {
            longer[i] = list[i];
        }
        longer[list.length] = last;
    }
}
