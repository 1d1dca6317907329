"""Data that ships with ingest: device classes, emission factors, tariffs."""
