"""Pure domain model of the ledger: no I/O library is imported below this package."""
