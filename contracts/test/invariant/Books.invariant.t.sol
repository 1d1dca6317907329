// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Test} from "../Test.sol";
import {Kind, Kinds} from "../support/Kinds.sol";
import {Books} from "./Books.sol";

/// @title The invariants of credit vouchers, under any mix of operations, parties and time
contract BooksInvariant is Test {
    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    uint256 private constant EPISODES_MIN = 4;
    uint256 private constant EPISODES_MAX = 60;
    uint256 private constant STEPS = 500;
    uint256 private constant DOORS = 5;
    uint256 private constant ATTACKS = 8;

    Books internal books;
    mapping(uint256 kind => mapping(uint256 door => uint256)) private _successes;
    mapping(uint256 how => uint256) private _repelled;
    uint256 private _expired;
    uint256 private _administered;
    uint256 private _cancelled;
    uint256 private _starved;
    uint256 private _grown;
    uint256 private _forged;

    function setUp() public {
        books = new Books();
        books.setUp();
    }

    /// @dev forge asks for what to call.
    function targetContracts() public view returns (address[] memory list) {
        list = new address[](1);
        list[0] = address(books);
    }

    /// @dev forge asks for which functions to call.
    function targetSelectors() public view returns (FuzzSelector[] memory list) {
        list = new FuzzSelector[](1);
        list[0] = FuzzSelector(address(books), steps());
    }

    function steps() internal view returns (bytes4[] memory list) {
        bytes4[43] memory all = [
            books.registerDocument.selector,
            books.registerDocument.selector,
            books.creditNote.selector,
            books.combine.selector,
            books.issue.selector,
            books.issue.selector,
            books.accept.selector,
            books.accept.selector,
            books.decline.selector,
            books.withdraw.selector,
            books.expire.selector,
            books.transfer.selector,
            books.transfer.selector,
            books.merge.selector,
            books.merge.selector,
            books.redeem.selector,
            books.dishonour.selector,
            books.writeOff.selector,
            books.blockIssuer.selector,
            books.unblockIssuer.selector,
            books.openFinancing.selector,
            books.registerFinancing.selector,
            books.registerFinancing.selector,
            books.releaseFinancing.selector,
            books.disburse.selector,
            books.disburse.selector,
            books.repay.selector,
            books.repay.selector,
            books.addAccount.selector,
            books.removeAccount.selector,
            books.setThreshold.selector,
            books.giveUpNonce.selector,
            books.administer.selector,
            books.pauseOne.selector,
            books.unpauseOne.selector,
            books.passTime.selector,
            books.carryQueue.selector,
            books.carryQueue.selector,
            books.attack.selector,
            books.openLog.selector,
            books.setWriter.selector,
            books.growLog.selector,
            books.growLog.selector
        ];
        list = new bytes4[](all.length);
        for (uint256 i; i < all.length; ++i) {
            list[i] = all[i];
        }
    }

    /// forge-config: default.invariant.fail-on-revert = true
    function invariant_the_books_hold() public view {
        _check(false);
    }

    /// @dev forge calls this after each run.
    function afterInvariant() public view {
        _check(true);
    }

    /// @notice The handler is no empty show: after some episodes every operation has succeeded through every door it
    /// has, every attack was tried, and everything else has happened too.
    function test_every_operation_succeeds_through_every_door() public {
        string memory missing;
        for (uint256 episode; episode < EPISODES_MAX; ++episode) {
            if (episode != 0) setUp();
            _play(uint256(keccak256(abi.encode(episode))));
            _count();
            missing = _missing();
            if (episode >= EPISODES_MIN && bytes(missing).length == 0) return;
        }
        assertEq(missing, "");
    }

    function _missing() private view returns (string memory list) {
        for (uint256 index; index < Kinds.COUNT; ++index) {
            Kind memory kind = Kinds.get(index);
            for (uint256 door; door < DOORS; ++door) {
                if ((door == 1 && kind.batch == 0) || _successes[index][door] != 0) continue;
                list = string.concat(list, kind.name, " by door ", vm.toString(door), "; ");
            }
        }
        for (uint256 i; i < ATTACKS; ++i) {
            if (_repelled[i] == 0) list = string.concat(list, "attack ", vm.toString(i), "; ");
        }
        if (_expired == 0) list = string.concat(list, "expire; ");
        if (_administered == 0) list = string.concat(list, "administer; ");
        if (_cancelled == 0) list = string.concat(list, "give up a nonce; ");
        if (_grown == 0) list = string.concat(list, "grow a log; ");
        if (_forged == 0) list = string.concat(list, "forge a history; ");
        if (_starved == 0) list = string.concat(list, "too little gas; ");
    }

    function _play(uint256 random) private {
        bytes4[] memory all = steps();
        for (uint256 i; i < STEPS; ++i) {
            random = uint256(keccak256(abi.encode(random)));
            (bool success,) =
                address(books).call(abi.encodeWithSelector(all[random % all.length], random));
            assertTrue(success, "a step never reverts");
            if (i % 50 == 0) _check(true);
        }
        _check(true);
    }

    function _count() private {
        for (uint256 index; index < Kinds.COUNT; ++index) {
            for (uint256 door; door < DOORS; ++door) {
                _successes[index][door] += books.successes(index, door);
            }
        }
        for (uint256 i; i < ATTACKS; ++i) {
            _repelled[i] += books.repelled(i);
        }
        _expired += books.expired();
        _administered += books.administered();
        _cancelled += books.nonceCancelled();
        _starved += books.starved();
        _grown += books.headsTaken();
        _forged += books.headsRefused();
    }

    function _check(bool whole) private view {
        assertEq(books.violation(), "");
        books.checkPieces();
        books.checkDocuments();
        books.checkRebuilt();
        books.checkFinancings();
        if (whole || books.partiesTouched()) books.checkParties();
        books.checkNothingHeld();
        books.checkNonces();
        if (whole) books.checkLogs();
    }
}
