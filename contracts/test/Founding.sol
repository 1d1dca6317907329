// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {TimelockController} from "@openzeppelin/contracts/governance/TimelockController.sol";
import {ERC1967Proxy} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Proxy.sol";

import {Council} from "../src/Council.sol";
import {CreditVouchers} from "../src/CreditVouchers.sol";
import {EvidenceLog} from "../src/EvidenceLog.sol";
import {FinancingDesk} from "../src/FinancingDesk.sol";
import {ICreditVouchers} from "../src/ICreditVouchers.sol";
import {INetworkAuthority} from "../src/INetworkAuthority.sol";
import {IPartyRegistry} from "../src/IPartyRegistry.sol";
import {IVoucherRecords} from "../src/IVoucherRecords.sol";
import {NetworkAuthority} from "../src/NetworkAuthority.sol";
import {PartyRegistry} from "../src/PartyRegistry.sol";
import {TradeDocuments} from "../src/TradeDocuments.sol";
import {VoucherOffice} from "../src/VoucherOffice.sol";
import {Test} from "./Test.sol";

/// @title A network founded as docs/deployment.md says, with a handful of parties of two accounts each
abstract contract Founding is Test {
    uint256 internal constant DELAY_SECONDS = 2 days;
    uint64 internal constant FACE = 1_000_000_00;
    /// @dev 2026-03-02 09:30 in China.
    uint256 internal constant START = 1_772_415_000;
    bytes32 internal constant RECEIPT = "receipt";
    bytes32 internal constant EVIDENCE = "evidence";

    uint32 internal constant BUYER = 1;
    uint32 internal constant SUPPLIER = 2;
    uint32 internal constant SUPPLIER_2 = 3;
    uint32 internal constant FUNDER = 4;
    uint32 internal constant BANK = 5;
    uint32 internal constant OPERATOR = 6;
    uint32 internal constant REGULATOR = 7;
    uint32 internal constant BUYER_2 = 8;
    /// @dev A supplier whose orders need two signatures.
    uint32 internal constant SUPPLIER_MAKER_CHECKER = 9;
    uint32 internal constant INSPECTOR = 10;
    uint32 internal constant BANK_2 = 11;
    uint32 internal constant PARTIES = 11;

    address internal registrar = makeAddr("registrar");
    address internal guardian = makeAddr("guardian");
    address internal stranger = makeAddr("stranger");
    address[] internal councillors;

    Council internal council;
    TimelockController internal timelock;
    NetworkAuthority internal authority;
    PartyRegistry internal registry;
    TradeDocuments internal documents;
    /// @dev The whole address, both parts of its code.
    ICreditVouchers internal vouchers;
    CreditVouchers internal voucherOrders;
    FinancingDesk internal desk;
    EvidenceLog internal evidence;

    function setUp() public virtual {
        vm.warp(START);
        for (uint256 i = 1; i <= 3; ++i) {
            councillors.push(makeAddr(string.concat("councillor", vm.toString(i))));
        }
        _deploy();
        _registerParties();
        vm.startPrank(registrar);
        vouchers.setIssuerLimit(BUYER, 100 * FACE);
        vouchers.setIssuerLimit(BUYER_2, 100 * FACE);
        vm.stopPrank();
    }

    // ---- deployment

    function _deploy() private {
        // Every address follows from the deployer and the number of its transaction.
        uint64 first = vm.getNonce(address(this));
        INetworkAuthority.Genesis memory place = INetworkAuthority.Genesis({
            timelock: vm.computeCreateAddress(address(this), first + 1),
            registrar: registrar,
            guardian: guardian,
            registry: vm.computeCreateAddress(address(this), first + 9),
            documents: vm.computeCreateAddress(address(this), first + 10),
            vouchers: vm.computeCreateAddress(address(this), first + 11),
            desk: vm.computeCreateAddress(address(this), first + 12),
            evidence: vm.computeCreateAddress(address(this), first + 14)
        });

        council = new Council(place.timelock, councillors, 2);
        address[] memory proposers = new address[](1);
        proposers[0] = address(council);
        timelock = new TimelockController(DELAY_SECONDS, proposers, new address[](1), address(0));
        address authorityCode = address(new NetworkAuthority());
        address registryCode = address(
            new PartyRegistry(
                place.registry, place.documents, place.vouchers, place.desk, place.evidence
            )
        );
        address documentsCode = address(new TradeDocuments(place.registry, place.vouchers));
        address office = address(new VoucherOffice(place.registry, place.desk));
        address vouchersCode = address(new CreditVouchers(place.registry, place.documents, office));
        address deskCode = address(new FinancingDesk(place.registry, place.vouchers));

        authority = NetworkAuthority(
            _proxy(authorityCode, abi.encodeCall(NetworkAuthority.initializeNetwork, (place)))
        );
        bytes memory init = abi.encodeWithSignature("initialize(address)", address(authority));
        registry = PartyRegistry(_proxy(registryCode, init));
        documents = TradeDocuments(_proxy(documentsCode, init));
        voucherOrders = CreditVouchers(
            _proxy(
                vouchersCode,
                abi.encodeCall(CreditVouchers.initialize, (address(authority), firstPolicy()))
            )
        );
        vouchers = ICreditVouchers(address(voucherOrders));
        desk = FinancingDesk(_proxy(deskCode, init));
        address evidenceCode = address(new EvidenceLog(place.registry));
        evidence = EvidenceLog(_proxy(evidenceCode, init));
        assertEq(address(timelock), place.timelock);
        assertEq(address(registry), place.registry);
        assertEq(address(documents), place.documents);
        assertEq(address(vouchers), place.vouchers);
        assertEq(address(desk), place.desk);
        assertEq(address(evidence), place.evidence);
    }

    function _proxy(address code, bytes memory data) private returns (address) {
        return address(new ERC1967Proxy(code, data));
    }

    function firstPolicy() internal pure returns (IVoucherRecords.Policy memory) {
        return IVoucherRecords.Policy({
            validFrom: 0,
            tenorMonthsSoft: 6,
            tenorMonthsHard: 12,
            maxDepth: 6,
            maxPieces: 100,
            offerSecondsMax: 30 days,
            graceDays: 3
        });
    }

    function _registerParties() private {
        IPartyRegistry.Registration[] memory list = new IPartyRegistry.Registration[](PARTIES);
        uint16[PARTIES] memory roles = [uint16(1), 2, 2, 4, 8, 64, 128, 3, 2, 16, 8];
        for (uint32 id = 1; id <= PARTIES; ++id) {
            address[] memory accounts = new address[](2);
            accounts[0] = accountOf(id);
            accounts[1] = accountOf(id, 2);
            list[id - 1] = IPartyRegistry.Registration({
                idHash: keccak256(abi.encode("company", id)),
                roles: roles[id - 1],
                threshold: id == SUPPLIER_MAKER_CHECKER ? 2 : 1,
                accounts: accounts
            });
        }
        vm.prank(registrar);
        registry.register(list);
    }

    // ---- accounts

    function keyOf(uint32 id, uint256 number) internal pure returns (uint256) {
        return uint256(keccak256(abi.encode("key", id, number)));
    }

    function accountOf(uint32 id) internal pure returns (address) {
        return accountOf(id, 1);
    }

    function accountOf(uint32 id, uint256 number) internal pure returns (address) {
        return vm.addr(keyOf(id, number));
    }
}
