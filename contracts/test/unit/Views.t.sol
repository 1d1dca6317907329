// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IERC165} from "@openzeppelin/contracts/utils/introspection/IERC165.sol";

import {IFinancingDesk} from "../../src/IFinancingDesk.sol";
import {IVoucherRecords} from "../../src/IVoucherRecords.sol";
import {Network} from "../Network.sol";

/// @title What can be asked about vouchers, and where it is stored
contract ViewsTest is Network {
    // ---- root states

    function test_state_of_a_root_offered_active_matured_settled() public {
        uint64 piece = offered();
        uint64 root = piece >> 16;
        assertEq(vouchers.rootState(root), 1);
        accept(SUPPLIER, piece);
        assertEq(vouchers.rootState(root), 2);
        passDays(90);
        assertEq(vouchers.rootState(root), 2, "on the due day");
        passDays(1);
        assertEq(vouchers.rootState(root), 3);
        _redeem(piece, FACE);
        assertEq(vouchers.rootState(root), 5);
    }

    function test_state_of_a_root_cancelled() public {
        uint64 piece = offered();
        acts(SUPPLIER);
        vouchers.decline(IVoucherRecords.DeclineItem(piece, 1));
        assertEq(vouchers.rootState(piece >> 16), 7);
    }

    function test_state_of_a_root_dishonoured_then_written_off() public {
        uint64 piece = _dishonoured();
        uint64 root = piece >> 16;
        assertEq(vouchers.rootState(root), 4);
        _redeem(piece, 1);
        assertEq(vouchers.rootState(root), 4);
        acts(SUPPLIER);
        vouchers.writeOff(IVoucherRecords.WriteOffItem(piece, EVIDENCE));
        assertEq(vouchers.rootState(root), 6);
    }

    function test_state_of_a_root_dishonoured_then_paid() public {
        uint64 piece = _dishonoured();
        _redeem(piece, FACE);
        assertEq(vouchers.rootState(piece >> 16), 5);
    }

    function test_a_root_that_is_not_has_no_state() public {
        vm.expectRevert(
            abi.encodeWithSelector(IVoucherRecords.VouchersUnknownPiece.selector, 9 << 16)
        );
        vouchers.rootState(9);
    }

    // ---- pieces and roots

    function test_pieces_of_a_root_in_the_order_of_their_ids() public {
        uint64 piece = held();
        uint64 part = transferOffered(piece, 100);
        IVoucherRecords.Piece[] memory pieces = vouchers.piecesOf(piece >> 16);
        assertEq(pieces.length, 2);
        assertEq(keccak256(abi.encode(pieces[0])), keccak256(abi.encode(vouchers.pieceOf(piece))));
        assertEq(keccak256(abi.encode(pieces[1])), keccak256(abi.encode(vouchers.pieceOf(part))));
        assertEq(vouchers.piecesOf(77).length, 0);
    }

    function test_unknown_pieces_have_no_word() public {
        vm.expectRevert(abi.encodeWithSelector(IVoucherRecords.VouchersUnknownPiece.selector, 5));
        vouchers.pieceOf(5);
    }

    function test_root_tells_what_was_issued() public {
        bytes32 document = newDocument(BUYER, SUPPLIER, FACE);
        IVoucherRecords.IssueItem memory item = issueItem(document);
        acts(BUYER);
        vouchers.issue(item);
        IVoucherRecords.Root memory root = vouchers.rootOf(vouchers.rootCount());
        assertEq(root.issuer, BUYER);
        assertEq(root.payingBank, BANK);
        assertEq(root.face, FACE);
        assertEq(root.dueDay, item.dueDay);
        assertEq(root.issuedDay, today());
        assertEq(root.pieces, 1);
        assertEq(root.state, 1);
        assertEq(root.policy, 1);
        assertEq(root.document, document);
        assertEq(vouchers.today(), today());
    }

    function test_digest_is_that_of_the_stored_words() public {
        uint64 piece = held();
        uint64 part = transferOffered(piece, 100);
        uint64 root = piece >> 16;
        uint64[] memory roots = new uint64[](2);
        roots[0] = root;
        roots[1] = 77;
        bytes32[] memory digests = vouchers.rootDigests(roots);
        bytes32 rootAt = keccak256(abi.encode(root, _slot("CreditVouchers")));
        bytes memory words = bytes.concat(
            vm.load(address(vouchers), rootAt),
            vm.load(address(vouchers), bytes32(uint256(rootAt) + 1)),
            _pieceWord(piece),
            _pieceWord(part)
        );
        assertEq(digests[0], keccak256(words));
        assertEq(digests[1], keccak256(new bytes(64)));
    }

    function test_words_lie_as_solidity_packs_the_structs() public {
        uint64 piece = held();
        uint64 part = transferOffered(piece, 100);
        IVoucherRecords.Piece memory p = vouchers.pieceOf(part);
        uint256 word = uint256(p.holder) | uint256(p.offeree) << 32 | uint256(p.start) << 64
            | uint256(p.end) << 128 | uint256(p.expiry) << 192 | uint256(p.state) << 224
            | uint256(p.depth) << 232 | uint256(p.parent) << 240;
        assertEq(_pieceWord(part), bytes32(word));
        IVoucherRecords.Root memory r = vouchers.rootOf(piece >> 16);
        word = uint256(r.issuer) | uint256(r.payingBank) << 32 | uint256(r.face) << 64
            | uint256(r.dueDay) << 128 | uint256(r.issuedDay) << 160 | uint256(r.pieces) << 192
            | uint256(r.state) << 208 | uint256(r.policy) << 216;
        bytes32 where = keccak256(abi.encode(piece >> 16, _slot("CreditVouchers")));
        assertEq(vm.load(address(vouchers), where), bytes32(word));
        IVoucherRecords.Issuer memory i = vouchers.issuerOf(BUYER);
        word = uint256(i.limit) | uint256(i.outstanding) << 64;
        bytes32 third = bytes32(uint256(_slot("CreditVouchers")) + 2);
        where = keccak256(abi.encode(BUYER, third));
        assertEq(vm.load(address(vouchers), where), bytes32(word));
    }

    function test_facts_of_parties_lie_where_their_names_say() public view {
        bytes32 members = _slot("PartyDirectory");
        uint256 word = uint256(BUYER) | 1 << 32 | 1 << 48 | 1 << 56;
        address[5] memory places = [
            address(registry),
            address(documents),
            address(vouchers),
            address(desk),
            address(evidence)
        ];
        for (uint256 i; i < 5; ++i) {
            bytes32 where = keccak256(abi.encode(accountOf(BUYER), members));
            assertEq(vm.load(places[i], where), bytes32(word));
            where = keccak256(abi.encode(BUYER, bytes32(uint256(members) + 1)));
            assertEq(vm.load(places[i], where), bytes32(word));
        }
        uint256 config = uint256(vm.load(address(registry), _slot("PartyGate")));
        assertEq(config >> 16, PARTIES);
    }

    function test_desk_and_documents_lie_where_their_names_say() public {
        uint64 financing = disbursed(true, false);
        bytes32 where = keccak256(abi.encode(financing, _slot("FinancingDesk")));
        uint64 piece = desk.financingOf(financing).piece;
        assertEq(uint64(uint256(vm.load(address(desk), where))), piece);
        bytes32 document = vouchers.rootOf(piece >> 16).document;
        where = keccak256(abi.encode(document, _slot("TradeDocuments")));
        assertEq(uint64(uint256(vm.load(address(documents), where))), FACE);
        where = keccak256(abi.encode(BUYER, _slot("PartyRegistry")));
        assertEq(uint256(vm.load(address(registry), where)), 2, "accounts");
    }

    // ---- as a token

    function test_owner_is_the_address_that_stands_for_the_holder() public {
        uint64 piece = held();
        address expected = address(uint160(0x584c) << 144 | uint160(SUPPLIER));
        assertEq(vouchers.ownerOf(piece), expected);
        assertEq(vouchers.partyAddress(SUPPLIER), expected);
        assertEq(vouchers.name(), "Xinlian Credit Voucher");
        assertEq(vouchers.symbol(), "XLCV");
    }

    function test_pieces_without_holder_have_no_owner() public {
        uint64 piece = offered();
        _noOwner(piece, 1);
        accept(SUPPLIER, piece);
        _redeem(piece, FACE);
        _noOwner(piece, 6);
        uint256 far = uint256(1) << 70;
        vm.expectRevert(
            abi.encodeWithSelector(IVoucherRecords.VouchersUnknownPiece.selector, type(uint64).max)
        );
        vouchers.ownerOf(far);
        vm.expectPartialRevert(IVoucherRecords.VouchersUnknownPiece.selector);
        vouchers.tokenURI(far);
    }

    function test_description_of_a_token() public {
        uint64 piece = held();
        uint64 part = transferOffered(piece, 250);
        assertEq(
            vouchers.tokenURI(part),
            string.concat(
                'data:application/json,{"name":"Xinlian Credit Voucher 1/1","amount_fen":250,"due_day":',
                vm.toString(today() + 90),
                ',"issuer":1,"holder":2,"state":3}'
            )
        );
    }

    function test_only_erc_165_is_claimed() public view {
        assertTrue(voucherOrders.supportsInterface(type(IERC165).interfaceId));
        assertFalse(voucherOrders.supportsInterface(0x80ac58cd));
        assertFalse(voucherOrders.supportsInterface(0xffffffff));
    }

    function test_what_the_address_does_not_know_it_refuses() public {
        (bool success, bytes memory answer) =
            address(vouchers).call(abi.encodeWithSignature("transferFrom(address,address,uint256)"));
        assertFalse(success);
        assertEq(answer.length, 0);
        (success,) = address(vouchers).call("");
        assertFalse(success);
    }

    function test_unknown_financings_are_told() public {
        vm.expectRevert(abi.encodeWithSelector(IFinancingDesk.DeskUnknown.selector, 1));
        desk.financingOf(1);
        assertEq(desk.financingCount(), 0);
        assertEq(desk.financingOfRegistration("none"), 0);
    }

    // ---- help

    function _noOwner(uint64 piece, uint8 state) private {
        vm.expectRevert(
            abi.encodeWithSelector(IVoucherRecords.VouchersPieceState.selector, piece, state)
        );
        vouchers.ownerOf(piece);
    }

    function _redeem(uint64 piece, uint64 amount) private {
        acts(BANK);
        vouchers.redeem(IVoucherRecords.RedeemItem(piece, amount, RECEIPT));
    }

    function _dishonoured() private returns (uint64 piece) {
        piece = held();
        passDays(91);
        acts(BANK);
        vouchers.dishonour(IVoucherRecords.DishonourItem(piece, EVIDENCE));
    }

    function _pieceWord(uint64 piece) private view returns (bytes32) {
        bytes32 second = bytes32(uint256(_slot("CreditVouchers")) + 1);
        return vm.load(address(vouchers), keccak256(abi.encode(piece, second)));
    }

    /// @dev ERC-7201.
    function _slot(string memory name) private pure returns (bytes32) {
        bytes32 id = keccak256(bytes(string.concat("xinlian.storage.", name)));
        return keccak256(abi.encode(uint256(id) - 1)) & ~bytes32(uint256(0xff));
    }
}
