"""Adapters of the ledger: stores behind the ports of the use cases."""
