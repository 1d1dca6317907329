"""A mapping and a good row that tests spoil."""

from xinlian.finance.model.trade.codes import synthetic_uscc
from xinlian.ledger.model.days import day_from_iso

SELLER, BUYER = synthetic_uscc("t", "seller"), synthetic_uscc("t", "buyer")


TODAY = day_from_iso("2025-03-01")


MAPPING = """
version: 1
name: test
columns:
  seller_code: seller
  seller_name: seller name
  buyer_code: buyer
  invoice_number: number
  invoice_date: issued
  due_date: due
  delivery_date: delivered
  currency: currency
  net_amount: net
  tax_amount: tax
  amount: total
numbers: { amount_max_yuan: "1000000" }
facts:
  paid: { column: paid, type: date }
  disputed: { column: disputed, type: flag, "true": ["Y"], "false": ["N"] }
  note: { column: note }
"""


GOOD = {
    "seller": SELLER,
    "seller name": "甲公司",
    "buyer": BUYER,
    "number": "25312000000010638978",
    "issued": "2025-02-01",
    "due": "2025-05-01",
    "delivered": "2025-01-20",
    "currency": "CNY",
    "net": "100.00",
    "tax": "13.00",
    "total": "113.00",
    "paid": "2025-05-03",
    "disputed": "N",
    "note": "",
}
