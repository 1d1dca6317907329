// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IPartyRegistry} from "../../src/IPartyRegistry.sol";
import {ISignedOrders} from "../../src/ISignedOrders.sol";
import {IVoucherRecords} from "../../src/IVoucherRecords.sol";
import {Kinds} from "../support/Kinds.sol";
import {TradeSteps} from "./TradeSteps.sol";

/// @title Steps of financings, parties, administration and time
abstract contract NetworkSteps is TradeSteps {
    uint256 public administered;
    uint256 public nonceCancelled;

    // ---- financings

    function openFinancing(uint256 seed) external step(seed) {
        uint64 id = pickPiece(2, 0, 0);
        uint32 seller = ghostPieces[id].holder;
        uint64 size = ghostPieces[id].end - ghostPieces[id].start;
        uint256 amount = chance(2) == 0 ? size : 1 + chance(uint256(size) + 1);
        uint256 price = 1 + chance(amount + 1);
        uint256 expiry = vm.getBlockTimestamp() + 1 + chance(30 days);
        bool sale = chance(3) == 0;
        bytes memory items = bytes.concat(
            abi.encode(
                id, amount, chance(2), mostly(FUNDER, 32), mostly(BANK, 32), sale, chance(2)
            ),
            abi.encode(
                    price, mostly(today() + chance(100), 32), uint32(expiry), bytes32(mostly(7, 8))
                )
        );
        send(Kinds.OPEN, seller == 0 ? pickParty() : seller, items);
    }

    function registerFinancing(uint256 seed) external step(seed) {
        uint64 id = _financing(1);
        uint32 by = ghostFinancings[id].funder;
        bytes32 number = chance(10) == 0 ? bytes32(uint256(1)) : keccak256(abi.encode("zdw", id));
        bytes32 reason = chance(2) == 0 ? bytes32("reason") : bytes32(0);
        send(Kinds.REGISTER_FINANCING, by == 0 ? FUNDER : by, abi.encode(id, number, reason));
    }

    function releaseFinancing(uint256 seed) external step(seed) {
        uint64 id = _financing(uint8(1 + chance(2)));
        uint32 by = chance(2) == 0 ? ghostFinancings[id].funder : ghostFinancings[id].seller;
        send(Kinds.RELEASE, by == 0 ? pickParty() : by, abi.encode(id, chance(5)));
    }

    function disburse(uint256 seed) external step(seed) {
        uint64 id = _financing(2);
        uint32 by = ghostFinancings[id].bank;
        send(
            Kinds.DISBURSE,
            by == 0 ? BANK : by,
            abi.encode(id, mostly(ghostFinancings[id].price, 64), RECEIPT)
        );
    }

    function repay(uint256 seed) external step(seed) {
        uint64 id = _financing(3);
        uint32 by = ghostFinancings[id].bank;
        uint256 amount = uint256(ghostFinancings[id].price) + chance(9);
        send(Kinds.REPAY, by == 0 ? BANK : by, abi.encode(id, mostly(amount, 63), RECEIPT));
    }

    // ---- accounts

    function addAccount(uint256 seed) external step(seed) {
        uint32 by = pickParty();
        if (ghostAccounts[by].length > 4) return;
        send(Kinds.ADD_ACCOUNT, by, abi.encode(chance(6) == 0 ? accountOf(pickParty()) : fresh()));
    }

    function removeAccount(uint256 seed) external step(seed) {
        uint32 by = pickParty();
        uint32 whose = chance(6) == 0 ? pickParty() : by;
        send(Kinds.REMOVE_ACCOUNT, by, abi.encode(anyAccount(whose)));
    }

    function setThreshold(uint256 seed) external step(seed) {
        uint32 by = pickParty();
        // Mostly 1, so that direct calls stay possible.
        send(Kinds.SET_THRESHOLD, by, abi.encode(chance(6) == 0 ? chance(4) : 1));
    }

    function giveUpNonce(uint256 seed) external step(seed) {
        if (queue.length == 0) return;
        Queued storage waiting = queue[chance(queue.length)];
        uint32 by = waiting.order.party;
        vm.prank(anyAccount(by));
        try ISignedOrders(placeOf(Kinds.get(waiting.kind))).cancelNonce(waiting.order.nonce) {
            ++nonceCancelled;
        } catch {
            undone();
        }
    }

    // ---- administration and time

    function administer(uint256 seed) external step(seed) {
        administrative = true;
        uint256 what = chance(9);
        uint32 id = pickParty();
        bool success;
        if (what == 0) {
            uint8 status = uint8(1 + chance(3));
            success = _admin(
                registrar,
                address(registry),
                abi.encodeCall(IPartyRegistry.setStatus, (id, status, EVIDENCE))
            );
        } else if (what == 1 || what > 6) {
            // Whoever is suspended comes back.
            for (uint32 i = 1; i <= PARTIES; ++i) {
                if (ghostMembers[i].status == 2) id = i;
            }
            success = _admin(
                registrar,
                address(registry),
                abi.encodeCall(IPartyRegistry.setStatus, (id, 1, EVIDENCE))
            );
        } else if (what == 2) {
            uint16 roles = ghostMembers[id].roles | uint16(chance(4) == 0 ? 1 << chance(9) : 0);
            success = _admin(
                registrar, address(registry), abi.encodeCall(IPartyRegistry.setRoles, (id, roles))
            );
        } else if (what == 3) {
            uint64 limit = uint64(chance(3) == 0 ? chance(10_000) : chance(2 ** 50));
            success = _admin(
                registrar,
                address(vouchers),
                abi.encodeCall(vouchers.setIssuerLimit, (pickIssuer(), limit))
            );
        } else if (what == 4) {
            success = _admin(
                address(timelock),
                address(vouchers),
                abi.encodeCall(vouchers.addPolicy, (_policy()))
            );
        } else if (what == 5) {
            address[] memory accounts = new address[](2);
            accounts[0] = fresh();
            accounts[1] = chance(6) == 0 ? accounts[0] : fresh();
            success = _admin(
                address(timelock),
                address(registry),
                abi.encodeCall(
                    IPartyRegistry.recoverAccounts, (id, accounts, uint8(1 + chance(2)), EVIDENCE)
                )
            );
        } else {
            success = _admin(
                registrar, address(registry), abi.encodeCall(IPartyRegistry.register, (_newcomer()))
            );
        }
        if (success) ++administered;
    }

    function pauseOne(uint256 seed) external step(seed) {
        // Rarely, or little else would happen.
        if (chance(4) != 0) return;
        ISignedOrders place = ISignedOrders(_place(chance(5)));
        _admin(guardian, address(place), abi.encodeCall(ISignedOrders.pause, ()));
    }

    function unpauseOne(uint256 seed) external step(seed) {
        _admin(address(timelock), _place(chance(5)), abi.encodeCall(ISignedOrders.unpause, ()));
    }

    function passTime(uint256 seed) external step(seed) {
        uint32[8] memory spans =
            [uint32(1), 1 hours, 6 hours, 12 hours, 1 days, 1 days, 4 days, 30 days];
        vm.warp(vm.getBlockTimestamp() + 1 + chance(spans[chance(8)]));
    }

    // ---- help

    function fresh() internal returns (address account) {
        uint256 key = keyOf(777, ++keyCount);
        account = vm.addr(key);
        keys[account] = key;
    }

    function _admin(address from, address place, bytes memory data) private returns (bool success) {
        administrative = true;
        vm.prank(from);
        (success,) = place.call(data);
        if (!success) undone();
    }

    function _place(uint256 number) internal view returns (address) {
        address[5] memory places = [
            address(registry),
            address(documents),
            address(vouchers),
            address(desk),
            address(evidence)
        ];
        return places[number];
    }

    function _policy() private returns (IVoucherRecords.Policy memory policy) {
        policy = firstPolicy();
        policy.validFrom = uint32(today() - 5 + chance(30));
        policy.tenorMonthsHard = uint8(6 + chance(7));
        policy.maxDepth = uint8(2 + chance(6));
        policy.maxPieces = uint16(20 + chance(100));
        policy.graceDays = uint16(chance(5));
    }

    function _newcomer() private returns (IPartyRegistry.Registration[] memory list) {
        list = new IPartyRegistry.Registration[](1);
        list[0].idHash = keccak256(abi.encode("newcomer", chance(1000)));
        list[0].roles = uint16(1 + chance(256));
        list[0].threshold = 1;
        list[0].accounts = new address[](1);
        list[0].accounts[0] = fresh();
    }

    function _financing(uint8 state) private returns (uint64 id) {
        if (ghostFinancingCount == 0 || chance(20) == 0) return uint64(chance(20));
        uint256 first = chance(ghostFinancingCount);
        for (uint256 i; i < ghostFinancingCount; ++i) {
            id = uint64(1 + (first + i) % ghostFinancingCount);
            if (ghostFinancings[id].state == state) return id;
        }
    }
}
