"""Formulas as MathML, made while the book is built, so that no page needs a script for them."""

from __future__ import annotations

import html

import math_core
from docutils import nodes
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number
from sphinx.writers.html5 import HTML5Translator

LOGGER = logging.getLogger(__name__)
CONVERTER = math_core.LatexToMathML(fancy_error=False)


def formula(node: nodes.Element, *, block: bool) -> str:
    """Return a formula as MathML; warn of a mistake in it, or of a command that is not known."""
    latex = node.astext()
    try:
        return str(CONVERTER.convert_with_local_state(latex.strip(), displaystyle=block))
    except math_core.LatexError as error:
        LOGGER.warning("the formula %r cannot be read: %s", latex, error, location=node)
        return f"<code>{html.escape(latex)}</code>"


def visit_math(translator: HTML5Translator, node: nodes.math) -> None:
    """Write a formula that stands in a line of text."""
    translator.body.append(translator.starttag(node, "span", "", CLASS="math"))
    translator.body.append(formula(node, block=False) + "</span>")
    raise nodes.SkipNode


def visit_block(translator: HTML5Translator, node: nodes.math_block) -> None:
    """Write a formula that stands on its own, with its number at the right."""
    translator.body.append(translator.starttag(node, "div", CLASS="math"))
    translator.body.append(f'<div class="formula">{formula(node, block=True)}</div>')
    if node.get("number"):
        number = get_node_equation_number(translator, node)
        translator.body.append(f'<span class="eqno">({number})')
        translator.add_permalink_ref(node, "Link to this equation")
        translator.body.append("</span>")
    translator.body.append("</div>\n")
    raise nodes.SkipNode
