"""The drawings of the book."""

from __future__ import annotations

import re

from IPython.display import SVG

from ._checks import check_choice
from ._shipped import FILES

DRAWINGS = FILES / "drawings"


def show_drawing(name: str, *, highlight: str | None = None) -> SVG:
    """Show one of the book's drawings, such as "gan" with the part that a chapter is about.

    Args:
        name: the drawing's name, a file in the package's folder `files/drawings` without its
            ending.
        highlight: for "gan", the part to bring out: "data", "generator", "discriminator",
            "losses", "training", "checkpoints" or "gif"; the others are dimmed.

    Returns:
        An `IPython.display.SVG`, which a notebook shows.
    """
    check_choice("name", name, sorted(file.stem for file in DRAWINGS.glob("*.svg")))
    svg = (DRAWINGS / f"{name}.svg").read_text(encoding="utf-8")
    if highlight is not None:
        parts = re.findall(rf'id="{name}-part-([a-z]+)"', svg)
        check_choice("highlight", highlight, parts)
        style = f".{name}-part{{opacity:.3}}#{name}-part-{highlight}{{opacity:1}}"
        svg = svg.replace("</desc>", f"</desc><style>{style}</style>", 1)
    return SVG(svg)
