// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @notice Cheatcodes of forge that only the wider tests need; the common ones stand in `Test.sol`.
interface Cheats {
    function snapshotState() external returns (uint256 id);
    function revertToState(uint256 id) external returns (bool success);
    function deal(address account, uint256 balance) external;
    function eip712HashTypedData(string calldata json) external pure returns (bytes32 digest);
    function toString(bytes32 value) external pure returns (string memory);
    function toString(address value) external pure returns (string memory);
    function expectCall(address target, bytes calldata data, uint64 count) external;
}
