"""What is done with evidence logs: append, cut heads, prove, erase, promise."""

from xinlian.ledger.usecases.evidence.logs import Appended, EvidenceLogs, NewRecord, Waiting
from xinlian.ledger.usecases.evidence.preparing import Prepared, Preparer
from xinlian.ledger.usecases.evidence.proving import Request

__all__ = ["Appended", "EvidenceLogs", "NewRecord", "Prepared", "Preparer", "Request", "Waiting"]
