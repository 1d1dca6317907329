// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IFinancingDesk} from "../../src/IFinancingDesk.sol";
import {IPartyDirectory} from "../../src/IPartyDirectory.sol";
import {IPartyRegistry} from "../../src/IPartyRegistry.sol";
import {ISignedOrders} from "../../src/ISignedOrders.sol";
import {ITradeDocuments} from "../../src/ITradeDocuments.sol";
import {Vm} from "../Test.sol";

/// @title Parties, documents and financings, written from events alone
abstract contract GhostRest {
    struct GhostFinancing {
        uint64 piece;
        uint32 seller;
        uint32 funder;
        uint32 bank;
        bool sale;
        bool recourse;
        uint64 price;
        uint8 state;
        bytes32 registration;
    }

    mapping(uint32 => IPartyDirectory.Member) internal ghostMembers;
    mapping(uint32 => address[]) internal ghostAccounts;
    uint32 internal ghostPartyCount;
    address[] internal ghostDropped;

    bytes32[] internal ghostDocumentKeys;
    mapping(bytes32 => ITradeDocuments.Document) internal ghostDocuments;

    mapping(uint64 => GhostFinancing) internal ghostFinancings;
    uint64 internal ghostFinancingCount;

    mapping(address => mapping(uint32 => mapping(uint256 => bool))) internal ghostNonces;

    function _applyRegistryLog(Vm.Log memory log) internal {
        bytes32 topic = log.topics[0];
        if (log.topics.length < 2) return;
        uint32 id = uint32(uint256(log.topics[1]));
        if (topic == IPartyRegistry.PartyRegistered.selector) {
            (uint16 roles, uint8 threshold) = abi.decode(log.data, (uint16, uint8));
            ++ghostPartyCount;
            ghostMembers[id] = IPartyDirectory.Member(id, roles, 1, threshold);
        } else if (topic == IPartyRegistry.PartyRolesSet.selector) {
            ghostMembers[id].roles = abi.decode(log.data, (uint16));
        } else if (topic == IPartyRegistry.PartyStatusSet.selector) {
            (ghostMembers[id].status,) = abi.decode(log.data, (uint8, bytes32));
        } else if (topic == IPartyRegistry.PartyThresholdSet.selector) {
            ghostMembers[id].threshold = abi.decode(log.data, (uint8));
        } else if (topic == IPartyRegistry.AccountAdded.selector) {
            ghostAccounts[id].push(address(uint160(uint256(log.topics[2]))));
        } else if (topic == IPartyRegistry.AccountRemoved.selector) {
            _drop(id, address(uint160(uint256(log.topics[2]))));
        }
    }

    function _applyDocumentLog(Vm.Log memory log) internal {
        bytes32 topic = log.topics[0];
        if (log.topics.length < 2) return;
        bytes32 key = log.topics[1];
        ITradeDocuments.Document storage document = ghostDocuments[key];
        if (topic == ITradeDocuments.DocumentRegistered.selector) {
            (uint8 kind, uint64 amount) = abi.decode(log.data, (uint8, uint64));
            ghostDocumentKeys.push(key);
            ghostDocuments[key] = ITradeDocuments.Document(
                amount, 0, uint32(uint256(log.topics[2])), uint32(uint256(log.topics[3])), kind, 0
            );
        } else if (topic == ITradeDocuments.CreditNoteApplied.selector) {
            (uint64 amount, uint64 shortfall) = abi.decode(log.data, (uint64, uint64));
            document.usable -= amount - shortfall;
            document.shortfall += uint48(shortfall);
        } else if (topic == ITradeDocuments.DocumentsCombined.selector) {
            uint64 amount = abi.decode(log.data, (uint64));
            document.usable += amount;
            ghostDocuments[log.topics[2]].usable -= amount;
        } else if (topic == ITradeDocuments.DocumentUsed.selector) {
            document.used += abi.decode(log.data, (uint64));
        } else if (topic == ITradeDocuments.DocumentRestored.selector) {
            uint64 amount = abi.decode(log.data, (uint64));
            document.used -= amount;
            uint64 taken = amount < document.shortfall ? amount : document.shortfall;
            document.shortfall -= uint48(taken);
            document.usable -= taken;
        }
    }

    function _applyDeskLog(Vm.Log memory log) internal {
        bytes32 topic = log.topics[0];
        if (log.topics.length < 2) return;
        uint64 id = uint64(uint256(log.topics[1]));
        GhostFinancing storage financing = ghostFinancings[id];
        if (topic == IFinancingDesk.FinancingOpened.selector) {
            ++ghostFinancingCount;
            financing.piece = uint64(uint256(log.topics[2]));
            financing.seller = uint32(uint256(log.topics[3]));
            (
                financing.funder,
                financing.bank,
                financing.sale,
                financing.recourse,
                financing.price,,,
            ) = abi.decode(log.data, (uint32, uint32, bool, bool, uint64, uint32, uint32, bytes32));
            financing.state = 1;
        } else if (topic == IFinancingDesk.FinancingRegistered.selector) {
            financing.registration = log.topics[2];
            financing.state = 2;
        } else if (topic == IFinancingDesk.FinancingDisbursed.selector) {
            financing.state = 3;
        } else if (topic == IFinancingDesk.FinancingReleased.selector) {
            financing.state = 4;
        } else if (topic == IFinancingDesk.FinancingRepaid.selector) {
            financing.state = 5;
        }
    }

    /// @dev Nonces, the same in every contract.
    function _applyOrderLog(Vm.Log memory log) internal {
        bytes32 topic = log.topics[0];
        if (topic == ISignedOrders.OrderExecuted.selector) {
            (uint256 nonce,) = abi.decode(log.data, (uint256, uint8));
            _useNonce(log.emitter, uint32(uint256(log.topics[2])), nonce);
        } else if (topic == ISignedOrders.OrderFailed.selector) {
            (uint256 nonce,, bool burned,) = abi.decode(log.data, (uint256, uint8, bool, bytes));
            if (burned) _useNonce(log.emitter, uint32(uint256(log.topics[2])), nonce);
        } else if (topic == ISignedOrders.NonceCancelled.selector) {
            _useNonce(log.emitter, uint32(uint256(log.topics[1])), abi.decode(log.data, (uint256)));
        }
    }

    function _useNonce(address place, uint32 id, uint256 nonce) private {
        require(!ghostNonces[place][id][nonce], "a nonce is used once");
        ghostNonces[place][id][nonce] = true;
    }

    function _drop(uint32 id, address account) private {
        address[] storage accounts = ghostAccounts[id];
        for (uint256 i; i < accounts.length; ++i) {
            if (accounts[i] == account) {
                accounts[i] = accounts[accounts.length - 1];
                accounts.pop();
                ghostDropped.push(account);
                return;
            }
        }
        revert("only a known account is removed");
    }
}
