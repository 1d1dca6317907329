// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IEvidenceLog} from "../../src/IEvidenceLog.sol";
import {Vm} from "../Test.sol";

/// @title Evidence logs, written from events alone, and the leaves that their heads stand for
abstract contract GhostLogs {
    struct GhostLog {
        uint32 party;
        address writer;
        bool sm3;
        bytes32[] leaves;
    }

    bytes32[] internal ghostLogIds;
    mapping(bytes32 => GhostLog) internal ghostLogs;

    function _applyEvidenceLog(Vm.Log memory log) internal {
        bytes32 topic = log.topics[0];
        bytes32 id = log.topics.length < 2 ? bytes32(0) : log.topics[1];
        if (topic == IEvidenceLog.LogOpened.selector) {
            GhostLog storage ghost = ghostLogs[id];
            ghostLogIds.push(id);
            ghost.party = uint32(uint256(log.topics[2]));
            (,, ghost.writer, ghost.sm3) = abi.decode(log.data, (bytes32, bytes32, address, bool));
        } else if (topic == IEvidenceLog.WriterSet.selector) {
            ghostLogs[id].writer = abi.decode(log.data, (address));
        }
    }
}
