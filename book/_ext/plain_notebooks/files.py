"""The files of the plain notebooks, written at the end of a build."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import nbformat
from markdown_it.renderer import RendererHTML
from myst_parser.parsers.mdit import create_md_parser
from sphinx.application import Sphinx

from .chapter import PlainChapter
from .markdown import Markdown
from .references import References

FOLDER = "notebooks"


def plain_notebooks(app: Sphinx) -> Iterator[tuple[str, str]]:
    """Yield the name of each plain notebook, and its content, once all pages are read."""
    parser = create_md_parser(app.env.myst_config, RendererHTML)  # type: ignore[attr-defined]
    for docname in sorted(app.env.found_docs):
        source = Path(app.env.doc2path(docname))
        if source.suffix == ".ipynb":
            references = References(app, docname)
            markdown = Markdown(parser, references)
            chapter = PlainChapter(references, markdown, app.config.html_title)
            plain = chapter.convert(nbformat.read(source, as_version=nbformat.NO_CONVERT))
            nbformat.validate(plain)
            yield source.name, nbformat.writes(plain) + "\n"


def write_all(app: Sphinx, error: Exception | None) -> None:
    """Write the plain notebooks beside the book, for Colab, and into it, to be downloaded."""
    if error is not None or app.builder.format != "html":
        return
    for name, content in list(plain_notebooks(app)):  # all of them, or none
        for folder in (Path(app.srcdir, FOLDER), Path(app.outdir, FOLDER)):
            folder.mkdir(exist_ok=True)
            write_if_changed(folder / name, content.encode())


def write_if_changed(path: Path, content: bytes) -> None:
    """Write a file whole or not at all; one that is as it should be keeps its time."""
    if path.exists() and path.read_bytes() == content:
        return
    part = path.with_suffix(".part")
    part.write_bytes(content)
    part.replace(path)
