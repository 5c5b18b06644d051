import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack

import numpy as np
import pytest
import tensorflow as tf
from conftest import make_tiny_gan, train_tiny

import dcgan_helpers as dcgan
from tools.address import ROOT

TESTS = ROOT / "tests"
SECONDS = 240  # how long a process may take on a machine that does much else


def environment(**variables):
    paths = os.pathsep.join([str(ROOT), str(TESTS)])
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("SLURM_", "TF_CONFIG"))}
    return {**kept, "PYTHONPATH": paths, **variables}


def free_ports(n):
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(n)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


class Workers:
    """Processes that train together; what each prints goes to a file."""

    def __init__(self, folder, commands, environments):
        self.logs = [folder / f"log-{number}.txt" for number in range(len(commands))]
        self.processes = []
        for log, command, variables in zip(self.logs, commands, environments, strict=True):
            with open(log, "w", encoding="utf-8") as file:
                process = subprocess.Popen(
                    [sys.executable, *command], env=variables, stdout=file, stderr=file
                )
            self.processes.append(process)

    def __enter__(self):
        return self

    def __exit__(self, *exc_info):
        for process in self.processes:
            if process.poll() is None:
                process.kill()
            process.wait()

    def wait(self):
        """How each ended; all that they printed, should one not end."""
        try:
            return [process.wait(SECONDS) for process in self.processes]
        except subprocess.TimeoutExpired:
            pytest.fail("\n\n".join(map(self.printed_by, range(len(self.logs)))))

    def printed_by(self, number):
        return self.logs[number].read_text(encoding="utf-8")


def test_on_logical_devices_of_one_processor():
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    command.append(str(TESTS / "on_logical_devices.py"))
    done = subprocess.run(
        command, env=environment(), cwd=ROOT, capture_output=True, text=True, timeout=2 * SECONDS
    )
    assert done.returncode == 0, done.stdout + done.stderr


def start_two(folder, result, steps):
    ports = ",".join(map(str, free_ports(2)))
    script, run = str(TESTS / "cluster_run.py"), str(folder / "run")
    commands = [
        [script, str(i), ports, run, str(steps), str(folder / f"{result}-{i}.npz")]
        for i in range(2)
    ]
    return Workers(folder, commands, [environment()] * 2)


@pytest.mark.parametrize("victim", [1, pytest.param(0, marks=pytest.mark.long)])
def test_a_killed_worker_ends_the_other_and_the_same_command_resumes(tmp_path, victim):
    checkpoints, survivor = tmp_path / "run", 1 - victim
    steps = 5000
    with start_two(tmp_path, "killed", steps) as workers:
        end = time.monotonic() + SECONDS
        while not list(checkpoints.glob("step-*.npz")):
            assert time.monotonic() < end, workers.printed_by(0)
            assert workers.processes[0].poll() is None, workers.printed_by(0)
            time.sleep(0.05)
        workers.processes[victim].send_signal(signal.SIGKILL)
        killed = time.monotonic()
        codes = workers.wait()
        assert time.monotonic() - killed < 60  # seconds; the less, the less busy the machine
        assert codes[survivor] != 0
        said = "ConnectionError: another worker of the strategy has ended"
        assert said in workers.printed_by(survivor)
    saved = max(int(path.stem[5:]) for path in checkpoints.glob("step-*.npz"))
    assert saved < steps
    with start_two(tmp_path, "resumed", saved + 8) as workers:
        assert workers.wait() == [0, 0], workers.printed_by(0) + workers.printed_by(1)
        assert f"Resuming: step {saved}" in workers.printed_by(0)
        assert "Resuming" not in workers.printed_by(1)
    ends = [dict(np.load(tmp_path / f"resumed-{number}.npz")) for number in range(2)]
    differing = {name for name in ends[0] if not np.array_equal(ends[0][name], ends[1][name])}
    assert differing == {"random_states/0"}  # each drops different units
    assert list(ends[0]["history/steps"]) == list(range(1, saved + 9))


def test_a_scope_around_a_call_is_refused(tiny_images):
    gan = make_tiny_gan()
    with tf.distribute.MirroredStrategy(["CPU:0"]).scope():
        for call in (dcgan.DCGAN, lambda: train_tiny(gan, tiny_images, steps=1)):
            with pytest.raises(RuntimeError, match=r"outside of strategy.scope\(\), .* DCGAN\("):
                call()
    train_tiny(gan, tiny_images, steps=1)


def test_tensorflows_default_strategy_is_none():
    assert (
        dcgan.DCGAN(image_shape=(8, 8, 1), strategy=tf.distribute.get_strategy()).strategy is None
    )


def test_the_script_for_clusters_trains_on_two_machines(tmp_path):
    """One is told of the cluster by Slurm's variables, the other by TF_CONFIG."""
    port = free_ports(1)[0]
    slurm = environment(
        SLURM_PROCID="0",
        SLURM_STEP_NUM_TASKS="2",
        SLURM_STEP_NODELIST="127.0.0.1",
        SLURM_STEP_TASKS_PER_NODE="2",
        DCGAN_PORT=str(port),
    )
    cluster = {"worker": [f"127.0.0.1:{port}", f"127.0.0.1:{port + 1}"]}
    task = {"type": "worker", "index": 1}
    by_hand = environment(TF_CONFIG=json.dumps({"cluster": cluster, "task": task}))
    command = [str(ROOT / "examples" / "cluster" / "train.py"), str(tmp_path / "run")]
    command += ["--recipe", "quick", "--batch-size", "4", "--steps", "2"]
    with Workers(tmp_path, [command] * 2, [slurm, by_hand]) as workers:
        assert workers.wait() == [0, 0], workers.printed_by(0) + workers.printed_by(1)
        for number in range(2):
            assert "2 replicas, 2 steps done" in workers.printed_by(number)
    assert [path.name for path in (tmp_path / "run").glob("*.npz")] == ["step-00000002.npz"]
