"""Recall lists as files: CSV, XLSX, PDF."""

from __future__ import annotations

from xinlian.trace.adapters.exports.recall_pdf import recall_pdf
from xinlian.trace.adapters.exports.spreadsheets import recall_csv, recall_xlsx

__all__ = ["recall_csv", "recall_pdf", "recall_xlsx"]
