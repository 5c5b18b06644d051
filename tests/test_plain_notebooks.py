"""The plain notebooks: the book's code and outputs, among text that any notebook program shows."""

import json
import re

import pytest

from tools import address
from tools.notebooks import notebooks, read

ROOT = address.ROOT
PLAIN = ROOT / "notebooks"
MYST = re.compile(
    r"^:{3,}|\{[a-z][\w:+-]*\}`|^\([\w-]+\)=|\$\$ *\(|^`{3,}\{|^% |\{\{", re.MULTILINE
)
MATH = re.compile(r"\$\$.*?\$\$|\$[^$]+\$", re.DOTALL)
CODE = re.compile(r"^(`{3,})(?!\{)[\s\S]*?^\1\s*$|`[^`{}\n]+`", re.MULTILINE)

each = pytest.mark.parametrize("path", notebooks(), ids=lambda path: path.stem)


def raw(path):
    """A notebook's cells as the file has them."""
    return json.loads(path.read_text(encoding="utf-8"))["cells"]


def code(cells):
    """All of the code cells but their metadata: source, outputs, ids and numbers."""
    kept = ("id", "source", "outputs", "execution_count")
    return [{key: cell[key] for key in kept} for cell in cells if cell["cell_type"] == "code"]


def texts(path):
    return [cell.source for cell in read(path).cells if cell.cell_type == "markdown"]


def level(cell):
    """The rank of the heading that a text cell begins with, or 0."""
    heading = re.match(r"(#+) ", cell.source) if cell.cell_type == "markdown" else None
    return len(heading[1]) if heading else 0


def test_there_is_one_for_each_chapter():
    assert sorted(path.name for path in PLAIN.glob("*.ipynb")) == [p.name for p in notebooks()]


@each
def test_code_cells_outputs_and_ids_are_the_books(path):
    assert code(raw(PLAIN / path.name)) == code(raw(path))


@each
def test_no_myst_is_left(path):
    for text in texts(PLAIN / path.name):
        assert not MYST.search(MATH.sub("", CODE.sub("", text))), text


@each
def test_the_ids_are_unique_and_colab_finds_them(path):
    cells = read(PLAIN / path.name).cells  # validated
    assert len({cell.id for cell in cells}) == len(cells)
    assert all(cell.metadata.id == cell.id for cell in cells)


def solutions_in_the_book(path):
    """The ids of the code cells of each solution."""
    found, inside = [], False
    for cell in read(path).cells:
        if cell.cell_type == "code" and inside:
            found[-1].append(cell.id)
        for mark in re.findall(r"^:::\{solution-(start|end)\}", cell.source, re.MULTILINE):
            inside = mark == "start"
            found += [[]] if inside else []
    return found


def folds(path):
    """The heading of each fold, and the ids of the code cells in it."""
    found, rank = [], 0
    for cell in read(path).cells:
        if 0 < level(cell) <= rank:
            rank = 0
        if cell.metadata.get("jp-MarkdownHeadingCollapsed"):
            rank = level(cell)
            found.append((cell, []))
        elif rank and cell.cell_type == "code":
            found[-1][1].append(cell.id)
    return found


@each
def test_each_solution_is_folded_under_its_heading_and_nothing_else_is(path):
    found = folds(PLAIN / path.name)
    for head, _ in found:
        assert re.fullmatch(r"#+ Solution of exercise \d+\.\d+", head.source)
    assert [ids for _, ids in found] == solutions_in_the_book(path)
    colab = read(PLAIN / path.name).metadata.colab
    assert colab.collapsed_sections == [head.id for head, _ in found]


@each
def test_what_the_book_hides_is_folded_and_captions_are_cells(path):
    plain = {cell.id: cell for cell in read(PLAIN / path.name).cells}
    for cell in read(path).cells:
        if cell.cell_type == "code":
            tags = set(cell.metadata.get("tags", []))
            hidden = bool({"hide-cell", "hide-input", "remove-input"} & tags)
            folded = plain[cell.id].metadata
            assert (folded.get("cellView") == "form") == hidden
            assert folded.get("jupyter", {}).get("source_hidden", False) == hidden
            figure = "figure" in cell.metadata.get("mystnb", {})
            assert (f"{cell.id}-caption" in plain) == figure


@each
def test_its_links_lead_to_the_book(path):
    owner, name = address.parse(address.read())
    text = "\n".join(texts(PLAIN / path.name))
    links = re.findall(r"\]\(([^()\s]+)\)", MATH.sub("", CODE.sub("", text)))
    assert f"https://{owner}.github.io/{name}/book/{path.stem}.html" in links
    assert all(link.startswith(("https://", "http://")) for link in links), links
