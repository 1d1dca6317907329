// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IFinancingDesk} from "../../src/IFinancingDesk.sol";
import {ISignedOrders} from "../../src/ISignedOrders.sol";
import {IVoucherRecords} from "../../src/IVoucherRecords.sol";
import {Vm} from "../Test.sol";
import {Doors} from "../support/Doors.sol";
import {GhostBook} from "../support/GhostBook.sol";
import {GhostLogs} from "../support/GhostLogs.sol";
import {GhostRest} from "../support/GhostRest.sol";

/// @title The ghost books are written from events, and the rules of single steps checked
/// @notice Nothing here reverts; a broken rule is noted in `violation`.
abstract contract Scribe is Doors, GhostBook, GhostLogs, GhostRest {
    uint256 private constant PAUSE_STEPS_MAX = 5;

    /// @notice Operations that took effect, by kind and door.
    mapping(uint256 kind => mapping(uint256 door => uint256)) public successes;
    mapping(bytes32 place => bool) internal ghostPaused;
    mapping(bytes32 digest => uint256 kindPlusOne) internal keptKinds;
    /// @notice Whether the last step told something about parties.
    bool public partiesTouched;
    /// @dev Whether the step is the registrar's or the timelock's, which a pause does not bind.
    bool internal administrative;
    uint256 private _pausedSteps;
    mapping(uint64 root => uint8) private _rootStates;

    /// @dev forge records events also of calls that were undone; these are forgotten here.
    function undone() internal {
        vm.getRecordedLogs();
    }

    function _applyLogs() internal {
        Vm.Log[] memory logs = vm.getRecordedLogs();
        uint256 from;
        for (uint256 i; i < logs.length; ++i) {
            bytes32 topic = logs[i].topics[0];
            bool failed = topic == ISignedOrders.OrderFailed.selector;
            // What stands before a failed order's event was undone with its items.
            if (failed) from = i;
            if (!failed && topic != ISignedOrders.OrderExecuted.selector) continue;
            _applySome(logs, from, i + 1);
            from = i + 1;
        }
        _applySome(logs, from, logs.length);
    }

    function _applySome(Vm.Log[] memory logs, uint256 from, uint256 to) private {
        for (uint256 i = from; i < to; ++i) {
            Vm.Log memory log = logs[i];
            bytes32 place = bytes32(uint256(uint160(log.emitter)));
            if (log.topics[0] == ISignedOrders.Paused.selector) ghostPaused[place] = true;
            if (log.topics[0] == ISignedOrders.Unpaused.selector) ghostPaused[place] = false;
            else if (log.topics[0] != ISignedOrders.Paused.selector) _checkPause(log, place);
            _applyOrderLog(log);
            if (log.topics[0] == ISignedOrders.OrderExecuted.selector) {
                uint256 kept = keptKinds[log.topics[1]];
                if (kept != 0) ++successes[kept - 1][4];
            }
            if (log.emitter == address(vouchers)) _applyVoucherLog(log);
            if (log.emitter == address(documents)) _applyDocumentLog(log);
            if (log.emitter == address(registry)) {
                partiesTouched = true;
                _applyRegistryLog(log);
            }
            if (log.emitter == address(evidence)) _applyEvidenceLog(log);
            if (log.emitter == address(desk)) {
                _checkDisbursed(log);
                _applyDeskLog(log);
            }
            if (log.topics[0] == ISignedOrders.OrderFailed.selector) {
                (,,, bytes memory reason) = abi.decode(log.data, (uint256, uint8, bool, bytes));
                _hold(reason.length >= 4, "a failed order says why");
            }
        }
    }

    /// @dev The price was for a piece of that amount: none of it may have been paid meanwhile.
    function _checkDisbursed(Vm.Log memory log) private {
        if (log.topics[0] != IFinancingDesk.FinancingDisbursed.selector) return;
        IFinancingDesk.Financing memory financing = desk.financingOf(uint64(uint256(log.topics[1])));
        IVoucherRecords.Piece storage piece = ghostPieces[financing.piece];
        _hold(piece.end - piece.start == financing.amount, "the price is for what was locked");
    }

    /// @dev A pause binds everyone but registrar and timelock at the registry: lost keys are replaced and parties
    /// suspended also then.
    function _checkPause(Vm.Log memory log, bytes32 place) private {
        bool free = administrative && log.emitter == address(registry);
        _hold(!ghostPaused[place] || free, "7: while paused nothing changes");
    }

    /// @dev Offered 1, active 2, matured 3, dishonoured 4, settled 5, written off 6, cancelled 7.
    function _checkRootStates() internal {
        for (uint64 root = 1; root <= ghostRootCount; ++root) {
            uint8 from = _rootStates[root];
            uint8 to = vouchers.rootState(root);
            bool onward =
                to >= from && (from < 5 || to == from) && (to != 7 || from <= 1 || from == 7);
            _hold(onward, "3: a root never moves backwards");
            _rootStates[root] = to;
        }
    }

    function _endLongPause() internal {
        ISignedOrders[5] memory places = [
            ISignedOrders(address(registry)),
            documents,
            ISignedOrders(address(vouchers)),
            desk,
            evidence
        ];
        bool any;
        for (uint256 i; i < 5; ++i) {
            any = any || places[i].paused();
        }
        _pausedSteps = any ? _pausedSteps + 1 : 0;
        if (_pausedSteps < PAUSE_STEPS_MAX) return;
        vm.recordLogs();
        for (uint256 i; i < 5; ++i) {
            if (!places[i].paused()) continue;
            vm.prank(address(timelock));
            places[i].unpause();
        }
        _applyLogs();
    }
}
