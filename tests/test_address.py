"""The repository's address stands in REPOSITORY, and every other place agrees with it."""

import json
import re
import shutil
from pathlib import Path

import pytest
import yaml

from tools import address

try:
    import tomllib
except ModuleNotFoundError:  # Python 3.10
    import tomli as tomllib

ROOT = address.ROOT
NOTEBOOKS = sorted((ROOT / "book").glob("*.ipynb"))
TEXT = {".bib", ".cff", ".cfg", ".css", ".html", ".ipynb", ".js", ".json", ".md", ".py"}
TEXT |= {".sh", ".svg", ".toml", ".txt", ".yaml", ".yml", ""}
NOT_OURS = {"_build", "build", "dist", "venv", "node_modules", "__pycache__"}


def text_files(root):
    """All text files of the repository, without what tools put beside them."""
    for path in sorted(root.rglob("*")):
        folders = path.relative_to(root).parts[:-1]
        ours = not any(
            name in NOT_OURS or (name.startswith(".") and name not in {".github", ".ci"})
            for name in folders
        )
        if ours and path.is_file() and path.suffix in TEXT and not path.name.endswith(".egg-info"):
            yield path


def first_code_cell(path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return next(("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"), "")


def stated(root):
    """Which address each place states, read the way that its user reads it."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    config = yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))
    citation = yaml.safe_load((root / "CITATION.cff").read_text(encoding="utf-8"))
    found = {
        "pyproject.toml": project["urls"]["Repository"],
        "_config.yml": config["repository"]["url"],
        "CITATION.cff": citation["repository-code"],
    }
    for name in ("README.md", "CONTRIBUTING.md"):
        text = (root / name).read_text(encoding="utf-8")
        for number, match in enumerate(re.finditer(r"git\+(https:\S+)", text)):
            found[f"{name}, pip install {number + 1}"] = match[1]
        links = re.findall(r"colab\.research\.google\.com/github/([^/\s]+/[^/\s]+)/blob", text)
        for number, link in enumerate(links):
            found[f"{name}, Colab link {number + 1}"] = f"https://github.com/{link}"
    for path in sorted((root / "book").glob("*.ipynb")):
        match = re.search(r"git\+(\S+)", first_code_cell(path))
        found[path.name] = match[1] if match else "no address in its first code cell"
    return found


@pytest.fixture
def copy(tmp_path):
    """The files that the task may write, in a folder of their own."""
    for path in [ROOT / "REPOSITORY", *address.places(ROOT)]:
        target = tmp_path / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
    return tmp_path


def test_every_place_states_the_address_in_REPOSITORY():  # noqa: N802
    expected = address.read()
    wrong = {place: found for place, found in stated(ROOT).items() if found != expected}
    assert not wrong, f"REPOSITORY says {expected}; run `nox -s address`. Others say: {wrong}"


def test_no_place_is_missing_from_the_task():
    known = {ROOT / "REPOSITORY", *address.places()}
    pattern = address.finder(address.current())
    unknown = [
        str(path.relative_to(ROOT))
        for path in text_files(ROOT)
        if path not in known and pattern.search(path.read_text(encoding="utf-8", errors="replace"))
    ]
    assert not unknown, f"the address stands in files that PLACES does not name: {unknown}"


def test_a_new_address_reaches_every_place_and_nothing_is_left_of_the_old(copy):
    old, new = address.current(copy), "https://github.com/ada-lovelace/digits.book"
    counts = {
        path: len(address.finder(old).findall(path.read_text(encoding="utf-8")))
        for path in address.places(copy)
    }
    (copy / "REPOSITORY").write_text(new + "\n", encoding="utf-8")

    changed = address.rewrite(copy)

    assert set(stated(copy).values()) == {new}
    assert changed == [path for path, count in counts.items() if count]
    for path, count in counts.items():
        text = path.read_text(encoding="utf-8")
        assert len(address.finder(new).findall(text)) == count, path.name
        assert "/".join(address.parse(old)) not in text, path.name
    assert address.rewrite(copy) == [], "a second run changes nothing"


def test_writing_the_old_address_again_restores_every_byte(copy):
    before = {path: path.read_bytes() for path in address.places(copy)}
    old = address.current(copy)
    for new in ("https://github.com/ada/digits", old):
        (copy / "REPOSITORY").write_text(new + "\n", encoding="utf-8")
        assert address.rewrite(copy)
    assert {path: path.read_bytes() for path in before} == before


def test_a_run_that_was_cut_off_can_be_repeated(copy):
    new = "https://github.com/ada/digits"
    (copy / "REPOSITORY").write_text(new, encoding="utf-8")
    readme = copy / "README.md"
    readme.write_text(
        address.replace(readme.read_text(encoding="utf-8"), address.current(copy), new),
        encoding="utf-8",
    )
    address.rewrite(copy)
    assert set(stated(copy).values()) == {new}


def test_a_longer_name_is_another_repository():
    old, new = "https://github.com/ada/book", "https://github.com/bea/digits"
    for other in (
        "https://github.com/ada/book-2",
        "https://github.com/ada/book.github.io",
        "https://github.com/adam/book",
        "https://github.com/xada/book",
    ):
        assert address.replace(other, old, new) == other
    assert address.replace("see https://github.com/ada/book.", old, new).endswith("bea/digits.")


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "ada/book",
        "http://github.com/ada/book",
        "https://gitlab.com/ada/book",
        "https://github.com/ada",
        "https://github.com/ada/book/",
        "https://github.com/ada/book.git",
        "https://github.com/-ada/book",
        "https://github.com/ada/my book",
        "https://github.com/ada/..",
    ],
)
def test_an_address_of_another_form_is_refused_before_anything_is_written(copy, wrong):
    before = {path: path.read_bytes() for path in address.places(copy)}
    (copy / "REPOSITORY").write_text(wrong + "\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"must have the form https://github\.com/<owner>/<name>"):
        address.rewrite(copy)
    assert {path: path.read_bytes() for path in before} == before


def test_the_places_exist():
    names = {path.relative_to(ROOT).as_posix() for path in address.places()}
    assert {"README.md", "_config.yml", "CITATION.cff", "pyproject.toml"} <= names
    assert set(NOTEBOOKS) <= {Path(path) for path in address.places()}
