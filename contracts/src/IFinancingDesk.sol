// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.28;

/// @title Financing of pieces: lock, registration, disbursement, repayment
/// @notice The desk never holds money or vouchers. Financing ids run from 1.
/// States: 1 Locked, 2 Registered, 3 Disbursed, 4 Released (ended before money flowed), 5 Repaid.
/// Orders: 1 OpenFinancing (holder), 2 RegisterFinancing (funder), 3 ReleaseFinancing (funder; holder after the lock's
/// expiry), 4 Disburse (the bank named at opening), 5 Repay (the bank named at opening).
interface IFinancingDesk {
    /// @dev `amount` is what was locked; if the paying bank pays part of the piece before disbursement, the quote no
    /// longer fits and the disbursement is refused.
    struct Financing {
        uint64 piece;
        uint32 seller;
        uint32 funder;
        uint32 bank;
        uint32 expiry;
        uint8 state;
        bool sale;
        bool recourse;
        uint64 price;
        uint64 amount;
        uint32 maturityDay;
        bytes32 terms;
        bytes32 registration;
    }

    /// @param bank Paying bank whose receipt proves disbursement and repayment.
    /// @param price What the seller is to receive, fen.
    /// @param maturityDay Day on which the funder expects its money.
    /// @param expiry Until when the lock stands if no money flows.
    /// @param terms Hash of the accepted quote.
    struct OpenFinancingItem {
        uint64 piece;
        uint64 amount;
        bool back;
        uint32 funder;
        uint32 bank;
        bool sale;
        bool recourse;
        uint64 price;
        uint32 maturityDay;
        uint32 expiry;
        bytes32 terms;
    }

    /// @param registration Hash of the registration number in the movable-property registry; bound once.
    /// @param tenorReason Hash of the reason for a term above the soft limit, looked at by the funder; else 0.
    struct RegisterFinancingItem {
        uint64 financing;
        bytes32 registration;
        bytes32 tenorReason;
    }

    struct ReleaseFinancingItem {
        uint64 financing;
        uint32 reason;
    }

    struct DisburseItem {
        uint64 financing;
        uint64 amount;
        bytes32 receipt;
    }

    /// @notice Pledge: the loan was paid back. Sale with recourse after dishonour: the seller bought the piece back.
    struct RepayItem {
        uint64 financing;
        uint64 amount;
        bytes32 receipt;
    }

    event FinancingOpened(
        uint64 indexed financing,
        uint64 indexed piece,
        uint32 indexed seller,
        uint32 funder,
        uint32 bank,
        bool sale,
        bool recourse,
        uint64 price,
        uint32 maturityDay,
        uint32 expiry,
        bytes32 terms
    );
    event FinancingRegistered(
        uint64 indexed financing, bytes32 indexed registration, bytes32 tenorReason
    );
    event FinancingReleased(uint64 indexed financing, uint32 indexed by, uint32 reason);
    event FinancingDisbursed(
        uint64 indexed financing, uint32 indexed bank, uint64 amount, bytes32 receipt
    );
    event FinancingRepaid(
        uint64 indexed financing, uint32 indexed bank, uint64 amount, bytes32 receipt
    );

    error DeskUnknown(uint64 financing);
    error DeskState(uint64 financing, uint8 state);
    error DeskNotFunder(uint64 financing, uint32 party);
    error DeskNotBank(uint64 financing, uint32 party);
    error DeskNotParty(uint64 financing, uint32 party);
    error DeskLockRuns(uint64 financing, uint32 expiry);
    error DeskLockExpired(uint64 financing, uint32 expiry);
    error DeskRegistrationUsed(bytes32 registration, uint64 financing);
    error DeskNeedsTenorReason(uint64 financing, uint32 dueDay);
    error DeskAmount(uint64 financing, uint64 amount, uint64 expected);
    error DeskPrice(uint64 price, uint64 amount);
    error DeskMaturity(uint32 maturityDay, uint32 today);
    error DeskNoRecourse(uint64 financing);
    error DeskNotDishonoured(uint64 financing);
    error DeskRegistration();
    error DeskSelf(uint32 party);
    error DeskReceipt();
    error DeskTerms();

    function openFinancing(OpenFinancingItem calldata item) external;
    function openFinancingBatch(OpenFinancingItem[] calldata items) external;
    function registerFinancing(RegisterFinancingItem calldata item) external;
    function registerFinancingBatch(RegisterFinancingItem[] calldata items) external;
    function releaseFinancing(ReleaseFinancingItem calldata item) external;
    function releaseFinancingBatch(ReleaseFinancingItem[] calldata items) external;
    function disburse(DisburseItem calldata item) external;
    function disburseBatch(DisburseItem[] calldata items) external;
    function repay(RepayItem calldata item) external;
    function repayBatch(RepayItem[] calldata items) external;

    function financingOf(uint64 financing) external view returns (Financing memory);
    function financingCount() external view returns (uint64);
    function financingOfRegistration(bytes32 registration) external view returns (uint64);
}
