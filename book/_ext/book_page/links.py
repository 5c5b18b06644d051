"""Links from the first use of a word in a chapter to where the book explains it.

A glossary term leads to the glossary, and its link carries the definition, which the script
`book.js` shows on hover. A public name leads to the API page.
"""

from __future__ import annotations

import re

from bs4 import BeautifulSoup
from docutils import nodes
from sphinx.application import Sphinx

from .translator import KEY

CHAPTER = re.compile(r"book/(index$|\d\d-)")
GLOSSARY = "book/glossary"
API = "book/api"
PACKAGE = "dcgan_helpers"
NAME = re.compile(r"(?P<module>dcgan\.)?(?P<name>\w+)(?P<call>\(.*\))?")


def link_chapter(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Link the words of one page, if it is a chapter."""
    if app.builder.format == "html" and CHAPTER.match(docname):
        link_terms(app, doctree, docname)
        link_names(app, doctree, docname)


def link(uri: str, kind: str, *children: nodes.Node) -> nodes.reference:
    """Return a link to another page of the book."""
    return nodes.reference("", "", *children, refuri=uri, internal=True, classes=[kind])


def glossary(app: Sphinx) -> dict[str, tuple[str, str]]:
    """Return each term of the glossary, in lower case, with its anchor and its definition."""
    return {
        term.astext().lower(): (term["ids"][0], " ".join(item[-1].astext().split()))
        for item in app.env.get_doctree(GLOSSARY).findall(nodes.definition_list_item)
        for term in item.findall(nodes.term)
    }


def finder(terms: list[str]) -> re.Pattern[str]:
    """Return the pattern that finds terms in a text, longer ones first, in the plural, too."""
    spaced = (r"\s+".join(map(re.escape, term.split())) for term in terms)
    either = "|".join(sorted(spaced, key=len, reverse=True))
    return re.compile(rf"(?<![\w-])({either})(?:e?s)?(?![\w-])", re.IGNORECASE)


def in_running_text(text: nodes.Text) -> bool:
    """Tell whether a text stands in a sentence, outside of links, tables, figures and cards."""
    node = text.parent
    while isinstance(node, (nodes.emphasis, nodes.strong)):
        node = node.parent
    if not isinstance(node, nodes.paragraph):
        return False
    while node and not isinstance(node, (nodes.table, nodes.figure)):
        if "sd-card" in node["classes"]:
            return False
        node = node.parent
    return node is None


def link_terms(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Link the first use of each glossary term in the text of a chapter."""
    page = app.builder.get_relative_uri(docname, GLOSSARY)
    terms = glossary(app)
    pattern = finder(list(terms))
    linked = set()  # definitions: a term may have two spellings
    for text in list(filter(in_running_text, doctree.findall(nodes.Text))):
        parts: list[nodes.Node] = []
        end = 0
        for match in pattern.finditer(text):
            anchor, definition = terms[" ".join(match[1].lower().split())]
            if definition not in linked:
                linked.add(definition)
                reference = link(f"{page}#{anchor}", "term", nodes.Text(match[0]))
                reference[KEY] = {"data-definition": definition}
                parts += [nodes.Text(text[end : match.start()]), reference]
                end = match.end()
        if parts:
            text.parent.replace(text, [*parts, nodes.Text(text[end:])])


def public_names(app: Sphinx) -> set[str]:
    """Return the names that the API page describes, as in ``dcgan.train``, without ``dcgan.``."""
    described = (full.split(".") for full, *_ in app.env.get_domain("py").get_objects())
    return {parts[1] for parts in described if parts[0] == PACKAGE and len(parts) == 2}


def link_names(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Link the first use of each public name in the text of a chapter."""
    page = app.builder.get_relative_uri(docname, API)
    names = public_names(app)
    for literal in list(doctree.findall(nodes.literal)):
        written = NAME.fullmatch(literal.astext())
        if written is None or written["name"] not in names:
            continue
        name = written["name"]
        telling = written["module"] or written["call"] or "_" in name or name[0].isupper()
        if telling and isinstance(literal.parent, (nodes.paragraph, nodes.emphasis, nodes.strong)):
            names.remove(name)
            reference = link(f"{page}#{PACKAGE}.{name}", "api-link", literal.deepcopy())
            literal.parent.replace(literal, reference)


def link_code(page: BeautifulSoup, names: set[str]) -> None:
    """Link the first use of each public name, as ``dcgan.name``, in a chapter's coloured code."""
    linked = {known["href"] for known in page.select(".highlight a.api-link")}
    for name in page.select(".highlight .n + .o + .n"):
        before = [part.string for part in name.find_previous_siblings(limit=2)]
        target = f"api.html#{PACKAGE}.{name.string}"
        if before == [".", "dcgan"] and name.string in names and target not in linked:
            linked.add(target)
            name.wrap(page.new_tag("a", attrs={"class": "api-link", "href": target}))
