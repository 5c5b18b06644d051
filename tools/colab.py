"""Run the plain notebooks as Colab does: ``python -m tools.colab PYTHON [name ...]``.

PYTHON is the interpreter of an environment with Colab's versions of everything, which stand in
``tools/colab.txt``; ``python -m nox -s colab`` makes one. The package is installed there as the
notebooks' first cell does it, from the last commit, and may replace nothing. Then each notebook
runs, and none may fail or show anything on stderr, which Colab prints in red.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from jupyter_client.kernelspec import KernelSpecManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from packaging.requirements import Requirement

from tools.address import ROOT
from tools.notebooks import environment, notebooks, read

PYTHON = "3.13"
PACKAGE = "dcgan-helpers"
PLAIN = ROOT / "notebooks"


def versions() -> dict[str, str]:
    """Return Colab's version of each package that matters here."""
    lines = (ROOT / "tools" / "colab.txt").read_text(encoding="utf-8").splitlines()
    found = [Requirement(line) for line in lines if not line.startswith("#")]
    return {one.name: str(one.specifier).removeprefix("==") for one in found}


def without_checkout() -> dict[str, str]:
    """Return a notebook's environment variables, less what would let Python find this checkout."""
    return {name: value for name, value in environment().items() if name != "PYTHONPATH"}


def ask(python: str, *arguments: str) -> str:
    """Return what an interpreter prints, run where it cannot see this checkout."""
    with tempfile.TemporaryDirectory() as elsewhere:
        done = subprocess.run(
            [python, *arguments],
            cwd=elsewhere,
            env=without_checkout(),
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
    return done.stdout


def installed(python: str) -> dict[str, str]:
    """Return the version of each package in an environment."""
    listed = json.loads(ask(python, "-m", "pip", "list", "--format=json"))
    return {package["name"].lower(): package["version"] for package in listed}


def differences(have: dict[str, str], want: dict[str, str]) -> list[str]:
    """Say which packages are missing or of another version."""
    return [f"{n} {have.get(n, 'missing')}, not {v}" for n, v in want.items() if have.get(n) != v]


def install(python: str) -> list[str]:
    """Install the package as the first cell does; return what pip's report says it installed."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report.json")
        source = f"git+{ROOT.as_uri()}"
        ask(python, "-m", "pip", "install", "-q", "--report", str(report), source)
        entries = json.loads(report.read_text(encoding="utf-8"))["install"]
    return [f"{one['metadata']['name']} {one['metadata']['version']}" for one in entries]


def run(path: Path, python: str, folder: Path) -> list[str]:
    """Run a notebook in an environment, in a folder; return what was wrong with it."""
    spec = folder / "kernels" / "colab" / "kernel.json"
    spec.parent.mkdir(parents=True, exist_ok=True)
    command = [python, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec.write_text(json.dumps({"argv": command, "display_name": "Colab", "language": "python"}))
    notebook = read(path)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = []
    place = {"metadata": {"path": str(folder)}}
    client = NotebookClient(notebook, kernel_name="colab", timeout=None, resources=place)
    manager = client.create_kernel_manager()
    manager.kernel_spec_manager = KernelSpecManager(kernel_dirs=[str(spec.parent.parent)])
    try:
        client.execute(env=without_checkout(), stderr=subprocess.DEVNULL)  # the kernel's own log
    except CellExecutionError as error:
        return [str(error)]
    return [
        f"cell {cell.id} wrote to stderr:\n{output.text}"
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if output.get("name") == "stderr"
    ]


def main(python: str, names: list[str]) -> int:
    """Check the environment, install, and run the notebooks; return 1 if anything is wrong."""
    python = str(Path(python).absolute())  # a link, which says which environment it is of
    paths = notebooks(names, PLAIN)
    found = ask(python, "-c", "import sys; print('%d.%d' % sys.version_info[:2])").strip()
    before = installed(python)
    wrong = differences({**before, "python": found}, {**versions(), "python": PYTHON})
    if wrong:
        print(f"{python} is not as Colab: {'; '.join(wrong)}", file=sys.stderr)
        return 1
    print(f"Python {found}, {', '.join(' '.join(pair) for pair in versions().items())}")
    if before.pop(PACKAGE, None):
        ask(python, "-m", "pip", "uninstall", "-q", "-y", PACKAGE)
    print("pip's report, installed:", ", ".join(install(python)))
    replaced = differences(installed(python), before)
    print("replaced:", "; ".join(replaced) or f"nothing of {len(before)} packages", flush=True)
    failed = bool(replaced)
    for path in paths:
        folder, start = Path(tempfile.mkdtemp()), time.perf_counter()
        try:
            problems = run(path, python, folder)
        finally:
            shutil.rmtree(folder)
        failed = failed or bool(problems)
        seconds = f"{time.perf_counter() - start:7.1f} s"
        print(f"{path.name:32s}{seconds}  {'FAILED' if problems else 'ok'}", *problems, sep="\n")
        sys.stdout.flush()
    return int(failed)


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1], sys.argv[2:]))
