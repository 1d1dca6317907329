// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IssuerWord} from "../../src/types/IssuerWord.sol";
import {MemberWord, packMember} from "../../src/types/MemberWord.sol";
import {PieceWord, packPiece} from "../../src/types/PieceWord.sol";
import {RootWord, packRoot} from "../../src/types/RootWord.sol";
import {Test} from "../Test.sol";

/// @title Fields of packed words do not touch each other
contract WordsTest is Test {
    function testFuzz_piece_keeps_what_it_was_packed_from(
        uint32 holder,
        uint64 start,
        uint64 end,
        uint8 state,
        uint8 depth,
        uint16 parent
    ) public pure {
        PieceWord word = packPiece(holder, start, end, state, depth, parent);
        _assertOwner(word, holder, 0, 0, state);
        _assertRange(word, start, end, depth, parent);
    }

    function testFuzz_piece_changes_one_thing_at_a_time(
        uint256 raw,
        uint32 party,
        uint64 start,
        uint64 end,
        uint8 small
    ) public pure {
        PieceWord word = PieceWord.wrap(raw);
        PieceWord next = word.withHolder(party);
        _assertOwner(next, party, word.offeree(), word.expiry(), word.state());
        _assertRange(next, word.start(), word.end(), word.depth(), word.parent());

        next = word.withOffer(small, party, uint32(start));
        _assertOwner(next, word.holder(), party, uint32(start), small);
        _assertRange(next, word.start(), word.end(), word.depth(), word.parent());

        next = word.withRange(start, end);
        _assertOwner(next, word.holder(), word.offeree(), word.expiry(), word.state());
        _assertRange(next, start, end, word.depth(), word.parent());

        next = word.withDepth(small);
        _assertOwner(next, word.holder(), word.offeree(), word.expiry(), word.state());
        _assertRange(next, word.start(), word.end(), small, word.parent());
    }

    function testFuzz_states_of_a_piece(uint256 raw, uint64 start, uint64 size) public pure {
        PieceWord word = PieceWord.wrap(raw);
        uint8 state = word.state();
        assertTrue(word.isUnpaid() == (state == 2 || state == 3 || state == 4 || state == 5));
        assertTrue(word.isOffer() == (state == 1 || state == 3));
        start = uint64(bound(start, 0, type(uint64).max - size));
        assertEq(word.withRange(start, start + size).size(), size);
    }

    function testFuzz_root_keeps_what_it_was_packed_from(
        uint32 issuer,
        uint32 bank,
        uint64 face,
        uint32 dueDay,
        uint32 issuedDay,
        uint8 policy
    ) public pure {
        RootWord word = packRoot(issuer, bank, face, dueDay, issuedDay, policy);
        assertEq(word.issuer(), issuer);
        assertEq(word.payingBank(), bank);
        assertEq(word.face(), face);
        assertEq(word.dueDay(), dueDay);
        assertEq(word.issuedDay(), issuedDay);
        assertEq(word.pieces(), 1);
        assertEq(word.state(), 1);
        assertEq(word.policy(), policy);
    }

    function testFuzz_root_changes_one_thing_at_a_time(uint256 raw, uint16 pieces, uint8 state)
        public
        pure
    {
        RootWord word = RootWord.wrap(raw);
        RootWord next = word.withPieces(pieces).withState(state);
        assertEq(next.pieces(), pieces);
        assertEq(next.state(), state);
        uint256 others = ~((uint256(0xffff) << 192) | (uint256(0xff) << 208));
        assertEq(RootWord.unwrap(next) & others, raw & others);
    }

    function testFuzz_member_keeps_what_it_was_packed_from(
        uint32 party,
        uint16 roles,
        uint8 status,
        uint8 threshold,
        uint16 mask
    ) public pure {
        MemberWord word = packMember(party, roles, status, threshold);
        assertEq(word.party(), party);
        assertEq(word.roles(), roles);
        assertEq(word.status(), status);
        assertEq(word.threshold(), threshold);
        assertTrue(word.isActive() == (status == 1));
        assertTrue(word.actsAlone() == (status == 1 && threshold == 1));
        assertTrue(word.hasAnyOf(mask) == ((roles & mask) != 0));
    }

    function testFuzz_issuer_changes_one_thing_at_a_time(
        uint256 raw,
        uint64 limit,
        uint64 outstanding,
        bool blocked
    ) public pure {
        IssuerWord word = IssuerWord.wrap(raw).withLimit(limit).withOutstanding(outstanding)
            .withBlocked(blocked);
        assertEq(word.limit(), limit);
        assertEq(word.outstanding(), outstanding);
        assertTrue(word.blocked() == blocked);
        uint256 others = ~((uint256(1) << 129) - 1);
        assertEq(IssuerWord.unwrap(word) & others, raw & others);
    }

    function _assertOwner(PieceWord word, uint32 holder, uint32 offeree, uint32 expiry, uint8 state)
        private
        pure
    {
        assertEq(word.holder(), holder);
        assertEq(word.offeree(), offeree);
        assertEq(word.expiry(), expiry);
        assertEq(word.state(), state);
    }

    function _assertRange(PieceWord word, uint64 start, uint64 end, uint8 depth, uint16 parent)
        private
        pure
    {
        assertEq(word.start(), start);
        assertEq(word.end(), end);
        assertEq(word.depth(), depth);
        assertEq(word.parent(), parent);
    }
}
