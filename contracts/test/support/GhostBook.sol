// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IVoucherRecords} from "../../src/IVoucherRecords.sol";
import {Vm} from "../Test.sol";

/// @title The books of vouchers, written from events alone
/// @notice Knows nothing of the contracts' storage or rules: what an event says is what is written.
abstract contract GhostBook {
    struct GhostRoot {
        IVoucherRecords.Root root;
        uint64 redeemed;
        uint64 writtenOff;
    }

    mapping(uint64 => GhostRoot) internal ghostRoots;
    mapping(uint64 => IVoucherRecords.Piece) internal ghostPieces;
    mapping(uint64 => address) internal ghostOwners;
    mapping(uint32 => IVoucherRecords.Issuer) internal ghostIssuers;
    mapping(uint8 => IVoucherRecords.Policy) internal ghostPolicies;
    uint64 internal ghostRootCount;
    uint8 internal ghostPolicyCount;
    /// @dev First rule that an event broke; empty as long as all is well.
    string public violation;

    /// @dev Notes a broken rule instead of reverting, so that nothing can hide it.
    function _hold(bool condition, string memory rule) internal {
        if (!condition && bytes(violation).length == 0) violation = rule;
    }

    function _applyVoucherLog(Vm.Log memory log) internal {
        bytes32 topic = log.topics[0];
        if (topic == IVoucherRecords.VoucherOffered.selector) _onOffered(log);
        else if (topic == IVoucherRecords.PieceSplit.selector) _onSplit(log);
        else if (topic == IVoucherRecords.PiecesMerged.selector) _onMerged(log);
        else if (topic == IVoucherRecords.PieceRedeemed.selector) _onRedeemed(log);
        else if (topic == IVoucherRecords.Transfer.selector) _onToken(log);
        else if (log.topics.length > 1) _onRest(topic, log);
    }

    /// @dev keccak256 over the words that `rootDigests` documents, packed here by hand.
    function _ghostDigest(uint64 root) internal view returns (bytes32) {
        IVoucherRecords.Root memory r = ghostRoots[root].root;
        bytes memory words = abi.encodePacked(
            uint32(0),
            r.policy,
            r.state,
            r.pieces,
            r.issuedDay,
            r.dueDay,
            r.face,
            r.payingBank,
            r.issuer
        );
        words = bytes.concat(words, r.document);
        for (uint64 i; i < r.pieces; ++i) {
            words = bytes.concat(words, _ghostWord(root << 16 | i));
        }
        return keccak256(words);
    }

    function _ghostWord(uint64 piece) internal view returns (bytes32) {
        IVoucherRecords.Piece memory p = ghostPieces[piece];
        return bytes32(
            abi.encodePacked(
                p.parent, p.depth, p.state, p.expiry, p.end, p.start, p.offeree, p.holder
            )
        );
    }

    function _onOffered(Vm.Log memory log) private {
        uint64 piece = _piece(log.topics[1]);
        uint32 issuer = _party(log.topics[2]);
        uint32 payee = _party(log.topics[3]);
        (
            uint32 bank,
            uint64 face,
            uint32 dueDay,
            uint32 issuedDay,
            uint32 expiry,
            uint8 policy,
            bytes32 document,
        ) = abi.decode(log.data, (uint32, uint64, uint32, uint32, uint32, uint8, bytes32, bytes32));
        ++ghostRootCount;
        ghostRoots[piece >> 16].root =
            IVoucherRecords.Root(issuer, bank, face, dueDay, issuedDay, 1, 1, policy, document);
        ghostPieces[piece] = IVoucherRecords.Piece(issuer, payee, 0, face, expiry, 1, 0, 0);
        ghostIssuers[issuer].outstanding += face;
        _hold(
            ghostIssuers[issuer].outstanding <= ghostIssuers[issuer].limit,
            "5: what an issuer owes grows within its limit only"
        );
        _hold(!ghostIssuers[issuer].blocked, "a blocked issuer issues nothing");
    }

    function _onSplit(Vm.Log memory log) private {
        uint64 id = _piece(log.topics[1]);
        uint64 child = _piece(log.topics[2]);
        (uint64 from, uint64 to, uint8 depth,) =
            abi.decode(log.data, (uint64, uint64, uint8, uint8));
        IVoucherRecords.Piece storage piece = ghostPieces[id];
        _hold(piece.state >= 2 && piece.state <= 5, "3: only an unpaid piece is cut");
        _hold(ghostPieces[child].state == 0, "an id is given out once");
        ghostPieces[child] =
            IVoucherRecords.Piece(piece.holder, 0, from, to, 0, piece.state, depth, uint16(id));
        if (piece.start == from) piece.start = to;
        else piece.end = from;
        ghostRoots[id >> 16].root.pieces += 1;
    }

    function _onMerged(Vm.Log memory log) private {
        uint64 id = _piece(log.topics[1]);
        uint64 other = _piece(log.topics[2]);
        (uint64 from, uint64 to, uint8 depth) = abi.decode(log.data, (uint64, uint64, uint8));
        _hold(ghostPieces[id].state == 2, "3: only held pieces are merged");
        _hold(
            ghostPieces[id].holder == ghostPieces[other].holder, "6: merged pieces have one holder"
        );
        ghostPieces[id].start = from;
        ghostPieces[id].end = to;
        ghostPieces[id].depth = depth;
        ghostPieces[other].end = ghostPieces[other].start;
        _settle(other, 8, 0, 0);
    }

    function _onRedeemed(Vm.Log memory log) private {
        uint64 id = _piece(log.topics[1]);
        uint32 payee = _party(log.topics[2]);
        (uint64 amount,) = abi.decode(log.data, (uint64, bytes32));
        _settle(id, 6, ghostPieces[id].holder == payee ? 0 : payee, 0);
        ghostRoots[id >> 16].redeemed += amount;
        ghostIssuers[ghostRoots[id >> 16].root.issuer].outstanding -= amount;
    }

    function _onToken(Vm.Log memory log) private {
        uint64 id = _piece(log.topics[3]);
        address from = address(uint160(uint256(log.topics[1])));
        _hold(ghostOwners[id] == from, "a token leaves its owner");
        ghostOwners[id] = address(uint160(uint256(log.topics[2])));
    }

    function _onRest(bytes32 topic, Vm.Log memory log) private {
        uint64 id = _piece(log.topics[1]);
        IVoucherRecords.Piece storage piece = ghostPieces[id];
        if (topic == IVoucherRecords.PieceOffered.selector) {
            (uint32 expiry,) = abi.decode(log.data, (uint32, uint32));
            _settle(id, 3, _party(log.topics[3]), expiry);
        } else if (topic == IVoucherRecords.OfferAccepted.selector) {
            piece.holder = _party(log.topics[3]);
            _settle(id, 2, 0, 0);
        } else if (topic == IVoucherRecords.OfferEnded.selector) {
            _onOfferEnded(id);
        } else if (topic == IVoucherRecords.PieceLocked.selector) {
            _settle(id, 4, _party(log.topics[3]), abi.decode(log.data, (uint32)));
        } else if (topic == IVoucherRecords.PieceUnlocked.selector) {
            _settle(id, 2, 0, 0);
        } else if (topic == IVoucherRecords.PieceFinanced.selector) {
            bool sale = abi.decode(log.data, (bool));
            if (sale) piece.holder = _party(log.topics[3]);
            _settle(id, 5, sale ? 0 : _party(log.topics[3]), 0);
        } else if (topic == IVoucherRecords.PieceReleased.selector) {
            piece.holder = _party(log.topics[3]);
            _settle(id, 2, 0, 0);
        } else if (topic == IVoucherRecords.PieceWrittenOff.selector) {
            (uint64 amount,) = abi.decode(log.data, (uint64, bytes32));
            _settle(id, 7, 0, 0);
            ghostRoots[id >> 16].writtenOff += amount;
            ghostIssuers[ghostRoots[id >> 16].root.issuer].outstanding -= amount;
        } else if (topic == IVoucherRecords.VoucherDishonoured.selector) {
            ghostRoots[id >> 16].root.state = 3;
        } else {
            _onIssuer(topic, log);
        }
    }

    function _onOfferEnded(uint64 id) private {
        IVoucherRecords.Piece storage piece = ghostPieces[id];
        if (piece.state == 3) {
            _settle(id, 2, 0, 0);
            return;
        }
        _settle(id, 7, 0, 0);
        ghostRoots[id >> 16].root.state = 2;
        ghostIssuers[piece.holder].outstanding -= piece.end - piece.start;
    }

    function _onIssuer(bytes32 topic, Vm.Log memory log) private {
        uint32 id = _party(log.topics[1]);
        if (topic == IVoucherRecords.IssuerBlocked.selector) {
            ghostIssuers[id].blocked = true;
        } else if (topic == IVoucherRecords.IssuerUnblocked.selector) {
            ghostIssuers[id].blocked = false;
        } else if (topic == IVoucherRecords.IssuerLimitSet.selector) {
            ghostIssuers[id].limit = abi.decode(log.data, (uint64));
        } else if (topic == IVoucherRecords.PolicyAdded.selector) {
            ghostPolicyCount = uint8(id);
            ghostPolicies[ghostPolicyCount] = abi.decode(log.data, (IVoucherRecords.Policy));
        }
    }

    function _settle(uint64 id, uint8 state, uint32 offeree, uint32 expiry) private {
        IVoucherRecords.Piece storage piece = ghostPieces[id];
        _hold(_follows(piece.state, state), "3: a state never moves backwards");
        piece.state = state;
        piece.offeree = offeree;
        piece.expiry = expiry;
    }

    /// @dev The life of a piece: 1 issued, 2 held, 3 offered, 4 locked, 5 financed; 6, 7 and 8 are the end.
    function _follows(uint8 from, uint8 to) private pure returns (bool) {
        if (from == 1) return to == 2 || to == 7;
        if (from == 2) return to == 3 || to == 4 || to == 6 || to == 7 || to == 8;
        if (from == 3) return to == 2 || to == 6;
        if (from == 4) return to == 2 || to == 5 || to == 6;
        if (from == 5) return to == 2 || to == 6 || to == 7;
        return false;
    }

    function _piece(bytes32 topic) internal pure returns (uint64) {
        return uint64(uint256(topic));
    }

    function _party(bytes32 topic) internal pure returns (uint32) {
        return uint32(uint256(topic));
    }
}
