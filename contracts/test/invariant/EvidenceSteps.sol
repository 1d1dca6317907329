// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IEvidenceLog} from "../../src/IEvidenceLog.sol";
import {Kinds} from "../support/Kinds.sol";
import {PlainTree} from "../support/PlainTree.sol";
import {Actor} from "./Actor.sol";

/// @title Steps of evidence logs: opened, handed on, grown honestly, and forged
abstract contract EvidenceSteps is Actor {
    uint256 private constant LEAVES_MAX = 40;

    /// @notice Heads taken, and forged ones refused.
    uint256 public headsTaken;
    uint256 public headsRefused;
    uint256 private _leavesMade;

    function openLog(uint256 seed) external step(seed) {
        uint32 by = pickParty();
        bytes32 stream = bytes32(bytes1(uint8(0x61 + chance(3))));
        if (chance(10) == 0) stream = bytes32(chance(1 << 128));
        address writer = chance(10) == 0 ? address(0) : _newWriter();
        send(Kinds.OPEN_LOG, by, abi.encode(stream, EVIDENCE, writer, chance(3) == 0 ? 1 : 0));
    }

    function setWriter(uint256 seed) external step(seed) {
        bytes32 log = _anyLog();
        uint32 by = ghostLogs[log].party;
        if (by == 0 || chance(10) == 0) by = pickParty();
        send(Kinds.SET_WRITER, by, abi.encode(log, _newWriter()));
    }

    function growLog(uint256 seed) external step(seed) {
        bytes32 log = _anyLog();
        bytes32[] storage told = ghostLogs[log].leaves;
        if (log == 0 || told.length >= LEAVES_MAX) return;
        uint256 from = told.length;
        bytes32[] memory leaves = new bytes32[](from + 1 + chance(6));
        for (uint256 i; i < leaves.length; ++i) {
            leaves[i] = i < from ? told[i] : keccak256(abi.encode(++_leavesMade));
        }
        bool forged = from != 0 && chance(3) == 0;
        if (forged) leaves[chance(from)] = keccak256("forged");
        if (!_sendHead(log, leaves, from)) {
            undone();
            if (forged) ++headsRefused;
            return;
        }
        _hold(!forged, "a history is never rewritten");
        for (uint256 i = from; i < leaves.length; ++i) {
            told.push(leaves[i]);
        }
        ++headsTaken;
    }

    function _sendHead(bytes32 log, bytes32[] memory leaves, uint256 from)
        private
        returns (bool success)
    {
        bytes32 root = PlainTree.root(leaves, 0, leaves.length);
        bytes32[] memory proof =
            from == 0 ? new bytes32[](0) : PlainTree.consistency(leaves, from, leaves.length);
        uint64 size = uint64(leaves.length);
        GhostLog storage ghost = ghostLogs[log];
        if (!ghost.sm3 && chance(2) == 0) {
            address by = chance(3) == 0 ? anyAccount(pickParty()) : ghost.writer;
            bool may = by == ghost.writer || evidence.memberOf(by).party == ghost.party;
            vm.prank(by);
            (success,) = address(evidence)
                .call(abi.encodeCall(IEvidenceLog.append, (log, size, root, EVIDENCE, proof)));
            _hold(may || !success, "a head is its writer's");
            return success;
        }
        bytes32 sm3Root = ghost.sm3 ? EVIDENCE : bytes32(0);
        bytes32 digest = evidence.headDigest(log, size, root, EVIDENCE, sm3Root);
        address signer = chance(8) == 0 ? _newWriter() : ghost.writer;
        bytes memory call = abi.encodeCall(
            IEvidenceLog.appendSigned,
            (log, size, root, EVIDENCE, sm3Root, proof, signatureOf(signer, digest))
        );
        vm.prank(stranger);
        (success,) = address(evidence).call(call);
        _hold(signer == ghost.writer || !success, "a head is its writer's");
    }

    function _anyLog() private returns (bytes32) {
        return ghostLogIds.length == 0 ? bytes32(0) : ghostLogIds[chance(ghostLogIds.length)];
    }

    function _newWriter() private returns (address account) {
        uint256 key = keyOf(778, ++keyCount);
        account = vm.addr(key);
        keys[account] = key;
    }
}
