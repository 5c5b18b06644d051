"""The book's Sphinx extension: pages that are light, whole, and ask nobody else for anything.

`_config.yml` loads it.
"""

from __future__ import annotations

from typing import Any

from sphinx.application import Sphinx

from . import description, links, mathml, pages, pictures, site
from .translator import Translator


def setup(app: Sphinx) -> dict[str, Any]:
    """Register all of this with Sphinx."""
    app.set_translator("html", Translator)
    app.add_html_math_renderer("mathml", (mathml.visit_math, None), (mathml.visit_block, None))
    app.connect("doctree-resolved", links.link_chapter)
    app.connect("doctree-resolved", pictures.size_pictures)
    app.connect("html-page-context", description.describe, priority=400)
    app.connect("build-finished", pages.finish, priority=900)
    app.connect("build-finished", site.write_site, priority=950)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
