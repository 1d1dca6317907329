// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IEvidenceLog} from "../../src/IEvidenceLog.sol";
import {Logs} from "../support/Logs.sol";
import {PlainTree} from "../support/PlainTree.sol";

/// @title Heads that a writer signs and anyone carries
contract EvidenceHeadsTest is Logs {
    uint256 internal constant HALF_ORDER =
        0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0;

    bytes32 internal log;
    bytes32[] internal leaves;

    function setUp() public override {
        super.setUp();
        log = opened(false);
        leaves = PlainTree.grown(3, 50);
        grow(log, leaves, 20);
    }

    function test_anyone_carries_what_the_writer_signed() public {
        bytes32 root = PlainTree.root(leaves, 0, 50);
        bytes memory signature = signHead(WRITER_KEY, log, 50, root, 0);
        bytes32[] memory proof = _proof(50);
        vm.warp(START + 60);
        vm.expectEmit(address(evidence));
        emit IEvidenceLog.HeadAppended(log, SUPPLIER, 50, root, INDEX, 0);
        vm.prank(stranger);
        evidence.appendSigned(log, 50, root, INDEX, 0, proof, signature);
        assertEq(evidence.head(log).time, START + 60);
        // A second time it is no growth.
        vm.expectRevert(
            abi.encodeWithSelector(IEvidenceLog.EvidenceSize.selector, log, uint64(50), uint64(50))
        );
        evidence.appendSigned(log, 50, root, INDEX, 0, proof, signature);
    }

    function test_the_head_that_was_signed_and_no_other() public {
        bytes32 root = PlainTree.root(leaves, 0, 30);
        bytes memory signature = signHead(WRITER_KEY, log, 30, root, 0);
        _refuseSignature(30, root, bytes32("other index"), signature);
        _refuseSignature(31, root, INDEX, signature);
        _refuseSignature(30, bytes32("other root"), INDEX, signature);
        // The digest that clients ask for is the one that is checked.
        bytes32 digest = evidence.headDigest(log, 30, root, INDEX, 0);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(WRITER_KEY, digest);
        assertEq(abi.encodePacked(r, s, v), signature);
    }

    function test_heads_of_another_log_or_chain_do_not_count() public {
        acts(SUPPLIER);
        evidence.openLog(IEvidenceLog.OpenLogItem("other", KEY, writer, false));
        bytes32 other = evidence.logId(SUPPLIER, "other");
        bytes memory signature = signHead(WRITER_KEY, log, 30, "root", 0);
        vm.expectPartialRevert(IEvidenceLog.EvidenceNotWriter.selector);
        evidence.appendSigned(other, 30, "root", INDEX, 0, new bytes32[](0), signature);
        vm.chainId(999);
        bytes memory foreign = signHead(WRITER_KEY, log, 30, "root", 0);
        vm.chainId(31_337);
        _refuseSignature(30, "root", INDEX, foreign);
    }

    function test_only_the_writers_signature_counts() public {
        bytes32 root = PlainTree.root(leaves, 0, 30);
        bytes memory foreign = signHead(keyOf(SUPPLIER, 1), log, 30, root, 0);
        bytes32[] memory proof = _proof(30);
        vm.expectRevert(
            abi.encodeWithSelector(
                IEvidenceLog.EvidenceNotWriter.selector, log, accountOf(SUPPLIER)
            )
        );
        evidence.appendSigned(log, 30, root, INDEX, 0, proof, foreign);
    }

    function test_malformed_signatures_are_nobodys() public {
        bytes32 root = PlainTree.root(leaves, 0, 30);
        bytes memory good = signHead(WRITER_KEY, log, 30, root, 0);
        (bytes32 r, bytes32 s, uint8 v) =
            (bytes32(slice(good, 0, 32)), bytes32(slice(good, 32, 32)), uint8(good[64]));
        bytes32 upper = bytes32(2 * HALF_ORDER + 1 - uint256(s));
        bytes[6] memory bad = [
            bytes(""),
            new bytes(65),
            slice(good, 0, 64),
            bytes.concat(good, hex"00"),
            abi.encodePacked(r, s, v - 27),
            abi.encodePacked(r, upper, v == 27 ? uint8(28) : uint8(27))
        ];
        bytes32[] memory proof = _proof(30);
        for (uint256 i; i < bad.length; ++i) {
            vm.expectRevert(
                abi.encodeWithSelector(IEvidenceLog.EvidenceNotWriter.selector, log, address(0))
            );
            evidence.appendSigned(log, 30, root, INDEX, 0, proof, bad[i]);
        }
    }

    function test_sizes_grow() public {
        uint64[3] memory sizes = [uint64(0), 19, 20];
        for (uint256 i; i < 3; ++i) {
            (bool success, bytes memory why) = tries(log, sizes[i], "root", new bytes32[](0));
            assertFalse(success);
            assertEq(
                why,
                abi.encodeWithSelector(
                    IEvidenceLog.EvidenceSize.selector, log, sizes[i], uint64(20)
                )
            );
        }
    }

    function test_a_head_grows_by_a_bounded_number_of_leaves() public {
        // From a power of two on, any hash would do as the root of what follows.
        uint64 most = 20 + (1 << 24);
        (bool success, bytes memory why) = tries(log, most + 1, "root", new bytes32[](1));
        assertFalse(success);
        assertEq(
            why,
            abi.encodeWithSelector(IEvidenceLog.EvidenceSize.selector, log, most + 1, uint64(20))
        );
        (success, why) = tries(log, most, "root", new bytes32[](1));
        assertEq(
            why,
            abi.encodeWithSelector(
                IEvidenceLog.EvidenceInconsistent.selector, log, most, uint64(20)
            )
        );
        assertFalse(success);
    }

    function test_first_head_has_no_proof() public {
        acts(SUPPLIER);
        evidence.openLog(IEvidenceLog.OpenLogItem("other", KEY, writer, false));
        bytes32 other = evidence.logId(SUPPLIER, "other");
        (bool success, bytes memory why) = tries(other, 5, "root", new bytes32[](1));
        assertFalse(success);
        assertEq(
            why,
            abi.encodeWithSelector(
                IEvidenceLog.EvidenceInconsistent.selector, other, uint64(5), uint64(0)
            )
        );
        (success, why) = tries(other, 0, "root", new bytes32[](0));
        assertEq(
            why,
            abi.encodeWithSelector(IEvidenceLog.EvidenceSize.selector, other, uint64(0), uint64(0))
        );
        assertFalse(success);
    }

    function test_sm3_is_all_or_nothing() public {
        acts(SUPPLIER);
        evidence.openLog(IEvidenceLog.OpenLogItem("dual", KEY, writer, true));
        bytes32 dual = evidence.logId(SUPPLIER, "dual");
        bytes32[] memory none = new bytes32[](0);
        bytes memory wanted = abi.encodeWithSelector(IEvidenceLog.EvidenceSm3.selector, dual);
        (bool success, bytes memory why) = tries(dual, 1, "root", none);
        assertFalse(success);
        assertEq(why, wanted);
        bytes memory signature = signHead(WRITER_KEY, dual, 1, "root", 0);
        vm.expectRevert(wanted);
        evidence.appendSigned(dual, 1, "root", INDEX, 0, none, signature);
        signature = signHead(WRITER_KEY, dual, 1, "root", "sm3");
        evidence.appendSigned(dual, 1, "root", INDEX, "sm3", none, signature);
        assertEq(evidence.head(dual).sm3Root, bytes32("sm3"));
        signature = signHead(WRITER_KEY, log, 30, "root", "sm3");
        vm.expectRevert(abi.encodeWithSelector(IEvidenceLog.EvidenceSm3.selector, log));
        evidence.appendSigned(log, 30, "root", INDEX, "sm3", none, signature);
    }

    function _proof(uint256 to) private view returns (bytes32[] memory) {
        return PlainTree.consistency(leaves, 20, to);
    }

    /// @dev Whatever key such a signature recovers to, it is not the writer's.
    function _refuseSignature(uint64 size, bytes32 root, bytes32 index, bytes memory signature)
        private
    {
        bytes32[] memory proof = _proof(30);
        vm.expectPartialRevert(IEvidenceLog.EvidenceNotWriter.selector);
        evidence.appendSigned(log, size, root, index, 0, proof, signature);
    }
}
