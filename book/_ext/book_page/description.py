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
ENOUGH, MOST = 50, 180  # characters
SENTENCES = re.compile(rf".{{{ENOUGH},{MOST}}}[.?!](?=\s|$)")


def beginning(doctree: nodes.document) -> str:
    """Return a page's first sentences, as many as say enough, or else as many words as fit.

    A chapter opens with "In this chapter you will" before a list: the first item completes it.
    """
    text = ""
    for paragraph in doctree.findall(nodes.paragraph):
        text += f" {CITATION.sub('', paragraph.astext())}"
        if len(text) > ENOUGH:
            break
    text = " ".join(text.split())
    if text[-1:] in ",;:":
        text = f"{text[:-1]}."
    whole = SENTENCES.match(text)
    return whole[0] if whole else textwrap.shorten(text, MOST, placeholder=" …")


def describe(
    _: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Put a page's description where `sphinxext.opengraph` looks for it, when it comes next."""
    if doctree is not None:
        text = html.escape(beginning(doctree))
        context["metatags"] += f'<meta name="description" content="{text}">\n'
        context["meta"] = {"og:description": text, **(context["meta"] or {})}
