// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

import {CivilDays} from "../../src/CivilDays.sol";
import {Test} from "../Test.sol";

/// @title The calendar, against one that counts day by day
contract CivilDaysTest is Test {
    /// @dev Day of 2199-12-31.
    uint32 private constant DAY_MAX = 84_005;

    function test_dates_are_those_of_counting_day_by_day() public pure {
        (uint256 year, uint256 month, uint256 dayOfMonth) = (1970, 1, 1);
        for (uint32 day; day <= DAY_MAX; ++day) {
            (uint256 y, uint256 m, uint256 d) = CivilDays.toDate(day);
            if (y != year || m != month || d != dayOfMonth) assertEq(day, 0, "toDate");
            if (CivilDays.fromDate(year, month, dayOfMonth) != day) assertEq(day, 0, "fromDate");
            if (++dayOfMonth > _length(year, month)) {
                dayOfMonth = 1;
                if (++month > 12) {
                    month = 1;
                    ++year;
                }
            }
        }
        assertEq(year, 2200);
    }

    function test_the_day_turns_at_midnight_in_china() public pure {
        uint256 midnight = 1_772_380_800; // 2026-03-02 00:00 in China
        uint32 day = CivilDays.fromDate(2026, 3, 2);
        assertEq(CivilDays.dayOf(midnight), day);
        assertEq(CivilDays.dayOf(midnight - 1), day - 1);
        assertEq(CivilDays.dayOf(0), 0);
    }

    function test_months_end_where_the_target_month_ends() public pure {
        _plus(2026, 1, 31, 1, 2026, 2, 28);
        _plus(2028, 1, 31, 1, 2028, 2, 29);
        _plus(2100, 1, 31, 1, 2100, 2, 28);
        _plus(2000, 1, 31, 1, 2000, 2, 29);
        _plus(2026, 8, 31, 6, 2027, 2, 28);
        _plus(2026, 3, 31, 1, 2026, 4, 30);
        _plus(2026, 5, 31, 6, 2026, 11, 30);
        _plus(2026, 12, 15, 12, 2027, 12, 15);
        _plus(2026, 12, 31, 0, 2026, 12, 31);
        _plus(2024, 2, 29, 12, 2025, 2, 28);
        _plus(2026, 7, 31, 120, 2036, 7, 31);
    }

    function testFuzz_adding_months_keeps_the_day_or_takes_the_last(uint32 day, uint8 months)
        public
        pure
    {
        day = uint32(bound(day, 0, DAY_MAX));
        (uint256 y, uint256 m, uint256 d) = CivilDays.toDate(day);
        (uint256 y2, uint256 m2, uint256 d2) = CivilDays.toDate(CivilDays.addMonths(day, months));
        assertEq(y2 * 12 + m2, y * 12 + m + months);
        assertTrue(d2 == d || (d2 < d && d2 == _length(y2, m2)));
    }

    function _plus(
        uint256 y,
        uint256 m,
        uint256 d,
        uint8 months,
        uint256 y2,
        uint256 m2,
        uint256 d2
    ) private pure {
        uint32 got = CivilDays.addMonths(CivilDays.fromDate(y, m, d), months);
        assertEq(got, CivilDays.fromDate(y2, m2, d2));
    }

    function _length(uint256 year, uint256 month) private pure returns (uint256) {
        if (month == 2) {
            if (year % 400 == 0) return 29;
            if (year % 100 == 0) return 28;
            return year % 4 == 0 ? 29 : 28;
        }
        uint8[12] memory lengths = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
        return lengths[month - 1];
    }
}
