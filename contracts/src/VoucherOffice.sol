// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";

import {IVoucherOffice} from "./IVoucherOffice.sol";
import {PartyDirectory} from "./PartyDirectory.sol";
import {VoucherBook} from "./VoucherBook.sol";
import {KIND_BLOCK_ISSUER, KIND_DISHONOUR, KIND_WRITE_OFF} from "./VoucherOrderKinds.sol";
import {IssuerWord} from "./types/IssuerWord.sol";
import {MemberWord, ROLE_OPERATOR, ROLE_REGULATOR} from "./types/MemberWord.sol";
import {
    PIECE_CANCELLED,
    PIECE_FINANCED,
    PIECE_HELD,
    PIECE_ISSUED,
    PIECE_LOCKED,
    PieceWord
} from "./types/PieceWord.sol";
import {ROOT_CANCELLED, ROOT_DISHONOURED, RootWord} from "./types/RootWord.sol";

/// @title What happens to vouchers rarely, and what can be asked about them
/// @notice Code behind the voucher contract's address (see `ICreditVouchers`): it runs on that contract's storage, and
/// called at its own address it finds nothing to work on.
/// Dishonour, write-off, block of an issuer, the desk's hold on a piece, limits, policy rows; every view.
/// @notice Each operation checks in the order in which its reverts stand.
contract VoucherOffice is VoucherBook, IVoucherOffice {
    string public constant name = "Xinlian Credit Voucher";
    string public constant symbol = "XLCV";

    /// @dev Keeps every sum an issuer may owe inside a signed 64-bit number.
    uint64 private constant LIMIT_MAX = 2 ** 63 - 1;

    /// @notice The financing desk, the only contract that may hold pieces for a financing.
    address public immutable desk;

    /// @custom:oz-upgrades-unsafe-allow constructor
    constructor(address registry_, address desk_) PartyDirectory(registry_) {
        desk = desk_;
        _disableInitializers();
    }

    modifier onlyDesk() {
        if (msg.sender != desk) revert VouchersDeskOnly(msg.sender);
        _;
    }

    /// @inheritdoc IVoucherOffice
    function dishonour(DishonourItem calldata item) external {
        _dishonour(_direct(), item);
    }

    /// @inheritdoc IVoucherOffice
    function dishonourBatch(DishonourItem[] calldata items) external {
        _dishonourAll(_directBatch(items.length), items);
    }

    /// @inheritdoc IVoucherOffice
    function writeOff(WriteOffItem calldata item) external {
        _writeOff(_direct(), item);
    }

    /// @inheritdoc IVoucherOffice
    function writeOffBatch(WriteOffItem[] calldata items) external {
        _writeOffAll(_directBatch(items.length), items);
    }

    /// @inheritdoc IVoucherOffice
    function blockIssuer(BlockIssuerItem calldata item) external {
        _blockIssuer(_direct(), item);
    }

    /// @inheritdoc IVoucherOffice
    function unblockIssuer(UnblockIssuerItem calldata item) external {
        _unblockIssuer(_direct(), item);
    }

    /// @inheritdoc IVoucherOffice
    function lock(
        uint64 piece,
        uint64 amount,
        bool back,
        uint32 holder,
        uint32 funder,
        uint32 expiry
    ) external onlyDesk whenNotPaused returns (uint64 locked) {
        return _lock(piece, amount, back, holder, funder, expiry);
    }

    /// @inheritdoc IVoucherOffice
    function unlock(uint64 piece) external onlyDesk whenNotPaused {
        _unlock(piece);
    }

    /// @inheritdoc IVoucherOffice
    function finance(uint64 piece, uint64 amount, bool sale) external onlyDesk whenNotPaused {
        _finance(piece, amount, sale);
    }

    /// @inheritdoc IVoucherOffice
    function release(uint64 piece, uint32 to) external onlyDesk whenNotPaused {
        _release(piece, to);
    }

    /// @inheritdoc IVoucherOffice
    function setIssuerLimit(uint32 issuer, uint64 limit) external restricted whenNotPaused {
        if (!_party(issuer).isKnown()) revert DirectoryUnknownParty(issuer);
        if (limit > LIMIT_MAX) revert VouchersAmount(limit, LIMIT_MAX);
        IssuerSlot storage slot = _books().issuers[issuer];
        slot.word = slot.word.withLimit(limit);
        emit IssuerLimitSet(issuer, limit);
    }

    /// @inheritdoc IVoucherOffice
    function addPolicy(Policy calldata policy)
        external
        restricted
        whenNotPaused
        returns (uint8 number)
    {
        return _addPolicy(policy);
    }

    /// @notice Items of an order, handed on by the voucher contract while it calls itself.
    function runItems(uint8 kind, MemberWord by, bytes calldata items) external {
        if (msg.sender != address(this)) revert OrdersSelfOnly(msg.sender);
        if (kind == KIND_DISHONOUR) {
            DishonourItem[] calldata list;
            assembly ("memory-safe") {
                list.offset := items.offset
                list.length := div(items.length, 0x40)
            }
            _dishonourAll(by, list);
        } else if (kind == KIND_WRITE_OFF) {
            WriteOffItem[] calldata list;
            assembly ("memory-safe") {
                list.offset := items.offset
                list.length := div(items.length, 0x40)
            }
            _writeOffAll(by, list);
        } else if (kind == KIND_BLOCK_ISSUER) {
            BlockIssuerItem[] calldata list;
            assembly ("memory-safe") {
                list.offset := items.offset
                list.length := div(items.length, 0x40)
            }
            _blockIssuerAll(by, list);
        } else {
            UnblockIssuerItem[] calldata list;
            assembly ("memory-safe") {
                list.offset := items.offset
                list.length := div(items.length, 0x40)
            }
            _unblockIssuerAll(by, list);
        }
    }

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

    function _dishonourAll(MemberWord by, DishonourItem[] calldata items) private {
        for (uint256 i; i < items.length; ++i) {
            _dishonour(by, items[i]);
        }
    }

    function _writeOffAll(MemberWord by, WriteOffItem[] calldata items) private {
        for (uint256 i; i < items.length; ++i) {
            _writeOff(by, items[i]);
        }
    }

    function _blockIssuerAll(MemberWord by, BlockIssuerItem[] calldata items) private {
        for (uint256 i; i < items.length; ++i) {
            _blockIssuer(by, items[i]);
        }
    }

    function _unblockIssuerAll(MemberWord by, UnblockIssuerItem[] calldata items) private {
        for (uint256 i; i < items.length; ++i) {
            _unblockIssuer(by, items[i]);
        }
    }

    /// @dev The paying bank speaks for the issuer's account from the day after the due day on; whoever is owed the
    /// piece (its holder or lien holder) need not wait for it longer than the grace days of the row at issue.
    function _dishonour(MemberWord by, DishonourItem calldata item) private {
        uint64 id = item.piece;
        PieceWord word = _piece(id);
        if (!word.isUnpaid()) revert VouchersPieceState(id, word.state());
        RootWord root = _root(id);
        uint32 day = root.dueDay();
        if (root.payingBank() != by.party()) {
            bool owed = word.holder() == by.party()
                || (word.state() == PIECE_FINANCED && word.offeree() == by.party());
            if (!owed) revert VouchersNotHolder(id, by.party());
            day += _books().policies[root.policy()].graceDays;
        }
        _requireOpen(id, root);
        if (_today() <= day) revert VouchersNotDue(id >> 16, day, _today());
        if (item.evidence == 0) revert VouchersEvidence();

        VoucherStorage storage $ = _books();
        uint32 issuer = root.issuer();
        $.roots[id >> 16].word = root.withState(ROOT_DISHONOURED);
        emit VoucherDishonoured(id, issuer, by.party(), item.evidence);
        if (!$.issuers[issuer].word.blocked()) _block(issuer, by.party(), item.evidence);
    }

    function _writeOff(MemberWord by, WriteOffItem calldata item) private {
        uint64 id = item.piece;
        PieceWord word = _piece(id);
        if (word.holder() != by.party()) revert VouchersNotHolder(id, by.party());
        bool bought = word.state() == PIECE_FINANCED && word.offeree() == 0;
        if (word.state() != PIECE_HELD && !bought) revert VouchersPieceState(id, word.state());
        RootWord root = _root(id);
        if (root.state() != ROOT_DISHONOURED) revert VouchersNotDishonoured(id >> 16);
        if (item.evidence == 0) revert VouchersEvidence();

        _books().pieces[id] = word.withOffer(PIECE_CANCELLED, 0, 0);
        _discharge(root.issuer(), word.size());
        emit PieceWrittenOff(id, by.party(), word.size(), item.evidence);
        emit Transfer(_partyAddress(by.party()), address(0), id);
    }

    function _blockIssuer(MemberWord by, BlockIssuerItem calldata item) private {
        _requireRole(by, ROLE_OPERATOR | ROLE_REGULATOR);
        if (!_party(item.issuer).isKnown()) revert DirectoryUnknownParty(item.issuer);
        if (_books().issuers[item.issuer].word.blocked()) {
            revert VouchersIssuerBlocked(item.issuer);
        }
        if (item.evidence == 0) revert VouchersEvidence();
        _block(item.issuer, by.party(), item.evidence);
    }

    function _unblockIssuer(MemberWord by, UnblockIssuerItem calldata item) private {
        _requireRole(by, ROLE_REGULATOR);
        IssuerSlot storage slot = _books().issuers[item.issuer];
        IssuerWord word = slot.word;
        if (!word.blocked()) revert VouchersIssuerNotBlocked(item.issuer);
        if (item.evidence == 0) revert VouchersEvidence();
        slot.word = word.withBlocked(false);
        emit IssuerUnblocked(item.issuer, by.party(), item.evidence);
    }

    function _lock(uint64 id, uint64 amount, bool back, uint32 holder, uint32 funder, uint32 expiry)
        private
        returns (uint64)
    {
        PieceWord word = _pieceOf(id, holder, PIECE_HELD);
        RootWord root = _root(id);
        _requireCurrent(id, root);
        (uint8 number, Policy storage policy) = _policyOn(_today());
        _requireExpiry(expiry, policy);
        (id, word) = _carveWithin(id, word, root, amount, back, number, policy);
        _books().pieces[id] = word.withOffer(PIECE_LOCKED, funder, expiry);
        emit PieceLocked(id, holder, funder, expiry);
        return id;
    }

    function _unlock(uint64 id) private {
        PieceWord word = _pieceIn(id, PIECE_LOCKED);
        _books().pieces[id] = word.withOffer(PIECE_HELD, 0, 0);
        emit PieceUnlocked(id, word.holder(), word.offeree());
    }

    function _finance(uint64 id, uint64 amount, bool sale) private {
        PieceWord word = _pieceIn(id, PIECE_LOCKED);
        if (word.size() != amount) revert VouchersAmount(amount, word.size());
        uint32 from = word.holder();
        uint32 funder = word.offeree();
        emit PieceFinanced(id, from, funder, sale);
        if (sale) {
            _books().pieces[id] = word.withOffer(PIECE_FINANCED, 0, 0).withHolder(funder);
            emit Transfer(_partyAddress(from), _partyAddress(funder), id);
        } else {
            _books().pieces[id] = word.withOffer(PIECE_FINANCED, funder, 0);
        }
    }

    function _release(uint64 id, uint32 to) private {
        PieceWord word = _pieceIn(id, PIECE_FINANCED);
        uint32 from = word.holder();
        uint32 funder = word.offeree() == 0 ? from : word.offeree();
        _books().pieces[id] = word.withOffer(PIECE_HELD, 0, 0).withHolder(to);
        emit PieceReleased(id, funder, to);
        if (from != to) emit Transfer(_partyAddress(from), _partyAddress(to), id);
    }

    function _pieceIn(uint64 id, uint8 state) private view returns (PieceWord word) {
        word = _piece(id);
        if (word.state() != state) revert VouchersPieceState(id, word.state());
    }

    function _block(uint32 issuer, uint32 by, bytes32 evidence) private {
        IssuerSlot storage slot = _books().issuers[issuer];
        slot.word = slot.word.withBlocked(true);
        emit IssuerBlocked(issuer, by, evidence);
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
