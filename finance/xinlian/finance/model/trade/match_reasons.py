"""Why less than the whole invoice is usable, as stable codes with words in two languages."""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from xinlian.finance.model.trade.documents import DocumentKind


class BreakReason(StrEnum):
    """Why less than the whole invoice is usable, in the order in which breaks are listed."""

    CONTRACT_MISSING = "contract_missing"
    ORDER_MISSING = "order_missing"
    DELIVERY_MISSING = "delivery_missing"
    ACCEPTANCE_MISSING = "acceptance_missing"
    CONTRACT_UNCONFIRMED = "contract_unconfirmed"
    ORDER_UNCONFIRMED = "order_unconfirmed"
    DELIVERY_UNCONFIRMED = "delivery_unconfirmed"
    ACCEPTANCE_UNCONFIRMED = "acceptance_unconfirmed"
    CREDITED = "credited"
    CREDITED_OVER_INVOICE = "credited_over_invoice"
    OVER_CONTRACT = "over_contract"
    OVER_ORDER = "over_order"
    OVER_DELIVERY = "over_delivery"
    OVER_ACCEPTANCE = "over_acceptance"
    ITEM_NOT_ORDERED = "item_not_ordered"
    PRICE_OVER_ORDER = "price_over_order"
    QUANTITY_OVER_ORDER = "quantity_over_order"
    QUANTITY_OVER_DELIVERY = "quantity_over_delivery"
    QUANTITY_OVER_ACCEPTANCE = "quantity_over_acceptance"
    PAID_IN_ADVANCE = "paid_in_advance"
    DISPUTED = "disputed"
    ALREADY_VOUCHERED = "already_vouchered"
    FINANCED_ELSEWHERE = "financed_elsewhere"
    VOUCHERED_OVER_USABLE = "vouchered_over_usable"


_B, _K = BreakReason, DocumentKind

MISSING: Final = {
    _K.CONTRACT: _B.CONTRACT_MISSING,
    _K.ORDER: _B.ORDER_MISSING,
    _K.DELIVERY: _B.DELIVERY_MISSING,
    _K.ACCEPTANCE: _B.ACCEPTANCE_MISSING,
}
UNCONFIRMED: Final = {
    _K.CONTRACT: _B.CONTRACT_UNCONFIRMED,
    _K.ORDER: _B.ORDER_UNCONFIRMED,
    _K.DELIVERY: _B.DELIVERY_UNCONFIRMED,
    _K.ACCEPTANCE: _B.ACCEPTANCE_UNCONFIRMED,
}
OVER: Final = {
    _K.ACCEPTANCE: _B.OVER_ACCEPTANCE,
    _K.DELIVERY: _B.OVER_DELIVERY,
    _K.ORDER: _B.OVER_ORDER,
    _K.CONTRACT: _B.OVER_CONTRACT,
}
"""From what was accepted upwards: the order in which levels are compared."""

QUANTITY_OVER: Final = {
    _K.ACCEPTANCE: _B.QUANTITY_OVER_ACCEPTANCE,
    _K.DELIVERY: _B.QUANTITY_OVER_DELIVERY,
    _K.ORDER: _B.QUANTITY_OVER_ORDER,
}

BREAK_TEXT: Final[dict[BreakReason, tuple[str, str]]] = {
    _B.CONTRACT_MISSING: ("no contract stands behind the invoice", "发票背后没有合同"),
    _B.ORDER_MISSING: ("no order stands behind the invoice", "发票背后没有订单"),
    _B.DELIVERY_MISSING: ("no delivery stands behind the invoice", "发票背后没有交货单"),
    _B.ACCEPTANCE_MISSING: ("nobody accepted what was delivered", "所交货物没有验收单"),
    _B.CONTRACT_UNCONFIRMED: ("the seller has not stated the contract", "合同未经销方确认"),
    _B.ORDER_UNCONFIRMED: ("the buyer has not stated the order", "订单未经购方确认"),
    _B.DELIVERY_UNCONFIRMED: ("the seller has not stated the delivery", "交货未经销方确认"),
    _B.ACCEPTANCE_UNCONFIRMED: ("the buyer has not stated the acceptance", "验收未经购方确认"),
    _B.CREDITED: ("a red-letter invoice took this back", "已被红字发票冲回"),
    _B.CREDITED_OVER_INVOICE: ("red-letter invoices exceed the invoice", "红字发票超过原发票金额"),
    _B.OVER_CONTRACT: ("the contract does not cover this", "超出合同金额"),
    _B.OVER_ORDER: ("the order does not cover this", "超出订单金额"),
    _B.OVER_DELIVERY: (
        "this was not delivered, or is billed elsewhere",
        "超出交货金额或已另行开票",
    ),
    _B.OVER_ACCEPTANCE: (
        "this was not accepted, or is billed elsewhere",
        "超出验收金额或已另行开票",
    ),
    _B.ITEM_NOT_ORDERED: ("an item was not ordered", "品项未在订单中"),
    _B.PRICE_OVER_ORDER: ("a price is above that of the order", "单价高于订单"),
    _B.QUANTITY_OVER_ORDER: ("more is billed than was ordered", "开票数量超过订单"),
    _B.QUANTITY_OVER_DELIVERY: ("more is billed than was delivered", "开票数量超过交货"),
    _B.QUANTITY_OVER_ACCEPTANCE: ("more is billed than was accepted", "开票数量超过验收"),
    _B.PAID_IN_ADVANCE: ("this was paid already", "已预付或已付款"),
    _B.DISPUTED: ("the buyer disputes this", "购方提出异议"),
    _B.ALREADY_VOUCHERED: ("vouchers stand for this already", "已开立凭证"),
    _B.FINANCED_ELSEWHERE: ("this is financed elsewhere", "已在他处融资"),
    _B.VOUCHERED_OVER_USABLE: ("vouchers exceed what is usable", "已开凭证超过可用金额"),
}
"""Each reason in English and Chinese."""
