"""Accounts, orders and notifications, for tests."""

from pathlib import Path

import sepaxml
import xmlschema
from pyiso20022.camt.camt_054_001_08 import Document as Camt054
from xinlian.finance.model.banking.bank import (
    BankAccount,
    BankEntry,
    BankNotification,
    Payment,
    PaymentOrder,
)
from xinlian.ledger.model.days import Day, day_from_iso, start_of
from xinlian.ledger.model.money import Fen
from xsdata.formats.dataclass.parsers import XmlParser
from xsdata.formats.dataclass.parsers.config import ParserConfig

# The published schema of pain.001, as a package of SEPA messages brings it.
PAIN = xmlschema.XMLSchema(Path(sepaxml.__file__).parent / "schemas" / "pain.001.001.09.xsd")

_STRICT = ParserConfig(
    fail_on_unknown_properties=True,
    fail_on_unknown_attributes=True,
    fail_on_converter_warnings=True,
)


def judge_camt(data: bytes) -> Camt054:
    """Read a camt.054 by a foreign library, which knows every element and type of it."""
    return XmlParser(config=_STRICT).from_bytes(data, Camt054)


FUNDER = BankAccount("江海银行", "0200004509089", "102100099996")


SUPPLIER = BankAccount("衡川精密铸造有限公司 & <子>", "6222-0210-0111-6245", "105584000005")


DAY = day_from_iso("2025-07-07")


def order(*items: Payment, name: str = "O1", pay_on: Day = DAY) -> PaymentOrder:
    chosen = items or (Payment("D1", SUPPLIER, Fen(9_894_472_200), "放款"),)
    return PaymentOrder(name, start_of(DAY), "Xinlian", FUNDER, pay_on, chosen)


def entry(**changed: object) -> BankEntry:
    values: dict[str, object] = {
        "reference": "E1",
        "account": FUNDER.account,
        "credit": False,
        "amount": Fen(1_234),
        "booked": DAY,
        "payment_id": "D1",
    }
    return BankEntry(**(values | changed))  # type: ignore[arg-type]


def notification(*items: BankEntry) -> BankNotification:
    return BankNotification("N1", start_of(DAY), items or (entry(),))


FOREIGN = """<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.054.001.08"><BkToCstmrDbtCdtNtfctn>
<GrpHdr><MsgId>BANK-7</MsgId><CreDtTm>2025-07-08T09:30:00</CreDtTm></GrpHdr>
<Ntfctn><Id>1</Id><Acct><Id><IBAN>DE89370400440532013000</IBAN></Id></Acct>
<Ntry><NtryRef>A</NtryRef><Amt Ccy="CNY">30.5</Amt><CdtDbtInd>DBIT</CdtDbtInd>
<Sts><Cd>BOOK</Cd></Sts><BookgDt><DtTm>2025-07-07T23:30:00Z</DtTm></BookgDt>
<BkTxCd><Prtry><Cd>X</Cd></Prtry></BkTxCd><NtryDtls>
<TxDtls><Refs><EndToEndId>D1</EndToEndId></Refs><Amt Ccy="CNY">10.00</Amt></TxDtls>
<TxDtls><Refs><EndToEndId>NOTPROVIDED</EndToEndId></Refs><Amt Ccy="CNY">20.50</Amt></TxDtls>
</NtryDtls></Ntry>
<Ntry><Amt Ccy="CNY">5</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts><Cd>PDNG</Cd></Sts>
<BkTxCd><Prtry><Cd>X</Cd></Prtry></BkTxCd></Ntry>
<Ntry><Amt Ccy="CNY">7</Amt><CdtDbtInd>CRDT</CdtDbtInd><RvslInd>true</RvslInd>
<Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2025-07-08</Dt></BookgDt><AcctSvcrRef>SR</AcctSvcrRef>
<BkTxCd><Prtry><Cd>X</Cd></Prtry></BkTxCd><NtryDtls>
<TxDtls><Refs><EndToEndId>D2</EndToEndId></Refs></TxDtls></NtryDtls></Ntry>
</Ntfctn></BkToCstmrDbtCdtNtfctn></Document>
"""
