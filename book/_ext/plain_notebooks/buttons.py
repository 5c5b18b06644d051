"""The buttons above a chapter: what they run or download is its plain notebook."""

from __future__ import annotations

import posixpath
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx

from .files import FOLDER

RUN = {"Binder", "Colab"}
DOWNLOAD = "download-source-button"


def lead_to_plain_notebooks(
    _: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Let the buttons of a notebook's page lead to the plain one."""
    if context.get("page_source_suffix") != ".ipynb":
        return
    plain = f"{FOLDER}/{posixpath.basename(page)}.ipynb"
    for group in context.get("header_buttons", []):
        for button in group.get("buttons", []):
            if button.get("text") in RUN:
                button["url"] = button["url"].replace(f"{page}.ipynb", plain)
            elif button.get("label") == DOWNLOAD:
                button["url"] = context["pathto"](plain, 1)
                button["tooltip"] = "Download this chapter as a notebook"
