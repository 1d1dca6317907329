// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {
    AccessManagerUpgradeable
} from "@openzeppelin/contracts-upgradeable/access/manager/AccessManagerUpgradeable.sol";
import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";

import {INetworkAuthority} from "./INetworkAuthority.sol";
import {IPartyRegistry} from "./IPartyRegistry.sol";
import {ISignedOrders} from "./ISignedOrders.sol";
import {IVoucherOffice} from "./IVoucherOffice.sol";

/// @title NetworkAuthority
contract NetworkAuthority is AccessManagerUpgradeable, UUPSUpgradeable, INetworkAuthority {
    /// @inheritdoc INetworkAuthority
    uint64 public constant REGISTRAR = 1;
    /// @inheritdoc INetworkAuthority
    uint64 public constant GUARDIAN = 2;

    /// @custom:oz-upgrades-unsafe-allow constructor
    constructor() {
        _disableInitializers();
    }

    /// @notice Sets every role at once, so that nobody but the timelock is ever admin.
    function initializeNetwork(Genesis calldata genesis) external initializer {
        __AccessManager_init(genesis.timelock);
        _grantRole(REGISTRAR, genesis.registrar, 0, 0);
        _grantRole(GUARDIAN, genesis.guardian, 0, 0);

        _setTargetFunctionRole(genesis.registry, IPartyRegistry.register.selector, REGISTRAR);
        _setTargetFunctionRole(genesis.registry, IPartyRegistry.setRoles.selector, REGISTRAR);
        _setTargetFunctionRole(genesis.registry, IPartyRegistry.setStatus.selector, REGISTRAR);
        _setTargetFunctionRole(genesis.vouchers, IVoucherOffice.setIssuerLimit.selector, REGISTRAR);

        _setTargetFunctionRole(genesis.registry, ISignedOrders.pause.selector, GUARDIAN);
        _setTargetFunctionRole(genesis.documents, ISignedOrders.pause.selector, GUARDIAN);
        _setTargetFunctionRole(genesis.vouchers, ISignedOrders.pause.selector, GUARDIAN);
        _setTargetFunctionRole(genesis.desk, ISignedOrders.pause.selector, GUARDIAN);
        _setTargetFunctionRole(genesis.evidence, ISignedOrders.pause.selector, GUARDIAN);
    }

    /// @notice Closed: the initializer of the base contract would name an admin alone.
    function initialize(address) public pure override {
        revert InvalidInitialization();
    }

    function _authorizeUpgrade(address) internal view override {
        (bool admin,) = hasRole(ADMIN_ROLE, msg.sender);
        if (!admin) revert AccessManagerUnauthorizedAccount(msg.sender, ADMIN_ROLE);
    }
}
