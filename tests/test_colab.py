"""In Colab, a notebook runs from a cold runtime, and installing replaces nothing of Colab's."""

import json
import re
import sys

import nbformat
import nbformat.v4 as nbf
import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from tools import address, colab
from tools.notebooks import METADATA, install_cell, notebooks

try:
    import tomllib
except ModuleNotFoundError:  # Python 3.10
    import tomli as tomllib

PROJECT = tomllib.loads((address.ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
REQUIREMENTS = [Requirement(line) for line in PROJECT["dependencies"]]

COLAB = colab.versions()
PLAIN = [colab.PLAIN / path.name for path in notebooks()]


def by_name(paths):
    return {"argvalues": paths, "ids": [f"{path.parent.name}/{path.name}" for path in paths]}


@pytest.mark.parametrize("requirement", REQUIREMENTS, ids=lambda requirement: requirement.name)
def test_colab_has_every_dependency_in_a_version_that_satisfies(requirement):
    assert requirement.name in COLAB, f"Colab would have to install {requirement.name}"
    assert requirement.specifier.contains(COLAB[requirement.name]), (
        f"pip would replace Colab's {requirement.name} {COLAB[requirement.name]}: {requirement}"
    )


@pytest.mark.parametrize("requirement", REQUIREMENTS, ids=lambda requirement: requirement.name)
def test_a_dependency_has_a_lower_bound_and_nothing_else(requirement):
    operators = [specifier.operator for specifier in requirement.specifier]
    assert operators == [">="], f"{requirement}: give one lower bound, so that no version is forced"
    assert requirement.url is None
    assert not requirement.extras
    assert requirement.marker is None


def test_colab_python_is_supported():
    supported = SpecifierSet(PROJECT["requires-python"])
    assert supported.contains(f"{colab.PYTHON}.0")
    assert [specifier.operator for specifier in supported] == [">="]


@pytest.mark.parametrize("path", **by_name(PLAIN))
def test_the_plain_notebook_asks_for_a_gpu_and_the_kernel_python3(path):
    metadata = json.loads(path.read_text(encoding="utf-8"))["metadata"]
    assert metadata.get("accelerator") == "GPU"
    assert metadata.get("kernelspec", {}).get("name") == "python3"
    assert metadata.pop("colab").items() >= METADATA["colab"].items()
    rest = {key: value for key, value in METADATA.items() if key != "colab"}
    assert metadata == rest, "run `nox -s refresh`, which writes the notebooks' metadata"


@pytest.mark.parametrize("path", **by_name([*notebooks(), *PLAIN]))
def test_the_first_code_cell_installs_the_package_where_it_is_missing(path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    first = next("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    assert first == install_cell(address.read())


def test_the_install_cell_installs_without_options_that_replace_packages():
    cell = install_cell("https://github.com/owner/name")
    assert "%pip install -q git+https://github.com/owner/name\n" in cell
    for option in ("--upgrade", "-U", "--force", "--ignore-installed", "--pre"):
        assert option not in cell.split()


def test_the_nox_task_makes_colabs_environment():
    task = (address.ROOT / "noxfile.py").read_text(encoding="utf-8")
    assert f'@nox.session(python="{colab.PYTHON}", venv_backend="venv")\ndef colab(' in task
    assert '"-r", "tools/colab.txt"' in task
    assert {"ipykernel", "ipython", "pip"} < set(COLAB)


def test_an_environment_unlike_colabs_is_refused_before_anything_is_installed(monkeypatch, capsys):
    monkeypatch.setattr(colab, "installed", lambda python: {**COLAB, "keras": "3.0.0"})
    monkeypatch.setattr(colab, "install", lambda python: pytest.fail("it was installed"))
    assert colab.main(sys.executable, []) == 1
    assert "keras 3.0.0, not " + COLAB["keras"] in capsys.readouterr().err


def test_what_an_install_replaces_is_named():
    before = {"numpy": "2.1.3", "keras": "3.13.2"}
    assert colab.differences({**before, "tqdm": "4"}, before) == []
    assert colab.differences({"numpy": "2.0"}, before) == [
        "numpy 2.0, not 2.1.3",
        "keras missing, not 3.13.2",
    ]


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        ("print('all is well')", None),
        ("import sys; print('red', file=sys.stderr)", "cell .* wrote to stderr:\nred"),
        ("import os; os.write(2, b'red\\n'); import time; time.sleep(0.5)", "stderr:\nred"),
        ("1 / 0", "ZeroDivisionError"),
    ],
)
def test_a_notebook_that_fails_or_shows_red_is_reported(tmp_path, monkeypatch, code, problem):
    # Where it is set, the kernel leaves alone what C++ writes, unlike in Colab.
    monkeypatch.delenv("PYTEST_CURRENT_TEST")
    path = tmp_path / "01-a.ipynb"
    nbformat.write(nbf.new_notebook(cells=[nbf.new_code_cell(code)]), path)
    found = colab.run(path, sys.executable, tmp_path)
    assert len(found) == (problem is not None)
    assert problem is None or re.search(problem, found[0])
