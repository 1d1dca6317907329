// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IEvidenceLog} from "../../src/IEvidenceLog.sol";
import {IFinancingDesk} from "../../src/IFinancingDesk.sol";
import {IPartyDirectory} from "../../src/IPartyDirectory.sol";
import {ITradeDocuments} from "../../src/ITradeDocuments.sol";
import {IVoucherRecords} from "../../src/IVoucherRecords.sol";
import {Kinds} from "../support/Kinds.sol";
import {PlainTree} from "../support/PlainTree.sol";
import {CarrierSteps} from "./CarrierSteps.sol";

/// @title The books of the network, and the rules that hold after every step
/// @notice Numbers are those of the invariants of credit vouchers.
contract Books is CarrierSteps {
    /// @notice 1 and 2: pieces are disjoint and cover the face; so the sums by state add up to it, by root and issuer.
    function checkPieces() external view {
        uint64[9][12] memory sums;
        uint64[12] memory faces;
        for (uint64 root = 1; root <= ghostRootCount; ++root) {
            IVoucherRecords.Root memory r = vouchers.rootOf(root);
            IVoucherRecords.Piece[] memory pieces = vouchers.piecesOf(root);
            uint64 sum;
            for (uint256 i; i < pieces.length; ++i) {
                IVoucherRecords.Piece memory piece = pieces[i];
                uint64 size = piece.end - piece.start;
                assertTrue(piece.end <= r.face, "1: inside the face");
                assertTrue(size != 0 || piece.state == 8, "1: only a merged piece is empty");
                assertTrue(size == 0 || piece.state != 8, "1: a merged piece is empty");
                assertTrue(piece.state >= 1 && piece.state <= 8, "2: a known state");
                for (uint256 j; j < i; ++j) {
                    bool apart = piece.end <= pieces[j].start || pieces[j].end <= piece.start;
                    assertTrue(apart || size == 0 || pieces[j].state == 8, "1: disjoint");
                }
                sum += size;
                sums[r.issuer][piece.state] += size;
            }
            assertEq(sum, r.face, "1: pieces cover the face");
            faces[r.issuer] += r.face;
        }
        for (uint32 issuer; issuer < 12; ++issuer) {
            _checkIssuer(issuer, sums[issuer], faces[issuer]);
        }
    }

    /// @dev 2 and 5 for one issuer.
    function _checkIssuer(uint32 issuer, uint64[9] memory sums, uint64 face) private view {
        uint64 owed = sums[1] + sums[2] + sums[3] + sums[4] + sums[5];
        assertEq(owed + sums[6] + sums[7], face, "2: the states' sums are the face");
        IVoucherRecords.Issuer memory stored = vouchers.issuerOf(issuer);
        assertEq(stored.outstanding, owed, "5: outstanding is what is offered or unpaid");
    }

    /// @notice 4: what stands on a document is within what is usable.
    function checkDocuments() external view {
        for (uint256 i; i < ghostDocumentKeys.length; ++i) {
            bytes32 key = ghostDocumentKeys[i];
            ITradeDocuments.Document memory document = documents.documentOf(key);
            assertTrue(document.used <= document.usable, "4: used within usable");
            uint64 sum;
            for (uint64 root = 1; root <= ghostRootCount; ++root) {
                IVoucherRecords.Root storage r = ghostRoots[root].root;
                if (r.document == key && r.state != 2) sum += r.face;
            }
            assertEq(sum, document.used, "4: used is the face of the vouchers on it");
            ITradeDocuments.Document memory told = ghostDocuments[key];
            assertEq(document.usable, told.usable, "8: usable as told by events");
            assertEq(document.used, told.used, "8: used as told by events");
            assertEq(document.shortfall, told.shortfall, "8: shortfall as told by events");
            assertEq(document.buyer, told.buyer, "8: buyer as told by events");
            assertEq(document.seller, told.seller, "8: seller as told by events");
            assertEq(document.kind, told.kind, "8: kind as told by events");
        }
    }

    /// @notice 8: the books rebuilt from events equal the contract's, to the storage word.
    function checkRebuilt() external view {
        assertEq(vouchers.rootCount(), ghostRootCount, "8: roots");
        uint64[] memory roots = new uint64[](ghostRootCount);
        for (uint64 root = 1; root <= ghostRootCount; ++root) {
            roots[root - 1] = root;
        }
        bytes32[] memory digests = vouchers.rootDigests(roots);
        for (uint64 root = 1; root <= ghostRootCount; ++root) {
            assertEq(digests[root - 1], _ghostDigest(root), "8: root and pieces as told by events");
            _checkTokens(root);
        }
        for (uint32 id = 1; id <= ghostPartyCount; ++id) {
            assertEq(
                keccak256(abi.encode(vouchers.issuerOf(id))),
                keccak256(abi.encode(ghostIssuers[id])),
                "8: issuer as told by events"
            );
        }
        for (uint8 number = 1; number <= ghostPolicyCount; ++number) {
            assertEq(
                keccak256(abi.encode(vouchers.policyOf(number))),
                keccak256(abi.encode(ghostPolicies[number])),
                "8: policy row as told by events"
            );
        }
    }

    /// @dev Whoever follows the ERC-721 events alone knows the holder of every open piece, and sees the others burnt.
    function _checkTokens(uint64 root) private view {
        for (uint64 i; i < ghostRoots[root].root.pieces; ++i) {
            uint64 id = (root << 16) | i;
            uint8 state = ghostPieces[id].state;
            bool open = state >= 2 && state <= 5;
            address owner = open ? vouchers.ownerOf(id) : address(0);
            assertEq(ghostOwners[id], owner);
            if (open) assertEq(owner, vouchers.partyAddress(ghostPieces[id].holder));
        }
    }

    /// @notice A piece is locked or financed exactly as long as a financing says so.
    function checkFinancings() external view {
        assertEq(desk.financingCount(), ghostFinancingCount, "8: financings");
        uint256 open;
        for (uint64 id = 1; id <= ghostFinancingCount; ++id) {
            IFinancingDesk.Financing memory financing = desk.financingOf(id);
            GhostFinancing memory told = ghostFinancings[id];
            assertEq(financing.state, told.state, "8: state of a financing");
            assertEq(financing.piece, told.piece, "8: piece of a financing");
            assertEq(financing.registration, told.registration, "8: registration");
            if (told.registration != 0) {
                assertEq(desk.financingOfRegistration(told.registration), id, "8: registration");
            }
            uint8 state = ghostPieces[financing.piece].state;
            if (financing.state <= 2) {
                assertTrue(state == 4 || state == 6, "a financing that waits has its piece locked");
            }
            if (financing.state == 3) {
                assertTrue(state >= 5 && state <= 7, "a financing that runs has its piece financed");
            }
            if (financing.state <= 3 && (state == 4 || state == 5)) ++open;
        }
        assertEq(_count(4) + _count(5), open, "no piece is locked or financed twice or by nobody");
    }

    function _count(uint8 state) private view returns (uint256 count) {
        for (uint64 root = 1; root <= ghostRootCount; ++root) {
            for (uint64 i; i < ghostRoots[root].root.pieces; ++i) {
                if (ghostPieces[(root << 16) | i].state == state) ++count;
            }
        }
    }

    /// @notice Every contract knows of parties and accounts what the registry knows.
    function checkParties() external view {
        assertEq(registry.partyCount(), ghostPartyCount, "8: parties");
        IPartyDirectory[5] memory places =
            [IPartyDirectory(registry), documents, voucherOrders, desk, evidence];
        for (uint256 p; p < 5; ++p) {
            for (uint32 id = 1; id <= ghostPartyCount; ++id) {
                _checkParty(places[p], id);
            }
            for (uint256 i; i < ghostDropped.length; ++i) {
                uint32 owner = places[p].memberOf(ghostDropped[i]).party;
                assertTrue(
                    owner == 0 || _has(owner, ghostDropped[i]), "a dropped account is nobody's"
                );
            }
            // Nobody may have got in unseen: the administrators' addresses are no party's.
            assertEq(places[p].memberOf(registrar).party, 0, "the registrar is no party");
            assertEq(places[p].memberOf(stranger).party, 0, "a stranger is no party");
        }
    }

    function _checkParty(IPartyDirectory place, uint32 id) private view {
        bytes32 told = keccak256(abi.encode(ghostMembers[id]));
        assertEq(keccak256(abi.encode(place.party(id))), told, "party as told by events");
        address[] memory accounts = registry.accountsOf(id);
        assertEq(
            keccak256(abi.encode(accounts)),
            keccak256(abi.encode(ghostAccounts[id])),
            "accounts as told by events"
        );
        assertTrue(accounts.length >= ghostMembers[id].threshold, "enough accounts to sign");
        for (uint256 i; i < accounts.length; ++i) {
            assertEq(keccak256(abi.encode(place.memberOf(accounts[i]))), told, "account's party");
        }
    }

    function _has(uint32 id, address account) private view returns (bool) {
        for (uint256 i; i < ghostAccounts[id].length; ++i) {
            if (ghostAccounts[id][i] == account) return true;
        }
        return false;
    }

    /// @notice A log's head is the root of the very leaves that were put in, all of them.
    function checkLogs() external view {
        for (uint256 i; i < ghostLogIds.length; ++i) {
            GhostLog storage ghost = ghostLogs[ghostLogIds[i]];
            IEvidenceLog.Head memory head = evidence.head(ghostLogIds[i]);
            assertEq(head.size, ghost.leaves.length);
            bytes32[] memory leaves = ghost.leaves;
            if (head.size != 0) assertEq(head.root, PlainTree.root(leaves, 0, head.size));
            IEvidenceLog.LogInfo memory info = evidence.logInfo(ghostLogIds[i]);
            assertEq(info.writer, ghost.writer);
            assertEq(info.party, ghost.party);
        }
    }

    /// @notice 9: the contracts hold no money, and no voucher is theirs or the operator's.
    function checkNothingHeld() external view {
        address[8] memory places = [
            address(registry),
            address(documents),
            address(vouchers),
            address(desk),
            address(evidence),
            address(authority),
            address(timelock),
            address(council)
        ];
        for (uint256 i; i < places.length; ++i) {
            assertEq(places[i].balance, 0, "9: no money");
        }
        for (uint64 root = 1; root <= ghostRootCount; ++root) {
            for (uint64 i; i < ghostRoots[root].root.pieces; ++i) {
                uint32 holder = ghostPieces[(root << 16) | i].holder;
                assertTrue(holder != OPERATOR && holder != 0, "9: the platform holds no voucher");
            }
        }
    }

    /// @notice Orders waiting to be carried are used or not as events say.
    function checkNonces() external view {
        for (uint256 i; i < queue.length; ++i) {
            uint32 by = queue[i].order.party;
            uint256 nonce = queue[i].order.nonce;
            address place = _place(uint256(Kinds.get(queue[i].kind).place));
            (bool ok, bytes memory answer) =
                place.staticcall(abi.encodeWithSignature("nonceUsed(uint32,uint256)", by, nonce));
            assertTrue(ok);
            assertTrue(abi.decode(answer, (bool)) == ghostNonces[place][by][nonce], "nonce as told");
        }
    }
}
