"""Codes that name vehicles, parts, batches and packages: parsed, checked, normalised."""

from xinlian.trace.model.codes.identify import Identified, identify
from xinlian.trace.model.codes.text import CodeError

__all__ = ["CodeError", "Identified", "identify"]
