// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {
    AccessManagerUpgradeable
} from "@openzeppelin/contracts-upgradeable/access/manager/AccessManagerUpgradeable.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";
import {ERC1967Proxy} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Proxy.sol";
import {Initializable} from "@openzeppelin/contracts/proxy/utils/Initializable.sol";
import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";

import {CreditVouchers} from "../../src/CreditVouchers.sol";
import {EvidenceLog} from "../../src/EvidenceLog.sol";
import {FinancingDesk} from "../../src/FinancingDesk.sol";
import {IEvidenceLog} from "../../src/IEvidenceLog.sol";
import {INetworkAuthority} from "../../src/INetworkAuthority.sol";
import {IPartyDirectory} from "../../src/IPartyDirectory.sol";
import {IPartyGate} from "../../src/IPartyGate.sol";
import {ISignedOrders} from "../../src/ISignedOrders.sol";
import {NetworkAuthority} from "../../src/NetworkAuthority.sol";
import {PartyRegistry} from "../../src/PartyRegistry.sol";
import {TradeDocuments} from "../../src/TradeDocuments.sol";
import {VoucherOffice} from "../../src/VoucherOffice.sol";
import {Network} from "../Network.sol";

/// @title A second version of the authority, to upgrade to
contract NetworkAuthorityV2 is NetworkAuthority {
    function version() external pure returns (uint256) {
        return 2;
    }
}

/// @title What is closed after the founding, and how code is exchanged
contract UpgradesTest is Network {
    function test_nobody_founds_the_network_again() public {
        INetworkAuthority.Genesis memory genesis;
        vm.expectRevert(Initializable.InvalidInitialization.selector);
        authority.initializeNetwork(genesis);
        vm.expectRevert(Initializable.InvalidInitialization.selector);
        AccessManagerUpgradeable(address(authority)).initialize(stranger);
        NetworkAuthority code = new NetworkAuthority();
        vm.expectRevert(Initializable.InvalidInitialization.selector);
        code.initializeNetwork(genesis);
    }

    function test_initializers_are_closed_on_proxies_and_code() public {
        vm.expectRevert(Initializable.InvalidInitialization.selector);
        registry.initialize(stranger);
        vm.expectRevert(Initializable.InvalidInitialization.selector);
        documents.initialize(stranger);
        vm.expectRevert(Initializable.InvalidInitialization.selector);
        desk.initialize(stranger);
        vm.expectRevert(Initializable.InvalidInitialization.selector);
        evidence.initialize(stranger);
        vm.expectRevert(Initializable.InvalidInitialization.selector);
        voucherOrders.initialize(stranger, firstPolicy());
        address place = address(this);
        PartyRegistry registryCode = new PartyRegistry(place, place, place, place, place);
        vm.expectRevert(Initializable.InvalidInitialization.selector);
        registryCode.initialize(stranger);
        TradeDocuments documentsCode = new TradeDocuments(place, place);
        vm.expectRevert(Initializable.InvalidInitialization.selector);
        documentsCode.initialize(stranger);
        EvidenceLog evidenceCode = new EvidenceLog(place);
        vm.expectRevert(Initializable.InvalidInitialization.selector);
        evidenceCode.initialize(stranger);
        FinancingDesk deskCode = new FinancingDesk(place, place);
        vm.expectRevert(Initializable.InvalidInitialization.selector);
        deskCode.initialize(stranger);
        CreditVouchers vouchersCode = new CreditVouchers(place, place, place);
        vm.expectRevert(Initializable.InvalidInitialization.selector);
        vouchersCode.initialize(stranger, firstPolicy());
    }

    // ---- upgrades

    function test_the_timelock_upgrades_the_vouchers_and_nothing_is_lost() public {
        uint64 piece = held();
        bytes32 before = _digest(piece >> 16);
        VoucherOffice office = new VoucherOffice(address(registry), address(desk));
        CreditVouchers code =
            new CreditVouchers(address(registry), address(documents), address(office));
        bytes memory data = abi.encodeCall(UUPSUpgradeable.upgradeToAndCall, (address(code), ""));
        govern(address(voucherOrders), data);
        assertEq(voucherOrders.office(), address(office));
        assertEq(_digest(piece >> 16), before);
        transferOffered(piece, FACE / 2);
    }

    function test_the_timelock_upgrades_the_authority() public {
        NetworkAuthorityV2 code = new NetworkAuthorityV2();
        bytes memory data = abi.encodeCall(UUPSUpgradeable.upgradeToAndCall, (address(code), ""));
        govern(address(authority), data);
        assertEq(NetworkAuthorityV2(address(authority)).version(), 2);
        (bool admin,) = authority.hasRole(0, address(timelock));
        assertTrue(admin);
    }

    /// @dev What docs/deployment.md says about a contract that was added later.
    function test_a_network_gets_an_evidence_log_later() public {
        address code = address(new EvidenceLog(address(registry)));
        bytes memory first = abi.encodeCall(EvidenceLog.initialize, (address(authority)));
        EvidenceLog later = EvidenceLog(address(new ERC1967Proxy(code, first)));
        PartyRegistry newRegistry = new PartyRegistry(
            address(registry), address(documents), address(vouchers), address(desk), address(later)
        );
        govern(
            address(registry),
            abi.encodeCall(UUPSUpgradeable.upgradeToAndCall, (address(newRegistry), ""))
        );
        bytes4[] memory functions = new bytes4[](1);
        functions[0] = ISignedOrders.pause.selector;
        govern(
            address(authority),
            abi.encodeCall(
                IAccessManager.setTargetFunctionRole,
                (address(later), functions, authority.GUARDIAN())
            )
        );
        IEvidenceLog.OpenLogItem memory item = IEvidenceLog.OpenLogItem("a", "key", stranger, false);
        vm.expectRevert(
            abi.encodeWithSelector(
                IPartyDirectory.DirectoryUnknownAccount.selector, accountOf(SUPPLIER)
            )
        );
        acts(SUPPLIER);
        later.openLog(item);
        vm.prank(registrar);
        registry.setRoles(SUPPLIER, 2);
        acts(SUPPLIER);
        later.openLog(item);
        assertEq(later.logInfo(later.logId(SUPPLIER, "a")).party, SUPPLIER);
        vm.prank(guardian);
        later.pause();
        assertTrue(later.paused());
    }

    function test_nobody_else_upgrades() public {
        address[5] memory callers =
            [registrar, guardian, stranger, councillors[0], accountOf(OPERATOR)];
        address[5] memory places = [
            address(registry),
            address(documents),
            address(vouchers),
            address(desk),
            address(evidence)
        ];
        for (uint256 i; i < callers.length; ++i) {
            for (uint256 j; j < places.length; ++j) {
                vm.expectRevert(
                    abi.encodeWithSelector(
                        IAccessManaged.AccessManagedUnauthorized.selector, callers[i]
                    )
                );
                vm.prank(callers[i]);
                UUPSUpgradeable(places[j]).upgradeToAndCall(address(this), "");
            }
            vm.expectRevert(
                abi.encodeWithSelector(
                    IAccessManager.AccessManagerUnauthorizedAccount.selector, callers[i], uint64(0)
                )
            );
            vm.prank(callers[i]);
            authority.upgradeToAndCall(address(this), "");
        }
    }

    function test_code_answers_nothing_at_its_own_address() public {
        address place = address(this);
        VoucherOffice office = new VoucherOffice(place, place);
        vm.expectRevert(abi.encodeWithSelector(IPartyGate.OrdersSelfOnly.selector, place));
        (bool success,) =
            address(office).call(abi.encodeWithSignature("runItems(uint8,uint256,bytes)", 8, 0, ""));
        assertTrue(success);
        assertEq(office.rootCount(), 0);
    }

    function _digest(uint64 root) private view returns (bytes32) {
        uint64[] memory roots = new uint64[](1);
        roots[0] = root;
        return vouchers.rootDigests(roots)[0];
    }
}
