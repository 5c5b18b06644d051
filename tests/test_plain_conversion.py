"""How a chapter becomes a plain notebook. Needs the extra ``book``, since Sphinx does the work."""

import sys
import warnings
from pathlib import Path

import nbformat.v4 as nbf
import pytest

from tools import address

pytest.importorskip("jupyter_book", reason='needs the extra "book"')

ROOT = address.ROOT
CHAPTER = "book/05-training"


@pytest.fixture(scope="module")
def app(tmp_path_factory):
    """Sphinx, once it has read all pages of the book; it writes none."""
    from jupyter_book.config import get_final_config
    from sphinx.application import Sphinx
    from sphinx.util.docutils import docutils_namespace, patch_docutils

    out = tmp_path_factory.mktemp("sphinx")
    before = sys.path[:]
    config, _ = get_final_config(
        user_yaml=ROOT / "_config.yml", sourcedir=ROOT, cli_config={"latex_individualpages": False}
    )
    with patch_docutils(None), docutils_namespace():
        with warnings.catch_warnings():
            warnings.simplefilter(
                "ignore"
            )  # what Sphinx and its extensions deprecate of each other
            app = Sphinx(ROOT, None, out, out, "dummy", config, status=None, warning=None)
            app.build()
        yield app
    sys.path[:] = before


@pytest.fixture(scope="module")
def extension(app):
    import plain_notebooks.chapter
    import plain_notebooks.files
    import plain_notebooks.markdown
    import plain_notebooks.references

    return plain_notebooks


@pytest.fixture
def convert(app, extension):
    """Convert cells as if they stood in chapter 5: text, or code where it is a list of tags."""
    from markdown_it.renderer import RendererHTML
    from myst_parser.parsers.mdit import create_md_parser

    def convert(*cells):
        references = extension.references.References(app, CHAPTER)
        parser = create_md_parser(app.env.myst_config, RendererHTML)
        markdown = extension.markdown.Markdown(parser, references)
        notebook = nbf.new_notebook(
            cells=[
                nbf.new_markdown_cell(cell)
                if isinstance(cell, str)
                else nbf.new_code_cell("1", metadata={"tags": cell})
                for cell in cells
            ]
        )
        chapter = extension.chapter.PlainChapter(references, markdown, "The book")
        return [cell.source for cell in chapter.convert(notebook).cells]

    return convert


@pytest.fixture
def text(convert):
    """Convert the text of one cell that follows a title."""
    return lambda source: "\n\n".join(convert("# Title\n", source)[1:])


@pytest.fixture
def refused(text):
    from sphinx.errors import ExtensionError

    def refused(source, message, convert=text):
        with pytest.raises(ExtensionError, match=message):
            convert(source)

    return refused


def test_a_fresh_conversion_equals_what_is_committed(app, extension):
    fresh = dict(extension.files.plain_notebooks(app))
    stored = {path.name: path.read_text("utf-8") for path in ROOT.glob("notebooks/*.ipynb")}
    changed = [name for name in fresh if fresh[name] != stored.get(name)]
    assert not changed, "build the book, which renews them: `python -m nox -s book`"
    assert set(fresh) == set(stored)


@pytest.mark.parametrize(
    ("source", "plain"),
    [
        ("See {numref}`fig-training-step`.", "See Fig. 5.1."),
        ("See {eq}`eq-training-step`.", "See (5.1)."),
        ("See {numref}`Figure %s <fig-training-step>`.", "See Figure 5.1."),
        ("`{eq}` and ``{eq}`x` `` stay", "`{eq}` and ``{eq}`x` `` stay"),
        ("$[a](b.md)$ stays", "$[a](b.md)$ stays"),
        ("```python\n{eq}`x`\n```", "```python\n{eq}`x`\n```"),
        ("- a {eq}`eq-training-step`\n- b", "- a (5.1)\n- b"),
        ("| a |\n| - |\n| {eq}`eq-training-step` |", "| a |\n| - |\n| (5.1) |"),
        ("$$\na\n$$ (eq-training-step)", "$$\na\n\\tag{5.1}\n$$"),
        ("$$\na\n$$", "$$\na\n$$"),
        (":::{math}\n:label: eq-training-step\na\n:::", "$$\na\n\\tag{5.1}\n$$"),
        ("(name)=\ntext", "text"),
        ("% a comment\n\ntext", "text"),
        (":::{note}\nA\n\nB\n:::", "> **Note**\n>\n> A\n>\n> B"),
        (
            ":::{admonition} Try it\n:class: tip\n{eq}`eq-training-step`\n:::",
            "> **Try it**\n>\n> (5.1)",
        ),
        ("::::{tip}\n:::{note}\nA\n:::\n::::", "> **Tip**\n>\n> > **Note**\n> >\n> > A"),
        ("[x](https://a.org/b)", "[x](https://a.org/b)"),
    ],
)
def test_what_stands_for_what(text, source, plain):
    assert text(source) == plain


def test_what_leaves_the_page_leads_to_the_book(app, text):
    book = app.config.html_baseurl + "book/"
    assert text("[six](06-checkpoints.ipynb#a)") == f"[six]({book}06-checkpoints.html#a)"
    assert text("[it](glossary.md)") == f"[it]({book}glossary.html)"
    assert text("[it](#here)") == f"[it]({book}05-training.html#here)"
    assert text("{eq}`eq-losses-game`") == f"[(4.1)]({book}04-losses.html#equation-eq-losses-game)"
    assert text("{doc}`glossary`").endswith(f"]({book}glossary.html)")
    cited = text("{cite:t}`radford2016`")
    assert cited.startswith("Radford *et al.* [[2016](" + book + "references.html#")


def test_the_title_has_its_number_and_a_link(app, convert):
    first = convert("# Training\n\nText.")[0]
    assert first.startswith("# 5. Training\n\n*Chapter 5 of [The book](")
    assert f"({app.config.html_baseurl}book/05-training.html)" in first
    assert first.endswith("\n\nText.")


END = ":::{solution-end}\n:::\n\n"


@pytest.fixture
def label(app):
    """The label of the chapter's first exercise."""
    return next(iter(app.env.toc_fignumbers[CHAPTER]["exercise"]))


@pytest.fixture
def start(label):
    """The beginning of that exercise's solution."""
    return f":::{{solution-start}} {label}\n:class: dropdown\n:::"


def test_an_exercise_and_its_solution(convert, label, start):
    exercise = f":::{{exercise}}\n:label: {label}\nHow many?\n:::"
    text = f"# T\n\n## Exercises\n\n{exercise}\n\n{start}"
    cells = convert(text, [], f"So many.\n\n{END}## Summary\n\nAll.")
    assert cells[1:] == [
        "## Exercises",
        "### Exercise 5.1\n\nHow many?",
        "#### Solution of exercise 5.1",
        "1",
        "So many.",
        "## Summary\n\nAll.",
    ]


def test_a_box_after_a_solution_is_not_folded_away(convert, start):
    box = ":::{admonition} Open question\nWhy?\n:::"
    assert convert("# T\n\n## E", start, [], f"{END}{box}")[-1] == "### Open question\n\nWhy?"


def test_what_a_fold_would_hide_or_end_is_refused(convert, refused, start):
    needs = "needs a heading"
    refused(f"{END}And so on.", needs, lambda text: convert("# T", start, [], text))
    refused(END, needs, lambda text: convert("# T", start, [], text, []))
    refused("## New", "ends its fold", lambda text: convert("# T", start, text))


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("{abbr}`x`", "the role 'abbr' is not known"),
        (":::{list-table}\n:::", "the directive 'list-table' is not known"),
        ("- a\n\n  :::{note}\n  b\n  :::", "no plain form"),
        ("- a\n\n  $$ a $$ (eq-training-step)", "no plain form"),
        ("{numref}`fig-nowhere`", "leads nowhere"),
        ("$$ a $$ (eq-nowhere)", "there is no displaymath"),
        ("[x](nowhere.ipynb)", "leads to no page"),
        ("![x](nowhere.png)", "not on the chapter's page"),
        (":::{exercise}\n:label: nowhere\nx\n:::", "there is no exercise 'nowhere'"),
        ("Term\n: what it is", "no plain form"),
        ("{{ name }}", "no plain form"),
        ("[x]: https://a.org", "no plain form"),
        ("[x](06-checkpoints.ipynb 'A title')", "leads nowhere from Colab"),
    ],
)
def test_what_has_no_plain_form_stops_the_build(refused, source, message):
    refused(source, rf"^{CHAPTER}, as a plain notebook: .*{message}")


def test_an_unknown_tag_stops_the_build(convert, refused):
    refused(["remove-cell"], "remove-cell", lambda tags: convert("# T", tags))


def test_a_file_that_is_as_it_should_be_is_left_alone(extension, tmp_path: Path):
    file = tmp_path / "a.ipynb"
    extension.files.write_if_changed(file, b"a")
    before = file.stat().st_mtime_ns
    extension.files.write_if_changed(file, b"a")
    assert file.stat().st_mtime_ns == before
    extension.files.write_if_changed(file, b"b")
    assert file.read_bytes() == b"b"
    assert list(tmp_path.iterdir()) == [file]
