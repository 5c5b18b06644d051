"""The repository's address stands in REPOSITORY, and every other place agrees with it."""

import json
import re
import shutil

import pytest
import yaml

from tools import address

try:
    import tomllib
except ModuleNotFoundError:  # Python 3.10
    import tomli as tomllib

ROOT = address.ROOT
NOT_OURS = {"_build", "build", "dist", "venv", "__pycache__"}


def not_text_of_ours(_, names):
    """Choose what `copytree` leaves out: environments, caches, what is built, and data."""
    hidden = {name for name in names if name.startswith(".")} - {".github", ".ci"}
    data = {name for name in names if name.endswith((".npz", ".gif", ".png", ".woff2"))}
    return hidden | data | NOT_OURS


def first_code_cell(path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return next(("".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"), "")


def address_of_pages(url):
    """The repository that GitHub would publish at an address; a user's own pages have no folder."""
    owner, name = re.fullmatch(r"https://([^/]+)\.github\.io/(?:([^/]+)/)?", url).groups()
    return f"https://github.com/{owner}/{name or f'{owner}.github.io'}"


def stated(root):
    """Which address each place states, read the way that its user reads it."""
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    config = yaml.safe_load((root / "_config.yml").read_text(encoding="utf-8"))
    citation = yaml.safe_load((root / "CITATION.cff").read_text(encoding="utf-8"))
    found = {
        "pyproject.toml": project["urls"]["Repository"],
        "_config.yml": config["repository"]["url"],
        "_config.yml, pages": address_of_pages(config["html"]["baseurl"]),
        "pyproject.toml, pages": address_of_pages(project["urls"]["Documentation"]),
        "CITATION.cff": citation["repository-code"],
    }
    for name in ("README.md", "CONTRIBUTING.md"):
        text = (root / name).read_text(encoding="utf-8")
        for number, match in enumerate(re.finditer(r"git\+(https:\S+)", text)):
            found[f"{name}, pip install {number + 1}"] = match[1]
        links = re.findall(r"colab\.research\.google\.com/github/([^/\s]+/[^/\s]+)/blob", text)
        for number, link in enumerate(links):
            found[f"{name}, Colab link {number + 1}"] = f"https://github.com/{link}"
    for path in sorted([*root.glob("book/*.ipynb"), *root.glob("notebooks/*.ipynb")]):
        match = re.search(r"git\+(\S+)", first_code_cell(path))
        name = f"{path.parent.name}/{path.name}"
        found[name] = match[1] if match else "no address in its first code cell"
    return found


@pytest.fixture
def copy(tmp_path):
    return shutil.copytree(ROOT, tmp_path / "copy", ignore=not_text_of_ours)


def contents(root):
    return {path: path.read_bytes() for path in sorted(root.rglob("*")) if path.is_file()}


def test_every_place_states_the_address_in_REPOSITORY():  # noqa: N802
    expected = address.read()
    wrong = {place: found for place, found in stated(ROOT).items() if found != expected}
    assert not wrong, f"REPOSITORY says {expected}; run `nox -s address`. Others say: {wrong}"


@pytest.mark.parametrize("new", ["ada-lovelace/digits.book", "ada/ada.github.io"])
def test_a_new_address_leaves_nothing_of_the_old_and_the_old_one_restores_every_byte(copy, new):
    before = contents(copy)
    old, new = address.read(copy), f"https://github.com/{new}"
    (copy / "REPOSITORY").write_text(new + "\n", encoding="utf-8")

    changed = address.rewrite(copy)

    owner, name = (re.escape(part).encode() for part in address.parse(old))
    rest = re.compile(rb"\b%s(/|\.github\.io/)%s(?![\w-])" % (owner, name))
    left = [str(path) for path, content in contents(copy).items() if rest.search(content)]
    assert not left, f"the address stands in files that PLACES does not name: {left}"
    assert set(stated(copy).values()) == {new}
    assert changed[-1].name == "pyproject.toml", "it says which address is the old one"
    assert address.rewrite(copy) == [], "a second run changes nothing"

    (copy / "REPOSITORY").write_text(old + "\n", encoding="utf-8")
    assert address.rewrite(copy) == changed
    assert contents(copy) == before


@pytest.fixture
def small(tmp_path):
    """A repository of three files, whose address was https://github.com/ada/book."""
    (tmp_path / "REPOSITORY").write_text("https://github.com/bea/digits\n", encoding="utf-8")
    project = '[project.urls]\nRepository = "https://github.com/ada/book"\n'
    (tmp_path / "pyproject.toml").write_text(project, encoding="utf-8")
    (tmp_path / "README.md").write_text("See https://github.com/ada/book.", encoding="utf-8")
    return tmp_path


def test_a_longer_name_is_another_repository(small):
    readme = small / "README.md"
    others = """
        https://github.com/ada/book-2 https://github.com/ada/book.github.io
        https://github.com/adam/book https://github.com/xada/book https://xada.github.io/book
    """
    readme.write_text(f"{others} See https://github.com/ada/book.", encoding="utf-8")
    address.rewrite(small)
    assert readme.read_text(encoding="utf-8") == f"{others} See https://github.com/bea/digits."


def test_a_users_own_pages_have_no_folder(small):
    readme = small / "README.md"
    text = "https://ada.github.io/book/ and https://github.com/ada/book"
    readme.write_text(text, encoding="utf-8")
    (small / "REPOSITORY").write_text("https://github.com/ada/ada.github.io\n", encoding="utf-8")
    address.rewrite(small)
    expected = "https://ada.github.io/ and https://github.com/ada/ada.github.io"
    assert readme.read_text(encoding="utf-8") == expected
    (small / "REPOSITORY").write_text("https://github.com/ada/book\n", encoding="utf-8")
    address.rewrite(small)
    assert readme.read_text(encoding="utf-8") == text


def test_the_address_can_be_given_to_the_command(small, monkeypatch, capsys):
    monkeypatch.setattr(address, "ROOT", small)
    monkeypatch.setattr(address.rewrite, "__defaults__", (small,))
    with pytest.raises(ValueError, match="must have the form"):
        address.main("cleo/digits")
    address.main("https://github.com/cleo/digits")
    assert address.read(small) == "https://github.com/cleo/digits"
    assert (small / "README.md").read_text() == "See https://github.com/cleo/digits."
    assert str(small / "README.md") in capsys.readouterr().out


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
def test_an_address_of_another_form_is_refused_before_anything_is_written(small, wrong):
    (small / "REPOSITORY").write_text(wrong + "\n", encoding="utf-8")
    before = contents(small)
    with pytest.raises(ValueError, match=r"must have the form https://github\.com/<owner>/<name>"):
        address.rewrite(small)
    assert contents(small) == before
