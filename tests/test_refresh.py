"""The refresh task writes a notebook in one form, and its second run changes nothing."""

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tools import notebooks as tool

VIEW = "application/vnd.jupyter.widget-view+json"


def display(**data):
    return new_output("display_data", data={k.replace("__", "/"): v for k, v in data.items()})


def stream(text, name="stdout"):
    return new_output("stream", name=name, text=text)


def outputs_after(*outputs):
    cell = new_code_cell("x", outputs=list(outputs))
    return tool.normalise(new_notebook(cells=[cell])).cells[0].outputs


def test_a_progress_bar_is_dropped_and_a_widget_with_a_picture_keeps_the_picture():
    bar = new_output("display_data", data={VIEW: {"model_id": "a"}, "text/plain": "  0%|"})
    explorer = new_output(
        "display_data",
        data={VIEW: {"model_id": "b"}, "image/png": "UE5H", "text/plain": "panel"},
    )
    (kept,) = outputs_after(bar, explorer)
    assert kept.data == {"image/png": "UE5H", "text/plain": "panel"}


def test_text_is_merged_only_where_nothing_stands_between():
    kept = outputs_after(stream("a\n"), stream("b\n"), display(text__plain="x"), stream("c\n"))
    assert [output.get("text") for output in kept] == ["a\nb\n", None, "c\n"]
    kept = outputs_after(stream("a"), stream("b", name="stderr"))
    assert [output.text for output in kept] == ["a", "b"]


def test_an_error_keeps_its_message_and_loses_the_files_that_it_names():
    error = new_output("error", ename="ValueError", evalue="no", traceback=["File /a/b.py", "..."])
    (kept,) = outputs_after(error)
    assert kept.traceback == ["ValueError: no"]


def test_metadata_that_varies_is_dropped_and_what_the_author_wrote_is_kept():
    cell = new_code_cell("x")
    cell.metadata.update(tags=["a"], mystnb={"image": {"alt": "b"}}, execution={"now": "1"})
    notebook = new_notebook(cells=[cell])
    notebook.metadata.update(widgets={}, language_info={"name": "python", "version": "3.10"})
    result = tool.normalise(notebook)
    assert result.metadata == tool.METADATA
    assert result.cells[0].metadata == {"tags": ["a"], "mystnb": {"image": {"alt": "b"}}}
    assert tool.normalise(result) == result


@pytest.fixture
def notebook(tmp_path):
    path = tmp_path / "01-try.ipynb"
    notebook = new_notebook(
        cells=[
            new_markdown_cell("# Try — ✓"),
            new_code_cell("print('a')\nprint('b')\n6 * 7"),
            new_code_cell("1 / 0", metadata={"tags": ["raises-exception"]}),
            new_code_cell("import os\nos.path.basename(os.getcwd())"),
            new_code_cell("print(os.getenv('TF_CPP_MIN_LOG_LEVEL'))"),
        ]
    )
    nbformat.write(notebook, path)
    return path


def test_a_second_run_changes_no_byte(notebook, monkeypatch):
    monkeypatch.setenv("TF_CPP_MIN_LOG_LEVEL", "0")  # the maintainer's own, no reader's
    first, seconds = tool.run(notebook)
    tool.write(first, notebook)
    written = notebook.read_bytes()
    second, _ = tool.run(notebook)
    tool.write(second, notebook)
    assert notebook.read_bytes() == written
    assert seconds > 0

    text = written.decode()
    assert text.startswith('{\n "cells": [\n')
    assert text.endswith("}\n")
    assert "Try — ✓" in text
    code = [cell for cell in second.cells if cell.cell_type == "code"]
    assert [cell.execution_count for cell in code] == [1, 2, 3, 4]
    assert code[2].outputs[0].data["text/plain"] == repr(notebook.parent.name)
    assert code[3].outputs[0].text == "None\n"
    assert list(notebook.parent.iterdir()) == [notebook]
    assert tool.changes(first, second) == []


def test_it_names_the_cells_whose_compared_text_changed(notebook):
    old = tool.read(notebook)
    new, _ = tool.run(notebook)
    assert tool.changes(old, new) == [0, 1, 2, 3]
    new.cells[1].metadata.tags = [tool.IGNORE_TAG]
    assert tool.changes(old, new) == [1, 2, 3]


def test_a_notebook_that_fails_is_left_as_it_was(tmp_path, monkeypatch, capsys):
    path = tmp_path / "01-fails.ipynb"
    nbformat.write(new_notebook(cells=[new_code_cell("1 / 0")]), path)
    before = path.read_bytes()
    monkeypatch.setattr(tool, "notebooks", lambda names: [path])
    assert tool.main([]) == 1
    assert path.read_bytes() == before
    assert "ZeroDivisionError" in capsys.readouterr().err


def test_notebooks_are_chosen_by_the_beginning_of_their_names(tmp_path):
    for name in ("01-data", "02-generator", "10-more"):
        (tmp_path / f"{name}.ipynb").touch()
    chosen = tool.notebooks(["02", "book/01-data.ipynb", "02"], book=tmp_path)
    assert [path.stem for path in chosen] == ["02-generator", "01-data"]
    assert len(tool.notebooks(book=tmp_path)) == 3
    with pytest.raises(ValueError, match="starts with '03'"):
        tool.notebooks(["03"], book=tmp_path)


def test_a_cell_without_an_id_gets_the_same_one_every_time(tmp_path):
    path = tmp_path / "old.ipynb"
    path.write_text(
        '{"cells": [{"cell_type": "markdown", "metadata": {}, "source": "a"}, '
        '{"cell_type": "markdown", "metadata": {}, "source": "a"}], '
        '"metadata": {}, "nbformat": 4, "nbformat_minor": 4}',
        encoding="utf-8",
    )
    first, second = ([cell.id for cell in tool.read(path).cells] for _ in range(2))
    assert first == second
    assert len(set(first)) == 2
