import contextlib
import errno
import hashlib
import io
import multiprocessing
import os
import random
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from conftest import (
    assert_resumes_exactly,
    assert_same_arrays,
    assert_same_state,
    flip_a_bit,
    make_averaging_gan,
    make_tiny_gan,
    state_of,
    train_tiny,
)
from resumable_run import run, run_to_the_end

import dcgan_helpers as dcgan

NEWEST = "step-00000020.npz"


@pytest.fixture(scope="module")
def folder_of_a_run(tiny_images, tmp_path_factory):
    """Checkpoints after each of 4 epochs of 5 steps, of which the last 3 are kept."""
    folder = tmp_path_factory.mktemp("run")
    train_tiny(make_tiny_gan(), tiny_images, 4, checkpoint_dir=folder)
    return folder


@pytest.fixture
def folder(folder_of_a_run, tmp_path):
    """The folder of a run of four epochs that is over."""
    return shutil.copytree(folder_of_a_run, tmp_path / "run")


@pytest.fixture
def trained(folder):
    """That run, and its folder."""
    gan = make_tiny_gan()
    dcgan.Checkpoints(gan, folder).restore()
    return gan, folder


def names(folder):
    return sorted(path.name for path in folder.iterdir() if path.name != ".lock")


# What a checkpoint holds


def test_save_and_restore_everything(tiny_images, tmp_path):
    gan, other = make_averaging_gan(), make_averaging_gan()
    train_tiny(gan, tiny_images, 4, checkpoint_dir=tmp_path)
    restored = dcgan.Checkpoints(other, tmp_path).restore()
    assert_same_state(other, gan)
    assert (restored.step, restored.epoch) == (20, 4)
    assert str(restored).startswith("step 20 (epoch 4 done), ")
    with np.load(restored.path) as arrays:
        variables = [name for name in arrays if "/" in name or name == "step"]
    variables = [name for name in variables if not name.startswith("history/")]
    assert restored.values == len(variables)


def test_the_next_steps_after_a_restore_are_the_same(trained, tiny_images):
    gan, _ = trained
    whole = make_tiny_gan()
    for g in (gan, whole):
        train_tiny(g, tiny_images, 6)
    assert_same_state(gan, whole)


def test_the_tutorials_checkpoint_is_not_enough(trained, tiny_gan, tiny_images):
    """Why `random_states` is in ours: without dropout's seed a resumed run is another run."""
    gan, folder = trained
    parts = ("generator", "discriminator", "generator_optimizer", "discriminator_optimizer")
    path = tf.train.Checkpoint(**{p: getattr(gan, p) for p in parts}).write(str(folder / "t"))
    other = tiny_gan()
    tf.train.Checkpoint(**{p: getattr(other, p) for p in parts}).read(path).assert_consumed()
    other.step.assign(gan.step)
    images = dcgan.normalize(tiny_images[:4])
    for g in (gan, other):
        step = dcgan.make_train_step(g)
        for _ in range(2):
            step(images)
    assert not np.array_equal(*(g.discriminator.weights[0].numpy() for g in (gan, other)))


def test_nothing_is_executed_on_restore(folder):
    with np.load(folder / NEWEST, allow_pickle=False) as arrays:
        assert all(array.dtype.kind in "uif" for array in arrays.values())
    with zipfile.ZipFile(folder / NEWEST) as file:
        assert all(name.endswith(".npy") for name in file.namelist())


# The files of a folder


def test_latest_and_pruning(trained):
    gan, folder = trained
    checkpoints = dcgan.Checkpoints(gan, folder)
    assert [path.name[-6:-4] for path in checkpoints.all] == ["10", "15", "20"]
    assert checkpoints.latest == folder / NEWEST
    one = dcgan.Checkpoints(gan, folder, max_to_keep=1)
    gan.step.assign_add(1)
    assert one.save() == one.latest
    assert names(folder) == ["step-00000021.npz"]
    gan.step.assign(3)
    assert one.save().exists(), "what was just saved stays, though its step is not the last"


def test_a_save_by_hand_leaves_another_run_alone(folder, tiny_gan):
    """It would delete that run's oldest checkpoints, or its own."""
    before = names(folder)
    other = tiny_gan(seed=5)
    other.step.assign(3)
    with pytest.raises(ValueError, match="is of a run with other settings: seed"):
        dcgan.Checkpoints(other, folder).save()
    assert names(folder) == before
    flip_a_bit(folder / NEWEST)
    with pytest.warns(UserWarning, match="damaged"), pytest.raises(ValueError, match="seed"):
        dcgan.Checkpoints(other, folder).save()


def test_files_of_other_names_are_left_alone(folder, tiny_gan, tiny_images):
    for name in ("step-00000005-best.npz", "step-notes.npz", "step-00000007.npz.bak"):
        shutil.copy(folder / NEWEST, folder / name)
    gan = tiny_gan()
    checkpoints = dcgan.Checkpoints(gan, folder)
    assert checkpoints.latest == folder / NEWEST
    train_tiny(gan, tiny_images, 8, checkpoint_dir=folder)
    assert len(names(folder)) == 6
    assert [path.name[-6:-4] for path in checkpoints.all] == ["30", "35", "40"]


def test_order_is_by_step_not_by_name(tmp_path, tiny_gan):
    expected = ["step-00000007.npz", "step-99999999.npz", "step-100000000.npz"]
    for name in (*reversed(expected), "step-8.npz", "step-best.npz"):
        (tmp_path / name).touch()
    assert [path.name for path in dcgan.Checkpoints(tiny_gan(), tmp_path).all] == expected


def test_folder_without_checkpoints(tiny_gan, tmp_path):
    checkpoints = dcgan.Checkpoints(tiny_gan(), tmp_path / "none" / "deep")
    assert checkpoints.latest is None
    assert checkpoints.all == []
    with pytest.raises(FileNotFoundError, match="no checkpoint in"):
        checkpoints.restore()
    assert not (tmp_path / "none").exists()
    assert checkpoints.save().exists()


@pytest.mark.parametrize("name", ["exp[lr=1e-4] *é?"])
def test_a_folder_of_any_name(name, tiny_images, tmp_path):
    assert_resumes_exactly(make_tiny_gan, tiny_images, tmp_path / name, stop_at=3, steps=4)


def test_same_step_can_be_saved_again(trained):
    gan, folder = trained
    checkpoints = dcgan.Checkpoints(gan, folder)
    before = names(folder)
    weight = gan.generator.weights[0]
    weight.assign(weight + 1)
    expected = weight.numpy()
    checkpoints.save()
    weight.assign(weight * 0)
    checkpoints.restore()
    np.testing.assert_array_equal(weight.numpy(), expected)
    assert names(folder) == before


# Resuming a run


def test_resumes_in_the_middle_of_an_epoch_and_says_so(tiny_images, tmp_path, capsys):
    assert_resumes_exactly(make_tiny_gan, tiny_images, tmp_path, stop_at=7, steps=15)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("Resuming: step 7 (epoch 1 done)")


def test_a_resume_before_any_epoch_is_done(tiny_images, tmp_path, capsys):
    for steps in (2, 3):
        train_tiny(make_tiny_gan(), tiny_images, steps=steps, checkpoint_dir=tmp_path)
    assert capsys.readouterr().out.startswith("Resuming: step 2 (in the first epoch), ")


@pytest.mark.parametrize("options", [{"jit_compile": True}, {"fourier": False}])
def test_resumes_exactly_however_it_is_compiled(options, tiny_images, tmp_path):
    whole, resumed = make_tiny_gan(), make_tiny_gan()
    train_tiny(whole, tiny_images, steps=9, checkpoint_dir=tmp_path, **options)
    train_tiny(whole, tiny_images, steps=10, **options)  # by the step that is compiled already
    train_tiny(resumed, tiny_images, steps=10, checkpoint_dir=tmp_path, **options)
    assert_same_state(whole, resumed)
    step = dcgan.make_train_step(resumed, **options)
    assert step.function.experimental_get_tracing_count() == 1, "it is compiled as asked for"


def test_resume_false_refuses_a_folder_in_use(folder, tiny_gan, tiny_images):
    gan = tiny_gan()
    with pytest.raises(FileExistsError, match="holds the checkpoints of a run"):
        train_tiny(gan, tiny_images, 5, checkpoint_dir=folder, resume=False)
    assert int(gan.step) == 0


@pytest.mark.parametrize(
    ("what", "change"),
    [
        ("batch_size: 4 in the checkpoint, 5 now", {"batch_size": 5}),
        ("frame_every: 5 in the checkpoint, 2 now", {"frame_every": 2}),
        ("images: ", {"images": np.zeros((22, 8, 8, 1), np.uint8)}),
        ("seed: 0 in the checkpoint, 1 now", {"gan": {"seed": 1}}),
        (
            "generator_optimizer.learning_rate: .* in the checkpoint, 0.5 now$",
            {"gan": {"generator_optimizer": lambda: keras.optimizers.Adam(0.5)}},
        ),
        (
            "discriminator: ",
            {
                "gan": {
                    "discriminator": lambda: dcgan.make_discriminator_model(image_shape=(8, 8, 1))
                }
            },
        ),
    ],
)
def test_other_settings_are_refused(folder, tiny_gan, tiny_images, what, change):
    change = dict(change)
    made = {k: v() if callable(v) else v for k, v in change.pop("gan", {}).items()}
    gan = tiny_gan(**made)
    before = names(folder)
    with pytest.raises(ValueError, match=f"run with other settings: .*{what}"):
        train_tiny(gan, **{"images": tiny_images, "epochs": 5, "checkpoint_dir": folder, **change})
    assert int(gan.step) == 0
    assert gan.history.frames == []
    assert names(folder) == before


def test_the_fastest_dtype_of_another_machine_goes_on_and_says_so(tiny_images, tmp_path, capsys):
    """A run begun on a GPU in bfloat16 may go on where bfloat16 would be emulated."""
    pictures = np.zeros((32, 8, 8, 1), np.uint8)

    def train(flags, steps):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(tf.config, "list_physical_devices", lambda *_: [])
            patch.setattr("dcgan_helpers._devices.processor_flags", lambda: {flags})
            gan = dcgan.DCGAN(recipe="quick", image_shape=(8, 8, 1))
        dcgan.train(gan, pictures, steps=steps, checkpoint_dir=tmp_path, progress=False)
        return gan

    train("avx512_bf16", 1)
    capsys.readouterr()
    gan = train("avx2", 2)
    assert int(gan.step) == 2
    assert "dtype: mixed_bfloat16 before, float32 now" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"fourier": False}, "fourier: True before, False now"),
        ({"jit_compile": True}, "jit_compile: False before, True now"),
        ({}, None),
        ("threads", "threads: 2 before, 1 now"),
    ],
)
def test_what_changes_the_bits_is_said_in_one_line(
    change, said, tiny_images, tmp_path, capsys, monkeypatch
):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1}, raising=False)
    train_tiny(make_tiny_gan(), tiny_images, steps=2, checkpoint_dir=tmp_path)
    options = change if isinstance(change, dict) else {}
    if change == "threads":
        monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0}, raising=False)
    capsys.readouterr()
    train_tiny(make_tiny_gan(), tiny_images, steps=3, checkpoint_dir=tmp_path, **options)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1 + (said is not None)
    if said:
        assert lines[1].startswith("From step 3 on, the bits are not those of an uninterrupted run")
        assert said in lines[1]


def test_a_learning_rate_that_was_set_survives_a_resume(folder, tiny_images, capsys):
    gan = make_tiny_gan()
    gan.generator_optimizer.learning_rate = 5e-6
    train_tiny(gan, tiny_images, steps=21, checkpoint_dir=folder)
    assert float(gan.generator_optimizer.learning_rate) == pytest.approx(5e-6)
    assert float(gan.discriminator_optimizer.learning_rate) == pytest.approx(1e-4)
    assert "generator_optimizer.learning_rate stays 5e-06" in capsys.readouterr().out
    again = make_tiny_gan()  # and the next resume finds it
    train_tiny(again, tiny_images, steps=22, checkpoint_dir=folder)
    assert float(again.generator_optimizer.learning_rate) == pytest.approx(5e-6)


def test_a_change_of_the_working_directory_does_not_split_a_run(tiny_gan, tmp_path, monkeypatch):
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path)
    checkpoints = dcgan.Checkpoints(tiny_gan(), "run")
    path = checkpoints.save()
    monkeypatch.chdir("elsewhere")
    checkpoints.save()
    assert checkpoints.all == [path]
    assert path.exists()
    assert names(tmp_path / "elsewhere") == []


def test_a_path_that_the_output_cannot_encode(folder, tiny_gan, tiny_images):
    folder = folder.rename(folder.with_name("zurück"))
    ascii_only = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    gan = tiny_gan()
    with contextlib.redirect_stdout(ascii_only):
        train_tiny(gan, tiny_images, steps=21, checkpoint_dir=folder)
        ascii_only.flush()
    assert int(gan.step) == 21
    assert b"zur\\xfcck" in ascii_only.buffer.getvalue()


def test_ctrl_c_while_restoring_leaves_nothing_half_done(folder, tiny_gan, monkeypatch):
    gan, whole = tiny_gan(), tiny_gan()
    dcgan.Checkpoints(whole, folder).restore()
    kind, calls = type(gan.step), []

    def press(self, value, *arguments, **options):
        calls.append(1)
        if len(calls) == 3:
            os.kill(os.getpid(), signal.SIGINT)
        return assign_of_kind(self, value, *arguments, **options)

    assign_of_kind = kind.assign
    monkeypatch.setattr(kind, "assign", press)
    with pytest.raises(KeyboardInterrupt):
        dcgan.Checkpoints(gan, folder).restore()
    monkeypatch.undo()
    assert_same_state(gan, whole)


# Several at once


def hold_the_lock(folder, ready, done):
    with dcgan.Checkpoints(make_tiny_gan(), folder).lock():
        ready.set()
        done.wait(60)


def test_another_process_in_the_folder_is_named(folder, tiny_gan, tiny_images):
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload(["dcgan_helpers"])
    ready, done = processes.Event(), processes.Event()
    child = processes.Process(target=hold_the_lock, args=(folder, ready, done))
    child.start()
    assert ready.wait(60)
    gan = tiny_gan()
    with pytest.raises(BlockingIOError, match=f"is in use by process {child.pid} on "):
        train_tiny(gan, tiny_images, steps=21, checkpoint_dir=folder)
    assert int(gan.step) <= 20
    child.kill()  # a lock of a dead process stops nobody
    child.join()
    train_tiny(gan, tiny_images, steps=21, checkpoint_dir=folder)
    assert int(gan.step) == 21


def test_a_finished_run_needs_no_lock(folder, tiny_gan, tiny_images):
    with dcgan.Checkpoints(tiny_gan(), folder).lock():
        history = train_tiny(tiny_gan(), tiny_images, 4, checkpoint_dir=folder)
    assert history.epochs == [1, 2, 3, 4]


def test_a_checkpoint_saved_by_hand_does_not_switch_off_the_check(tiny_gan, tiny_images, tmp_path):
    dcgan.Checkpoints(tiny_gan(), tmp_path).save()
    with pytest.raises(ValueError, match="seed: 0 in the checkpoint, 1 now"):
        dcgan.Checkpoints(tiny_gan(seed=1), tmp_path).restore()
    train_tiny(tiny_gan(), tiny_images, steps=2, checkpoint_dir=tmp_path)
    with pytest.raises(ValueError, match="batch_size: 4 in the checkpoint, 5 now"):
        train_tiny(tiny_gan(), tiny_images, steps=3, batch_size=5, checkpoint_dir=tmp_path)


def test_memory_that_is_ahead_of_the_folder_is_not_thrown_away(
    trained, tiny_images, tiny_gan, capsys
):
    gan, folder = trained
    (folder / NEWEST).unlink()
    train_tiny(gan, tiny_images, 5, checkpoint_dir=folder)
    assert "Resuming" not in capsys.readouterr().out
    whole = tiny_gan()
    train_tiny(whole, tiny_images, 5)
    assert_same_state(gan, whole)


# Damage


def rewrite(file, change, savez=np.savez):
    """Change what a file says, and give it the checksum that belongs to that."""
    with np.load(file) as arrays:
        content = dict(arrays)
    change(content)
    buffer = io.BytesIO()
    savez(buffer, **content)
    body = buffer.getvalue()[:-2] + bytes([64, 0])
    file.write_bytes(body + hashlib.sha256(body).hexdigest().encode())


def of_another_name(content):
    content["history/step"] = content.pop("history/steps")


def unpacks_to_more_than_its_size(content):
    content["history/frames"] = np.zeros((4000, 16, 8, 8, 1), np.uint8)


DAMAGES = {
    "truncated": lambda file: file.write_bytes(file.read_bytes()[:-1]),
    "half": lambda file: file.write_bytes(file.read_bytes()[: file.stat().st_size // 2]),
    "emptied": lambda file: file.write_bytes(b""),
    "a bit flipped": flip_a_bit,
    "zeros": lambda file: file.write_bytes(bytes(file.stat().st_size)),
    "another kind of file": lambda file: file.write_text("{}"),
    "a folder": lambda file: (file.unlink(), file.mkdir()),
    "compressed": lambda file: rewrite(file, unpacks_to_more_than_its_size, np.savez_compressed),
    "an object": lambda file: rewrite(
        file, lambda c: c.update({"history/steps": np.array([slice(3)])})
    ),
    "format of the past": lambda file: rewrite(file, lambda c: c.update(format=1)),
    "format of the future": lambda file: rewrite(file, lambda c: c.update(format=3)),
    "an array of another name": lambda file: rewrite(file, of_another_name),
    "settings that are no JSON": lambda file: rewrite(
        file, lambda c: c.update({"history/config": np.frombuffer(b"[" * 100_000, np.uint8)})
    ),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_found_and_the_one_before_is_used(folder, tiny_gan, damage):
    DAMAGES[damage](folder / NEWEST)
    gan = tiny_gan()
    with pytest.warns(UserWarning, match=f"damaged checkpoint passed over: .*{NEWEST}"):
        restored = dcgan.Checkpoints(gan, folder).restore()
    assert restored.step == int(gan.step) == 15


def test_every_flipped_bit_is_found(folder, tiny_gan):
    file, gan = folder / NEWEST, tiny_gan()
    checkpoints = dcgan.Checkpoints(gan, folder)
    for other in folder.iterdir():
        if other != file:
            other.unlink()
    for tenth in range(10):
        for position in (tenth / 10, (tenth + 0.999) / 10):
            flip_a_bit(file, position)
            with pytest.raises(OSError, match="its checksum does not match"):
                checkpoints.restore()
            flip_a_bit(file, position)
    assert checkpoints.restore().step == 20


def test_a_run_goes_on_over_a_damaged_checkpoint(folder, tiny_gan, tiny_images):
    whole, resumed = tiny_gan(), tiny_gan()
    dcgan.Checkpoints(whole, folder).restore()
    flip_a_bit(folder / NEWEST)
    with pytest.warns(UserWarning, match="damaged checkpoint passed over"):
        train_tiny(resumed, tiny_images, 4, checkpoint_dir=folder)
    assert_same_state(resumed, whole)
    assert dcgan.Checkpoints(tiny_gan(), folder).restore().step == 20  # whole again


def test_all_damaged_is_an_error_and_changes_nothing(folder, tiny_gan, tiny_images):
    for path in folder.glob("*.npz"):
        flip_a_bit(path)
    before = {p: p.read_bytes() for p in folder.iterdir()}
    gan = tiny_gan()
    state = state_of(gan)
    for restore in (
        dcgan.Checkpoints(gan, folder).restore,
        lambda: train_tiny(gan, tiny_images, 9, checkpoint_dir=folder),
    ):
        with pytest.raises(OSError, match=r"every checkpoint in .* is damaged"):
            restore()
    assert_same_arrays(state_of(gan), state)
    assert {p: p.read_bytes() for p in folder.iterdir()} == before


# Saves that fail


def test_a_state_with_nan_is_not_saved(trained):
    gan, folder = trained
    gan.step.assign_add(1)
    checkpoints = dcgan.Checkpoints(gan, folder)
    for weight in (gan.generator.weights[0], gan.discriminator.weights[-1]):
        good = weight.numpy()
        weight.assign(weight * np.inf)
        with pytest.raises(FloatingPointError, match=r"not saved at step 21: .* NaN or infinity"):
            checkpoints.save()
        weight.assign(good)
    assert checkpoints.latest == folder / NEWEST


def test_full_disk_leaves_the_checkpoint_before(trained, tiny_gan, monkeypatch):
    gan, folder = trained
    gan.step.assign_add(1)
    state, before = state_of(gan), names(folder)

    def full(descriptor):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match=r"could not save .*No space left.*00020.*unchanged"):
            dcgan.Checkpoints(gan, folder).save()
    assert_same_arrays(state_of(gan), state)
    assert names(folder) == before
    assert dcgan.Checkpoints(tiny_gan(), folder).restore().step == 20


@pytest.fixture
def small_disk(tiny_gan, tiny_images, tmp_path):
    """A real file system of 256 kB, with a run of one epoch and its checkpoint on it."""
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("mounting needs Linux and root")
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(tmp_path)]
    if subprocess.run(mount, check=False).returncode:
        pytest.skip("this system does not let root mount a tmpfs")
    try:
        gan = tiny_gan()
        train_tiny(gan, tiny_images, 1, checkpoint_dir=tmp_path)
        yield gan, tmp_path
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)


def test_a_disk_that_is_really_full(small_disk, tiny_gan, tiny_images):
    gan, folder = small_disk
    size = (folder / "step-00000005.npz").stat().st_size
    for part in (0.01, 0.5, 0.95):  # of a checkpoint, for which there is room
        free = shutil.disk_usage(folder).free
        (folder / "filler").write_bytes(bytes(max(0, free - int(part * size))))
        gan.step.assign_add(1)
        with pytest.raises(OSError, match="could not save"):
            dcgan.Checkpoints(gan, folder).save()
        (folder / "filler").unlink()
        assert names(folder) == ["step-00000005.npz"]
    (folder / "filler").write_bytes(bytes(shutil.disk_usage(folder).free))
    with pytest.raises(OSError, match="cannot save"):  # before a step is done in vain
        train_tiny(gan, tiny_images, steps=20, checkpoint_dir=folder)
    assert int(gan.step) == 8
    assert dcgan.Checkpoints(tiny_gan(), folder).restore().step == 5


def test_a_file_system_that_is_really_read_only(small_disk, tiny_gan, tiny_images):
    gan, folder = small_disk
    subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
    gan.step.assign_add(1)
    state = state_of(gan)
    with pytest.raises(OSError, match=r"could not save .*step-00000005.* is unchanged"):
        dcgan.Checkpoints(gan, folder).save()
    assert_same_arrays(state_of(gan), state)
    resumed = tiny_gan()
    with pytest.raises(OSError, match="cannot save"):  # it can be read, but no step is wasted
        train_tiny(resumed, tiny_images, 2, checkpoint_dir=folder)
    assert int(resumed.step) == 5


def test_folder_that_cannot_be_made(tiny_gan, tmp_path, monkeypatch):
    def refuse(self, *arguments, **keywords):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "mkdir", refuse)
    gan = tiny_gan()
    with pytest.raises(OSError, match=r"could not save .*Permission denied.* in memory is unchang"):
        dcgan.Checkpoints(gan, tmp_path / "x").save()


def test_leftovers_of_a_killed_save_are_removed_by_the_next(trained, monkeypatch):
    gan, folder = trained
    before, leftovers = names(folder), []

    def killed(descriptor):
        leftovers.extend(set(names(folder)) - set(before))
        if leftovers:  # not when the lock is taken
            raise OSError

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", killed)
        gan.step.assign_add(1)
        checkpoints = dcgan.Checkpoints(gan, folder)
        with pytest.raises(OSError, match="could not save"):
            checkpoints.save()
    (folder / leftovers[0].replace(str(os.getpid()), "1")).write_bytes(b"half")
    assert checkpoints.latest == folder / NEWEST
    checkpoints.save()
    assert names(folder) == [*before[1:], "step-00000021.npz"]


# Pulling the plug


def kill_and_resume(folder: Path, kills: int, seed: int) -> tuple[int, dict[str, np.ndarray]]:
    """Start the run again and again, killing it at random moments; return the kills and its end."""
    # Each process is forked from a server that has imported TensorFlow, but not used it yet.
    processes = multiprocessing.get_context("forkserver")
    processes.set_forkserver_preload(["dcgan_helpers"])
    moments = random.Random(seed)
    result = folder / "result.npz"
    checkpoints = folder / "run"
    killed = 0
    while True:
        before = set(checkpoints.glob("*"))
        child = processes.Process(target=run_to_the_end, args=(checkpoints, result))
        child.start()
        if killed < kills:
            # Counted from a sign of life, so that slow starts do not make every kill an early one.
            while child.is_alive() and set(checkpoints.glob("*")) == before:
                time.sleep(0.002)
            child.join(moments.uniform(0, 0.25))
        if killed < kills and child.is_alive():
            child.kill()
            killed += 1
        child.join()
        if child.exitcode == 0:
            with np.load(result) as arrays:
                return killed, dict(arrays)
        assert child.exitcode == -signal.SIGKILL


@pytest.fixture(scope="module")
def uninterrupted():
    return state_of(run(None))


def test_killed_at_any_moment_it_ends_with_the_same_bits(tmp_path, uninterrupted):
    killed, state = kill_and_resume(tmp_path, kills=5, seed=0)
    assert killed == 5
    assert_same_arrays(state, uninterrupted)


@pytest.mark.long
def test_killed_fifty_times(tmp_path, uninterrupted):
    killed = 0
    for seed in range(1, 8):
        folder = tmp_path / str(seed)
        folder.mkdir()
        n, state = kill_and_resume(folder, kills=8, seed=seed)
        assert_same_arrays(state, uninterrupted)
        killed += n
    print(f"survived {killed} kills")
    assert killed >= 50
