// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {IVoucherOffice} from "./IVoucherOffice.sol";
import {IVoucherTrade} from "./IVoucherTrade.sol";

/// @title Credit vouchers as ranges
/// @notice Everything that the voucher contract's address answers to. Words, states, events and errors:
/// `IVoucherRecords`.
/// @dev Two pieces of code behind one address and one storage, because one piece of code may have 24,576 bytes at most:
/// `CreditVouchers` holds `IVoucherTrade` and the orders, and hands everything else to `VoucherOffice`.
interface ICreditVouchers is IVoucherTrade, IVoucherOffice {}
