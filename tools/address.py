"""Write the repository's address wherever the old one, that of ``pyproject.toml``, stands.

``python -m tools.address`` takes it from ``REPOSITORY``; ``python -m tools.address
https://github.com/owner/name`` writes it there first.
"""

from __future__ import annotations

import re
import sys
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


def pages(owner: str, name: str) -> str:
    """Return where GitHub publishes the pages of a repository; a user's own have no folder."""
    host = f"https://{owner}.github.io"
    return host if name.lower() == f"{owner}.github.io".lower() else f"{host}/{name}"


def rewrite(root: Path = ROOT) -> list[Path]:
    """Write the address into all places; return the files that changed."""
    owner, name = parse(read(root))
    project = (root / "pyproject.toml").read_text(encoding="utf-8")
    old = parse(project.partition('\nRepository = "')[2].partition('"')[0])
    end = r"(?![\w-]|\.\w)"  # a longer name is another repository
    # The repository on GitHub, in a Colab or a Binder link; then the book's pages.
    repository = re.compile(r"(github\.com/|/github/|/gh/){}/{}".format(*map(re.escape, old)) + end)
    published = re.compile(re.escape(pages(*old)) + end)
    changed = []
    for path in [path for place in PLACES for path in sorted(root.glob(place))]:
        text = path.read_bytes().decode()
        rewritten = repository.sub(rf"\g<1>{owner}/{name}", text)
        rewritten = published.sub(pages(owner, name), rewritten)
        if rewritten != text:
            path.write_bytes(rewritten.encode())
            changed.append(path)
    return changed


def main(address: str | None = None) -> None:
    """Write the address, and print which files changed."""
    if address is not None:
        parse(address)
        (ROOT / "REPOSITORY").write_text(f"{address}\n", encoding="utf-8")
    print(*rewrite(), sep="\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
