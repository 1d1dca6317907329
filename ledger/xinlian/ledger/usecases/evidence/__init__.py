"""What is done with evidence logs: append, cut heads, prove, erase, promise."""

from xinlian.ledger.usecases.evidence.logs import (
    Appended,
    EvidenceLogs,
    NewRecord,
    Records,
    Waiting,
)
from xinlian.ledger.usecases.evidence.preparing import Also, Prepared, Preparer, helpers
from xinlian.ledger.usecases.evidence.proving import Request

__all__ = [
    "Also",
    "Appended",
    "EvidenceLogs",
    "NewRecord",
    "Prepared",
    "Preparer",
    "Records",
    "Request",
    "Waiting",
    "helpers",
]
