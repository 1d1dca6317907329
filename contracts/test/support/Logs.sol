// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IEvidenceLog} from "../../src/IEvidenceLog.sol";
import {Doors} from "./Doors.sol";
import {PlainTree} from "./PlainTree.sol";

/// @title Short ways to keep evidence logs
abstract contract Logs is Doors {
    bytes32 internal constant STREAM = "quality.line-1_a";
    bytes32 internal constant KEY = "commitment";
    bytes32 internal constant INDEX = "index";
    uint256 internal constant WRITER_KEY = 0xbead;

    address internal writer = vm.addr(WRITER_KEY);

    function opened(bool sm3) internal returns (bytes32 log) {
        acts(SUPPLIER);
        evidence.openLog(IEvidenceLog.OpenLogItem(STREAM, KEY, writer, sm3));
        return evidence.logId(SUPPLIER, STREAM);
    }

    /// @dev Appends as the writer, with the honest proof for these leaves.
    function grow(bytes32 log, bytes32[] memory leaves, uint256 to) internal {
        uint64 from = evidence.head(log).size;
        bytes32[] memory proof = proofOf(leaves, from, to);
        bytes32 root = PlainTree.root(leaves, 0, to);
        vm.prank(writer);
        evidence.append(log, uint64(to), root, INDEX, proof);
    }

    function proofOf(bytes32[] memory leaves, uint256 from, uint256 to)
        internal
        pure
        returns (bytes32[] memory)
    {
        return from == 0 ? new bytes32[](0) : PlainTree.consistency(leaves, from, to);
    }

    /// @dev Calls `append` as the writer; whether it was taken, and why not.
    function tries(bytes32 log, uint64 size, bytes32 root, bytes32[] memory proof)
        internal
        returns (bool success, bytes memory why)
    {
        vm.prank(writer);
        return address(evidence)
            .call(abi.encodeCall(IEvidenceLog.append, (log, size, root, INDEX, proof)));
    }

    function signHead(uint256 key, bytes32 log, uint64 size, bytes32 root, bytes32 sm3Root)
        internal
        view
        returns (bytes memory)
    {
        bytes32 headType = keccak256(
            "Head(bytes32 log,uint64 size,bytes32 root,bytes32 indexRoot,bytes32 sm3Root)"
        );
        bytes32 digest = keccak256(
            abi.encodePacked(
                hex"1901",
                domainOf(block.chainid, address(evidence)),
                keccak256(abi.encode(headType, log, size, root, INDEX, sm3Root))
            )
        );
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(key, digest);
        return abi.encodePacked(r, s, v);
    }
}
