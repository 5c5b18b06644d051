import os
import subprocess
import sys


def import_in_a_new_process(redirect: str, then: str = "pass") -> subprocess.CompletedProcess[str]:
    command = f'exec "{sys.executable}" -c "import dcgan_helpers; {then}" {redirect}'
    environment = {k: v for k, v in os.environ.items() if k != "TF_CPP_MIN_LOG_LEVEL"}
    return subprocess.run(
        ["sh", "-c", command], env=environment, text=True, capture_output=True, check=False
    )


def test_the_import_says_nothing():
    done = import_in_a_new_process("")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_child_process_is_not_made_quiet():
    """It would take the switch for the reader's own, and say what the import says."""
    done = import_in_a_new_process("", "import os; print(os.getenv('TF_CPP_MIN_LOG_LEVEL'))")
    assert done.stdout == "None\n"


def test_the_import_does_without_a_stderr():
    assert import_in_a_new_process("2>&-").returncode == 0
