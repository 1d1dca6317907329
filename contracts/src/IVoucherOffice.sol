// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IVoucherRecords} from "./IVoucherRecords.sol";

/// @title Calls on vouchers that are rare, and every view
interface IVoucherOffice is IVoucherRecords {
    function dishonour(DishonourItem calldata item) external;
    function dishonourBatch(DishonourItem[] calldata items) external;
    function writeOff(WriteOffItem calldata item) external;
    function writeOffBatch(WriteOffItem[] calldata items) external;
    function blockIssuer(BlockIssuerItem calldata item) external;
    function unblockIssuer(UnblockIssuerItem calldata item) external;
    /// @notice Cuts `amount` off a held piece (if less than all) and locks it. Financing desk only.
    /// @return locked Id of the locked piece.
    function lock(
        uint64 piece,
        uint64 amount,
        bool back,
        uint32 holder,
        uint32 funder,
        uint32 expiry
    ) external returns (uint64 locked);
    /// @notice Financing desk only.
    function unlock(uint64 piece) external;
    /// @notice Sale: the funder becomes holder. Pledge: the funder gets a lien. The piece must still have
    /// the amount that was locked: part of it may have been paid meanwhile. Financing desk only.
    function finance(uint64 piece, uint64 amount, bool sale) external;
    /// @notice Ends a financing that was paid back; `to` holds the piece. Financing desk only.
    function release(uint64 piece, uint32 to) external;
    /// @notice Largest sum an issuer may have outstanding. Registrar only.
    function setIssuerLimit(uint32 issuer, uint64 limit) external;
    /// @notice Adds a policy row, valid from a day not before the last row's. Timelock only.
    function addPolicy(Policy calldata policy) external returns (uint8 number);
    function pieceOf(uint64 piece) external view returns (Piece memory);
    function rootOf(uint64 root) external view returns (Root memory);
    function rootState(uint64 root) external view returns (uint8);
    function piecesOf(uint64 root) external view returns (Piece[] memory);
    /// @notice keccak256 over the packed slots of each root and its pieces, to compare a copy of the books.
    /// @dev keccak256(slot(root, first word) ++ document ++ slot(piece 0) ++ slot(piece 1) ...), the raw storage words.
    function rootDigests(uint64[] calldata roots) external view returns (bytes32[] memory);
    function issuerOf(uint32 issuer) external view returns (Issuer memory);
    function policyOf(uint8 number) external view returns (Policy memory);
    /// @notice Number and row in force on a day.
    function policyOn(uint32 day) external view returns (uint8 number, Policy memory);
    function rootCount() external view returns (uint64);
    function today() external view returns (uint32);
    /// @notice Address that stands for a party in `ownerOf` and `Transfer`: 0x584c…00 followed by the party's id.
    function partyAddress(uint32 party) external pure returns (address);
    function ownerOf(uint256 tokenId) external view returns (address);
    function tokenURI(uint256 tokenId) external view returns (string memory);
    function name() external view returns (string memory);
    function symbol() external view returns (string memory);
}
