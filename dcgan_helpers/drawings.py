"""The drawings of the book."""

from __future__ import annotations

import html
import re
import string

from IPython.display import SVG

from ._checks import check_choice
from ._shipped import FILES

DRAWINGS = FILES / "drawings"
# What may stand in a data URI as it is: quotation marks, angle brackets, # and % may not.
_PLAIN = frozenset((string.ascii_letters + string.digits + " /:;,.=()-_~'!?+*&").encode())


def _percent_encoded(text: str) -> str:
    return "".join(chr(byte) if byte in _PLAIN else f"%{byte:02X}" for byte in text.encode())


class Drawing(SVG):
    """A drawing that every notebook shows, also one that is not trusted.

    JupyterLab shows no SVG that another person's run has left, but it does show a picture in HTML.
    So this is both, and the picture has the drawing's own description.
    """

    def __repr__(self) -> str:
        """What a terminal shows."""
        return f"<drawing: {self._inside('title')}>"

    def _repr_html_(self) -> str:
        """The drawing as a picture in HTML, for notebooks."""
        svg = str(self.data)
        alt = html.escape(f"{self._inside('title')}. {self._inside('desc')}")
        width = "".join(re.findall(r'^<svg[^>]* (width="\d+")', svg))
        source = f"data:image/svg+xml,{_percent_encoded(svg)}"
        return f'<img alt="{alt}" {width} style="max-width:100%" src="{source}">'

    def _inside(self, tag: str) -> str:
        found = re.search(rf"<{tag}[^>]*>([^<]*)</{tag}>", str(self.data))
        return html.unescape(found[1]).strip() if found else ""


def show_drawing(name: str, *, highlight: str | None = None) -> Drawing:
    """Show one of the book's drawings, such as "gan" with the part that a chapter is about.

    Args:
        name: the drawing's name, a file in the package's folder `files/drawings` without its
            ending.
        highlight: for "gan", the part to bring out: "data", "generator", "discriminator",
            "losses", "training", "checkpoints" or "gif"; the others are dimmed.

    Returns:
        An `IPython.display.SVG`, which a notebook shows, as a picture in HTML where it may not
        show SVG.
    """
    check_choice("name", name, sorted(file.stem for file in DRAWINGS.glob("*.svg")))
    svg = (DRAWINGS / f"{name}.svg").read_text(encoding="utf-8")
    if highlight is not None:
        parts = re.findall(rf'id="{name}-part-([a-z]+)"', svg)
        check_choice("highlight", highlight, parts)
        style = f".{name}-part{{opacity:.3}}#{name}-part-{highlight}{{opacity:1}}"
        svg = svg.replace("</desc>", f"</desc><style>{style}</style>", 1)
    return Drawing(svg)
