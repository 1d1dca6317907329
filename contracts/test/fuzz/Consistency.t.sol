// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IEvidenceLog} from "../../src/IEvidenceLog.sol";
import {Rfc9162} from "../../src/Rfc9162.sol";
import {Logs} from "../support/Logs.sol";
import {PlainTree} from "../support/PlainTree.sol";

/// @title Every honest head is taken, and no other: against trees built by the definition
contract ConsistencyTest is Logs {
    uint256 internal constant LEAVES_MAX = 300;

    function test_every_pair_of_small_sizes() public view {
        bytes32[] memory leaves = PlainTree.grown(1, 40);
        for (uint256 n = 1; n <= 40; ++n) {
            bytes32 root = PlainTree.root(leaves, 0, n);
            for (uint256 m = 1; m < n; ++m) {
                bytes32[] memory proof = PlainTree.consistency(leaves, m, n);
                bytes32 old = PlainTree.root(leaves, 0, m);
                assertTrue(this.consistent(m, old, n, root, proof));
                assertFalse(this.consistent(m, root, n, root, proof));
                assertFalse(this.consistent(m, old, n, old, proof));
            }
        }
    }

    function testFuzz_honest_growth_is_taken(uint256 seed, uint16[8] memory steps) public {
        bytes32 log = opened(false);
        bytes32[] memory leaves = PlainTree.grown(seed, LEAVES_MAX);
        uint256 size;
        for (uint256 i; i < steps.length && size < LEAVES_MAX; ++i) {
            size = bound(steps[i], size + 1, LEAVES_MAX);
            grow(log, leaves, size);
            assertEq(evidence.head(log).size, size);
            assertEq(evidence.head(log).root, PlainTree.root(leaves, 0, size));
        }
    }

    function testFuzz_a_changed_proof_is_refused(uint256 seed, uint256 m, uint256 n, uint256 flip)
        public
    {
        (bytes32 log, bytes32[] memory leaves, uint256 from, uint256 to) = _stage(seed, m, n);
        bytes32 root = PlainTree.root(leaves, 0, to);
        bytes32[] memory proof = PlainTree.consistency(leaves, from, to);
        for (uint256 i; i < proof.length; ++i) {
            bytes32 good = proof[i];
            proof[i] = good ^ bytes32(uint256(1) << (flip % 256));
            _refused(log, from, to, root, proof);
            proof[i] = good;
        }
        _refused(log, from, to, root, _resized(proof, proof.length - 1));
        _refused(log, from, to, root, _resized(proof, proof.length + 1));
        _refused(log, from, to, root ^ bytes32(uint256(1) << (flip % 256)), proof);
        (bool success,) = tries(log, uint64(to), root, proof);
        assertTrue(success, "the honest one is taken");
    }

    function testFuzz_the_proof_of_another_size_is_refused(
        uint256 seed,
        uint256 m,
        uint256 n,
        uint256 other
    ) public {
        (bytes32 log, bytes32[] memory leaves, uint256 from, uint256 to) = _stage(seed, m, n);
        uint256 told = bound(other, from + 1, LEAVES_MAX);
        if (told == to) return;
        bytes32[] memory proof = PlainTree.consistency(leaves, from, to);
        (bool success,) = tries(log, uint64(told), PlainTree.root(leaves, 0, told), proof);
        assertFalse(success);
    }

    function testFuzz_a_rewritten_history_is_refused(
        uint256 seed,
        uint256 m,
        uint256 n,
        uint256 place
    ) public {
        (bytes32 log, bytes32[] memory leaves, uint256 from, uint256 to) = _stage(seed, m, n);
        leaves[place % from] = keccak256("another record");
        // All that the forger can reckon is right for its own tree.
        bytes32[] memory proof = PlainTree.consistency(leaves, from, to);
        _refused(log, from, to, PlainTree.root(leaves, 0, to), proof);
        // So is a history from which a leaf was taken away.
        bytes32[] memory fewer = _without(leaves, place % from);
        proof = PlainTree.consistency(fewer, from, to);
        _refused(log, from, to, PlainTree.root(fewer, 0, to), proof);
    }

    /// @dev Random words never make a proof, whatever the sizes.
    function testFuzz_noise_is_refused(uint64 m, uint64 n, bytes32 root, bytes32[] memory proof)
        public
        view
    {
        if (m == 0) return;
        assertFalse(this.consistent(m, keccak256(abi.encode(root)), n, root, proof));
    }

    function test_sizes_at_the_end_of_their_type() public view {
        uint64 most = type(uint64).max;
        bytes32[] memory none = new bytes32[](0);
        assertTrue(this.consistent(0, 0, most, "root", none));
        assertFalse(this.consistent(0, 0, 1, "root", new bytes32[](1)));
        assertFalse(this.consistent(most, "root", most, "root", none));
        assertFalse(this.consistent(most, "root", most - 1, "root", none));
        assertFalse(this.consistent(most - 1, "root", most, "root", none));
        // 2^63 leaves are a whole left half: one node, the right half, is the proof.
        bytes32[] memory one = new bytes32[](1);
        one[0] = "right";
        bytes32 root = PlainTree.node("left", "right");
        assertTrue(this.consistent(1 << 63, "left", most, root, one));
        assertTrue(this.consistent(1, "left", 2, root, one));
        assertFalse(this.consistent(3, "left", 5, root, none));
    }

    function test_long_proofs_end() public view {
        bytes32[] memory proof = new bytes32[](5_000);
        assertFalse(this.consistent(7, "old", 1 << 40, "new", proof));
    }

    /// @dev The library with the proof in call data, as the contract has it.
    function consistent(uint256 m, bytes32 old, uint256 n, bytes32 root, bytes32[] calldata proof)
        external
        view
        returns (bool)
    {
        return Rfc9162.consistent(uint64(m), old, uint64(n), root, proof);
    }

    /// @dev A log with a head of `from` leaves, and a tree that goes on beyond it to `to`.
    function _stage(uint256 seed, uint256 m, uint256 n)
        private
        returns (bytes32 log, bytes32[] memory leaves, uint256 from, uint256 to)
    {
        log = opened(false);
        leaves = PlainTree.grown(seed, LEAVES_MAX);
        from = bound(m, 1, LEAVES_MAX - 2);
        to = bound(n, from + 1, LEAVES_MAX - 1);
        grow(log, leaves, from);
    }

    function _refused(bytes32 log, uint256 from, uint256 to, bytes32 root, bytes32[] memory proof)
        private
    {
        (bool success, bytes memory why) = tries(log, uint64(to), root, proof);
        assertFalse(success);
        assertEq(
            why, abi.encodeWithSelector(IEvidenceLog.EvidenceInconsistent.selector, log, to, from)
        );
    }

    function _resized(bytes32[] memory list, uint256 length)
        private
        pure
        returns (bytes32[] memory copy)
    {
        copy = new bytes32[](length);
        for (uint256 i; i < length && i < list.length; ++i) {
            copy[i] = list[i];
        }
    }

    function _without(bytes32[] memory list, uint256 place)
        private
        pure
        returns (bytes32[] memory copy)
    {
        copy = new bytes32[](list.length - 1);
        for (uint256 i; i < copy.length; ++i) {
            copy[i] = list[i < place ? i : i + 1];
        }
    }
}
