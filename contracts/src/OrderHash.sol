// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title EIP-712 hashing of orders
library OrderHash {
    bytes32 private constant DOMAIN_TYPE = keccak256(
        "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
    );
    bytes32 private constant DOMAIN_NAME = keccak256("Xinlian");
    bytes32 private constant DOMAIN_VERSION = keccak256("1");

    /// @dev Computed each time (a few hundred gas): the proxy's address is not known when the code is made.
    function domainSeparator() internal view returns (bytes32) {
        return keccak256(
            abi.encode(DOMAIN_TYPE, DOMAIN_NAME, DOMAIN_VERSION, block.chainid, address(this))
        );
    }

    function digest(bytes32 domain, bytes32 orderHash) internal pure returns (bytes32) {
        return keccak256(abi.encodePacked(hex"1901", domain, orderHash));
    }

    function typeString(string memory name, string memory itemType)
        internal
        pure
        returns (bytes memory)
    {
        return abi.encodePacked(
            name, "(uint32 party,uint256 nonce,uint64 deadline,", name, "Item[] items)", itemType
        );
    }

    /// @dev keccak256 of the items' struct hashes, and whether every word fits the width of its field.
    function ofItems(bytes calldata items, bytes32 itemTypeHash, uint256 widths, uint256 count)
        internal
        pure
        returns (bytes32 itemsHash, bool fits)
    {
        assembly ("memory-safe") {
            let itemBytes := shl(5, and(widths, 0xff))
            let hashes := mload(0x40)
            let scratch := add(hashes, shl(5, count))
            mstore(scratch, itemTypeHash)
            let excess := 0
            for { let i := 0 } lt(i, count) { i := add(i, 1) } {
                calldatacopy(add(scratch, 0x20), add(items.offset, mul(i, itemBytes)), itemBytes)
                let rest := widths
                for { let pos := 0x20 } iszero(gt(pos, itemBytes)) { pos := add(pos, 0x20) } {
                    rest := shr(8, rest)
                    let width := and(rest, 0xff)
                    // Width 0 stands for the whole word: nothing can be in excess of it.
                    if width { excess := or(excess, shr(width, mload(add(scratch, pos)))) }
                }
                mstore(add(hashes, shl(5, i)), keccak256(scratch, add(itemBytes, 0x20)))
            }
            itemsHash := keccak256(hashes, shl(5, count))
            fits := iszero(excess)
        }
    }
}
