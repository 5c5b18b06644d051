"""Build the sdist and the wheel into ``dist/``, and check them: ``python -m tools.package [tag]``.

They are built twice: the same files must have the same bytes. With a tag, such as ``v0.2.0``, the
version must be the tag's.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from tools.address import ROOT

DIST = ROOT / "dist"
RELATIVE = re.compile(r"\]\((?!https?:|#)[^)]*\)")


def build(folder: Path) -> dict[str, bytes]:
    """Build both into a folder; return them by name."""
    command = ["git", "log", "-1", "--format=%ct"]
    time = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout
    # The time of the commit; without a commit, a time that hatchling takes.
    environment = os.environ | ({"SOURCE_DATE_EPOCH": time.strip()} if time else {})
    command = [sys.executable, "-m", "build", "-q", "--outdir", str(folder), str(ROOT)]
    subprocess.run(command, env=environment, check=True)
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def description(wheel: Path) -> str:
    """Return what the package index shows of a wheel, with its fields before it."""
    with zipfile.ZipFile(wheel) as archive:
        name = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        return archive.read(name).decode()


def main(tag: str | None = None) -> None:
    """Build and check; the first fault ends it."""
    shutil.rmtree(DIST, ignore_errors=True)
    first = build(DIST)
    with tempfile.TemporaryDirectory() as folder:
        second = build(Path(folder))
    if first != second:
        sys.exit(f"two builds differ: {sorted(first)} and {sorted(second)}")
    wheel = next(DIST.glob("*.whl"))
    text = description(wheel)
    if relative := RELATIVE.findall(text):
        sys.exit(f"links of the description that lead nowhere on the package index: {relative}")
    if tag is not None and f"\nVersion: {tag.removeprefix('v')}\n" not in text:
        sys.exit(f"the tag is {tag}, but the wheel is {wheel.name}")
    files = [str(DIST / name) for name in first]
    subprocess.run([sys.executable, "-m", "twine", "check", "--strict", *files], check=True)
    subprocess.run([sys.executable, "-m", "check_wheel_contents", str(wheel)], check=True)
    for name, content in first.items():
        print(f"{len(content):10,d} bytes  {name}")


if __name__ == "__main__":
    main(*sys.argv[1:])
