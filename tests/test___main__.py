"""The command line, with a budget of a few steps."""

import contextlib
import io
import subprocess
import sys
from pathlib import Path

import imageio.v3 as iio
import keras
import numpy as np
import pytest
from PIL import Image

from dcgan_helpers import __main__ as command
from dcgan_helpers import sample_noise, train

FILES = {"checkpoints", "dcgan.gif", "generator.keras", "images.png"}


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """The options of a run of two steps on twenty pictures, what it printed, and its folder."""
    pictures, out = tmp_path_factory.mktemp("pictures"), tmp_path_factory.mktemp("out")
    for i, pixels in enumerate(
        np.random.default_rng(0).integers(0, 256, (20, 40, 36, 3), np.uint8)
    ):
        Image.fromarray(pixels).save(pictures / f"{i}.png")
    options = ["--images", str(pictures), "--out", str(out)]
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        command.main([*options, "--steps", "2"])
    return options, printed.getvalue(), out


def test_it_writes_an_animation_a_picture_and_the_generator(finished):
    _, printed, out = finished
    assert {path.name for path in out.iterdir()} == FILES
    assert len(iio.imread(out / "dcgan.gif")) == 2  # before the first step, after the last one
    side = 8 * (command.SIDE + 2) - 2
    assert iio.imread(out / "images.png").shape == (side, side, 3)
    generator = keras.saving.load_model(out / "generator.keras", compile=False)
    made = generator(sample_noise(2, seed=0))
    assert made.shape == (2, command.SIDE, command.SIDE, 3)
    assert "2 steps done. Written: " in printed


def test_what_it_writes_is_not_learnt_from(finished, monkeypatch):
    """The default folder, asked for in the folder of the pictures, would be."""
    options, _, _ = finished
    monkeypatch.chdir(options[1])
    with pytest.raises(SystemExit, match="--out must not be in --images"):
        command.main(["--images", ".", "--steps", "2"])
    assert not Path("dcgan-run").exists()


def test_few_pictures_make_a_small_batch(tmp_path, capsys):
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for i in range(3):
        Image.new("RGB", (40, 40), (90 * i, 0, 0)).save(pictures / f"{i}.png")
    options = ["--images", str(pictures), "--out", str(tmp_path / "out"), "--steps", "1"]
    command.main(options)
    assert "1 steps done" in capsys.readouterr().out


def test_the_same_command_returns_at_once_and_a_larger_number_goes_on(finished, capsys):
    options, _, out = finished
    before = (out / "images.png").read_bytes()
    command.main([*options, "--steps", "2"])
    assert (out / "images.png").read_bytes() == before
    with pytest.raises(SystemExit, match="seed"):
        command.main([*options, "--steps", "3", "--seed", "1"])
    assert (out / "images.png").read_bytes() == before
    capsys.readouterr()
    command.main([*options, "--epochs", "3"])
    assert (out / "images.png").read_bytes() != before
    printed = capsys.readouterr().out
    assert "Resuming" in printed
    assert "3 steps done" in printed


def test_without_options_it_takes_mnist_and_the_quick_recipe(tmp_path, monkeypatch, mnist):
    asked = {}

    def stop_before_training(gan, images, epochs, **options):
        asked.update(options, gan=gan, images=images, epochs=epochs)
        raise ValueError("seen enough")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(command, "train", stop_before_training)
    with pytest.raises(SystemExit, match="seen enough"):
        command.main([])
    assert str(asked["gan"].recipe) == "quick"
    assert asked["gan"].seed == 0
    assert asked["steps"] == 3750 == 60_000 // asked["gan"].recipe.batch_size
    assert asked["epochs"] is None
    assert asked["checkpoint_dir"] == Path("dcgan-run", "checkpoints")
    np.testing.assert_array_equal(asked["images"], mnist.train_images)


def test_a_long_run_has_a_short_animation_that_ends_with_the_last_frame(tiny_gan, tiny_images):
    gan = tiny_gan()
    history = train(gan, tiny_images, steps=151, batch_size=4, frame_every=1, progress=False)
    frames, labels = command.animation(gan, history)
    assert len(frames) == len(labels) == command.MOST_FRAMES
    assert (labels[0], labels[-1]) == ("step 0", "step 151")
    np.testing.assert_array_equal(frames[-1], history.frames[-1])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--steps", "0"], "steps must be at least 1, got 0"),
        (["--recipe", "slow"], "recipe must be .*quick.*, got 'slow'"),
        (["--seed", "-1"], "seed must be at least 0, got -1"),
        (["--images", "nowhere"], "nowhere"),
        (["--out", __file__], "--out must be a folder"),
    ],
)
def test_what_cannot_be_done_is_said_before_any_work(options, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit, match=message) as stopped:
        command.main(options)
    assert str(stopped.value).startswith("python -m dcgan_helpers: error: ")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--steps", "many"], "argument --steps: invalid int value: 'many'"),
        (["--steps", "1", "--epochs", "1"], "not allowed with argument"),
        (["--step", "1"], "unrecognized arguments: --step"),
    ],
)
def test_a_command_that_cannot_be_read_shows_the_usage(options, message, capsys):
    with pytest.raises(SystemExit) as stopped:
        command.main(options)
    assert stopped.value.code == 2
    assert message in capsys.readouterr().err


def test_python_m_shows_help():
    done = subprocess.run(
        [sys.executable, "-m", "dcgan_helpers", "--help"],
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    for option in ("--epochs", "--steps", "--images", "--recipe", "--seed", "--out"):
        assert option in done.stdout
    assert not done.stderr
