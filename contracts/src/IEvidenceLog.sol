// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title Heads of evidence logs
/// @notice A party keeps logs of records, one for each stream; of each log the tree head stands here, and only a head
/// whose tree begins with the very leaves of the one before is taken: nobody can rewrite a history, the operator
/// included. Trees are those of RFC 9162 with SHA-256.
/// Orders: 1 OpenLog, 2 SetWriter (both by the party that owns the log).
/// @dev A log's id is SHA-256(chain id, 32 bytes ‖ address of this contract, 20 ‖ party, 4 ‖ name of the stream).
/// Besides orders there is one more typed message, in the same EIP-712 domain:
/// `Head(bytes32 log,uint64 size,bytes32 root,bytes32 indexRoot,bytes32 sm3Root)`, signed by the log's writer. It needs
/// no nonce, because the size grows.
interface IEvidenceLog {
    /// @param stream Name of the stream: 1 to 32 characters of a-z, 0-9, dot, low line and hyphen; zeros follow.
    /// @param keyCommitment SHA-256(0x30 ‖ the log's subject key).
    /// @param writer Account that may write heads of this log, and nothing else.
    /// @param sm3 Whether every head carries a root under SM3 as well; it is checked off chain.
    struct OpenLogItem {
        bytes32 stream;
        bytes32 keyCommitment;
        address writer;
        bool sm3;
    }

    /// @notice Gives the right to write heads to another account; the one before loses it.
    struct SetWriterItem {
        bytes32 log;
        address writer;
    }

    struct LogInfo {
        uint32 party;
        address writer;
        bool sm3;
        bytes32 stream;
        bytes32 keyCommitment;
    }

    /// @param time Time of the block that carried the head; 0 where there is none yet.
    struct Head {
        uint64 size;
        uint64 time;
        bytes32 root;
        bytes32 indexRoot;
        bytes32 sm3Root;
    }

    event LogOpened(
        bytes32 indexed log,
        uint32 indexed party,
        bytes32 stream,
        bytes32 keyCommitment,
        address writer,
        bool sm3
    );
    event WriterSet(bytes32 indexed log, address writer);
    event HeadAppended(
        bytes32 indexed log,
        uint32 indexed party,
        uint64 size,
        bytes32 root,
        bytes32 indexRoot,
        bytes32 sm3Root
    );

    error EvidenceExists(bytes32 log);
    error EvidenceUnknown(bytes32 log);
    error EvidenceStream(bytes32 stream);
    error EvidenceZero();
    error EvidenceNotOwner(bytes32 log, uint32 party);
    error EvidenceNotWriter(bytes32 log, address account);
    /// @notice A head's size has to be greater than the one before, by 2^24 leaves at most.
    error EvidenceSize(bytes32 log, uint64 size, uint64 current);
    /// @notice The proof does not show that the new tree begins with the leaves of the old one.
    error EvidenceInconsistent(bytes32 log, uint64 size, uint64 current);
    /// @notice A head has a root under SM3 exactly if its log was opened with it.
    error EvidenceSm3(bytes32 log);

    function openLog(OpenLogItem calldata item) external;
    function setWriter(SetWriterItem calldata item) external;

    /// @notice Takes a head from the log's writer or any one account of its party; for logs without SM3.
    /// @param proof Consistency proof from the head that stands here; empty for the first one.
    function append(
        bytes32 log,
        uint64 size,
        bytes32 root,
        bytes32 indexRoot,
        bytes32[] calldata proof
    ) external;

    /// @notice Takes a head that the log's writer signed; anyone may carry it.
    /// @param signature 65 bytes: r, s, v.
    function appendSigned(
        bytes32 log,
        uint64 size,
        bytes32 root,
        bytes32 indexRoot,
        bytes32 sm3Root,
        bytes32[] calldata proof,
        bytes calldata signature
    ) external;

    /// @notice The newest head of a log; all zeros before the first.
    function head(bytes32 log) external view returns (Head memory);
    function logInfo(bytes32 log) external view returns (LogInfo memory);
    /// @notice The id that a party's log of a stream has, whether it is open or not.
    function logId(uint32 party, bytes32 stream) external view returns (bytes32);
    /// @notice EIP-712 digest of a head as its writer signs it.
    function headDigest(bytes32 log, uint64 size, bytes32 root, bytes32 indexRoot, bytes32 sm3Root)
        external
        view
        returns (bytes32);
}
