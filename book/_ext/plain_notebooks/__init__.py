"""A Sphinx extension that writes each chapter as a plain notebook, for Colab and JupyterLab.

In the book's own notebooks the text is MyST Markdown, whose roles and directives other programs
show as they stand. The plain notebooks have the same code cells, ids and outputs, and text that
any of them can show. They are written into `notebooks/` at the end of every build, and committed.
"""

from __future__ import annotations

from typing import Any

from sphinx.application import Sphinx

from . import buttons, files


def setup(app: Sphinx) -> dict[str, Any]:
    """Register this with Sphinx."""
    app.connect("html-page-context", buttons.lead_to_plain_notebooks, priority=900)
    app.connect("build-finished", files.write_all)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
