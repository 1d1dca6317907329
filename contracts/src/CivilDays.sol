// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title Calendar days and months in China Standard Time
/// @notice A day is the number of days since 1970-01-01 in UTC+8. Months are calendar months; a day that the target
/// month lacks becomes its last day (31 January + 1 month = 28 or 29 February).
/// @dev Conversions after Howard Hinnant, "chrono-compatible low-level date algorithms".
library CivilDays {
    /// @dev China Standard Time is UTC+8 all year.
    uint256 private constant OFFSET_SECONDS = 8 hours;
    /// @dev Days from 0000-03-01 to 1970-01-01.
    uint256 private constant EPOCH_SHIFT_DAYS = 719_468;
    uint256 private constant DAYS_PER_ERA = 146_097;

    /// @notice The day in which a Unix time falls.
    function dayOf(uint256 time) internal pure returns (uint32) {
        return uint32((time + OFFSET_SECONDS) / 1 days);
    }

    /// @notice The day `months` calendar months after `day`.
    function addMonths(uint32 day, uint8 months) internal pure returns (uint32) {
        unchecked {
            (uint256 fromYear, uint256 fromMonth, uint256 dayOfMonth) = toDate(day);
            uint256 count = fromYear * 12 + (fromMonth - 1) + months;
            uint256 year = count / 12;
            uint256 month = count % 12 + 1;
            uint256 last = daysInMonth(year, month);
            return fromDate(year, month, dayOfMonth < last ? dayOfMonth : last);
        }
    }

    // Calendars divide and multiply back on purpose.
    // slither-disable-start divide-before-multiply

    /// @notice Year, month (1 to 12) and day of the month (from 1).
    function toDate(uint32 day)
        internal
        pure
        returns (uint256 year, uint256 month, uint256 dayOfMonth)
    {
        unchecked {
            uint256 shifted = uint256(day) + EPOCH_SHIFT_DAYS;
            uint256 era = shifted / DAYS_PER_ERA;
            uint256 dayOfEra = shifted % DAYS_PER_ERA;
            uint256 yearOfEra =
                (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365;
            uint256 dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100);
            uint256 shiftedMonth = (5 * dayOfYear + 2) / 153; // 0 is March
            dayOfMonth = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1;
            month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9;
            year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
        }
    }

    /// @notice Day number of a date from 1970 on.
    function fromDate(uint256 year, uint256 month, uint256 dayOfMonth)
        internal
        pure
        returns (uint32)
    {
        unchecked {
            uint256 shiftedYear = month <= 2 ? year - 1 : year;
            uint256 era = shiftedYear / 400;
            uint256 yearOfEra = shiftedYear % 400;
            uint256 shiftedMonth = month > 2 ? month - 3 : month + 9;
            uint256 dayOfYear = (153 * shiftedMonth + 2) / 5 + dayOfMonth - 1;
            uint256 dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear;
            return uint32(era * DAYS_PER_ERA + dayOfEra - EPOCH_SHIFT_DAYS);
        }
    }

    // slither-disable-end divide-before-multiply

    function daysInMonth(uint256 year, uint256 month) internal pure returns (uint256) {
        if (month == 2) {
            bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            return leap ? 29 : 28;
        }
        // April, June, September, November.
        return month == 4 || month == 6 || month == 9 || month == 11 ? 30 : 31;
    }
}
