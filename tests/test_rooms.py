"""How the package is laid out: one subject a file, and dependencies in one direction."""

import ast
import re
from graphlib import TopologicalSorter

import pytest

from tools.address import ROOT

PACKAGE = ROOT / "dcgan_helpers"
FILES = [path for path in sorted(PACKAGE.rglob("*.py")) if path != PACKAGE / "__init__.py"]


def name_of(path):
    """`ema`, or `widgets.latent`; a package has the name of its folder."""
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts).removesuffix(".__init__")


def imports_of(path):
    """The modules of the package that a module imports, and the names that it takes from each."""
    here = [PACKAGE, *path.relative_to(PACKAGE).parent.parts]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = here[1 : len(here) - node.level + 1]
            yield ".".join([*base, node.module or ""]).strip("."), {a.name for a in node.names}


IMPORTS = {name_of(path): dict(imports_of(path)) for path in FILES}


def test_dependencies_have_no_circle():
    """`TopologicalSorter` raises if they have one."""
    assert set(IMPORTS) <= set(TopologicalSorter(IMPORTS).static_order())


@pytest.mark.parametrize("module", IMPORTS)
def test_no_module_uses_anothers_private_names(module):
    for other, names in IMPORTS[module].items():
        assert not [name for name in names if name.startswith("_")], other


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_a_file_has_one_subject(path):
    text = path.read_text(encoding="utf-8")
    first_line = ast.get_docstring(ast.parse(text)).splitlines()[0]
    assert len(text.splitlines()) <= 300
    assert not re.search(r"\band\b", first_line)


@pytest.mark.parametrize(
    "path", [p for p in FILES if not re.search(r"/_(?!_)", str(p))], ids=name_of
)
def test_a_module_and_its_test_share_a_name(path):
    top = name_of(path).partition(".")[0]
    assert list((ROOT / "tests").glob(f"test_{top}*.py"))


# Chapters that use what others build have no module of their own.
OF_SEVERAL_MODULES = {"bigger", "failures", "your-images"}


def test_a_chapter_and_its_module_share_a_name():
    chapters = [path.stem[3:] for path in (ROOT / "book").glob("[0-9][0-9]-*.ipynb")]
    assert len(chapters) >= 8
    assert set(chapters) - OF_SEVERAL_MODULES <= set(IMPORTS)


def arrows():
    """The dependencies, by way of hidden modules, too, less those that follow from others."""
    top = {m: {o.partition(".")[0] for o in IMPORTS[m]} for m in IMPORTS}
    graph = {}
    for module, others in top.items():
        room = module.partition(".")[0]
        graph.setdefault(room, set()).update(others - {room})
    public, below = {}, {}
    for room in TopologicalSorter(graph).static_order():
        public[room] = {o for o in graph[room] if not o.startswith("_")}
        public[room] = public[room].union(*(public[o] for o in graph[room] - public[room]))
        below[room] = public[room].union(*(below[o] for o in public[room]))
    return {
        f"{room} --> {other}"
        for room in graph
        if not room.startswith("_")
        for other in public[room]
        if not any(other in below[third] for third in public[room])
    }


def test_contributing_shows_the_arrows():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^ +(\w+ --> \w+)$", text, re.MULTILINE)) == arrows()
