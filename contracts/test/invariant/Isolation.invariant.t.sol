// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {Test} from "../Test.sol";
import {Isolation} from "./Isolation.sol";

/// @title Nothing of a party moves without its own signature, its bank's receipt, or an end it agreed to
contract IsolationInvariant is Test {
    Isolation internal stage;

    function setUp() public {
        stage = new Isolation();
        stage.setUp();
    }

    /// @dev forge asks for what to call.
    function targetContracts() public view returns (address[] memory list) {
        list = new address[](1);
        list[0] = address(stage);
    }

    /// @dev forge asks for what not to call.
    function excludeSelectors() public view returns (FuzzSelector[] memory list) {
        bytes4[] memory selectors = new bytes4[](1);
        selectors[0] = stage.setUp.selector;
        list = new FuzzSelector[](1);
        list[0] = FuzzSelector(address(stage), selectors);
    }

    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    /// forge-config: default.invariant.fail-on-revert = true
    function invariant_the_victims_footprint_stands_still() public view {
        stage.check();
    }

    /// @notice The gang is busy: its moves on what is its own succeed, and the victims' footprint still stands.
    function test_the_gang_is_busy() public {
        uint256 random = 7;
        for (uint256 i; i < 3_000; ++i) {
            random = uint256(keccak256(abi.encode(random)));
            uint256 what = i % 6;
            if (what == 0 || what == 5) stage.act(random);
            if (what == 1) stage.forge(random);
            if (what == 2) stage.replay(random);
            if (what == 3) stage.administer(random);
            if (what == 4) stage.trespass(random);
            if (i % 500 == 499) stage.passTime(random);
        }
        stage.check();
        assertTrue(stage.moves() > 100, "the gang's own moves succeed");
    }
}
