// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";

import {IVoucherOffice} from "./IVoucherOffice.sol";
import {VoucherBook} from "./VoucherBook.sol";
import {IssuerWord} from "./types/IssuerWord.sol";
import {PIECE_CANCELLED, PIECE_ISSUED, PieceWord} from "./types/PieceWord.sol";
import {ROOT_CANCELLED, ROOT_DISHONOURED, RootWord} from "./types/RootWord.sol";

/// @title What can be asked about vouchers
abstract contract VoucherViews is VoucherBook, IVoucherOffice {
    string public constant name = "Xinlian Credit Voucher";
    string public constant symbol = "XLCV";

    /// @inheritdoc IVoucherOffice
    function pieceOf(uint64 piece) external view returns (Piece memory) {
        return _unpackPiece(_piece(piece));
    }

    /// @inheritdoc IVoucherOffice
    function rootOf(uint64 root) external view returns (Root memory) {
        RootSlots storage slots = _books().roots[root];
        RootWord word = slots.word;
        return Root({
            issuer: word.issuer(),
            payingBank: word.payingBank(),
            face: word.face(),
            dueDay: word.dueDay(),
            issuedDay: word.issuedDay(),
            pieces: word.pieces(),
            state: word.state(),
            policy: word.policy(),
            document: slots.document
        });
    }

    /// @inheritdoc IVoucherOffice
    function rootState(uint64 root) external view returns (uint8) {
        return _rootState(root);
    }

    /// @inheritdoc IVoucherOffice
    function piecesOf(uint64 root) external view returns (Piece[] memory pieces) {
        VoucherStorage storage $ = _books();
        pieces = new Piece[]($.roots[root].word.pieces());
        for (uint256 i; i < pieces.length; ++i) {
            pieces[i] = _unpackPiece($.pieces[(root << 16) | uint64(i)]);
        }
    }

    /// @inheritdoc IVoucherOffice
    function rootDigests(uint64[] calldata roots) external view returns (bytes32[] memory digests) {
        VoucherStorage storage $ = _books();
        digests = new bytes32[](roots.length);
        for (uint256 i; i < roots.length; ++i) {
            uint64 root = roots[i];
            RootWord word = $.roots[root].word;
            uint256 count = word.pieces();
            uint256[] memory words = new uint256[](count + 2);
            words[0] = RootWord.unwrap(word);
            words[1] = uint256($.roots[root].document);
            for (uint256 index; index < count; ++index) {
                words[index + 2] = PieceWord.unwrap($.pieces[(root << 16) | uint64(index)]);
            }
            digests[i] = keccak256(abi.encodePacked(words));
        }
    }

    /// @inheritdoc IVoucherOffice
    function issuerOf(uint32 issuer) external view returns (Issuer memory) {
        IssuerWord word = _books().issuers[issuer].word;
        return Issuer(word.limit(), word.outstanding(), word.blocked());
    }

    /// @inheritdoc IVoucherOffice
    function policyOf(uint8 number) external view returns (Policy memory) {
        return _books().policies[number];
    }

    /// @inheritdoc IVoucherOffice
    function policyOn(uint32 day) external view returns (uint8 number, Policy memory policy) {
        return _policyOn(day);
    }

    /// @inheritdoc IVoucherOffice
    function rootCount() external view returns (uint64) {
        return _config().lastId;
    }

    /// @inheritdoc IVoucherOffice
    function today() external view returns (uint32) {
        return _today();
    }

    /// @inheritdoc IVoucherOffice
    function partyAddress(uint32 id) external pure returns (address) {
        return _partyAddress(id);
    }

    /// @inheritdoc IVoucherOffice
    function ownerOf(uint256 tokenId) external view returns (address) {
        return _partyAddress(_token(tokenId).holder());
    }

    /// @inheritdoc IVoucherOffice
    function tokenURI(uint256 tokenId) external view returns (string memory) {
        PieceWord word = _token(tokenId);
        RootWord root = _root(uint64(tokenId));
        return string.concat(
            'data:application/json,{"name":"',
            name,
            " ",
            Strings.toString(tokenId >> 16),
            "/",
            Strings.toString(tokenId & type(uint16).max),
            '","amount_fen":',
            Strings.toString(word.size()),
            ',"due_day":',
            Strings.toString(root.dueDay()),
            ',"issuer":',
            Strings.toString(root.issuer()),
            ',"holder":',
            Strings.toString(word.holder()),
            ',"state":',
            Strings.toString(word.state()),
            "}"
        );
    }

    /// @dev State of a root, from what is stored and from its pieces.
    function _rootState(uint64 root) private view returns (uint8) {
        VoucherStorage storage $ = _books();
        RootWord word = $.roots[root].word;
        if (word.state() == 0) revert VouchersUnknownPiece(root << 16);
        if (word.state() == ROOT_CANCELLED) return ROOT_IS_CANCELLED;
        if ($.pieces[root << 16].state() == PIECE_ISSUED) return ROOT_IS_OFFERED;

        bool writtenOff = false;
        for (uint64 id = root << 16; uint16(id) < word.pieces(); ++id) {
            PieceWord piece = $.pieces[id];
            if (piece.isUnpaid()) {
                if (word.state() == ROOT_DISHONOURED) return ROOT_IS_DISHONOURED;
                return _today() > word.dueDay() ? ROOT_IS_MATURED : ROOT_IS_ACTIVE;
            }
            writtenOff = writtenOff || piece.state() == PIECE_CANCELLED;
        }
        return writtenOff ? ROOT_IS_WRITTEN_OFF : ROOT_IS_SETTLED;
    }

    /// @dev The piece of a token, which must have a holder: not one that waits for its first acceptance, nor one that
    /// is closed.
    function _token(uint256 tokenId) private view returns (PieceWord word) {
        uint64 id = tokenId > type(uint64).max ? type(uint64).max : uint64(tokenId);
        word = _piece(id);
        if (!word.isUnpaid()) revert VouchersPieceState(id, word.state());
    }

    function _unpackPiece(PieceWord word) private pure returns (Piece memory) {
        return Piece({
            holder: word.holder(),
            offeree: word.offeree(),
            start: word.start(),
            end: word.end(),
            expiry: word.expiry(),
            state: word.state(),
            depth: word.depth(),
            parent: word.parent()
        });
    }
}
