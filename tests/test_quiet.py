import os
import subprocess
import sys


def import_in_a_new_process(redirect: str) -> subprocess.CompletedProcess[str]:
    command = f'exec "{sys.executable}" -c "import dcgan_helpers" {redirect}'
    environment = {k: v for k, v in os.environ.items() if k != "TF_CPP_MIN_LOG_LEVEL"}
    return subprocess.run(
        ["sh", "-c", command], env=environment, text=True, capture_output=True, check=False
    )


def test_the_import_says_nothing():
    done = import_in_a_new_process("")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_import_does_without_a_stderr():
    assert import_in_a_new_process("2>&-").returncode == 0
