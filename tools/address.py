"""Write the repository's address, which stands in ``REPOSITORY``, into every file that needs it.

``python -m tools.address`` (or ``nox -s address``) takes the address that ``pyproject.toml`` has
now as the old one and replaces it in all of `PLACES`: the repository itself, its Colab and Binder
links, and the address of its pages. Files are rewritten as text, so nothing else in them changes.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# pyproject.toml comes last: it says which address is the old one, so a run that was cut off
# can be repeated.
PLACES = (
    "*.md",
    "*.yml",
    "*.cff",
    "NOTICE",
    "binder/*",
    "book/**/*.ipynb",
    "book/**/*.md",
    "dcgan_helpers/**/*.py",
    ".github/**/*.yml",
    "pyproject.toml",
)

_FORM = re.compile(
    r"https://github\.com/"
    r"(?P<owner>[A-Za-z0-9](?:[A-Za-z0-9-]{0,37}[A-Za-z0-9])?)/"
    r"(?P<name>[A-Za-z0-9._-]{1,100})"
)


def parse(address: str) -> tuple[str, str]:
    """Return the owner and the name in an address ``https://github.com/<owner>/<name>``.

    Raises:
        ValueError: the address does not have that form.
    """
    match = _FORM.fullmatch(address)
    name = match["name"] if match else ""
    if match is None or name in {".", ".."} or name.endswith(".git"):
        raise ValueError(
            "the repository's address must have the form https://github.com/<owner>/<name> "
            f"(no '.git', no slash at the end), got {address!r}"
        )
    return match["owner"], name


def read(root: Path = ROOT) -> str:
    """Return the address that stands in ``REPOSITORY``, checked for its form."""
    address = (root / "REPOSITORY").read_text(encoding="utf-8").strip()
    parse(address)
    return address


def current(root: Path = ROOT) -> str:
    """Return the address that was written last: the one in ``pyproject.toml``."""
    text = (root / "pyproject.toml").read_text(encoding="utf-8")
    match = re.search(r'^Repository = "([^"]*)"$', text, re.MULTILINE)
    if match is None:
        raise ValueError('pyproject.toml has no line: Repository = "https://github.com/..."')
    parse(match[1])
    return match[1]


def places(root: Path = ROOT) -> list[Path]:
    """Return the files that may hold the address, in the order in which they are written."""
    files: list[Path] = []
    for pattern in PLACES:
        for path in sorted(root.glob(pattern)):
            inside = path.relative_to(root).parts
            if path.is_file() and ".ipynb_checkpoints" not in inside and path not in files:
                files.append(path)
    return files


def finder(address: str) -> re.Pattern[str]:
    """Return the pattern that finds every form of an address in a text."""
    owner, name = map(re.escape, parse(address))
    return re.compile(
        # the repository, on GitHub, in a Colab link or in a Binder link
        rf"(?P<before>github\.com/|/github/|/gh/){owner}/{name}(?![\w-]|\.\w)"
        # the book's own pages
        rf"|https://{owner}\.github\.io/{name}(?![\w-]|\.\w)"
    )


def replace(text: str, old: str, new: str) -> str:
    """Return `text` with every form of the address `old` replaced by that of `new`."""
    owner, name = parse(new)

    def written(match: re.Match[str]) -> str:
        before = match["before"]
        return f"{before}{owner}/{name}" if before else f"https://{owner}.github.io/{name}"

    return finder(old).sub(written, text)


def rewrite(root: Path = ROOT) -> list[Path]:
    """Write the address of ``REPOSITORY`` into all places; return the files that changed."""
    new, old = read(root), current(root)
    changed = []
    for path in places(root):
        text = path.read_bytes().decode("utf-8")
        rewritten = replace(text, old, new)
        if rewritten != text:
            path.write_bytes(rewritten.encode("utf-8"))
            changed.append(path)
    return changed


def main() -> int:
    """Rewrite the address, and say what changed."""
    try:
        changed = rewrite()
    except ValueError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    for path in changed:
        print(path.relative_to(ROOT))
    print(f"{len(changed)} files changed; the address is {read()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
