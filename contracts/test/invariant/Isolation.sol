// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IPartyDirectory} from "../../src/IPartyDirectory.sol";
import {IPartyRegistry} from "../../src/IPartyRegistry.sol";
import {ISignedOrders} from "../../src/ISignedOrders.sol";
import {ITradeDocuments} from "../../src/ITradeDocuments.sol";
import {IVoucherOffice} from "../../src/IVoucherOffice.sol";
import {Kind, Kinds} from "../support/Kinds.sol";
import {IsolationStage} from "./IsolationStage.sol";

/// @title The operator, a rival issuer, supplier, funder and bank join forces against three honest parties
/// @notice They hold every key of the operator (registrar, guardian, its party) and of their own, and copies of every
/// order that the victims ever signed and that is spent, stale or meant for elsewhere.
contract Isolation is IsolationStage {
    uint256 private _random;

    /// @notice Moves of the gang that took effect (on what is its own).
    uint256 public moves;

    // ---- the gang's steps

    /// @dev Any kind of order on anything, by the gang's own accounts or over its own signatures.
    function act(uint256 seed) external {
        _random = seed;
        uint256 index = _chance(Kinds.COUNT);
        Kind memory kind = Kinds.get(index);
        uint32 by = gang[_chance(5)];
        bytes memory items = _items(index);
        bool success;
        if (_chance(2) == 0) (success,) = callSingle(kind, accountOf(by), items);
        else (success,) = callExecute(kind, signed(kind, by, items));
        if (success) ++moves;
    }

    /// @dev An order in a victim's name, signed by the gang or not at all.
    function forge(uint256 seed) external {
        _random = seed;
        uint256 index = _chance(Kinds.COUNT);
        Kind memory kind = Kinds.get(index);
        ISignedOrders.Order memory order = unsigned(kind, victims[_chance(3)], _items(index));
        bytes32 digest = digestOf(kind, order, block.chainid, placeOf(kind));
        order.signatures = signatureBy(gang[_chance(5)], 1, digest);
        if (_chance(3) == 0) {
            order.signatures =
                bytes.concat(order.signatures, signatureBy(gang[_chance(5)], 1, digest));
        }
        if (_chance(9) == 0) order.signatures = new bytes(65);
        (bool success,) = callExecute(kind, order);
        if (success) ++forged;
        if (callRelayed(kind, order)) ++forged;
    }

    /// @dev What the victims signed once, as it is or with one word changed.
    function replay(uint256 seed) external {
        _random = seed;
        uint256 which = _chance(loot.length);
        ISignedOrders.Order memory order = loot[which];
        if (_chance(2) == 0) {
            uint256 what = _chance(4);
            if (what == 0) order.nonce = _chance(1 << 40);
            if (what == 1) order.deadline = type(uint64).max;
            if (what == 2) order.kind = uint8(_chance(12));
            if (what == 3) order.items = _items(lootKinds[which]);
        }
        // The maker's signature, and the gang's in the place of the checker's.
        if (order.party == SUPPLIER_MAKER_CHECKER && _chance(2) == 0) {
            bytes32 digest =
                digestOf(Kinds.get(Kinds.TRANSFER), order, block.chainid, address(vouchers));
            order.signatures =
                bytes.concat(order.signatures, signatureBy(gang[_chance(5)], 1, digest));
        }
        // Also at the contracts that it was not meant for.
        Kind memory kind = Kinds.get(_chance(3) == 0 ? _chance(Kinds.COUNT) : lootKinds[which]);
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
            data = bytes.concat(data, bytes32(i == 0 && _chance(2) == 0 ? _target() : _value()));
        }
        address place =
            _chance(5) == 0 ? address(authority) : placeOf(Kinds.get(_chance(Kinds.COUNT)));
        address[3] memory callers = [registrar, guardian, accountOf(gang[_chance(5)])];
        vm.prank(callers[_chance(3)]);
        (bool success,) = place.call(data);
        if (success) ++forged;
    }

    function passTime(uint256 seed) external {
        vm.warp(vm.getBlockTimestamp() + seed % 20 days);
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
        if (what == 0) return still[_chance(still.length)];
        if (what == 1) return _chance(2) == 0 ? locked : onOffer;
        if (what == 2) return 1 + _chance(PARTIES);
        if (what == 3) return 1 + _chance(2 * FACE);
        if (what == 4) return vm.getBlockTimestamp() + _chance(10 days);
        if (what == 5) return today() + _chance(200);
        if (what == 6) return _chance(8);
        if (what == 7) return uint256(keccak256(abi.encode("document", 1 + _chance(9))));
        return uint160(accountOf(uint32(1 + _chance(PARTIES)), 1 + _chance(2)));
    }

    /// @dev A piece of a victim.
    function _target() private returns (uint64) {
        uint256 which = _chance(still.length + 3);
        if (which == still.length) return locked;
        if (which == still.length + 1) return onOffer;
        if (which == still.length + 2) return betweenVictims;
        return still[which];
    }

    /// @dev Half of the time what would do harm if it were let through, else anything.
    function _items(uint256 index) private returns (bytes memory items) {
        uint64 id = _target();
        uint64 amount = uint64(1 + _chance(FACE / 8));
        uint32 friend = gang[_chance(5)];
        uint256 soon = vm.getBlockTimestamp() + 1 + _chance(1 days);
        if (_chance(2) == 0) {
            if (index == Kinds.ACCEPT || index == Kinds.WITHDRAW) return abi.encode(id);
            if (index == Kinds.DECLINE) return abi.encode(id, 1);
            if (index == Kinds.MERGE) return abi.encode(id, id ^ 1);
            if (index == Kinds.TRANSFER) {
                return abi.encode(id, amount, _chance(2), friend, soon, 1);
            }
            if (index == Kinds.REDEEM) return abi.encode(id, amount, RECEIPT);
            if (index == Kinds.DISHONOUR || index == Kinds.WRITE_OFF) {
                return abi.encode(id, EVIDENCE);
            }
            uint64 financing = uint64(1 + _chance(2));
            if (index == Kinds.REGISTER_FINANCING) {
                return abi.encode(financing, keccak256(abi.encode(_random)), EVIDENCE);
            }
            if (index == Kinds.RELEASE) return abi.encode(financing, 1);
            uint64 price = desk.financingOf(financing).price;
            if (index == Kinds.DISBURSE || index == Kinds.REPAY) {
                return abi.encode(financing, price, RECEIPT);
            }
            if (index == Kinds.OPEN) {
                return bytes.concat(
                    abi.encode(id, amount, 0, FUNDER, BANK_2, 1, 1, amount),
                    abi.encode(today() + 1, soon, EVIDENCE)
                );
            }
            bytes32 key = keccak256(abi.encode("document", 1 + _chance(9)));
            if (index == Kinds.CREDIT_NOTE) return abi.encode(key, bytes32(_random), amount);
            if (index == Kinds.ISSUE) {
                return abi.encode(SUPPLIER_2, BANK_2, amount, today() + 9, soon, key, EVIDENCE);
            }
        }
        for (uint256 i; i < Kinds.get(index).words; ++i) {
            items = bytes.concat(items, bytes32(_value()));
        }
    }
}
