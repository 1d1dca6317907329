// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {ECDSA} from "@openzeppelin/contracts/utils/cryptography/ECDSA.sol";

import {IEvidenceLog} from "./IEvidenceLog.sol";
import {OrderHash} from "./OrderHash.sol";
import {PartyDirectory} from "./PartyDirectory.sol";
import {Rfc9162} from "./Rfc9162.sol";
import {SignedOrders} from "./SignedOrders.sol";
import {MemberWord} from "./types/MemberWord.sol";

/// @title EvidenceLog
contract EvidenceLog is SignedOrders, IEvidenceLog {
    /// @dev Two slots besides those of the roots; the first is all that an append reads of the log's facts.
    struct Log {
        uint32 party;
        address writer;
        bool sm3;
        uint64 size;
        uint64 time;
        bytes32 root;
        bytes32 indexRoot;
        bytes32 sm3Root;
        bytes32 stream;
        bytes32 keyCommitment;
    }

    /// @custom:storage-location erc7201:xinlian.storage.EvidenceLog
    struct EvidenceStorage {
        mapping(bytes32 log => Log) logs;
    }

    uint8 private constant OPEN_LOG = 1;
    uint8 private constant SET_WRITER = 2;

    /// @dev A consistency proof cannot tell a real right half from made-up hashes, so one head of size 2^63 would end a
    /// log for ever. Bounded growth leaves a thief of the writer's key a log that goes on once the writer is changed.
    uint64 private constant GROWTH_MAX = 1 << 24;

    bytes32 private constant HEAD_TYPE =
        keccak256("Head(bytes32 log,uint64 size,bytes32 root,bytes32 indexRoot,bytes32 sm3Root)");

    /// @dev The characters of a stream's name as a bit set: hyphen, dot, 0-9, low line, a-z.
    uint256 private constant NAME_CHARACTERS =
        (0x3ff << 0x30) | (0x3ffffff << 0x61) | (1 << 0x2d) | (1 << 0x2e) | (1 << 0x5f);

    /// @dev ERC-7201 slot of "xinlian.storage.EvidenceLog".
    bytes32 private constant EVIDENCE_STORAGE =
        0x37f483f024a02b736471a6304fe48ef452a35a2eef6b64aa735205fc68d50700;

    /// @custom:oz-upgrades-unsafe-allow constructor
    constructor(address registry_) PartyDirectory(registry_) {
        _disableInitializers();
    }

    function initialize(address authority_) external initializer {
        __SignedOrders_init(authority_);
    }

    /// @inheritdoc IEvidenceLog
    function openLog(OpenLogItem calldata item) external {
        _openLog(_direct(), item);
    }

    /// @inheritdoc IEvidenceLog
    function setWriter(SetWriterItem calldata item) external {
        _setWriter(_direct(), item);
    }

    /// @inheritdoc IEvidenceLog
    /// @dev A head moves no value, so one account is enough here, whatever the party's threshold.
    function append(
        bytes32 log,
        uint64 size,
        bytes32 root,
        bytes32 indexRoot,
        bytes32[] calldata proof
    ) external whenNotPaused {
        Log storage stored = _known(log);
        if (msg.sender != stored.writer && _member(msg.sender).party() != stored.party) {
            revert EvidenceNotWriter(log, msg.sender);
        }
        _append(stored, log, Head(size, 0, root, indexRoot, 0), proof);
    }

    /// @inheritdoc IEvidenceLog
    function appendSigned(
        bytes32 log,
        uint64 size,
        bytes32 root,
        bytes32 indexRoot,
        bytes32 sm3Root,
        bytes32[] calldata proof,
        bytes calldata signature
    ) external whenNotPaused {
        Log storage stored = _known(log);
        address signer = _signer(headDigest(log, size, root, indexRoot, sm3Root), signature);
        if (signer != stored.writer) revert EvidenceNotWriter(log, signer);
        _append(stored, log, Head(size, 0, root, indexRoot, sm3Root), proof);
    }

    /// @inheritdoc IEvidenceLog
    function head(bytes32 log) external view returns (Head memory) {
        Log storage stored = _evidence().logs[log];
        return Head(stored.size, stored.time, stored.root, stored.indexRoot, stored.sm3Root);
    }

    /// @inheritdoc IEvidenceLog
    function logInfo(bytes32 log) external view returns (LogInfo memory) {
        Log storage stored = _evidence().logs[log];
        return LogInfo(stored.party, stored.writer, stored.sm3, stored.stream, stored.keyCommitment);
    }

    /// @inheritdoc IEvidenceLog
    function headDigest(bytes32 log, uint64 size, bytes32 root, bytes32 indexRoot, bytes32 sm3Root)
        public
        view
        returns (bytes32)
    {
        return OrderHash.digest(
            OrderHash.domainSeparator(),
            keccak256(abi.encode(HEAD_TYPE, log, size, root, indexRoot, sm3Root))
        );
    }

    /// @inheritdoc IEvidenceLog
    function logId(uint32 id, bytes32 stream) public view returns (bytes32) {
        bytes memory name = new bytes(_nameLength(stream));
        for (uint256 i; i < name.length; ++i) {
            name[i] = stream[i];
        }
        return sha256(abi.encodePacked(block.chainid, address(this), id, name));
    }

    function _kind(uint8 kind)
        internal
        pure
        override
        returns (string memory, string memory, uint256)
    {
        if (kind == OPEN_LOG) {
            return (
                "OpenLog",
                "OpenLogItem(bytes32 stream,bytes32 keyCommitment,address writer,bool sm3)",
                0x01_a0_00_00_04
            );
        }
        if (kind == SET_WRITER) {
            return ("SetWriter", "SetWriterItem(bytes32 log,address writer)", 0xa0_00_02);
        }
        return ("", "", 0);
    }

    function _run(uint8 kind, MemberWord by, bytes calldata items) internal override {
        if (kind == OPEN_LOG) {
            OpenLogItem[] calldata list;
            assembly ("memory-safe") {
                list.offset := items.offset
                list.length := div(items.length, 0x80)
            }
            for (uint256 i; i < list.length; ++i) {
                _openLog(by, list[i]);
            }
        } else {
            SetWriterItem[] calldata list;
            assembly ("memory-safe") {
                list.offset := items.offset
                list.length := div(items.length, 0x40)
            }
            for (uint256 i; i < list.length; ++i) {
                _setWriter(by, list[i]);
            }
        }
    }

    function _openLog(MemberWord by, OpenLogItem calldata item) private {
        uint32 id = by.party();
        bytes32 log = logId(id, item.stream);
        if (item.writer == address(0) || item.keyCommitment == 0) revert EvidenceZero();
        Log storage stored = _evidence().logs[log];
        if (stored.party != 0) revert EvidenceExists(log);

        stored.party = id;
        stored.writer = item.writer;
        stored.sm3 = item.sm3;
        stored.stream = item.stream;
        stored.keyCommitment = item.keyCommitment;
        emit LogOpened(log, id, item.stream, item.keyCommitment, item.writer, item.sm3);
    }

    function _setWriter(MemberWord by, SetWriterItem calldata item) private {
        Log storage stored = _known(item.log);
        if (stored.party != by.party()) revert EvidenceNotOwner(item.log, by.party());
        if (item.writer == address(0)) revert EvidenceZero();
        stored.writer = item.writer;
        emit WriterSet(item.log, item.writer);
    }

    /// @dev Checks in order of precedence after the caller: party, SM3, size, proof.
    function _append(Log storage stored, bytes32 log, Head memory next, bytes32[] calldata proof)
        private
    {
        uint32 id = stored.party;
        if (!_party(id).isActive()) revert DirectoryPartySuspended(id);
        bool sm3 = stored.sm3;
        if (sm3 == (next.sm3Root == 0)) revert EvidenceSm3(log);
        uint64 size = stored.size;
        if (next.size <= size || next.size - size > GROWTH_MAX) {
            revert EvidenceSize(log, next.size, size);
        }
        if (!Rfc9162.consistent(size, stored.root, next.size, next.root, proof)) {
            revert EvidenceInconsistent(log, next.size, size);
        }

        stored.size = next.size;
        stored.time = uint64(block.timestamp);
        stored.root = next.root;
        stored.indexRoot = next.indexRoot;
        if (sm3) stored.sm3Root = next.sm3Root;
        emit HeadAppended(log, id, next.size, next.root, next.indexRoot, next.sm3Root);
    }

    /// @dev The signer, or 0 where the signature is bad: no log has that writer.
    function _signer(bytes32 digest, bytes calldata signature) private pure returns (address) {
        if (signature.length != SIGNATURE_BYTES) return address(0);
        // slither-disable-next-line unused-return
        (address signer,,) = ECDSA.tryRecover(
            digest, uint8(signature[64]), bytes32(signature[:32]), bytes32(signature[32:64])
        );
        return signer;
    }

    /// @dev Number of characters before the zeros. Reverts unless there is one at least, all are allowed ones, and
    /// nothing but zeros follows.
    function _nameLength(bytes32 stream) private pure returns (uint256 length) {
        uint256 rest = uint256(stream);
        while (rest != 0) {
            if ((NAME_CHARACTERS >> (rest >> 248)) & 1 == 0) revert EvidenceStream(stream);
            rest <<= 8;
            ++length;
        }
        if (length == 0) revert EvidenceStream(stream);
    }

    function _known(bytes32 log) private view returns (Log storage stored) {
        stored = _evidence().logs[log];
        if (stored.party == 0) revert EvidenceUnknown(log);
    }

    function _evidence() private pure returns (EvidenceStorage storage $) {
        assembly ("memory-safe") {
            $.slot := EVIDENCE_STORAGE
        }
    }
}
