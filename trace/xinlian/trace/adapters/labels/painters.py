"""Paints arranged labels: on a PDF page (vector), as PNG, as SVG."""

from __future__ import annotations

import io
from functools import lru_cache
from typing import Final
from xml.sax.saxutils import escape

from PIL import Image, ImageDraw, ImageFont
from reportlab.pdfgen.canvas import Canvas
from xinlian.trace.adapters.fonts import FONT, font_file, register_fonts
from xinlian.trace.adapters.labels.layout import MM, Arrangement
from xinlian.trace.adapters.labels.symbols import LabelError

__all__ = ["blank", "paint_image", "paint_pdf", "png", "png_bytes", "svg"]

DPI_MAX: Final = 1200
_PIXELS_MAX: Final = 40_000_000


def paint_pdf(page: Canvas, made: Arrangement, left: float, top: float) -> None:
    """Paint with the upper left corner at (``left``, ``top``) in points from the page's foot."""
    register_fonts()
    unit = made.module * MM
    x0, y0 = left + made.x * MM, top - made.y * MM
    path = page.beginPath()
    for x, y, length in made.symbol.runs():
        path.rect(x0 + x * unit, y0 - (y + 1) * unit, length * unit, unit)
    page.setFillGray(0)
    page.drawPath(path, stroke=0, fill=1)
    for line in made.lines:
        page.setFont(FONT, line.size)
        page.drawString(left + line.x * MM, top - line.y * MM, line.text)


def png(made: Arrangement, dpi: int = 300) -> bytes:
    """The label as PNG, 8-bit grey. Modules have whole pixels, so that edges are sharp."""
    image = blank(made.width, made.height, dpi)
    paint_image(image, made, 0.0, 0.0, dpi)
    return png_bytes(image, dpi)


def blank(width: float, height: float, dpi: int) -> Image.Image:
    """A white picture of so many millimetres."""
    if not 72 <= dpi <= DPI_MAX:
        raise LabelError(
            f"the resolution has to be 72 to {DPI_MAX} dpi", f"分辨率须为 72 至 {DPI_MAX} dpi"
        )
    size = round(width * dpi / 25.4), round(height * dpi / 25.4)
    if size[0] * size[1] > _PIXELS_MAX:
        raise LabelError("the picture is too large", "图片过大")
    return Image.new("L", size, 255)


def paint_image(image: Image.Image, made: Arrangement, left: float, top: float, dpi: int) -> None:
    """Paint with the upper left corner at (``left``, ``top``) in millimetres."""
    scale = dpi / 25.4
    draw = ImageDraw.Draw(image)
    unit = max(1, int(made.module * scale))
    spare = (made.module * scale - unit) * made.symbol.side / 2
    x0, y0 = round((left + made.x) * scale + spare), round((top + made.y) * scale + spare)
    for x, y, length in made.symbol.runs():
        at_x, at_y = x0 + x * unit, y0 + y * unit
        draw.rectangle((at_x, at_y, at_x + length * unit - 1, at_y + unit - 1), fill=0)
    for line in made.lines:
        font = _face(line.size * dpi / 72)
        place = ((left + line.x) * scale, (top + line.y) * scale)
        draw.text(place, line.text, fill=0, font=font, anchor="ls")


def png_bytes(image: Image.Image, dpi: int) -> bytes:
    """The picture as PNG with its resolution."""
    out = io.BytesIO()
    image.save(out, "PNG", dpi=(dpi, dpi))
    return out.getvalue()


@lru_cache(maxsize=32)
def _face(pixels: float) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(font_file()), pixels)


def svg(made: Arrangement) -> str:
    """The label as SVG in millimetres; words in the reader's own font."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{made.width}mm" height="{made.height}mm" '
        f'viewBox="0 0 {made.width} {made.height}">',
        f'<rect width="{made.width}" height="{made.height}" fill="#fff"/>',
    ]
    path = "".join(
        f"M{made.x + x * made.module:.4f} {made.y + y * made.module:.4f}"
        f"h{length * made.module:.4f}v{made.module:.4f}h-{length * made.module:.4f}z"
        for x, y, length in made.symbol.runs()
    )
    parts.append(f'<path d="{path}" fill="#000" shape-rendering="crispEdges"/>')
    parts += [
        f'<text x="{line.x:.3f}" y="{line.y:.3f}" font-size="{line.size / MM:.3f}" '
        f'font-family="Noto Sans SC, Microsoft YaHei, PingFang SC, sans-serif">'
        f"{escape(line.text)}</text>"
        for line in made.lines
    ]
    return "".join(parts) + "</svg>"
