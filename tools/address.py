"""Write the address in ``REPOSITORY`` wherever the old one, that of ``pyproject.toml``, stands."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# The last one says which address is the old one, so a run that was cut off can be repeated.
PLACES = (
    *("*.md", "*.yml", "*.cff", "book/**/*.ipynb", "book/**/*.md", "notebooks/*.ipynb"),
    "pyproject.toml",
)
FORM = re.compile(
    r"https://github\.com/([A-Za-z0-9](?:[A-Za-z0-9-]{0,37}[A-Za-z0-9])?)/"
    r"(?!\.\.?$)([A-Za-z0-9._-]{1,100})(?<!\.git)"
)


def parse(address: str) -> tuple[str, str]:
    """Return the owner and the name in an address, or raise a ValueError."""
    match = FORM.fullmatch(address)
    if match is None:
        raise ValueError(
            "the repository's address must have the form https://github.com/<owner>/<name> "
            f"(no '.git', no slash at the end), got {address!r}"
        )
    return match[1], match[2]


def read(root: Path = ROOT) -> str:
    """Return the address that stands in ``REPOSITORY``, checked for its form."""
    address = (root / "REPOSITORY").read_text(encoding="utf-8").strip()
    parse(address)
    return address


def rewrite(root: Path = ROOT) -> list[Path]:
    """Write the address into all places; return the files that changed."""
    owner, name = parse(read(root))
    project = (root / "pyproject.toml").read_text(encoding="utf-8")
    old = parse(project.partition('\nRepository = "')[2].partition('"')[0])
    # The repository on GitHub, in a Colab or a Binder link; or the book's pages on GitHub.
    pattern = r"(github\.com/|/github/|/gh/|https://){}(/|\.github\.io/){}(?![\w-]|\.\w)"
    find = re.compile(pattern.format(*map(re.escape, old)))
    changed = []
    for path in [path for place in PLACES for path in sorted(root.glob(place))]:
        text = path.read_bytes().decode()
        rewritten = find.sub(rf"\g<1>{owner}\g<2>{name}", text)
        if rewritten != text:
            path.write_bytes(rewritten.encode())
            changed.append(path)
    return changed


if __name__ == "__main__":
    print(*rewrite(), sep="\n")
