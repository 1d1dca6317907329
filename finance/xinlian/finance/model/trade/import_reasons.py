"""Why a file is refused or a row is not taken, as stable codes in order of precedence.

Where several reasons hold, the first in the enum is the one reported; docs and a test keep the
order.
"""

from __future__ import annotations

from enum import StrEnum


class RowReason(StrEnum):
    """Why a row is invalid."""

    RAGGED_ROW = "ragged_row"
    CELL_TOO_LONG = "cell_too_long"
    QUOTE_MALFORMED = "quote_malformed"
    CELL_ERROR = "cell_error"
    FORMULA_WITHOUT_VALUE = "formula_without_value"
    CONTROL_CHARACTER = "control_character"
    SELLER_MISSING = "seller_missing"
    SELLER_CODE_INVALID = "seller_code_invalid"
    BUYER_MISSING = "buyer_missing"
    BUYER_CODE_INVALID = "buyer_code_invalid"
    SAME_PARTY = "same_party"
    INVOICE_NUMBER_MISSING = "invoice_number_missing"
    INVOICE_NUMBER_LOST_DIGITS = "invoice_number_lost_digits"
    INVOICE_NUMBER_INVALID = "invoice_number_invalid"
    INVOICE_DATE_MISSING = "invoice_date_missing"
    INVOICE_DATE_INVALID = "invoice_date_invalid"
    INVOICE_DATE_IN_FUTURE = "invoice_date_in_future"
    DUE_DATE_MISSING = "due_date_missing"
    DUE_DATE_INVALID = "due_date_invalid"
    DUE_BEFORE_INVOICE = "due_before_invoice"
    DUE_DATE_PAST = "due_date_past"
    INVOICE_NUMBER_OTHER_YEAR = "invoice_number_other_year"
    DELIVERY_DATE_INVALID = "delivery_date_invalid"
    CURRENCY_UNSUPPORTED = "currency_unsupported"
    AMOUNT_MISSING = "amount_missing"
    AMOUNT_INVALID = "amount_invalid"
    AMOUNT_NOT_POSITIVE = "amount_not_positive"
    AMOUNT_TOO_LARGE = "amount_too_large"
    TAX_AMOUNT_INVALID = "tax_amount_invalid"
    TOTAL_NOT_SUM = "total_not_sum"
    FACT_INVALID = "fact_invalid"
    REVERSAL_UNMATCHED = "reversal_unmatched"
    NOT_YOURS = "not_yours"


class Outcome(StrEnum):
    """How a row ended."""

    ACCEPTED = "accepted"
    EXISTS = "exists"
    CONFLICT = "conflict"
    INVALID = "invalid"


class RowProblemError(ValueError):
    """A row is invalid: the reason, the field it concerns and a sentence for the reader."""

    def __init__(self, reason: RowReason, field: str | None, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.field = field
        self.message = message


ROW_REASON_TEXT: dict[RowReason, tuple[str, str]] = {
    RowReason.RAGGED_ROW: ("The row has more or fewer cells than the header", "列数与表头不符"),
    RowReason.CELL_TOO_LONG: ("A cell is too long", "单元格内容过长"),
    RowReason.QUOTE_MALFORMED: ("A quoted cell is malformed", "引号格式错误"),
    RowReason.CELL_ERROR: ("A cell holds a spreadsheet error", "单元格为表格错误值"),
    RowReason.FORMULA_WITHOUT_VALUE: ("A formula has no stored value", "公式没有保存计算结果"),
    RowReason.CONTROL_CHARACTER: ("A cell holds invisible characters", "单元格含不可见字符"),
    RowReason.SELLER_MISSING: ("The seller is missing", "缺少销方"),
    RowReason.SELLER_CODE_INVALID: ("The seller's code is wrong", "销方统一社会信用代码错误"),
    RowReason.BUYER_MISSING: ("The buyer is missing", "缺少购方"),
    RowReason.BUYER_CODE_INVALID: ("The buyer's code is wrong", "购方统一社会信用代码错误"),
    RowReason.SAME_PARTY: ("Seller and buyer are one company", "销方与购方相同"),
    RowReason.INVOICE_NUMBER_MISSING: ("The invoice number is missing", "缺少发票号码"),
    RowReason.INVOICE_NUMBER_LOST_DIGITS: (
        "The spreadsheet stored the number as a quantity and lost digits",
        "发票号码以数值保存,已丢失位数",
    ),
    RowReason.INVOICE_NUMBER_INVALID: ("The invoice number is wrong", "发票号码错误"),
    RowReason.INVOICE_DATE_MISSING: ("The invoice date is missing", "缺少开票日期"),
    RowReason.INVOICE_DATE_INVALID: ("The invoice date is no date", "开票日期错误"),
    RowReason.INVOICE_DATE_IN_FUTURE: ("The invoice date is yet to come", "开票日期晚于今天"),
    RowReason.DUE_DATE_MISSING: ("The due date is missing", "缺少到期日"),
    RowReason.DUE_DATE_INVALID: ("The due date is no date", "到期日错误"),
    RowReason.DUE_BEFORE_INVOICE: ("Due before the invoice date", "到期日早于开票日期"),
    RowReason.DUE_DATE_PAST: ("The due date is past", "已过到期日"),
    RowReason.INVOICE_NUMBER_OTHER_YEAR: (
        "The invoice number is of another year than the invoice",
        "发票号码年份与开票日期不符",
    ),
    RowReason.DELIVERY_DATE_INVALID: ("The delivery date is no date", "交货日期错误"),
    RowReason.CURRENCY_UNSUPPORTED: ("Only CNY is taken", "仅支持人民币"),
    RowReason.AMOUNT_MISSING: ("The amount is missing", "缺少金额"),
    RowReason.AMOUNT_INVALID: ("The amount is no plain decimal number", "金额格式错误"),
    RowReason.AMOUNT_NOT_POSITIVE: ("The amount is not above zero", "金额须大于零"),
    RowReason.AMOUNT_TOO_LARGE: ("The amount is above the mapping's bound", "金额超过上限"),
    RowReason.TAX_AMOUNT_INVALID: ("The net or tax amount is wrong", "不含税金额或税额错误"),
    RowReason.TOTAL_NOT_SUM: ("Net plus tax is not the total", "价税合计不等于金额加税额"),
    RowReason.REVERSAL_UNMATCHED: (
        "The invoice that this one reverses is not known or doesn't fit",
        "找不到被红冲的蓝字发票或信息不符",
    ),
    RowReason.NOT_YOURS: (
        "Whoever imports it is neither its seller nor its buyer",
        "导入方既非销方也非购方",
    ),
    RowReason.FACT_INVALID: ("A further fact is malformed", "附加信息格式错误"),
}
"""Each reason in English and Chinese, for labels beside the row."""
