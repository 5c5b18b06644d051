"""A chapter as a plain notebook: the book's code cells, among text that needs no MyST."""

from __future__ import annotations

import copy
from dataclasses import dataclass

from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

from .directives import Directive
from .markdown import BOXES, Block, Markdown
from .references import References

# Cells whose code the book folds away or leaves out; and what else a cell may be tagged with.
HIDDEN_CODE = {"hide-cell", "hide-input", "remove-input"}
OTHER_TAGS = {"nbval-ignore-output", "raises-exception"}
EXERCISES = ("exercise", "solution-start", "solution-end")


@dataclass
class Piece:
    """A part of a text cell: whether it begins a cell, and whether it folds away what follows."""

    text: str
    begins: bool = False
    folds: bool = False


class PlainChapter:
    """The plain notebook of a chapter, cell by cell.

    A fold hides all that stands between its heading and the next one of the same rank or a higher
    one. So each heading begins a cell, that of a solution is a cell of its own, and what comes
    after a solution must begin with a heading, or it would be folded away with it.
    """

    def __init__(self, references: References, markdown: Markdown, book: str) -> None:
        self._references, self._markdown, self._book = references, markdown, book
        self._cells: list[NotebookNode] = []
        self._folded: list[str] = []
        self._level = 0  # of the section: an exercise is one below, its solution two
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
        colab = {"collapsed_sections": self._folded, "toc_visible": True}
        plain.metadata.setdefault("colab", {}).update(colab)
        return plain

    def _add_code(self, cell: NotebookNode) -> None:
        """Add a code cell, and below it the caption of its figure."""
        self._check_not_folded(cell.source)
        figure = cell.metadata.pop("mystnb", {}).get("figure")
        tags = set(cell.metadata.get("tags", []))
        if unknown := tags - HIDDEN_CODE - OTHER_TAGS:
            raise self._references.error(f"cell {cell.id}: there is no plain form for {unknown}")
        if tags & HIDDEN_CODE:
            cell.metadata["cellView"] = "form"  # in Colab
            cell.metadata["jupyter"] = {"source_hidden": True}
        cell.metadata["id"] = cell.id
        self._cells.append(cell)
        if figure:
            caption = self._markdown.caption(figure["name"], figure["caption"])
            self._append(f"{cell.id}-caption", Piece(caption))

    def _add_text(self, cell: NotebookNode) -> None:
        """Add a text cell, as several where headings or exercises stand in it."""
        pieces: list[Piece] = []
        for piece in map(self._piece, self._markdown.blocks(cell.source)):
            if piece.text and (piece.begins or not pieces or pieces[-1].folds):
                pieces.append(piece)
            elif piece.text:
                pieces[-1].text += f"\n\n{piece.text}"
        for number, piece in enumerate(pieces):
            self._append(f"{cell.id}-{number}" if number else cell.id, piece)

    def _append(self, name: str, piece: Piece) -> None:
        """Append a text cell; its name stands among its metadata, where Colab looks for it."""
        metadata = {"id": name, **({"jp-MarkdownHeadingCollapsed": True} if piece.folds else {})}
        if piece.folds:
            self._folded.append(name)
        self._cells.append(new_markdown_cell(piece.text, id=name, metadata=metadata))

    def _piece(self, block: Block) -> Piece:
        directive = block.directive
        if directive and directive.name in EXERCISES:
            return self._exercise_or_solution(directive)
        if block.level:
            return self._heading(block)
        if self._after_solution and directive and directive.name in BOXES:
            title, text = self._markdown.box(directive)
            return self._begin(1, title, text)
        self._check_not_folded(block.source)
        return Piece(self._markdown.plain(block))

    def _heading(self, block: Block) -> Piece:
        if self._in_solution:
            raise self._references.error(f"a heading in a solution ends its fold: {block.source!r}")
        is_title, self._level = not self._level, block.level
        title = self._markdown.plain(block).lstrip("# ")
        if not is_title:
            return self._begin(0, title)
        number, page = self._references.chapter_number(), self._references.page()
        where = f"*Chapter {number} of [{self._book}]({page}). On its page there, technical terms"
        return self._begin(
            0, f"{number}. {title}", f"{where} and functions are explained by links.*"
        )

    def _exercise_or_solution(self, directive: Directive) -> Piece:
        if directive.name == "solution-end":
            self._in_solution, self._after_solution = False, True
            return Piece("")
        is_exercise = directive.name == "exercise"
        label = directive.options.get("label", "") if is_exercise else directive.argument
        number = self._references.number("exercise", label)
        if is_exercise:
            title = f": {directive.argument}" if directive.argument else ""
            return self._begin(1, f"Exercise {number}{title}", self._markdown.text(directive.body))
        self._in_solution = True
        piece = self._begin(2, f"Solution of exercise {number}")
        piece.folds = True
        return piece

    def _begin(self, below: int, title: str, text: str = "") -> Piece:
        """Return a piece with a heading so much below that of the section."""
        self._after_solution = False
        return Piece(f"{'#' * (self._level + below)} {title}\n\n{text}".strip(), begins=True)

    def _check_not_folded(self, source: str) -> None:
        if self._after_solution:
            raise self._references.error(
                "what comes after a solution needs a heading, or it would be folded away with it: "
                f"{source!r}"
            )
