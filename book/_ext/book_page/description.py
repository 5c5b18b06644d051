"""The description of a page for search engines and previews: how its text begins.

`sphinxext.opengraph` writes the other tags, and would write this one, too, but it puts commas
between the items of a list, keeps citations, and cuts words in two.
"""

from __future__ import annotations

import html
import re
import textwrap
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

CITATION = re.compile(r"\s*\[[^\]]*\d{4}\]")
ENOUGH, MOST = 60, 180  # characters


def beginning(doctree: nodes.document) -> str:
    """Return a page's first paragraphs, as many as say enough, shortened to whole words."""
    text = ""
    for paragraph in doctree.findall(nodes.paragraph):
        text = f"{text} {CITATION.sub('', paragraph.astext())}"
        if len(text) > ENOUGH:
            break
    return textwrap.shorten(text, MOST, placeholder=" …").rstrip(",;")


def describe(
    _: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Put a page's description where `sphinxext.opengraph` looks for it, when it comes next."""
    if doctree is not None:
        text = html.escape(beginning(doctree))
        context["metatags"] += f'<meta name="description" content="{text}">\n'
        context["meta"] = {"og:description": text, **(context["meta"] or {})}
