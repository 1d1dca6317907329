"""Use cases of the ledger: they know the model and ports, no store and no chain library."""
