"""The chain client: the only place in the ledger that speaks to a node."""
