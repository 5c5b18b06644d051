"""The book's Sphinx extension: pages that are light, whole, and ask nobody else for anything.

`_config.yml` loads it. It

- turns formulas into MathML while the book is built, so that no page needs a script for them;
- links the first use of each glossary term in a chapter to its definition, which the script
  `book.js` shows on hover, and the first use of each public name to the API page;
- takes out of the pages what they would load and never use: Thebe, and Font Awesome's script of
  1.5 MB and its fonts, whose few icons `book.css` draws;
- writes into each page what search engines and previews show, and into each picture its size, so
  that nothing moves while the page loads.
"""

from __future__ import annotations

import html
import re
import struct
from functools import cache
from pathlib import Path
from typing import Any, cast

import math_core
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.errors import SphinxError
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number
from sphinx.writers.html5 import HTML5Translator

LOGGER = logging.getLogger(__name__)
PACKAGE = "dcgan_helpers"
CHAPTER = re.compile(r"book/(index$|\d\d-)")
GLOSSARY = "book/glossary"
API = "book/api"

WIDE = 600  # pixels from which a drawing is shown in a box of its own, which scrolls on a phone

_CONVERTER = math_core.LatexToMathML(fancy_error=False)


# Formulas


def mathml(latex: str, *, block: bool) -> str:
    """Return a formula as MathML.

    Raises:
        SphinxError: the formula has a mistake, or a command that is not known.
    """
    try:
        return str(_CONVERTER.convert_with_local_state(latex.strip(), displaystyle=block))
    except math_core.LatexError as error:
        raise SphinxError(f"the formula {latex!r} cannot be read: {error}") from error


def _formula(translator: HTML5Translator, node: nodes.Element, *, block: bool) -> str:
    try:
        return mathml(node.astext(), block=block)
    except SphinxError as error:
        LOGGER.warning("%s", error, location=node)
        return f"<code>{html.escape(node.astext())}</code>"


def visit_math(translator: HTML5Translator, node: nodes.math) -> None:
    """Write a formula that stands in a line of text."""
    translator.body.append(translator.starttag(node, "span", "", CLASS="math"))
    translator.body.append(_formula(translator, node, block=False) + "</span>")
    raise nodes.SkipNode


def visit_math_block(translator: HTML5Translator, node: nodes.math_block) -> None:
    """Write a formula that stands on its own, with its number at the right."""
    translator.body.append(translator.starttag(node, "div", CLASS="math"))
    formula = _formula(translator, node, block=True)
    translator.body.append(f'<div class="formula">{formula}</div>')
    if node.get("number"):
        number = get_node_equation_number(translator, node)
        translator.body.append(f'<span class="eqno">({number})')
        translator.add_permalink_ref(node, "Link to this equation")
        translator.body.append("</span>")
    translator.body.append("</div>\n")
    raise nodes.SkipNode


# Links to the glossary and to the API page


def glossary_entries(app: Sphinx) -> list[tuple[dict[str, str], str]]:
    """Return the glossary's entries: their terms, with the anchor of each, and the definition."""
    if GLOSSARY not in app.env.found_docs:
        return []
    entries = []
    for item in app.env.get_doctree(GLOSSARY).findall(nodes.definition_list_item):
        terms = {term.astext(): str(term["ids"][0]) for term in item.findall(nodes.term)}
        text = " ".join(part.astext() for part in item.findall(nodes.definition))
        entries.append((terms, " ".join(text.split())))
    return entries


def _is_running_text(node: nodes.Node) -> bool:
    allowed = (nodes.paragraph, nodes.emphasis, nodes.strong)
    parent = node.parent
    while isinstance(parent, (nodes.emphasis, nodes.strong)):
        parent = parent.parent
    if not isinstance(parent, nodes.paragraph):
        return False
    while parent is not None:
        if isinstance(parent, (nodes.table, nodes.figure, nodes.reference, nodes.footnote)):
            return False
        if "sd-card" in getattr(parent, "get", lambda *_: [])("classes", []):
            return False
        parent = parent.parent
    return isinstance(node.parent, allowed)


def _reference(uri: str, kind: str, *children: nodes.Node) -> nodes.reference:
    return nodes.reference("", "", *children, refuri=uri, internal=True, classes=[kind])


def link_terms(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Link the first use of each glossary term in the text of a chapter."""
    entries = glossary_entries(app)
    anchors: dict[str, tuple[int, str]] = {}
    for number, (terms, _) in enumerate(entries):
        anchors.update({term.lower(): (number, anchor) for term, anchor in terms.items()})
    if not anchors:
        return
    page = app.builder.get_relative_uri(docname, GLOSSARY)
    names = sorted(anchors, key=len, reverse=True)
    pattern = re.compile(
        r"(?<![\w-])("
        + "|".join(r"\s+".join(map(re.escape, name.split())) for name in names)
        + r")(?:e?s)?(?![\w-])",
        re.IGNORECASE,
    )
    linked = set()  # what an author has linked by hand counts, too
    for reference in doctree.findall(nodes.reference):
        target = str(reference.get("refuri", "")).partition("#")[2]
        linked |= {number for number, anchor in anchors.values() if anchor == target}
    for text in list(doctree.findall(nodes.Text)):
        if not _is_running_text(text):
            continue
        content, parts, end = str(text), [], 0
        for match in pattern.finditer(content):
            number, anchor = anchors[" ".join(match[1].lower().split())]
            if number in linked:
                continue
            linked.add(number)
            parts.append(nodes.Text(content[end : match.start()]))
            parts.append(_reference(f"{page}#{anchor}", "term", nodes.Text(match[0])))
            end = match.end()
        if parts:
            parts.append(nodes.Text(content[end:]))
            text.parent.replace(text, parts)


def public_names(app: Sphinx) -> set[str]:
    """Return the names that the API page describes, as in ``dcgan.train``, without ``dcgan.``."""
    objects = cast("dict[str, Any]", getattr(app.env.get_domain("py"), "objects", {}))
    return {
        name.removeprefix(f"{PACKAGE}.")
        for name, entry in objects.items()
        if name.startswith(f"{PACKAGE}.") and entry.docname == API and name.count(".") == 1
    }


def link_names(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Link the first use of each public name in the text of a chapter to its description."""
    names = public_names(app)
    linked = set()
    for literal in list(doctree.findall(nodes.literal)):
        match = re.fullmatch(r"(dcgan\.)?(\w+)(\(.*\))?", literal.astext())
        if match is None or match[2] not in names or match[2] in linked:
            continue
        telling = match[1] or match[3] or "_" in match[2] or match[2][0].isupper()
        if telling and isinstance(literal.parent, (nodes.paragraph, nodes.emphasis, nodes.strong)):
            linked.add(match[2])
            page = app.builder.get_relative_uri(docname, API)
            link = _reference(f"{page}#{PACKAGE}.{match[2]}", "api-link", literal.deepcopy())
            literal.parent.replace(literal, link)


def link_chapter(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Add the links of one page, if it is a chapter."""
    if app.builder.format == "html" and CHAPTER.match(docname):
        link_terms(app, doctree, docname)
        link_names(app, doctree, docname)


def link_code(page: str, names: set[str]) -> str:
    """Link the first ``dcgan.name`` of each public name in a page's highlighted code."""
    linked: set[str] = set()

    def written(match: re.Match[str]) -> str:
        if match[2] not in names or match[2] in linked:
            return match[0]
        linked.add(match[2])
        link = f'<a class="api-link" href="api.html#{PACKAGE}.{match[2]}">'
        return f"{match[1]}{link}{match[3]}</a>"

    return re.sub(
        r'(<span class="n">dcgan</span><span class="o">\.</span>)'
        r'(?=<span class="n">(\w+)</span>)(<span class="n">\w+</span>)',
        written,
        page,
    )


# What stands in a page's head


def describe(doctree: nodes.document | None, limit: int = 180) -> str:
    """Return the first paragraph of a page, shortened to whole words, as its description."""
    for paragraph in doctree.findall(nodes.paragraph) if doctree is not None else ():
        text = " ".join(re.sub(r"\s*\[[^\]]*\d{4}\]", "", paragraph.astext()).split())
        if len(text) > 40:
            return text if len(text) <= limit else text[:limit].rsplit(" ", 1)[0] + " …"
    return ""


def write_head(
    app: Sphinx, pagename: str, _: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    """Describe the page for search engines and previews, and leave out scripts of no use."""
    for kind in ("script_files", "css_files"):
        if kind in context:
            unused = [file for file in context[kind] if "thebe" in _all_of(file).lower()]
            context[kind] = [file for file in context[kind] if file not in unused]
    base = app.config.html_baseurl.rstrip("/")
    title = re.sub(r"<[^>]*>", "", str(context.get("title", "")))
    project = str(app.config.html_title)
    tags = {
        "og:type": "website" if pagename == app.config.root_doc else "article",
        "og:site_name": project,
        "og:title": html.unescape(title) or project,
        "og:url": f"{base}/{pagename}.html",
        "og:image": f"{base}/_static/social-card.png",
        "og:image:width": "1200",
        "og:image:height": "630",
        "og:image:alt": f"The book's title, {project}, beside a digit that appears out of noise.",
    }
    lines = [
        f'<meta property="{name}" content="{html.escape(text, quote=True)}">'
        for name, text in tags.items()
    ]
    description = describe(doctree)
    if description:
        text = html.escape(description, quote=True)
        lines.append(f'<meta property="og:description" content="{text}">')
        lines.append(f'<meta name="description" content="{text}">')
    lines.append('<meta name="twitter:card" content="summary_large_image">')
    context["metatags"] = str(context.get("metatags", "")) + "\n".join(lines) + "\n"


def _all_of(file: Any) -> str:
    attributes = getattr(file, "attributes", {}) or {}
    return f"{getattr(file, 'filename', file)} {attributes.get('body', '')}"


# What is done to the files once they are written


@cache
def picture_size(path: Path) -> tuple[int, int] | None:
    """Return the width and the height that a PNG, GIF or SVG file states, in pixels."""
    if not path.is_file():
        return None
    start = path.read_bytes()[:2000]
    if start.startswith(b"\x89PNG"):
        width, height = struct.unpack(">II", start[16:24])
        return int(width), int(height)
    if start.startswith(b"GIF8"):
        width, height = struct.unpack("<HH", start[6:10])
        return int(width), int(height)
    box = re.search(rb"<svg[^>]*\bviewBox=\"[\d.-]+ [\d.-]+ ([\d.]+) ([\d.]+)\"", start)
    return (round(float(box[1])), round(float(box[2]))) if box else None


@cache
def highlighted_middle(path: Path) -> float | None:
    """Return where in a drawing its highlighted part lies, from 0 (left) to 1 (right).

    The middle of the part's labels stands for that of the part.
    """
    text = path.read_text(encoding="utf-8")
    width = re.search(r"<svg[^>]*\bviewBox=\"[\d.-]+ [\d.-]+ ([\d.]+) ", text)
    name = re.search(r"#([\w-]+)\{opacity:1\}", text)  # by `dcgan_helpers.show_drawing`
    if width is None or name is None:
        return None
    part = re.search(rf'id="{name[1]}">(.*?)(?:<g class="|</svg>)', text, re.DOTALL)
    labels = re.findall(r'<text x="([\d.]+)"', part[1]) if part else []
    places = [float(x) / float(width[1]) for x in labels]
    return (min(places) + max(places)) / 2 if places else None


def write_sizes(page: str, folder: Path) -> str:
    """Write its width and height into each picture of a page that lies in `folder`.

    A wide drawing gets a box around it, too, which says what is to be in view where it is narrow.
    """

    def written(match: re.Match[str]) -> str:
        source = re.search(r'\bsrc="([^":?#]+)', match[0])
        path = (folder / source[1]).resolve() if source else folder
        size = picture_size(path)
        if size is None or re.search(r"\s(?:width|height)=", match[0]):
            return match[0]
        sized = f'<img width="{size[0]}" height="{size[1]}"' + match[0][len("<img") :]
        if path.suffix != ".svg" or size[0] < WIDE:
            return sized
        middle = highlighted_middle(path)
        wanted = "" if middle is None else f' data-middle="{middle:.3f}"'
        return f'<span class="drawing"{wanted}>{sized}</span>'

    return re.sub(r"<img\b[^>]*>", written, page)


def write_definitions(page: str, definitions: dict[str, str]) -> str:
    """Write into each link to a glossary term what the term means, for the script that shows it."""

    def written(match: re.Match[str]) -> str:
        text = definitions.get(match[1])
        if text is None or "data-definition" in match[0]:
            return match[0]
        return f'<a data-definition="{html.escape(text, quote=True)}"' + match[0][len("<a") :]

    return re.sub(r'<a\b[^>]*href="(?:[\w./-]*glossary\.html)?#(term-[^"]+)"[^>]*>', written, page)


def without_icon_font(text: str) -> str:
    """Take Font Awesome's script out of a page, and its fonts and icons out of a style sheet."""
    text = re.sub(r"<script\b[^>]*fontawesome[^>]*>\s*</script>\s*", "", text)
    text = re.sub(r"<link\b[^>]*fontawesome[^>]*>\s*", "", text)
    text = re.sub(r"@font-face\s*\{[^}]*(?:fa-\w+-\d+|fontawesome)[^}]*\}", "", text)
    icon = r"\.fa-[\w-]+:{1,2}before"
    return re.sub(rf"(?:{icon}\s*,\s*)*{icon}\s*\{{\s*content:[^}}]*\}}", "", text)


def with_sound_structure(page: str) -> str:
    """Mend what a screen reader would stumble over in the theme's and Sphinx's own HTML."""
    # A heading that is shown on paper only stands beside the page's own.
    page = re.sub(
        r'(<div id="jb-print-docs-body"[^>]*>\s*)<h1>(.*?)</h1>',
        r'\1<p class="print-title">\2</p>',
        page,
        flags=re.DOTALL,
    )
    page = re.sub(r"<h2>\s*Contents\s*</h2>", '<p class="print-contents">Contents</p>', page)
    # The parameters of a signature are no list of definitions.
    page = re.sub(
        r"<dl>\s*((?:<dd>(?:(?!</?d[dl]).)*</dd>\s*)+)</dl>",
        lambda match: (
            '<span class="sig-lines">'
            + match[1].replace("<dd>", '<span class="sig-line">').replace("</dd>", "</span>")
            + "</span>"
        ),
        page,
        flags=re.DOTALL,
    )
    return page.replace('<div role="list" class="citation-list">', '<div class="citation-list">')


def finish(app: Sphinx, error: Exception | None) -> None:
    """Rewrite the pages and style sheets that were built."""
    if error is not None or app.builder.format != "html":
        return
    out = Path(app.outdir)
    names = public_names(app)
    definitions = {
        anchor: text for terms, text in glossary_entries(app) for anchor in terms.values()
    }
    for path in [*out.rglob("*.html"), *out.glob("_static/styles/*.css")]:
        if "_static" in path.parts and path.suffix == ".html":
            continue
        text = rewritten = path.read_text(encoding="utf-8")
        rewritten = without_icon_font(rewritten)
        if path.suffix == ".html":
            rewritten = with_sound_structure(rewritten)
            rewritten = write_sizes(rewritten, path.parent)
            if path.parent.name == "book":
                rewritten = write_definitions(rewritten, definitions)
                if CHAPTER.match(f"book/{path.stem}") and 'class="api-link" href="api' not in text:
                    rewritten = link_code(rewritten, names)
        if rewritten != text:
            path.write_text(rewritten, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    """Register all of this with Sphinx."""
    app.add_html_math_renderer("mathml", (visit_math, None), (visit_math_block, None))
    app.connect("doctree-resolved", link_chapter)
    app.connect("html-page-context", write_head, priority=900)
    app.connect("build-finished", finish, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
