"""What the project says of itself in several files agrees, and what it runs elsewhere is fixed."""

import json
import re

import pytest
import yaml

import dcgan_helpers as dcgan
from tools.address import ROOT

try:
    import tomllib
except ModuleNotFoundError:  # Python 3.10
    import tomli as tomllib

PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))


def test_the_version_stands_in_one_place():
    assert "version" not in PYPROJECT["project"]
    assert PYPROJECT["tool"]["hatch"]["version"]["path"] == "dcgan_helpers/__init__.py"
    line = re.compile(rf"\b{re.escape(dcgan.__version__)}\b")
    for name in ("pyproject.toml", "CITATION.cff", "README.md"):
        assert not line.search((ROOT / name).read_text(encoding="utf-8")), name


def test_the_licences_are_those_of_the_package():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["license"] == PYPROJECT["project"]["license"].split(" AND ")


def test_the_notice_names_every_file_of_data():
    notice = (ROOT / "NOTICE").read_text(encoding="utf-8")
    files = [path.relative_to(ROOT) for path in (ROOT / "dcgan_helpers/files").glob("*.npz")]
    assert len(files) >= 5
    assert not [path for path in files if path.as_posix() not in notice]


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_a_workflow_is_pinned_and_may_do_little(path):
    text = path.read_text(encoding="utf-8")
    for line in re.findall(r"uses: (.+)", text):
        assert re.fullmatch(r"[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line), line
    workflow = yaml.safe_load(text)
    assert workflow["permissions"] == {}
    for job in workflow["jobs"].values():
        assert job["permissions"]
        assert job["timeout-minutes"] <= 60


def test_workflows_run_the_commands_that_people_run():
    sessions = set(re.findall(r"^def (\w+)\(session", (ROOT / "noxfile.py").read_text(), re.M))
    run = [line for path in WORKFLOWS for line in re.findall(r"run: (.+)", path.read_text())]
    asked = {name for line in run for name in re.findall(r"nox -s ([\w ]+\w)", line)}
    asked = {name for names in asked for name in names.split()}
    assert {"tests", "lint", "book", "browser", "package", "lowest", "newest"} <= asked
    assert asked <= sessions


def test_a_container_opens_the_first_chapter():
    container = json.loads((ROOT / ".devcontainer/devcontainer.json").read_text(encoding="utf-8"))
    opened = container["customizations"]["codespaces"]["openFiles"]
    assert opened == ["book/01-data.ipynb"]
    assert all((ROOT / path).is_file() for path in opened)
    assert "pip install" in container["postCreateCommand"]
