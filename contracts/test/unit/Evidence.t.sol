// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";

import {EvidenceLog} from "../../src/EvidenceLog.sol";
import {IEvidenceLog} from "../../src/IEvidenceLog.sol";
import {IPartyDirectory} from "../../src/IPartyDirectory.sol";
import {IPartyGate} from "../../src/IPartyGate.sol";
import {Kinds} from "../support/Kinds.sol";
import {Logs} from "../support/Logs.sol";
import {PlainTree} from "../support/PlainTree.sol";

/// @title Opening logs, writers, and who may append what
contract EvidenceTest is Logs {
    // ---- opening

    function test_opened_log_has_the_facts_of_its_order() public {
        bytes32 log = sha256(
            abi.encodePacked(block.chainid, address(evidence), SUPPLIER, "quality.line-1_a")
        );
        assertEq(evidence.logId(SUPPLIER, STREAM), log);
        vm.expectEmit(address(evidence));
        emit IEvidenceLog.LogOpened(log, SUPPLIER, STREAM, KEY, writer, true);
        does(Kinds.OPEN_LOG, SUPPLIER, abi.encode(STREAM, KEY, writer, true));
        IEvidenceLog.LogInfo memory info = evidence.logInfo(log);
        assertEq(info.party, SUPPLIER);
        assertEq(info.writer, writer);
        assertTrue(info.sm3);
        assertEq(info.stream, STREAM);
        assertEq(info.keyCommitment, KEY);
        assertEq(evidence.head(log).size, 0);
    }

    function test_maker_and_checker_open_logs_by_order() public {
        bytes memory items = bytes.concat(
            abi.encode(STREAM, KEY, writer, false), abi.encode(bytes32("b"), KEY, writer, false)
        );
        does(Kinds.OPEN_LOG, SUPPLIER_MAKER_CHECKER, items);
        assertEq(evidence.logInfo(evidence.logId(SUPPLIER_MAKER_CHECKER, "b")).writer, writer);
    }

    function test_a_log_is_opened_once() public {
        bytes32 log = opened(false);
        refuses(
            Kinds.OPEN_LOG,
            SUPPLIER,
            abi.encode(STREAM, KEY, writer, false),
            abi.encodeWithSelector(IEvidenceLog.EvidenceExists.selector, log)
        );
        // The same stream of another party is another log.
        does(Kinds.OPEN_LOG, SUPPLIER_2, abi.encode(STREAM, KEY, writer, false));
    }

    function test_names_of_streams() public {
        bytes32[10] memory bad = [
            bytes32(0),
            "Quality",
            "a b",
            "a/b",
            unicode"质",
            bytes32(uint256(1)),
            bytes32("a") | bytes32(uint256(uint8(bytes1("b")))),
            "a:b",
            "`",
            "{"
        ];
        for (uint256 i; i < bad.length; ++i) {
            refuses(
                Kinds.OPEN_LOG,
                SUPPLIER,
                abi.encode(bad[i], KEY, writer, false),
                abi.encodeWithSelector(IEvidenceLog.EvidenceStream.selector, bad[i])
            );
        }
        bytes32[4] memory good =
            [bytes32("a"), "09az._-", "abcdefghijklmnopqrstuvwxyz012345", "..--__"];
        for (uint256 i; i < good.length; ++i) {
            does(Kinds.OPEN_LOG, SUPPLIER, abi.encode(good[i], KEY, writer, false));
        }
    }

    function test_a_log_has_a_writer_and_a_key() public {
        bytes memory zero = abi.encodeWithSelector(IEvidenceLog.EvidenceZero.selector);
        refuses(Kinds.OPEN_LOG, SUPPLIER, abi.encode(STREAM, KEY, address(0), false), zero);
        refuses(Kinds.OPEN_LOG, SUPPLIER, abi.encode(STREAM, 0, writer, false), zero);
        bytes32 log = opened(false);
        refuses(Kinds.SET_WRITER, SUPPLIER, abi.encode(log, address(0)), zero);
    }

    // ---- writers

    function test_a_new_writer_takes_the_place_of_the_old_one() public {
        bytes32 log = opened(false);
        address next = vm.addr(77);
        vm.expectEmit(address(evidence));
        emit IEvidenceLog.WriterSet(log, next);
        does(Kinds.SET_WRITER, SUPPLIER, abi.encode(log, next));
        (bool success, bytes memory why) = tries(log, 1, "root", new bytes32[](0));
        assertFalse(success);
        assertEq(why, abi.encodeWithSelector(IEvidenceLog.EvidenceNotWriter.selector, log, writer));
        vm.prank(next);
        evidence.append(log, 1, "root", INDEX, new bytes32[](0));
        assertEq(evidence.head(log).size, 1);
    }

    function test_writers_are_set_by_the_owner_of_the_log() public {
        bytes32 log = opened(false);
        refuses(
            Kinds.SET_WRITER,
            SUPPLIER_2,
            abi.encode(log, writer),
            abi.encodeWithSelector(IEvidenceLog.EvidenceNotOwner.selector, log, SUPPLIER_2)
        );
        refuses(
            Kinds.SET_WRITER,
            SUPPLIER,
            abi.encode(bytes32("none"), writer),
            abi.encodeWithSelector(IEvidenceLog.EvidenceUnknown.selector, bytes32("none"))
        );
    }

    function test_a_writer_can_do_nothing_else() public {
        bytes32 log = opened(false);
        vm.expectRevert(
            abi.encodeWithSelector(IPartyDirectory.DirectoryUnknownAccount.selector, writer)
        );
        vm.prank(writer);
        evidence.setWriter(IEvidenceLog.SetWriterItem(log, stranger));
    }

    // ---- who appends

    function test_writer_and_accounts_of_the_party_append() public {
        bytes32 log = opened(false);
        bytes32[] memory leaves = PlainTree.grown(9, 9);
        grow(log, leaves, 3);
        bytes32 root = PlainTree.root(leaves, 0, 9);
        bytes32[] memory proof = PlainTree.consistency(leaves, 3, 9);
        vm.prank(accountOf(SUPPLIER, 2));
        evidence.append(log, 9, root, INDEX, proof);
        IEvidenceLog.Head memory head = evidence.head(log);
        assertEq(head.size, 9);
        assertEq(head.time, START);
        assertEq(head.indexRoot, INDEX);
        assertEq(head.sm3Root, bytes32(0));
    }

    function test_one_account_of_a_maker_checker_party_appends() public {
        does(Kinds.OPEN_LOG, SUPPLIER_MAKER_CHECKER, abi.encode(STREAM, KEY, writer, false));
        bytes32 log = evidence.logId(SUPPLIER_MAKER_CHECKER, STREAM);
        acts(SUPPLIER_MAKER_CHECKER);
        evidence.append(log, 1, "root", INDEX, new bytes32[](0));
        assertEq(evidence.head(log).size, 1);
    }

    function test_others_do_not_append() public {
        bytes32 log = opened(false);
        address[4] memory others = [stranger, accountOf(SUPPLIER_2), registrar, accountOf(OPERATOR)];
        for (uint256 i; i < 4; ++i) {
            vm.expectRevert(
                abi.encodeWithSelector(IEvidenceLog.EvidenceNotWriter.selector, log, others[i])
            );
            vm.prank(others[i]);
            evidence.append(log, 1, "root", INDEX, new bytes32[](0));
        }
    }

    function test_unknown_logs_take_nothing() public {
        vm.expectRevert(abi.encodeWithSelector(IEvidenceLog.EvidenceUnknown.selector, bytes32(0)));
        evidence.append(0, 1, "root", INDEX, new bytes32[](0));
        vm.expectRevert(abi.encodeWithSelector(IEvidenceLog.EvidenceUnknown.selector, bytes32(0)));
        evidence.appendSigned(0, 1, "root", INDEX, 0, new bytes32[](0), new bytes(65));
    }

    function test_suspended_parties_append_nothing() public {
        bytes32 log = opened(false);
        vm.prank(registrar);
        registry.setStatus(SUPPLIER, 2, EVIDENCE);
        bytes memory reason =
            abi.encodeWithSelector(IPartyDirectory.DirectoryPartySuspended.selector, SUPPLIER);
        vm.expectRevert(reason);
        acts(SUPPLIER);
        evidence.append(log, 1, "root", INDEX, new bytes32[](0));
        bytes memory signature = signHead(WRITER_KEY, log, 1, "root", 0);
        vm.expectRevert(reason);
        evidence.appendSigned(log, 1, "root", INDEX, 0, new bytes32[](0), signature);
        vm.prank(registrar);
        registry.setStatus(SUPPLIER, 1, EVIDENCE);
        evidence.appendSigned(log, 1, "root", INDEX, 0, new bytes32[](0), signature);
        assertEq(evidence.head(log).size, 1);
    }

    function test_nothing_is_appended_in_a_pause() public {
        bytes32 log = opened(false);
        vm.prank(guardian);
        evidence.pause();
        bytes memory reason = abi.encodeWithSelector(IPartyGate.OrdersPaused.selector);
        vm.expectRevert(reason);
        acts(SUPPLIER);
        evidence.append(log, 1, "root", INDEX, new bytes32[](0));
        bytes memory signature = signHead(WRITER_KEY, log, 1, "root", 0);
        vm.expectRevert(reason);
        evidence.appendSigned(log, 1, "root", INDEX, 0, new bytes32[](0), signature);
    }

    // ---- upgrade

    function test_an_upgrade_keeps_logs_and_heads() public {
        bytes32 log = opened(false);
        bytes32[] memory leaves = PlainTree.grown(5, 20);
        grow(log, leaves, 11);
        EvidenceLog code = new EvidenceLog(address(registry));
        govern(
            address(evidence), abi.encodeCall(UUPSUpgradeable.upgradeToAndCall, (address(code), ""))
        );
        assertEq(evidence.head(log).root, PlainTree.root(leaves, 0, 11));
        grow(log, leaves, 20);
        assertEq(evidence.head(log).size, 20);
    }

    function test_logs_lie_where_their_name_says() public {
        bytes32 log = opened(true);
        bytes32 place = keccak256(abi.encode(uint256(keccak256("xinlian.storage.EvidenceLog")) - 1))
            & ~bytes32(uint256(0xff));
        uint256 first = uint256(vm.load(address(evidence), keccak256(abi.encode(log, place))));
        assertEq(first, uint256(SUPPLIER) | uint256(uint160(writer)) << 32 | uint256(1) << 192);
    }
}
