// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ISignedOrders} from "../../src/ISignedOrders.sol";
import {IVoucherRecords} from "../../src/IVoucherRecords.sol";
import {Doors} from "../support/Doors.sol";
import {Kind, Kinds} from "../support/Kinds.sol";
import {Scribe} from "./Scribe.sol";

/// @title What every step of the handler does: choose, send through a door, write the ghost books
/// @notice Steps never revert; a broken rule is noted in `violation`.
abstract contract Actor is Scribe {
    /// @dev Doors: 0 direct, 1 batch, 2 execute, 3 relay, 4 kept for a relay of many.
    uint256 internal constant DOORS = 5;
    uint256 private constant QUEUE_MAX = 12;

    struct Queued {
        uint256 kind;
        ISignedOrders.Order order;
    }

    Queued[] internal queue;
    mapping(address account => uint256 key) internal keys;
    uint256 internal keyCount;
    uint256 private _random;

    modifier step(uint256 seed) {
        _random = uint256(keccak256(abi.encode(seed, vm.getBlockTimestamp())));
        administrative = false;
        partiesTouched = false;
        vm.recordLogs();
        _;
        _applyLogs();
        _checkRootStates();
        _endLongPause();
    }

    function setUp() public override {
        vm.recordLogs();
        super.setUp();
        administrative = true;
        for (uint32 id = 1; id <= PARTIES; ++id) {
            keys[accountOf(id, 1)] = keyOf(id, 1);
            keys[accountOf(id, 2)] = keyOf(id, 2);
        }
        vm.startPrank(registrar);
        vouchers.setIssuerLimit(BUYER, 3 * 2 ** 48);
        vouchers.setIssuerLimit(BUYER_2, 50_000);
        vm.stopPrank();
        _applyLogs();
    }

    // ---- chance

    function chance(uint256 count) internal returns (uint256) {
        _random = uint256(keccak256(abi.encode(_random)));
        return _random % count;
    }

    /// @dev Mostly the value, now and then something else of its width.
    function mostly(uint256 value, uint256 width) internal returns (uint256) {
        return chance(20) == 0 ? chance(2 ** width) : value;
    }

    function pickIssuer() internal returns (uint32) {
        return chance(3) == 0 ? BUYER_2 : BUYER;
    }

    function pickSupplier() internal returns (uint32) {
        uint32[5] memory list = [SUPPLIER, SUPPLIER_2, SUPPLIER_MAKER_CHECKER, BUYER_2, SUPPLIER];
        return list[chance(5)];
    }

    function pickTrader() internal returns (uint32) {
        return chance(6) == 0 ? FUNDER : pickSupplier();
    }

    function pickParty() internal returns (uint32) {
        return uint32(1 + chance(PARTIES));
    }

    /// @dev A piece in the state, and where they are not 0 with the holder and the offeree; now and then any piece.
    function pickPiece(uint8 state, uint32 holder, uint32 offeree) internal returns (uint64) {
        if (ghostRootCount == 0) return 1 << 16;
        bool any = chance(15) == 0;
        uint256 first = chance(ghostRootCount);
        for (uint256 i; i < ghostRootCount; ++i) {
            uint64 root = uint64(1 + (first + i) % ghostRootCount);
            uint16 count = ghostRoots[root].root.pieces;
            uint256 from = chance(count);
            for (uint256 j; j < count; ++j) {
                uint64 id = (root << 16) | uint64((from + j) % count);
                IVoucherRecords.Piece storage piece = ghostPieces[id];
                bool fits = piece.state == state && (holder == 0 || piece.holder == holder)
                    && (offeree == 0 || piece.offeree == offeree);
                if (any || fits) return id;
            }
        }
        return uint64((first + 1) << 16);
    }

    // ---- doors

    /// @dev Sends items of a party through a door by chance.
    function send(uint256 index, uint32 by, bytes memory items) internal {
        Kind memory kind = Kinds.get(index);
        uint256 door = chance(2) == 0 ? _rarest(index) : chance(DOORS);
        bool alone = ghostMembers[by].threshold == 1 && ghostAccounts[by].length != 0;
        if (door == 0 && items.length > uint256(kind.words) * 32) door = 1;
        if (door < 2 && !alone) door = 3;
        if (door == 1 && kind.batch == 0) door = 2;
        bool success;
        if (door == 0) (success,) = callSingle(kind, anyAccount(by), items);
        if (door == 1) (success,) = callBatch(kind, anyAccount(by), items);
        if (door < 2) {
            if (success) ++successes[index][door];
            else undone();
            return;
        }
        ISignedOrders.Order memory order = signedNow(index, by, items);
        if (door == 2) success = tryExecute(kind, order);
        if (door == 3) success = tryRelay(kind, order);
        if (door == 4) keep(index, order);
        if (!success) return;
        ++successes[index][door];
        bool used = ISignedOrders(placeOf(kind)).nonceUsed(by, order.nonce);
        _hold(used, "an order that took effect is spent");
    }

    /// @dev A door through which the operation succeeded the least.
    function _rarest(uint256 index) private returns (uint256 door) {
        uint256 first = chance(DOORS);
        door = first;
        for (uint256 i = 1; i < DOORS; ++i) {
            uint256 other = (first + i) % DOORS;
            if (successes[index][other] < successes[index][door]) door = other;
        }
    }

    function tryExecute(Kind memory kind, ISignedOrders.Order memory order)
        internal
        returns (bool success)
    {
        (success,) = callExecute(kind, order);
        if (!success) undone();
    }

    function tryRelay(Kind memory kind, ISignedOrders.Order memory order) internal returns (bool) {
        ISignedOrders.Order[] memory orders = new ISignedOrders.Order[](1);
        orders[0] = order;
        try ISignedOrders(placeOf(kind)).relay(orders) returns (uint256 succeeded) {
            return succeeded == 1;
        } catch {
            undone();
            return false;
        }
    }

    function keep(uint256 index, ISignedOrders.Order memory order) internal {
        if (queue.length < QUEUE_MAX) {
            Queued storage slot = queue.push();
            slot.kind = index;
            slot.order = order;
            keptKinds[digestOf(Kinds.get(index), order, block.chainid, placeOf(Kinds.get(index)))] =
                index + 1;
        }
    }

    function anyAccount(uint32 by) internal returns (address) {
        return ghostAccounts[by][chance(ghostAccounts[by].length)];
    }

    /// @dev Signed as the party's policy demands at this moment.
    function signedNow(uint256 index, uint32 by, bytes memory items)
        internal
        returns (ISignedOrders.Order memory order)
    {
        Kind memory kind = Kinds.get(index);
        order = unsigned(kind, by, items);
        order.deadline = uint64(vm.getBlockTimestamp() + 1 + chance(20 days));
        bytes32 digest = digestOf(kind, order, block.chainid, placeOf(kind));
        uint256 count = ghostAccounts[by].length;
        if (count == 0) return order;
        uint256 first = chance(count);
        order.signatures = signatureOf(ghostAccounts[by][first], digest);
        if (ghostMembers[by].threshold == 2) {
            order.signatures = bytes.concat(
                order.signatures, signatureOf(ghostAccounts[by][(first + 1) % count], digest)
            );
        }
    }

    function signatureOf(address account, bytes32 digest) internal view returns (bytes memory) {
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(keys[account], digest);
        return abi.encodePacked(r, s, v);
    }
}
