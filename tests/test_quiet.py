import os
import subprocess
import sys
from pathlib import Path

import pytest

import dcgan_helpers

QUIET = Path(dcgan_helpers.__file__).with_name("_quiet.py")
NOISY = "import os; os.write(2, b'no GPU here')\n"
SWITCH = "TF_CPP_MIN_LOG_LEVEL"
SAY_THE_SWITCH = f"; import os; print(os.getenv({SWITCH!r}))"


def python(code, redirect="", **variables):
    environment = {k: v for k, v in os.environ.items() if k != SWITCH}
    command = f'exec "{sys.executable}" -c "{code}" {redirect}'
    return subprocess.run(
        ["sh", "-c", command], env={**environment, **variables}, text=True, capture_output=True,
        check=False,
    )  # fmt: skip


@pytest.fixture
def import_instead(tmp_path):
    """Import, in a new process, a module in TensorFlow's place: that takes no seconds."""

    def run(tensorflow, redirect="", **variables):
        (tmp_path / "tensorflow.py").write_text(tensorflow)
        code = f"import runpy; runpy.run_path({str(QUIET)!r})['import_tensorflow']()"
        code += "; import tensorflow"  # as the package's modules do next
        return python(code + SAY_THE_SWITCH, redirect, PYTHONPATH=str(tmp_path), **variables)

    return run


def test_the_import_says_nothing_and_leaves_a_child_process_as_it_was():
    """A child would take the switch for the reader's own, and say what the import says."""
    done = python("import dcgan_helpers" + SAY_THE_SWITCH)
    assert (done.returncode, done.stdout, done.stderr) == (0, "None\n", "")


def test_what_is_said_by_an_import_that_fails_is_shown(import_instead):
    assert import_instead(NOISY).stderr == ""
    failed = import_instead(NOISY + "raise ImportError('broken')")
    assert failed.returncode == 1
    assert failed.stderr.startswith("no GPU here")
    assert failed.stderr.count("no GPU here") == 1, "the import goes no further"
    assert "ImportError: broken" in failed.stderr


def test_whoever_sets_the_switch_gets_what_it_says(import_instead):
    done = import_instead(NOISY, **{SWITCH: "0"})
    assert (done.stdout, done.stderr) == ("0\n", "no GPU here")


def test_the_import_does_without_a_stderr(import_instead):
    assert import_instead("", "2>&-").returncode == 0
