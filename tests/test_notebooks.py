"""The form of a chapter: what must be true of every notebook before it is run at all."""

import json
import re
import tempfile
from pathlib import Path

import pytest
import yaml

from tools.address import ROOT
from tools.notebooks import IGNORE_TAG, normalise, notebooks, read

NOTEBOOKS = notebooks()
NAMES = [path.name for path in NOTEBOOKS]
ASSERT = re.compile(r"^\s*assert\b|\bnp\.testing\.|\btf\.debugging\.assert", re.MULTILINE)
IMAGES = {"image/png", "image/jpeg", "image/gif", "image/svg+xml"}
# What shows that a text names a place on the machine that it was made on.
MACHINE = [str(ROOT), str(Path.home()), tempfile.gettempdir(), "/Users/", "site-packages"]
MACHINE += ["/home/", "/root/", "/tmp/", "C:\\Users"]

each = pytest.mark.parametrize("path", NOTEBOOKS, ids=NAMES)


def cells(path, kind):
    """The cells of one kind, each with its number among them: for code, the number nbval shows."""
    return list(enumerate(cell for cell in read(path).cells if cell.cell_type == kind))


def tags(cell):
    return set(cell.metadata.get("tags", []))


def prose(path):
    """The notebook's text, without what stands in code fences."""
    text = "\n\n".join(cell.source for _, cell in cells(path, "markdown"))
    return re.sub(r"^(`{3,})(?!\{).*?^\1\s*$", "", text, flags=re.MULTILINE | re.DOTALL)


def texts(output):
    """All text in an output."""
    yield output.get("text", "")
    yield output.get("evalue", "")
    yield from output.get("traceback", [])
    for mime, value in output.get("data", {}).items():
        if mime.startswith("text/"):
            yield value


@each
def test_every_code_cell_was_executed_in_order(path):
    counts = [cell.execution_count for _, cell in cells(path, "code")]
    assert counts == list(range(1, len(counts) + 1)), (
        "run `nox -s refresh`: a cell that was never executed passes nbval whatever it prints"
    )


@each
def test_no_cell_is_empty(path):
    empty = [cell.id for cell in read(path).cells if not cell.source.strip()]
    assert not empty, f"cells without content: {empty}"


@each
def test_an_error_is_stored_where_and_only_where_the_cell_says_so(path):
    for number, cell in cells(path, "code"):
        stored = any(output.output_type == "error" for output in cell.outputs)
        meant = "raises-exception" in tags(cell)
        assert stored == meant, f"cell {number}: error stored {stored}, raises-exception {meant}"
        assert "nbval-raises-exception" not in tags(cell), (
            f"cell {number}: use the tag raises-exception, which Jupyter knows, too"
        )


@each
def test_nothing_was_written_to_stderr(path):
    for number, cell in cells(path, "code"):
        written = [output.text for output in cell.outputs if output.get("name") == "stderr"]
        assert not written, f"cell {number} wrote to stderr: {written[0][:200]!r}"


@each
def test_every_picture_of_a_cell_has_alt_text(path):
    for number, cell in cells(path, "code"):
        if any(IMAGES & set(output.get("data", {})) for output in cell.outputs):
            alt = cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")
            assert alt.strip(), (
                f"cell {number} shows a picture: describe it in its metadata, "
                '{"mystnb": {"image": {"alt": "..."}}}'
            )


@each
def test_every_picture_in_the_text_has_alt_text(path):
    text = prose(path)
    for match in re.finditer(r"!\[(.*?)\]\(([^)]*)\)", text, re.DOTALL):
        assert match[1].strip(), f"the picture {match[2]} has no alt text"
    for match in re.finditer(r"^([`:]{3,})\{(?:figure|image)\}(.*?)^\1\s*$", text, re.M | re.S):
        assert re.search(r"^:alt: *\S|^alt: *\S", match[2], re.MULTILINE), (
            f"the figure {match[2].splitlines()[0].strip()} has no :alt:"
        )
    for match in re.finditer(r"<img\b[^>]*>", text):
        assert re.search(r"\balt=\"[^\"]+\"", match[0]), f"{match[0]} has no alt text"


@each
def test_what_is_not_compared_is_asserted_in_the_next_cell(path):
    code = [cell for _, cell in cells(path, "code")]
    for number, cell in enumerate(code):
        if IGNORE_TAG in tags(cell):
            following = code[number + 1].source if number + 1 < len(code) else ""
            assert ASSERT.search(following), (
                f"cell {number} is tagged {IGNORE_TAG}, but the next code cell asserts nothing"
            )


@each
def test_every_cell_is_run_and_ignored_by_tag_alone(path):
    for number, cell in cells(path, "code"):
        assert "nbval-skip" not in tags(cell), f"cell {number} is skipped"
        comment = re.search(r"^\s*#+\s*(NBVAL_\w+|PYTEST_VALIDATE_\w+)", cell.source, re.MULTILINE)
        assert comment is None, f"cell {number}: use a tag instead of the comment {comment[1]}"


@each
def test_it_opens_with_one_heading(path):
    first = read(path).cells[0]
    assert first.cell_type == "markdown", "the first cell is not text"
    assert first.source.startswith("# "), "the first cell does not start with a '# ' heading"
    assert len(re.findall(r"^# ", prose(path), re.MULTILINE)) == 1, "there is a second '# ' heading"


@each
def test_it_has_a_summary_and_exercises_with_solutions(path):
    text = prose(path)
    assert re.search(r"^## Summary\s*$", text, re.MULTILINE), "there is no '## Summary'"
    exercises = re.findall(
        r"^:{3,}\{exercise(?:-start)?\}[^\n]*\n(?:[^\n]+\n)*?:label: *(\S+)", text, re.MULTILINE
    )
    solutions = re.findall(r"^:{3,}\{solution(?:-start)?\} *(\S+)", text, re.MULTILINE)
    assert len(exercises) >= 2, f"exercises with a label, in colon fences: {exercises}"
    assert sorted(exercises) == sorted(solutions), "each exercise has one solution, and the reverse"


@each
def test_no_output_names_a_place_on_a_machine(path):
    for number, cell in cells(path, "code"):
        for output in cell.outputs:
            for text in texts(output):
                found = [place for place in MACHINE if place in text]
                assert not found, f"cell {number} prints a path of the machine: {found}"


@each
def test_it_is_stored_in_its_normal_form(path):
    assert read(path) == normalise(read(path)), "run `nox -s refresh`"
    ids = [cell.get("id") for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]]
    assert None not in ids, "a cell has no id; run `nox -s refresh`"
    assert len(set(ids)) == len(ids), "two cells have the same id"


def test_the_book_has_every_notebook():
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    chapters = [c["file"] for part in toc["parts"] for c in part["chapters"]]
    assert [c for c in chapters if (ROOT / f"{c}.ipynb").exists()] == [
        f"book/{path.stem}" for path in NOTEBOOKS
    ]
    for page in [toc["root"], *chapters]:
        assert any((ROOT / f"{page}{end}").exists() for end in (".md", ".ipynb")), f"no file {page}"
