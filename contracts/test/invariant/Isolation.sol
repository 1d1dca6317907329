// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IFinancingDesk} from "../../src/IFinancingDesk.sol";
import {IPartyDirectory} from "../../src/IPartyDirectory.sol";
import {IPartyRegistry} from "../../src/IPartyRegistry.sol";
import {ISignedOrders} from "../../src/ISignedOrders.sol";
import {ITradeDocuments} from "../../src/ITradeDocuments.sol";
import {IVoucherOffice} from "../../src/IVoucherOffice.sol";
import {IVoucherRecords} from "../../src/IVoucherRecords.sol";
import {Doors} from "../support/Doors.sol";
import {Kind, Kinds} from "../support/Kinds.sol";

/// @title The operator, a rival issuer, supplier, funder and bank join forces against three honest parties
/// @notice They hold every key of the operator (registrar, guardian, its party) and of their own, and copies of every
/// order that the victims ever signed and that is spent, stale or meant for elsewhere. The victims' bank, the
/// regulator and the timelock are honest.
contract Isolation is Doors {
    uint32[5] private _gang = [OPERATOR, BUYER_2, SUPPLIER_2, FUNDER, BANK_2];
    uint32[3] private _victims = [BUYER, SUPPLIER, SUPPLIER_MAKER_CHECKER];

    /// @dev Pieces whose word may not change at all.
    uint64[] private _still;
    mapping(uint64 piece => bytes32) private _words;
    uint64 private _onOffer;
    uint64 private _locked;

    ISignedOrders.Order[] private _loot;
    uint256[] private _lootKinds;
    bool[] private _lootUsed;
    bytes32 private _documents;
    bytes32[4] private _accounts;
    uint256 private _random;

    /// @notice Moves of the gang that took effect (on what is its own).
    uint256 public moves;
    uint256 public forged;

    function setUp() public override {
        super.setUp();
        _prepare();
        _takeLoot();
        for (uint256 i; i < _still.length; ++i) {
            _words[_still[i]] = _word(_still[i]);
        }
        _documents = _documentsNow();
        _accounts = _accountsNow();
    }

    // ---- the gang's steps

    /// @dev Any kind of order on anything, by the gang's own accounts or over its own signatures.
    function act(uint256 seed) external {
        _random = seed;
        uint256 index = _chance(Kinds.COUNT);
        Kind memory kind = Kinds.get(index);
        uint32 by = _gang[_chance(5)];
        bytes memory items = _items(kind);
        bool success;
        if (_chance(2) == 0) (success,) = callSingle(kind, accountOf(by), items);
        else (success,) = callExecute(kind, signed(kind, by, items));
        if (success) ++moves;
    }

    /// @dev An order in a victim's name, signed by the gang or not at all.
    function forge(uint256 seed) external {
        _random = seed;
        Kind memory kind = Kinds.get(_chance(Kinds.COUNT));
        ISignedOrders.Order memory order = unsigned(kind, _victims[_chance(3)], _items(kind));
        bytes32 digest = digestOf(kind, order, block.chainid, placeOf(kind));
        order.signatures = signatureBy(_gang[_chance(5)], 1, digest);
        if (_chance(3) == 0) {
            order.signatures =
                bytes.concat(order.signatures, signatureBy(_gang[_chance(5)], 1, digest));
        }
        if (_chance(9) == 0) order.signatures = new bytes(65);
        (bool success,) = callExecute(kind, order);
        if (success) ++forged;
        if (callRelayed(kind, order)) ++forged;
    }

    /// @dev What the victims signed once, as it is or with one word changed.
    function replay(uint256 seed) external {
        _random = seed;
        uint256 which = _chance(_loot.length);
        ISignedOrders.Order memory order = _loot[which];
        if (_chance(2) == 0) {
            uint256 what = _chance(4);
            if (what == 0) order.nonce = _chance(1 << 40);
            if (what == 1) order.deadline = type(uint64).max;
            if (what == 2) order.kind = uint8(_chance(12));
            if (what == 3) order.items = _items(Kinds.get(_lootKinds[which]));
        }
        // Also at the contracts that it was not meant for.
        Kind memory kind = Kinds.get(_chance(3) == 0 ? _chance(Kinds.COUNT) : _lootKinds[which]);
        if (callRelayed(kind, order)) ++forged;
    }

    /// @dev Everything the registrar and the guardian can do, and what they cannot.
    function administer(uint256 seed) external {
        _random = seed;
        uint32 id = uint32(_chance(PARTIES + 2));
        bytes memory data;
        address place = address(registry);
        uint256 what = _chance(8);
        if (what == 0) {
            data = abi.encodeCall(IPartyRegistry.setRoles, (id, uint16(1 + _chance(255))));
        }
        if (what == 1) {
            data = abi.encodeCall(IPartyRegistry.setStatus, (id, uint8(1 + _chance(2)), EVIDENCE));
        }
        if (what == 2) {
            place = address(vouchers);
            data = abi.encodeCall(IVoucherOffice.setIssuerLimit, (id, uint64(_value())));
        }
        if (what == 3) {
            place = placeOf(Kinds.get(_chance(Kinds.COUNT)));
            data = abi.encodeCall(ISignedOrders.pause, ());
        }
        if (what == 4) {
            place = placeOf(Kinds.get(_chance(Kinds.COUNT)));
            data = abi.encodeCall(ISignedOrders.unpause, ());
        }
        if (what == 5) {
            address[] memory accounts = new address[](1);
            accounts[0] = accountOf(OPERATOR, 3);
            data = abi.encodeCall(IPartyRegistry.recoverAccounts, (id, accounts, 1, EVIDENCE));
        }
        if (what == 6) {
            place = address(vouchers);
            data = abi.encodeCall(IVoucherOffice.addPolicy, (firstPolicy()));
        }
        if (what == 7) {
            place = placeOf(Kinds.get(_chance(Kinds.COUNT)));
            data = abi.encodeWithSignature("upgradeToAndCall(address,bytes)", address(this), "");
        }
        vm.prank(_chance(2) == 0 ? registrar : guardian);
        (bool success,) = place.call(data);
        if (success) ++moves;
        // A pause would end the play: the honest timelock lifts it.
        if (what == 3 && success) {
            vm.prank(address(timelock));
            ISignedOrders(place).unpause();
        }
    }

    /// @dev The doors between the contracts, and those of the deployment.
    function trespass(uint256 seed) external {
        _random = seed;
        bytes4[11] memory doors = [
            IVoucherOffice.lock.selector,
            IVoucherOffice.unlock.selector,
            IVoucherOffice.finance.selector,
            IVoucherOffice.release.selector,
            ITradeDocuments.use.selector,
            ITradeDocuments.restore.selector,
            IPartyDirectory.dropAccount.selector,
            bytes4(keccak256("runItems(uint8,uint256,bytes)")),
            bytes4(keccak256("initialize(address)")),
            bytes4(keccak256("setAuthority(address)")),
            bytes4(keccak256("grantRole(uint64,address,uint32)"))
        ];
        bytes memory data = abi.encodePacked(doors[_chance(11)]);
        for (uint256 i; i < 8; ++i) {
            data = bytes.concat(data, bytes32(_value()));
        }
        address place =
            _chance(5) == 0 ? address(authority) : placeOf(Kinds.get(_chance(Kinds.COUNT)));
        address[3] memory callers = [registrar, guardian, accountOf(_gang[_chance(5)])];
        vm.prank(callers[_chance(3)]);
        (bool success,) = place.call(data);
        if (success) ++forged;
    }

    function passTime(uint256 seed) external {
        vm.warp(vm.getBlockTimestamp() + seed % 20 days);
    }

    // ---- what may not move

    function check() external view {
        assertEq(forged, 0, "nobody acts in a victim's name");
        for (uint256 i; i < _still.length; ++i) {
            assertEq(_word(_still[i]), _words[_still[i]], "6: a piece moves by its holder alone");
        }
        // What was offered to the gang may come to it or come back, whole.
        IVoucherRecords.Piece memory piece = vouchers.pieceOf(_onOffer);
        bool stays = piece.holder == SUPPLIER && (piece.state == 2 || piece.state == 3);
        bool taken = piece.holder == SUPPLIER_2 && piece.state >= 2;
        assertTrue(stays || taken, "6: an offer is answered or ends");
        // What is locked for the gang's funder waits for the honest bank, or is let go.
        piece = vouchers.pieceOf(_locked);
        assertEq(piece.holder, SUPPLIER, "6: no money, no sale");
        assertTrue(piece.state == 4 || piece.state == 2, "6: a lock ends free");
        assertEq(piece.end - piece.start, FACE / 2, "6: a lock keeps the piece whole");

        assertEq(_documentsNow(), _documents, "the victims' documents stand");
        assertEq(vouchers.issuerOf(BUYER).outstanding, 6 * FACE, "the victim owes what it owed");
        for (uint256 i; i < 4; ++i) {
            assertEq(_accountsNow()[i], _accounts[i], "accounts are the party's own");
        }
        for (uint256 i; i < _loot.length; ++i) {
            assertTrue(_lootUsed[i] == _used(i), "nonces are the party's own");
        }
    }

    // ---- the stage

    function _prepare() private {
        // Held whole; part held, part offered to the gang; locked for the gang; pledged to the gang; maker-checker's.
        _still.push(held());
        uint64 piece = held();
        _still.push(piece);
        _onOffer = transferOffered(piece, FACE / 3);
        _locked = desk.financingOf(opened(true, true)).piece;
        _still.push(((_locked >> 16) << 16));
        uint64 pledge = desk.financingOf(disbursed(false, true)).piece;
        _still.push(pledge);

        bytes32 document = newDocument(BUYER, SUPPLIER_MAKER_CHECKER, FACE);
        IVoucherRecords.IssueItem memory item = issueItem(document);
        item.payee = SUPPLIER_MAKER_CHECKER;
        acts(BUYER);
        vouchers.issue(item);
        piece = vouchers.rootCount() << 16;
        callExecute(
            Kinds.get(Kinds.ACCEPT),
            signed(Kinds.get(Kinds.ACCEPT), SUPPLIER_MAKER_CHECKER, abi.encode(piece))
        );
        assertEq(stateOf(piece), 2);
        _still.push(piece);

        // A root of which the gang has a part, and the victim the rest.
        piece = held();
        uint64 part = transferOffered(piece, FACE / 4);
        accept(SUPPLIER_2, part);
        _still.push(piece);
        // A voucher of the gang's own issuer in a victim's hands.
        document = newDocument(BUYER_2, SUPPLIER, FACE);
        acts(BUYER_2);
        vouchers.issue(issueItem(document));
        accept(SUPPLIER, vouchers.rootCount() << 16);
        _still.push(vouchers.rootCount() << 16);
    }

    /// @dev Orders of the victims that must not work any more, or not here, or not yet.
    function _takeLoot() private {
        Kind memory kind = Kinds.get(Kinds.TRANSFER);
        uint64 piece = _still[0];
        bytes memory items = abi.encode(transferItem(piece, FACE, SUPPLIER_2));
        // Given up.
        ISignedOrders.Order memory order = signed(kind, SUPPLIER, items);
        acts(SUPPLIER);
        voucherOrders.cancelNonce(order.nonce);
        _keep(Kinds.TRANSFER, order);
        // Stale.
        order = unsigned(kind, SUPPLIER, items);
        order.deadline = uint64(vm.getBlockTimestamp());
        sign(kind, order);
        _keep(Kinds.TRANSFER, order);
        vm.warp(vm.getBlockTimestamp() + 1);
        // For another chain, and for another network's contract.
        order = unsigned(kind, SUPPLIER, items);
        order.signatures =
            signatureBy(SUPPLIER, 1, digestOf(kind, order, block.chainid + 1, placeOf(kind)));
        _keep(Kinds.TRANSFER, order);
        order = unsigned(kind, SUPPLIER, items);
        order.signatures =
            signatureBy(SUPPLIER, 1, digestOf(kind, order, block.chainid, address(this)));
        _keep(Kinds.TRANSFER, order);
        // Of the maker, without the checker.
        order = signed(
            kind, SUPPLIER_MAKER_CHECKER, abi.encode(transferItem(_still[4], FACE, SUPPLIER_2))
        );
        order.signatures = slice(order.signatures, 0, 65);
        _keep(Kinds.TRANSFER, order);
        // By an account that its party threw out.
        order = unsigned(kind, SUPPLIER, items);
        order.deadline = type(uint64).max;
        order.signatures =
            signatureBy(SUPPLIER, 2, digestOf(kind, order, block.chainid, placeOf(kind)));
        acts(SUPPLIER);
        registry.removeAccount(IPartyRegistry.RemoveAccountItem(accountOf(SUPPLIER, 2)));
        _keep(Kinds.TRANSFER, order);
        // Spent.
        kind = Kinds.get(Kinds.REGISTER_DOCUMENT);
        order = signed(kind, BUYER, abi.encode(bytes32("spent"), 4, SUPPLIER, FACE));
        callExecute(kind, order);
        _keep(Kinds.REGISTER_DOCUMENT, order);
    }

    function _keep(uint256 index, ISignedOrders.Order memory order) private {
        _loot.push(order);
        _lootKinds.push(index);
        _lootUsed.push(_used(_loot.length - 1));
    }

    // ---- help

    function callRelayed(Kind memory kind, ISignedOrders.Order memory order)
        internal
        returns (bool)
    {
        ISignedOrders.Order[] memory orders = new ISignedOrders.Order[](1);
        orders[0] = order;
        try ISignedOrders(placeOf(kind)).relay(orders) returns (uint256 succeeded) {
            return succeeded != 0;
        } catch {
            return false;
        }
    }

    function _chance(uint256 count) private returns (uint256) {
        _random = uint256(keccak256(abi.encode(_random)));
        return _random % count;
    }

    /// @dev A word that is likely to mean something somewhere.
    function _value() private returns (uint256) {
        uint256 what = _chance(9);
        if (what == 0) return _still[_chance(_still.length)];
        if (what == 1) return _chance(2) == 0 ? _locked : _onOffer;
        if (what == 2) return 1 + _chance(PARTIES);
        if (what == 3) return 1 + _chance(2 * FACE);
        if (what == 4) return vm.getBlockTimestamp() + _chance(10 days);
        if (what == 5) return today() + _chance(200);
        if (what == 6) return _chance(8);
        if (what == 7) return uint256(keccak256(abi.encode("document", 1 + _chance(9))));
        return uint160(accountOf(uint32(1 + _chance(PARTIES)), 1 + _chance(2)));
    }

    /// @dev Half of the time what fits the field, else anything.
    function _items(Kind memory kind) private returns (bytes memory items) {
        for (uint256 i; i < kind.words; ++i) {
            uint256 value = _value();
            if (i == 0 && _chance(2) == 0) value = _still[_chance(_still.length)];
            items = bytes.concat(items, bytes32(value));
        }
    }

    function _used(uint256 which) private view returns (bool) {
        ISignedOrders place = ISignedOrders(placeOf(Kinds.get(_lootKinds[which])));
        return place.nonceUsed(_loot[which].party, _loot[which].nonce);
    }

    function _word(uint64 id) private view returns (bytes32) {
        return keccak256(abi.encode(vouchers.pieceOf(id)));
    }

    function _documentsNow() private view returns (bytes32 hash) {
        for (uint256 i = 1; i <= 7; ++i) {
            bytes32 key = keccak256(abi.encode("document", i));
            ITradeDocuments.Document memory document = documents.documentOf(key);
            if (document.buyer == BUYER) hash = keccak256(abi.encode(hash, document));
        }
    }

    function _accountsNow() private view returns (bytes32[4] memory hashes) {
        IPartyDirectory[4] memory places =
            [IPartyDirectory(registry), documents, voucherOrders, desk];
        for (uint256 p; p < 4; ++p) {
            for (uint256 i; i < 3; ++i) {
                address[] memory accounts = registry.accountsOf(_victims[i]);
                hashes[p] = keccak256(
                    abi.encode(hashes[p], accounts, places[p].party(_victims[i]).threshold)
                );
                for (uint256 j; j < accounts.length; ++j) {
                    hashes[p] =
                        keccak256(abi.encode(hashes[p], places[p].memberOf(accounts[j]).party));
                }
            }
        }
    }
}
