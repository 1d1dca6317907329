"""Where each column stands in the rows that the projection holds in memory (see ``tables``)."""

from __future__ import annotations

# Columns of piece_versions.
HOLDER, OFFEREE, START, END, EXPIRY, STATE, DEPTH, PARENT, HOPS = range(4, 13)
# Columns of issuer_versions.
LIMIT, OUTSTANDING, BLOCKED, OFFERED, ACCEPTED, DECLINED, WITHDRAWN, EXPIRED = range(3, 11)
# Columns of document_versions.
BUYER, SELLER, KIND, USABLE, USED, SHORTFALL = range(3, 9)
# Columns of party_versions.
ID_HASH, ROLES, STATUS, THRESHOLD = range(3, 7)
# Columns of financing_versions.
F_PIECE, F_STATE, F_REGISTRATION = 3, 8, 14
# Columns of log_versions.
L_WRITER = 6
# Columns of roots.
R_CANCELLED, R_DISHONOURED = 11, 12
