"""A writer of HTML that writes the attributes which other parts of the extension put on a node."""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx.writers.html5 import HTML5Translator

KEY = "html_attributes"


class Translator(HTML5Translator):
    """Sphinx's own writer, with such attributes."""

    def starttag(self, node: nodes.Element, *args: Any, **attributes: Any) -> str:
        """Return the tag that a node begins with."""
        return str(super().starttag(node, *args, **attributes, **node.get(KEY, {})))
