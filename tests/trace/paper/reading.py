"""A written dossier, read back."""

from __future__ import annotations

import io

import pypdfium2
from xinlian.trace.adapters.paper import PaperReport, dossier_pdf
from xinlian.trace.model.dossier import Dossier, Language


class Paper:
    """A written dossier, read back."""

    def __init__(self, given: Dossier, language: Language = Language.ZH) -> None:
        out = io.BytesIO()
        self.report: PaperReport = dossier_pdf(given, language, out)
        self.data = out.getvalue()
        document = pypdfium2.PdfDocument(self.data)
        self.pages = [page.get_textpage().get_text_range() for page in document]
        self.cover = document[0].render(scale=2).to_pil().convert("L")
        document.close()
        self.text = "\n".join(self.pages).replace("\r\n", "\n")
        # Ids and hashes may break over lines.
        self.joined = self.text.replace("\n", "")
