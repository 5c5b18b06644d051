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

    def run(tensorflow, redirect="", then="pass", **variables):
        (tmp_path / "tensorflow.py").write_text(tensorflow)
        code = f"import runpy; quiet = runpy.run_path({str(QUIET)!r}); quiet['import_tensorflow']()"
        code += f"; import tensorflow; {then}"  # as the package's modules do next
        return python(code + SAY_THE_SWITCH, redirect, PYTHONPATH=str(tmp_path), **variables)

    return run


# A GPU is named when the devices start, before TensorFlow 2.21 whatever the switch says.
A_GPU = (
    "from tensorflow.python import pywrap_tfe as tfe; start = tfe.TFE_NewContext"
    "; tfe.TFE_NewContext = lambda options: (os.write(2, b'Created device'), start(options))[1]"
)


def test_import_devices_and_xla_say_nothing_and_leave_a_child_process_as_it_was():
    """A child would take the switch for the reader's own, and say what the import says."""
    code = (
        f"import dcgan_helpers as dcgan, os, tensorflow as tf; {A_GPU}"
        "; tf.config.set_logical_device_configuration("  # the devices are not started yet
        "tf.config.list_physical_devices('CPU')[0], [tf.config.LogicalDeviceConfiguration()] * 2)"
        "; assert tf.zeros(3).device.endswith('CPU:0'); os.write(2, b'heard')"
        "; dcgan.make_train_step(dcgan.DCGAN(), jit_compile=True)"
        "; tf.function(tf.zeros, jit_compile=True)(3)"
    )
    done = python(code + SAY_THE_SWITCH)
    assert (done.returncode, done.stdout, done.stderr) == (0, "None\n", "heard")


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


COMPILER = """
import os, sys
def function(python_function, jit_compile):
    assert jit_compile
    return lambda: (print("compiled"), os.write(2, b"Compiled cluster"), {})
"""
TWICE = "quiet['start_xla'](); quiet['start_xla']()"


def test_xla_starts_once_and_says_nothing(import_instead):
    """Before TensorFlow 2.21 its first line comes whatever the switch says."""
    done = import_instead(COMPILER.format("0"), then=TWICE)
    assert (done.stdout, done.stderr) == ("compiled\nNone\n", "")
    done = import_instead(COMPILER.format("0"), then=TWICE, **{SWITCH: "0"})
    assert (done.stdout, done.stderr) == ("0\n", ""), "XLA starts with the first real step"
    failed = import_instead(COMPILER.format("sys.exit('no XLA here')"), then=TWICE)
    assert failed.returncode == 1
    assert failed.stderr == "Compiled clusterno XLA here\n"
