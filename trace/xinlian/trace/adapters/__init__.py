"""Formats, stores and papers of traceability."""
