import errno
import json
import multiprocessing
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from conftest import assert_same_state, flip_a_bit, state_of
from resumable_run import run, run_to_the_end

import dcgan_helpers as dcgan
from dcgan_helpers import checkpoints as module


def train_four_epochs(gan, images, folder):
    """A run with checkpoints after each of its 4 epochs, of which the last 3 are kept."""
    dcgan.train(gan, images, 4, batch_size=4, checkpoint_dir=folder, progress=False)


@pytest.fixture
def trained(tiny_gan, tiny_images, tmp_path):
    """A run of four epochs, and its folder."""
    gan = tiny_gan()
    train_four_epochs(gan, tiny_images, tmp_path)
    return gan, tmp_path


@pytest.fixture(scope="module")
def folder_of_a_run(tiny_gan, tiny_images, tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    train_four_epochs(tiny_gan(), tiny_images, folder)
    return folder


@pytest.fixture
def folder(folder_of_a_run, tmp_path):
    """The folder of a run of four epochs that is over."""
    return shutil.copytree(folder_of_a_run, tmp_path / "run")


# What a checkpoint holds


def test_folders_of_other_names_are_left_alone(folder, tiny_gan, tiny_images):
    for name in ("step-00000005-best", "step-notes"):
        shutil.copytree(folder / "step-00000020", folder / name)
    gan = tiny_gan()
    checkpoints = dcgan.Checkpoints(gan, folder)
    assert checkpoints.latest == folder / "step-00000020"
    dcgan.train(gan, tiny_images, 8, batch_size=4, checkpoint_dir=folder, progress=False)
    assert (folder / "step-00000005-best" / "manifest.json").exists()
    assert (folder / "step-notes").exists()
    assert [path.name[-2:] for path in checkpoints.all] == ["30", "35", "40"]


def test_order_is_by_step_not_by_name(tmp_path, tiny_gan):
    names = ["step-00000007", "step-99999999", "step-100000000", "step-100000000.again"]
    for name in (*reversed(names), "step-8", "step-best"):
        (tmp_path / name).mkdir()
    assert [path.name for path in dcgan.Checkpoints(tiny_gan(), tmp_path).all] == names


def test_saves_where_folders_cannot_be_opened_and_syncing_needs_writing(
    trained, tmp_path, monkeypatch
):
    """The rules of Windows: `os.open` refuses a folder, `os.fsync` a file open for reading only."""
    opened, really_open, really_sync = {}, os.open, os.fsync

    def open_(path, flags, *arguments, **keywords):
        if os.path.isdir(path):
            raise PermissionError(13, "Permission denied")
        descriptor = really_open(path, flags, *arguments, **keywords)
        opened[descriptor] = flags
        return descriptor

    def sync(descriptor):
        if opened[descriptor] & (os.O_RDWR | os.O_WRONLY) == 0:
            raise OSError(9, "Bad file descriptor")
        really_sync(descriptor)

    gan, _ = trained
    checkpoints = dcgan.Checkpoints(gan, tmp_path / "new")
    (tmp_path / "new").mkdir()
    with monkeypatch.context() as patch:
        patch.setattr(module, "_ON_WINDOWS", True)
        patch.setattr(os, "open", open_)
        patch.setattr(os, "fsync", sync)
        path = checkpoints.save()
    assert checkpoints.restore().path == path
    assert opened


def test_a_checkpoint_saved_by_hand_does_not_switch_off_the_check(tiny_gan, tiny_images, tmp_path):
    dcgan.Checkpoints(tiny_gan(), tmp_path).save()
    arguments = {"checkpoint_dir": tmp_path, "progress": False}
    dcgan.train(tiny_gan(), tiny_images, steps=2, batch_size=4, **arguments)
    with pytest.raises(ValueError, match="batch_size: 4 in the checkpoint, 5 now"):
        dcgan.train(tiny_gan(), tiny_images, steps=3, batch_size=5, **arguments)


def test_a_format_of_the_future_is_refused(folder, tiny_gan, monkeypatch):
    monkeypatch.setattr(module, "_FORMAT", 0)
    with pytest.raises(ValueError, match="format 1; this version reads 0"):
        dcgan.Checkpoints(tiny_gan(), folder).restore()


def test_save_and_restore_everything(trained, tiny_gan):
    gan, folder = trained
    other = tiny_gan()
    restored = dcgan.Checkpoints(other, folder).restore()
    assert_same_state(state_of(other), state_of(gan))
    assert (restored.step, restored.epoch) == (20, 4)
    # 9 weights and dropout's seed, 2 × 7 moments, step and rate of each optimizer, the step
    assert restored.values == len(tf.train.list_variables(str(restored.path / "state"))) - 1
    assert str(restored).startswith("step 20 (epoch 4 done), ")


def test_the_next_steps_after_a_restore_are_the_same(trained, tiny_gan, tiny_images):
    gan, folder = trained
    other = tiny_gan()
    dcgan.Checkpoints(other, folder).restore()
    for g in (gan, other):
        dcgan.train(g, tiny_images, 6, batch_size=4, progress=False)
    assert_same_state(state_of(other), state_of(gan))


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


def test_latest_and_pruning(trained):
    gan, folder = trained
    checkpoints = dcgan.Checkpoints(gan, folder)
    assert [path.name for path in checkpoints.all] == [
        "step-00000010",
        "step-00000015",
        "step-00000020",
    ]
    assert checkpoints.latest == folder / "step-00000020"
    one = dcgan.Checkpoints(gan, folder, max_to_keep=1)
    gan.step.assign_add(1)
    assert one.save() == one.latest
    assert one.all == [folder / "step-00000021"]


def test_same_step_can_be_saved_again(trained):
    gan, folder = trained
    checkpoints = dcgan.Checkpoints(gan, folder)
    weight = gan.generator.weights[0]
    weight.assign(weight + 1)
    expected = weight.numpy()
    checkpoints.save()
    weight.assign(weight * 0)
    checkpoints.restore()
    np.testing.assert_array_equal(weight.numpy(), expected)
    assert sorted(p.name for p in folder.iterdir()) == [p.name for p in checkpoints.all]


def test_while_a_step_is_saved_again_there_is_always_a_whole_checkpoint(
    tiny_gan, tmp_path, monkeypatch
):
    gan = tiny_gan()
    checkpoints = dcgan.Checkpoints(gan, tmp_path, max_to_keep=1)
    checkpoints.save()
    looked = []

    def then_look(function):
        def wrapped(*arguments, **keywords):
            result = function(*arguments, **keywords)
            looked.append(dcgan.Checkpoints(tiny_gan(), tmp_path).restore().step)
            return result

        return wrapped

    monkeypatch.setattr(Path, "rename", then_look(Path.rename))
    monkeypatch.setattr(shutil, "rmtree", then_look(shutil.rmtree))
    checkpoints.save()
    assert len(looked) >= 3
    assert [p.name for p in tmp_path.iterdir()] == ["step-00000000"]


def test_it_is_not_lost_either_when_the_killed_save_is_repeated(tiny_gan, tmp_path, monkeypatch):
    gan = tiny_gan()
    checkpoints = dcgan.Checkpoints(gan, tmp_path, max_to_keep=1)
    newest = checkpoints.save()
    shutil.copytree(newest, newest.with_name(newest.name + ".again"))
    (newest / "state.index").unlink()  # killed while the old one was being removed
    rmtree, seen = shutil.rmtree, []

    def then_look(path, **keywords):
        rmtree(path, **keywords)
        seen.append(dcgan.Checkpoints(tiny_gan(), tmp_path).restore().step)

    monkeypatch.setattr(shutil, "rmtree", then_look)
    checkpoints.save()
    assert len(seen) >= 2
    assert [p.name for p in tmp_path.iterdir()] == [newest.name]


def test_a_save_that_was_killed_while_it_replaced_one_is_used(trained, tiny_gan):
    gan, folder = trained
    newest = folder / "step-00000020"
    shutil.copytree(newest, folder / "step-00000020.again")
    (newest / "state.index").unlink()  # the old one was being removed
    assert dcgan.Checkpoints(tiny_gan(), folder).restore().step == 20
    dcgan.Checkpoints(gan, folder).save()
    names = [path.name for path in dcgan.Checkpoints(gan, folder).all]
    assert names == ["step-00000010", "step-00000015", "step-00000020"]


def test_folder_without_checkpoints(tiny_gan, tmp_path):
    checkpoints = dcgan.Checkpoints(tiny_gan(), tmp_path / "none")
    assert checkpoints.latest is None
    assert checkpoints.all == []
    with pytest.raises(FileNotFoundError, match="no checkpoint in"):
        checkpoints.restore()
    assert not (tmp_path / "none").exists()


def test_nothing_is_executed_on_restore(folder):
    newest = folder / "step-00000020"
    names = sorted(p.name for p in newest.iterdir())
    assert names == ["history.npz", "manifest.json", "state.data-00000-of-00001", "state.index"]
    with np.load(newest / "history.npz", allow_pickle=False) as arrays:
        assert all(array.dtype.kind in "uif" for array in arrays.values())
    json.loads((newest / "manifest.json").read_text())


# Resuming a run


def test_resumes_in_the_middle_of_an_epoch_and_says_so(tiny_gan, tiny_images, tmp_path, capsys):
    arguments = {"batch_size": 4, "checkpoint_dir": tmp_path, "progress": False}
    dcgan.train(tiny_gan(), tiny_images, steps=7, **arguments)
    resumed, whole = tiny_gan(), tiny_gan()
    capsys.readouterr()
    dcgan.train(resumed, tiny_images, epochs=3, **arguments)
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 1
    assert lines[0].startswith("Resuming: step 7 (epoch 1 done)")
    dcgan.train(whole, tiny_images, epochs=3, batch_size=4, progress=False)
    assert_same_state(state_of(resumed), state_of(whole))


def test_resume_false_refuses_a_folder_in_use(folder, tiny_gan, tiny_images):
    gan = tiny_gan()
    with pytest.raises(FileExistsError, match="holds the checkpoints of a run"):
        dcgan.train(gan, tiny_images, 5, batch_size=4, checkpoint_dir=folder, resume=False)
    assert int(gan.step) == 0


@pytest.mark.parametrize(
    ("what", "change"),
    [
        ("batch_size: 4 in the checkpoint, 5 now", {"batch_size": 5}),
        ("frame_every: 5 in the checkpoint, 2 now", {"frame_every": 2}),
        ("images: ", {"images": np.zeros((22, 8, 8, 1), np.uint8)}),
        ("seed: 0 in the checkpoint, 1 now", {"gan": {"seed": 1}}),
        (
            "generator_optimizer: .*0.5",
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
    arguments = {"images": tiny_images, "batch_size": 4, "progress": False, **change}
    before = sorted(p.name for p in folder.iterdir())
    with pytest.raises(ValueError, match=f"run with other settings: .*{what}"):
        dcgan.train(gan, epochs=5, checkpoint_dir=folder, **arguments)
    assert int(gan.step) == 0
    assert sorted(p.name for p in folder.iterdir()) == before


def test_memory_that_is_ahead_of_the_folder_is_not_thrown_away(trained, tiny_images, tiny_gan):
    gan, folder = trained
    shutil.rmtree(folder / "step-00000020")
    dcgan.train(gan, tiny_images, 5, batch_size=4, checkpoint_dir=folder, progress=False)
    whole = tiny_gan()
    dcgan.train(whole, tiny_images, 5, batch_size=4, progress=False)
    assert_same_state(state_of(gan), state_of(whole))


# Damage


DAMAGES = {
    "truncated": lambda file: file.write_bytes(file.read_bytes()[:-1]),
    "emptied": lambda file: file.write_bytes(b""),
    "a bit flipped": flip_a_bit,
    "missing": lambda file: file.unlink(),
}
FILES = ["state.index", "state.data-00000-of-00001", "history.npz", "manifest.json"]


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_found_and_the_one_before_is_used(folder, tiny_gan, file, damage):
    DAMAGES[damage](folder / "step-00000020" / file)
    gan = tiny_gan()
    with pytest.warns(UserWarning, match=f"damaged checkpoint passed over: .*{file}"):
        restored = dcgan.Checkpoints(gan, folder).restore()
    assert restored.step == int(gan.step) == 15


def test_a_run_goes_on_over_a_damaged_checkpoint(trained, tiny_gan, tiny_images):
    gan, folder = trained
    flip_a_bit(folder / "step-00000020" / "history.npz")
    resumed = tiny_gan()
    with pytest.warns(UserWarning, match="damaged checkpoint passed over"):
        dcgan.train(resumed, tiny_images, 4, batch_size=4, checkpoint_dir=folder, progress=False)
    assert_same_state(state_of(resumed), state_of(gan))
    assert dcgan.Checkpoints(tiny_gan(), folder).restore().step == 20  # whole again


def test_all_damaged_is_an_error_and_changes_nothing(folder, tiny_gan, tiny_images):
    for path in folder.iterdir():
        (path / "state.index").write_bytes(b"")
    before = {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    gan = tiny_gan()
    weights = state_of(gan)
    for restore in (
        dcgan.Checkpoints(gan, folder).restore,
        lambda: dcgan.train(gan, tiny_images, 9, batch_size=4, checkpoint_dir=folder),
    ):
        with pytest.raises(OSError, match=r"every checkpoint in .* is damaged"):
            restore()
    assert_same_state(state_of(gan), weights)
    assert {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()} == before


# Saves that fail


@pytest.fixture
def failing_save(trained, monkeypatch):
    """A run of which the next save fails as on a full disk."""
    gan, folder = trained

    def full(self, path):
        Path(path + ".index").write_bytes(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(tf.train.Checkpoint, "write", full)
    gan.step.assign_add(1)
    return gan, folder


def test_full_disk_leaves_the_checkpoint_before(failing_save, tiny_gan, monkeypatch):
    gan, folder = failing_save
    state = state_of(gan)
    with pytest.raises(OSError, match=r"could not save .*No space left.*step-00000020.*unchanged"):
        dcgan.Checkpoints(gan, folder).save()
    assert_same_state(state_of(gan), state)
    assert sorted(p.name for p in folder.iterdir())[-1] == "step-00000020"
    assert not list(folder.glob(".*"))
    monkeypatch.undo()
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
        dcgan.train(gan, tiny_images, 1, batch_size=4, checkpoint_dir=tmp_path, progress=False)
        yield gan, tmp_path
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)


def test_a_disk_that_is_really_full(small_disk, tiny_gan):
    gan, folder = small_disk
    size = sum(f.stat().st_size for f in folder.rglob("*") if f.is_file())
    free = shutil.disk_usage(folder).free
    (folder / "filler").write_bytes(bytes(max(0, free - size // 2)))
    gan.step.assign_add(1)
    with pytest.raises(OSError, match="could not save"):
        dcgan.Checkpoints(gan, folder).save()
    assert dcgan.Checkpoints(tiny_gan(), folder).restore().step == 5


def test_a_file_system_that_is_really_read_only(small_disk, tiny_gan, tiny_images):
    gan, folder = small_disk
    subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
    state = state_of(gan)
    state["step"] = state["step"] + 1
    gan.step.assign_add(1)
    with pytest.raises(OSError, match=r"could not save .*step-00000005.* is unchanged"):
        dcgan.Checkpoints(gan, folder).save()
    assert_same_state(state_of(gan), state)
    resumed = tiny_gan()
    with pytest.raises(OSError, match="cannot save"):  # it can be read, but no step is wasted
        dcgan.train(resumed, tiny_images, 2, batch_size=4, checkpoint_dir=folder, progress=False)
    assert int(resumed.step) == 5


def test_folder_that_cannot_be_made(tiny_gan, tmp_path, monkeypatch):
    def refuse(self, *arguments, **keywords):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "mkdir", refuse)
    gan = tiny_gan()
    with pytest.raises(OSError, match=r"could not save .*Permission denied.* in memory is unchang"):
        dcgan.Checkpoints(gan, tmp_path / "x").save()


def test_a_state_with_nan_is_not_saved(trained):
    gan, folder = trained
    gan.generator.weights[0].assign(gan.generator.weights[0] * np.inf)
    gan.step.assign_add(1)
    checkpoints = dcgan.Checkpoints(gan, folder)
    with pytest.raises(FloatingPointError, match=r"not saved at step 21: .* NaN or infinity"):
        checkpoints.save()
    assert checkpoints.latest == folder / "step-00000020"


def test_leftovers_of_a_killed_save_are_removed_by_the_next(trained):
    gan, folder = trained
    leftover = folder / (module._UNFINISHED + "abc")
    leftover.mkdir()
    (leftover / "state.index").write_bytes(b"half")
    checkpoints = dcgan.Checkpoints(gan, folder)
    assert checkpoints.latest == folder / "step-00000020"
    gan.step.assign_add(1)
    checkpoints.save()
    assert not leftover.exists()


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
    assert_same_state(state, uninterrupted)


@pytest.mark.long
def test_killed_fifty_times(tmp_path, uninterrupted):
    killed = 0
    for seed in range(1, 8):
        folder = tmp_path / str(seed)
        folder.mkdir()
        n, state = kill_and_resume(folder, kills=8, seed=seed)
        assert_same_state(state, uninterrupted)
        killed += n
    print(f"survived {killed} kills")
    assert killed >= 50
