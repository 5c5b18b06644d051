"""Run the book's notebooks and store what they print: ``python -m tools.notebooks [name ...]``.

Each notebook runs from top to bottom in a fresh kernel, and is written back in one normal form, so
that a second run changes nothing but pictures and the outputs of cells tagged
``nbval-ignore-output``. A name is a file in ``book/`` or the beginning of one: ``05``.
"""

from __future__ import annotations

import copy
import hashlib
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode

from dcgan_helpers._files import write_whole
from tools.address import ROOT

BOOK = ROOT / "book"
IGNORE_TAG = "nbval-ignore-output"

# The first code cell of every notebook. It installs the package only where it is missing.
INSTALL_CELL = """\
try:
    import dcgan_helpers as dcgan
except ModuleNotFoundError:
    %pip install -q git+{address}
    import dcgan_helpers as dcgan"""

# `accelerator` makes Colab start the notebook on a GPU.
METADATA: dict[str, Any] = {
    "accelerator": "GPU",
    "colab": {"provenance": []},
    "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}

_WIDGET_VIEW = "application/vnd.jupyter.widget-view+json"
_CELL_METADATA = {"cellView", "jupyter", "mystnb", "tags"}


def install_cell(address: str) -> str:
    """Return the source of the first code cell, which installs the package from `address`."""
    return INSTALL_CELL.format(address=address)


def notebooks(names: list[str] | None = None, book: Path = BOOK) -> list[Path]:
    """Return the book's notebooks in order, or those whose file names start with `names`."""
    paths = sorted(book.glob("*.ipynb"))
    if not names:
        return paths
    chosen = []
    for name in names:
        found = [path for path in paths if path.name.startswith(Path(name).name)]
        if not found:
            raise ValueError(f"no notebook in {book.name}/ starts with {name!r}")
        chosen += [path for path in found if path not in chosen]
    return chosen


def read(path: Path) -> NotebookNode:
    """Read a notebook; a cell without an id gets one that is the same every time."""
    raw = json.loads(path.read_text(encoding="utf-8"))
    for number, cell in enumerate(raw["cells"]):
        text = f"{number} {cell['cell_type']} {''.join(cell['source'])}"
        cell.setdefault("id", hashlib.sha256(text.encode()).hexdigest()[:8])
    raw["nbformat"], raw["nbformat_minor"] = 4, 5
    notebook = nbformat.reads(json.dumps(raw), as_version=nbformat.NO_CONVERT)
    nbformat.validate(notebook)
    return notebook


def write(notebook: NotebookNode, path: Path) -> None:
    """Write a notebook whole or not at all."""
    with write_whole(path) as file:
        file.write((nbformat.writes(notebook) + "\n").encode())


def normalise(notebook: NotebookNode) -> NotebookNode:
    """Return a copy in the form in which notebooks are kept: only what does not vary by run."""
    notebook = copy.deepcopy(notebook)
    notebook.metadata = nbformat.from_dict(METADATA)
    for cell in notebook.cells:
        cell.metadata = nbformat.from_dict(
            {key: value for key, value in cell.metadata.items() if key in _CELL_METADATA}
        )
        if cell.cell_type == "code":
            cell.outputs = _normal_outputs(cell.outputs)
    return notebook


def _normal_outputs(outputs: list[NotebookNode]) -> list[NotebookNode]:
    kept: list[NotebookNode] = []
    for output in outputs:
        data = output.get("data", {})
        if _WIDGET_VIEW in data:
            # A view means nothing without the kernel that it belonged to. What stays is the
            # picture beside it; where there is none, as with a progress bar, nothing stays.
            del data[_WIDGET_VIEW]
            if set(data) <= {"text/plain"}:
                continue
        if output.output_type == "error":
            # The traceback names files of the machine; its last line says what happened.
            output.traceback = [f"{output.ename}: {output.evalue}"]
        is_stream = output.output_type == "stream"
        if is_stream and kept and kept[-1].get("name") == output.name:
            kept[-1].text += output.text
        else:
            kept.append(output)
    return kept


def environment() -> dict[str, str]:
    """Return the environment variables, less the one with which TensorFlow says more, or less.

    Whoever sets it gets what it says; a reader is not to get it, too.
    """
    return {name: v for name, v in os.environ.items() if name != "TF_CPP_MIN_LOG_LEVEL"}


def run(path: Path) -> tuple[NotebookNode, float]:
    """Run a notebook in a fresh kernel, in its own folder; return it and the seconds it took."""
    notebook = read(path)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    client = NotebookClient(
        notebook,
        timeout=None,
        kernel_name=METADATA["kernelspec"]["name"],
        resources={"metadata": {"path": str(path.parent)}},
        record_timing=False,
        store_widget_state=False,
    )
    start = time.perf_counter()
    # What goes to /dev/null is the kernel's own log, not the cells' stderr.
    client.execute(env=environment(), stderr=subprocess.DEVNULL)
    return normalise(notebook), time.perf_counter() - start


def changes(old: NotebookNode, new: NotebookNode) -> list[int]:
    """Return the numbers of the cells, as nbval counts them, whose compared output changed."""

    def compared(cell: NotebookNode) -> list[Any]:
        outputs = copy.deepcopy(cell.outputs)
        for output in outputs:
            output.pop("metadata", None)
            output.get("data", {}).pop("image/png", None)
        return outputs

    pairs = zip(
        [cell for cell in old.cells if cell.cell_type == "code"],
        [cell for cell in new.cells if cell.cell_type == "code"],
        strict=True,
    )
    return [
        number
        for number, (a, b) in enumerate(pairs)
        if IGNORE_TAG not in b.metadata.get("tags", []) and compared(a) != compared(b)
    ]


def main(names: list[str]) -> int:
    """Run the named notebooks, or all, and store their outputs; stop at the first that fails."""
    try:
        paths = notebooks(names)
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    for path in paths:
        print(f"{path.name:32s}", end="", flush=True)
        try:
            new, seconds = run(path)
        except CellExecutionError as error:
            print(f"failed; the file was left as it was\n{error}", file=sys.stderr)
            return 1
        changed = changes(read(path), new)
        write(new, path)
        note = f"  changed: {', '.join(f'cell {n}' for n in changed)}" if changed else ""
        print(f"{seconds:7.1f} s{note}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
