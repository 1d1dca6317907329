"""Pure domain model of finance: no I/O library is imported below this package."""
