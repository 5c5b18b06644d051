"""What can be done only once a page is written, because the theme or Sphinx itself writes it."""

from __future__ import annotations

import re
from pathlib import Path

from bs4 import BeautifulSoup
from sphinx.application import Sphinx

from .links import CHAPTER, link_code, public_names

# What a page would load and never use: Thebe, and Font Awesome's script of 1.5 MB, whose few icons
# `book.css` draws.
UNUSED = """
    script[src*="thebe"], link[href*="thebe"], script:-soup-contains("thebe_selector"),
    script[src*="fontawesome"]
"""
# Font Awesome in the theme's style sheet: its fonts, the names of its icons.
ICON_FONT = re.compile(
    r"@font-face\{[^}]*fontawesome[^}]*\}|(?:\.fa-[\w-]+:{1,2}before,?)+\{content:[^}]*\}"
)


def mend_structure(page: BeautifulSoup) -> None:
    """Mend what a screen reader would stumble over in the theme's and Sphinx's own HTML."""
    # Headings that are shown on paper only stand beside the page's own.
    for level, kind in (("h1", "print-title"), ("h2", "print-contents")):
        for heading in page.select(f"#jb-print-docs-body {level}"):
            heading.name, heading["class"] = "p", kind
    # The parameters of a signature are no list of definitions.
    for lines in page.select("dt.sig dl"):
        lines.name, lines["class"] = "span", "sig-lines"
        for line in lines.find_all("dd"):
            line.name, line["class"] = "span", "sig-line"
    # The entries of the bibliography are no list items.
    for citations in page.select(".citation-list"):
        del citations["role"]
    # sphinx-exercise gives one id to the text of every exercise.
    for part in page.select("#exercise-content, #solution-content"):
        del part["id"]
    # A browser would open a notebook's JSON in a tab.
    for download in page.select("a.btn-download-source-button"):
        download["download"] = ""
        del download["target"]


def finish(app: Sphinx, error: Exception | None) -> None:
    """Rewrite the pages and style sheets that were built."""
    if error is not None or app.builder.format != "html":
        return
    out = Path(app.outdir)
    names = public_names(app)
    for path in [*out.glob("*.html"), *out.glob("book/*.html")]:
        page = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
        for tag in page.select(UNUSED):
            tag.decompose()
        mend_structure(page)
        if CHAPTER.match(path.relative_to(out).with_suffix("").as_posix()):
            link_code(page, names)
        path.write_text(str(page), encoding="utf-8")
    for path in out.glob("_static/styles/*.css"):
        path.write_text(ICON_FONT.sub("", path.read_text(encoding="utf-8")), encoding="utf-8")
