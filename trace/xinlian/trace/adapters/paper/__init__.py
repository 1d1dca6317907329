"""Paper: the dossier of an item as PDF, its font, its charts."""

from __future__ import annotations

from xinlian.trace.adapters.paper.dossier import PaperReport, dossier_pdf
from xinlian.trace.adapters.paper.spc import drawn_charts, spc_pdf

__all__ = ["PaperReport", "dossier_pdf", "drawn_charts", "spc_pdf"]
