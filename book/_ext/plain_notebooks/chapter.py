"""A chapter as a plain notebook: the book's code cells, and text that needs no MyST."""

from __future__ import annotations

import copy
from typing import Any

from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

from .directives import Directive
from .markdown import BOXES, Block, Markdown
from .references import References

# Cells whose code the book folds away, or leaves out.
HIDDEN_CODE = {"hide-input", "remove-input"}
OTHER_TAGS = {"nbval-ignore-output", "raises-exception"}


class PlainChapter:
    """The plain notebook of a chapter, cell by cell.

    A fold hides all that stands between its heading and the next one of the same rank. So each
    heading begins a cell, a solution's heading is a cell of its own, and what comes after a
    solution must begin with a heading, or it would be folded away with it.
    """

    def __init__(self, references: References, markdown: Markdown, book: str) -> None:
        self._references, self._markdown, self._book = references, markdown, book
        self._cells: list[NotebookNode] = []
        self._folded: list[str] = []
        self._level = 0  # of the section: exercises are one below, solutions two
        self._in_solution = self._after_solution = False

    def convert(self, notebook: NotebookNode) -> NotebookNode:
        """Return the plain form of a notebook."""
        for cell in notebook.cells:
            if cell.cell_type == "code":
                self._add_code(copy.deepcopy(cell))
            else:
                self._add_text(cell)
        plain = copy.deepcopy(notebook)
        plain.cells = self._cells
        plain.metadata["colab"] = {
            **notebook.metadata.get("colab", {}),
            "collapsed_sections": self._folded,
            "toc_visible": True,
        }
        return plain

    def _add_code(self, cell: NotebookNode) -> None:
        self._check_not_folded(cell.source)
        figure = cell.metadata.pop("mystnb", {}).get("figure")
        tags = set(cell.metadata.get("tags", []))
        if tags - HIDDEN_CODE - OTHER_TAGS:
            raise self._references.error(f"cell {cell.id} has a tag that is not known: {tags}")
        if tags & HIDDEN_CODE:
            cell.metadata["cellView"] = "form"  # in Colab
            cell.metadata["jupyter"] = {"source_hidden": True}
        cell.metadata["id"] = cell.id
        self._cells.append(cell)
        if figure:
            caption = self._markdown.caption(figure["name"], figure["caption"])
            self._append(f"{cell.id}-caption", caption)

    def _add_text(self, cell: NotebookNode) -> None:
        """Add a text cell, as several if headings or exercises stand in it."""
        pieces: list[tuple[str, bool]] = []
        for block in self._markdown.blocks(cell.source):
            text, begins, ends = self._piece(block)
            if begins or not pieces or pieces[-1][1]:
                pieces.append((text, ends))
            else:
                pieces[-1] = (f"{pieces[-1][0]}\n\n{text}".strip("\n"), ends)
        for number, (text, fold) in enumerate(piece for piece in pieces if piece[0]):
            name = f"{cell.id}-{number}" if number else cell.id
            if fold:
                self._folded.append(name)
            self._append(name, text, {"jp-MarkdownHeadingCollapsed": True} if fold else {})

    def _append(self, name: str, text: str, metadata: dict[str, Any] | None = None) -> None:
        """Append a text cell; Colab looks for its name among the metadata."""
        self._cells.append(new_markdown_cell(text, id=name, metadata={**(metadata or {}), "id": name}))

    def _piece(self, block: Block) -> tuple[str, bool, bool]:
        """Return a block's text, whether it begins a cell, and whether it is the head of a fold."""
        directive = block.directive
        if directive is not None and directive.name in ("exercise", "solution-start", "solution-end"):
            return self._exercise_or_solution(directive)
        if block.level:
            return self._heading(block), True, False
        if self._after_solution and directive is not None and directive.name in BOXES:
            self._after_solution = False
            title, text = self._markdown.box(directive)
            return f"{'#' * (self._level + 1)} {title}\n\n{text}", True, False
        self._check_not_folded(block.source)
        return self._markdown.plain(block), False, False

    def _heading(self, block: Block) -> str:
        if self._in_solution:
            raise self._references.error(f"a heading in a solution ends its fold: {block.source!r}")
        self._after_solution = False
        first, self._level = not self._level, block.level
        text = self._markdown.plain(block)
        if not first:
            return text
        number, page = self._references.chapter_number(), self._references.page()
        title = text.lstrip("# ")
        return (
            f"# {number}. {title}\n\n*Chapter {number} of [{self._book}]({page}), where the words and "
            "functions have links to what they mean.*"
        )

    def _exercise_or_solution(self, directive: Directive) -> tuple[str, bool, bool]:
        if directive.name == "solution-end":
            self._in_solution, self._after_solution = False, True
            return "", False, False
        is_exercise = directive.name == "exercise"
        label = directive.options.get("label", "") if is_exercise else directive.argument
        number = self._references.number("exercise", label)
        if is_exercise:
            self._after_solution = False
            title = f": {directive.argument}" if directive.argument else ""
            heading = f"{'#' * (self._level + 1)} Exercise {number}{title}"
            return f"{heading}\n\n{self._markdown.text(directive.body)}", True, False
        self._in_solution = True
        return f"{'#' * (self._level + 2)} Solution of exercise {number}", True, True

    def _check_not_folded(self, source: str) -> None:
        if self._after_solution:
            raise self._references.error(
                f"this comes after a solution and would be folded away with it; give it a heading: "
                f"{source!r}"
            )
