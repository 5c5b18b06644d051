"""In Colab, a notebook runs from a cold runtime, and installing replaces nothing of Colab's."""

import json

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from tools import address
from tools.notebooks import METADATA, install_cell, notebooks

try:
    import tomllib
except ModuleNotFoundError:  # Python 3.10
    import tomli as tomllib

PROJECT = tomllib.loads((address.ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
REQUIREMENTS = [Requirement(line) for line in PROJECT["dependencies"]]

# What Colab's runtime had in July 2025.
COLAB_PYTHON = "3.12.11"
COLAB = {
    "imageio": "2.37.0",
    "ipywidgets": "7.7.1",
    "keras": "3.10.0",
    "matplotlib": "3.10.0",
    "numpy": "2.0.2",
    "pillow": "11.3.0",
    "tensorflow": "2.19.0",
    "tqdm": "4.67.1",
}


def by_name(paths):
    return {"argvalues": paths, "ids": [path.name for path in paths]}


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
    assert supported.contains(COLAB_PYTHON)
    assert [specifier.operator for specifier in supported] == [">="]


@pytest.mark.parametrize("path", **by_name(notebooks()))
def test_the_notebook_asks_for_a_gpu_and_the_kernel_python3(path):
    metadata = json.loads(path.read_text(encoding="utf-8"))["metadata"]
    assert metadata.get("accelerator") == "GPU"
    assert metadata.get("kernelspec", {}).get("name") == "python3"
    assert metadata == METADATA, "run `nox -s refresh`, which writes the notebooks' metadata"


@pytest.mark.parametrize("path", **by_name(notebooks()))
def test_the_first_code_cell_installs_the_package_where_it_is_missing(path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    first = next("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code")
    assert first == install_cell(address.read())


def test_the_install_cell_installs_without_options_that_replace_packages():
    cell = install_cell("https://github.com/owner/name")
    assert "%pip install -q git+https://github.com/owner/name\n" in cell
    for option in ("--upgrade", "-U", "--force", "--ignore-installed", "--pre"):
        assert option not in cell.split()
