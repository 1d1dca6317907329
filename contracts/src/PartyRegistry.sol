// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IPartyDirectory} from "./IPartyDirectory.sol";
import {IPartyRegistry} from "./IPartyRegistry.sol";
import {PartyDirectory} from "./PartyDirectory.sol";
import {KIND_ADD_ACCOUNT, KIND_REMOVE_ACCOUNT, partyOrderKind} from "./PartyOrderKinds.sol";
import {SignedOrders} from "./SignedOrders.sol";
import {
    MemberWord,
    ROLES_ALL,
    STATUS_ACTIVE,
    STATUS_SUSPENDED,
    packMember
} from "./types/MemberWord.sol";

/// @title PartyRegistry
/// @notice The registrar admits, suspends and gives roles; the accounts that sign for a party belong to the party
/// alone: they change by its own orders, or, when its keys are lost, through the timelock.
contract PartyRegistry is SignedOrders, IPartyRegistry {
    /// @custom:storage-location erc7201:xinlian.storage.PartyRegistry
    struct RegistryStorage {
        mapping(uint32 party => address[]) accounts;
        mapping(uint32 party => bytes32) idHashes;
        mapping(bytes32 idHash => uint32) partyOfIdHash;
    }

    uint256 private constant ACCOUNTS_MAX = 16;
    uint8 private constant THRESHOLD_MAX = 2;

    /// @dev ERC-7201 slot of "xinlian.storage.PartyRegistry".
    bytes32 private constant REGISTRY_STORAGE =
        0xa237639ac65a2c30b5462abbac5892f48718b0d31bd59b6b6be07b7b72141c00;

    /// @dev The contracts that follow the registry.
    IPartyDirectory private immutable _documents;
    IPartyDirectory private immutable _vouchers;
    IPartyDirectory private immutable _desk;
    IPartyDirectory private immutable _evidence;

    /// @custom:oz-upgrades-unsafe-allow constructor
    constructor(
        address registry_,
        address documents_,
        address vouchers_,
        address desk_,
        address evidence_
    ) PartyDirectory(registry_) {
        _documents = IPartyDirectory(documents_);
        _vouchers = IPartyDirectory(vouchers_);
        _desk = IPartyDirectory(desk_);
        _evidence = IPartyDirectory(evidence_);
        _disableInitializers();
    }

    function initialize(address authority_) external initializer {
        __SignedOrders_init(authority_);
    }

    /// @inheritdoc IPartyRegistry
    function register(Registration[] calldata registrations)
        external
        restricted
        returns (uint32 firstParty)
    {
        Config storage config = _config();
        uint32 last = uint32(config.lastId);
        firstParty = last + 1;
        for (uint256 i; i < registrations.length; ++i) {
            _register(++last, registrations[i]);
        }
        config.lastId = last;
    }

    /// @inheritdoc IPartyRegistry
    function setRoles(uint32 id, uint16 roles) external restricted {
        MemberWord word = _knownParty(id);
        _checkRoles(roles);
        _spread(packMember(id, roles, word.status(), word.threshold()));
        emit PartyRolesSet(id, roles);
    }

    /// @inheritdoc IPartyRegistry
    function setStatus(uint32 id, uint8 status, bytes32 evidence) external restricted {
        MemberWord word = _knownParty(id);
        if (status != STATUS_ACTIVE && status != STATUS_SUSPENDED) revert RegistryStatus(status);
        _spread(packMember(id, word.roles(), status, word.threshold()));
        emit PartyStatusSet(id, status, evidence);
    }

    /// @inheritdoc IPartyRegistry
    function recoverAccounts(
        uint32 id,
        address[] calldata accounts,
        uint8 threshold,
        bytes32 evidence
    ) external restricted {
        MemberWord word = _knownParty(id);
        address[] memory old = _registry().accounts[id];
        for (uint256 i; i < old.length; ++i) {
            _drop(old[i]);
            emit AccountRemoved(id, old[i]);
        }
        delete _registry().accounts[id];
        _setAccounts(packMember(id, word.roles(), word.status(), threshold), accounts);
        emit PartyThresholdSet(id, threshold);
        emit AccountsRecovered(id, evidence);
    }

    /// @inheritdoc IPartyRegistry
    function addAccount(AddAccountItem calldata item) external {
        _addAccount(_direct(), item);
    }

    /// @inheritdoc IPartyRegistry
    function removeAccount(RemoveAccountItem calldata item) external {
        _removeAccount(_direct(), item);
    }

    /// @inheritdoc IPartyRegistry
    function setThreshold(SetThresholdItem calldata item) external {
        _setThreshold(_direct(), item);
    }

    /// @inheritdoc IPartyRegistry
    function partyCount() external view returns (uint32) {
        return uint32(_config().lastId);
    }

    /// @inheritdoc IPartyRegistry
    function idHashOf(uint32 id) external view returns (bytes32) {
        return _registry().idHashes[id];
    }

    /// @inheritdoc IPartyRegistry
    function partyOfIdHash(bytes32 idHash) external view returns (uint32) {
        return _registry().partyOfIdHash[idHash];
    }

    /// @inheritdoc IPartyRegistry
    function accountsOf(uint32 id) external view returns (address[] memory) {
        return _registry().accounts[id];
    }

    function _kind(uint8 kind)
        internal
        pure
        override
        returns (string memory, string memory, uint256)
    {
        return partyOrderKind(kind);
    }

    /// @dev Each item reads the party anew: an earlier item of the order may have changed it. The contracts called in
    /// between are the network's own and call nobody.
    // slither-disable-next-line reentrancy-no-eth
    function _run(uint8 kind, MemberWord by, bytes calldata items) internal override {
        uint32 id = by.party();
        for (uint256 offset; offset < items.length; offset += 32) {
            if (kind == KIND_ADD_ACCOUNT) {
                AddAccountItem calldata item;
                assembly ("memory-safe") {
                    item := add(items.offset, offset)
                }
                _addAccount(_party(id), item);
            } else if (kind == KIND_REMOVE_ACCOUNT) {
                RemoveAccountItem calldata item;
                assembly ("memory-safe") {
                    item := add(items.offset, offset)
                }
                _removeAccount(_party(id), item);
            } else {
                SetThresholdItem calldata item;
                assembly ("memory-safe") {
                    item := add(items.offset, offset)
                }
                _setThreshold(_party(id), item);
            }
        }
    }

    function _register(uint32 id, Registration calldata registration) private {
        RegistryStorage storage $ = _registry();
        bytes32 idHash = registration.idHash;
        if (idHash == 0) revert RegistryZero();
        if ($.partyOfIdHash[idHash] != 0) revert RegistryIdTaken(idHash, $.partyOfIdHash[idHash]);
        _checkRoles(registration.roles);

        $.partyOfIdHash[idHash] = id;
        $.idHashes[id] = idHash;
        emit PartyRegistered(id, idHash, registration.roles, registration.threshold);
        _setAccounts(
            packMember(id, registration.roles, STATUS_ACTIVE, registration.threshold),
            registration.accounts
        );
    }

    /// @dev Gives a party that has no account its first ones.
    function _setAccounts(MemberWord word, address[] calldata accounts) private {
        uint32 id = word.party();
        _checkThreshold(word.threshold(), accounts.length);
        address[] storage stored = _registry().accounts[id];
        for (uint256 i; i < accounts.length; ++i) {
            _checkFree(accounts[i]);
            // Set at once, so that the same account twice in the list is found out.
            _setMember(accounts[i], word);
            stored.push(accounts[i]);
            emit AccountAdded(id, accounts[i]);
        }
        _spread(word);
    }

    function _addAccount(MemberWord word, AddAccountItem calldata item) private {
        uint32 id = word.party();
        address[] storage accounts = _registry().accounts[id];
        _checkThreshold(word.threshold(), accounts.length + 1);
        _checkFree(item.account);
        accounts.push(item.account);
        _spread(word);
        emit AccountAdded(id, item.account);
    }

    function _removeAccount(MemberWord word, RemoveAccountItem calldata item) private {
        uint32 id = word.party();
        if (_member(item.account).party() != id) revert RegistryNotAccount(id, item.account);
        address[] storage accounts = _registry().accounts[id];
        uint256 last = accounts.length - 1;
        _checkThreshold(word.threshold(), last);
        for (uint256 i; i < last; ++i) {
            if (accounts[i] == item.account) {
                accounts[i] = accounts[last];
                break;
            }
        }
        accounts.pop();
        _drop(item.account);
        emit AccountRemoved(id, item.account);
    }

    function _setThreshold(MemberWord word, SetThresholdItem calldata item) private {
        uint32 id = word.party();
        _checkThreshold(item.threshold, _registry().accounts[id].length);
        _spread(packMember(id, word.roles(), word.status(), item.threshold));
        emit PartyThresholdSet(id, item.threshold);
    }

    /// @dev Writes a party and its accounts here and in every contract that follows.
    function _spread(MemberWord word) private {
        address[] memory accounts = _registry().accounts[word.party()];
        _setParty(word);
        for (uint256 i; i < accounts.length; ++i) {
            _setMember(accounts[i], word);
        }
        IPartyDirectory.Member memory member =
            IPartyDirectory.Member(word.party(), word.roles(), word.status(), word.threshold());
        _documents.syncParty(member, accounts);
        _vouchers.syncParty(member, accounts);
        _desk.syncParty(member, accounts);
        _evidence.syncParty(member, accounts);
    }

    function _drop(address account) private {
        _setMember(account, MemberWord.wrap(0));
        _documents.dropAccount(account);
        _vouchers.dropAccount(account);
        _desk.dropAccount(account);
        _evidence.dropAccount(account);
    }

    function _knownParty(uint32 id) private view returns (MemberWord word) {
        word = _party(id);
        if (!word.isKnown()) revert DirectoryUnknownParty(id);
    }

    function _checkFree(address account) private view {
        if (account == address(0)) revert RegistryZero();
        uint32 taken = _member(account).party();
        if (taken != 0) revert RegistryAccountTaken(account, taken);
    }

    function _checkRoles(uint16 roles) private pure {
        if (roles == 0 || roles > ROLES_ALL) revert RegistryRoles(roles);
    }

    /// @dev As many accounts as the threshold demands, and no more than can be written in one transaction.
    function _checkThreshold(uint8 threshold, uint256 accounts) private pure {
        if (threshold == 0 || threshold > THRESHOLD_MAX) revert RegistryThreshold(threshold);
        if (accounts < threshold || accounts > ACCOUNTS_MAX) {
            revert RegistryAccountCount(accounts, threshold, ACCOUNTS_MAX);
        }
    }

    function _registry() private pure returns (RegistryStorage storage $) {
        assembly ("memory-safe") {
            $.slot := REGISTRY_STORAGE
        }
    }
}
