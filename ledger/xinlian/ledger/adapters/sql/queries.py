"""Queries of the books, each as of any block: ``at`` is a height, None means the last one.

Lists come in pages: ``limit`` rows (at most 1,000) whose key is greater than ``after``. Every
function takes a connection first; several calls in one transaction see the same books.
"""

from xinlian.ledger.adapters.sql.lineage import (
    lineage,
    longest_lineage,
    piece_history,
)
from xinlian.ledger.adapters.sql.query_logs import (
    covering_head,
    evidence_log,
    evidence_logs,
    heads_of,
    log_writers,
    newest_head,
)
from xinlian.ledger.adapters.sql.query_receipts import receipts
from xinlian.ledger.adapters.sql.query_registers import (
    document,
    documents,
    financing,
    financings,
    order,
    parties,
    party,
    party_of_account,
    policies,
)
from xinlian.ledger.adapters.sql.query_vouchers import (
    block_at,
    concerned,
    counts,
    head,
    holdings,
    list_vouchers,
    offers_to,
    piece,
    pieces_of,
    voucher,
    vouchers,
)
from xinlian.ledger.adapters.sql.reports import (
    decline_rates,
    exposure_by_holder,
    exposure_by_issuer,
    maturity_ladder,
    sums_by_state,
)

__all__ = [
    "block_at",
    "concerned",
    "counts",
    "covering_head",
    "decline_rates",
    "document",
    "documents",
    "evidence_log",
    "evidence_logs",
    "exposure_by_holder",
    "exposure_by_issuer",
    "financing",
    "financings",
    "head",
    "heads_of",
    "holdings",
    "lineage",
    "list_vouchers",
    "log_writers",
    "longest_lineage",
    "maturity_ladder",
    "newest_head",
    "offers_to",
    "order",
    "parties",
    "party",
    "party_of_account",
    "piece",
    "piece_history",
    "pieces_of",
    "policies",
    "receipts",
    "sums_by_state",
    "voucher",
    "vouchers",
]
