import gc
import math
import os
import signal
import sys
import threading
import weakref
from types import SimpleNamespace

import keras
import numpy as np
import pytest
import tensorflow as tf
from conftest import IMAGE_SHAPE, assert_resumes_exactly, assert_same_state, train_tiny

import dcgan_helpers as dcgan
from dcgan_helpers._plan import make_plan
from dcgan_helpers._recorder import Recorder


def tiny_generator(image_shape):
    layers = [keras.Input((3,)), keras.layers.Dense(math.prod(image_shape), activation="tanh")]
    return keras.Sequential([*layers, keras.layers.Reshape(image_shape)])


def tiny_discriminator(image_shape):
    return keras.Sequential(
        [keras.Input(image_shape), keras.layers.Flatten(), keras.layers.Dense(1)]
    )


def test_history_of_a_run(tiny_gan, tiny_images):
    gan = tiny_gan(seed=1)
    history = train_tiny(gan, tiny_images, epochs=3)
    assert history is gan.history
    assert history.steps == list(range(1, 16))
    assert history.epochs == [1, 2, 3]
    for name, means in history.epoch_losses.items():
        losses = history.step_losses[name]
        assert len(losses) == 15
        assert means == [pytest.approx(np.mean(losses[5 * e : 5 * e + 5])) for e in range(3)]
    assert set(history.epoch_losses) == {"generator_loss", "discriminator_loss"}
    assert history.frame_steps == [0, 5, 10, 15]
    assert {(f.shape, f.dtype.name) for f in history.frames} == {((16, 8, 8, 1), "uint8")}
    noise = dcgan.sample_noise(16, gan.seed, gan.noise_dim)
    np.testing.assert_array_equal(history.frames[-1], dcgan.denormalize(gan.generate(noise)))


def test_a_run_is_its_steps_over_the_batches_of_its_seed(tiny_gan, tiny_images):
    gan, by_hand = tiny_gan(seed=3), tiny_gan(seed=3)
    history = train_tiny(gan, tiny_images, steps=7)
    step, losses = dcgan.make_train_step(by_hand, jit_compile=False), []
    for epoch in range(2):
        for batch in dcgan.make_dataset(tiny_images, 4, seed=3, epoch=epoch):
            losses.append(float(step(batch)["generator_loss"]))
    assert losses[:7] == history.step_losses["generator_loss"]


def test_the_record_says_how_the_run_was_run(tiny_gan, tiny_images):
    gan = tiny_gan(seed=3)
    config = train_tiny(gan, tiny_images, steps=1).config
    assert {k: config[k] for k in ("recipe", "seed", "batch_size", "frame_every")} == {
        "recipe": "tutorial",
        "seed": 3,
        "batch_size": 4,
        "frame_every": 5,
    }
    assert config["images"].endswith("(22, 8, 8, 1)")
    assert config["generator_optimizer"]["beta_1"] == 0.9


def test_frames_within_an_epoch(tiny_gan, tiny_images):
    history = train_tiny(tiny_gan(), tiny_images, steps=7, frame_every=3)
    assert history.frame_steps == [0, 3, 6]
    assert history.epochs == [1]


def test_epochs_are_counted_in_total(tiny_gan, tiny_images):
    whole, parts = tiny_gan(), tiny_gan()
    train_tiny(whole, tiny_images, epochs=3)
    for target in ({"steps": 2}, {"epochs": 1}, {"steps": 11}, {"epochs": 3}):
        train_tiny(parts, tiny_images, **target)
    assert_same_state(whole, parts)


def test_finished_run_returns_at_once(tiny_gan, tiny_images, tmp_path):
    train_tiny(tiny_gan(), tiny_images, epochs=1, checkpoint_dir=tmp_path)
    gan = tiny_gan()
    history = train_tiny(gan, tiny_images, epochs=1, checkpoint_dir=tmp_path)
    assert history.epochs == [1]
    assert dcgan.make_train_step(gan).function.experimental_get_tracing_count() == 0
    assert train_tiny(gan, tiny_images, epochs=1) is history


def test_a_run_that_is_finished_is_saved_where_no_checkpoint_is(tiny_gan, tiny_images, tmp_path):
    gan = tiny_gan()
    train_tiny(gan, tiny_images, steps=3)
    for _ in range(2):
        train_tiny(gan, tiny_images, steps=3, checkpoint_dir=tmp_path)
    assert [path.name for path in dcgan.Checkpoints(gan, tmp_path).all] == ["step-00000003.npz"]


def test_floats_and_pixels_train_alike(tiny_gan, tiny_images):
    first, second = tiny_gan(), tiny_gan()
    train_tiny(first, tiny_images, steps=4)
    train_tiny(second, dcgan.normalize(tiny_images), steps=4)
    np.testing.assert_array_equal(
        first.generator.weights[0].numpy(), second.generator.weights[0].numpy()
    )


def test_two_seeds_train_apart(tiny_gan, tiny_images):
    histories = [train_tiny(tiny_gan(seed=s), tiny_images, steps=3) for s in (0, 1)]
    assert histories[0].step_losses != histories[1].step_losses


def test_other_settings_are_refused(tiny_gan, tiny_images):
    gan = tiny_gan()
    train_tiny(gan, tiny_images, steps=2)
    with pytest.raises(ValueError, match="batch_size: 4 before, 5 now"):
        train_tiny(gan, tiny_images, steps=4, batch_size=5)
    with pytest.raises(ValueError, match="images:"):
        train_tiny(gan, 255 - tiny_images, steps=4)
    assert int(gan.step) == 2
    train_tiny(gan, tiny_images, steps=3)  # a refused call changed nothing


def test_a_call_that_did_no_step_settles_nothing(tiny_gan, tiny_images, tmp_path):
    gan = tiny_gan()
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="cannot save"):
        train_tiny(gan, tiny_images, 1, checkpoint_dir=tmp_path / "file" / "x")
    train_tiny(gan, tiny_images, steps=1, batch_size=5)
    assert int(gan.step) == 1
    assert gan.history.config["batch_size"] == 5


def test_a_new_run_is_not_begun_with_a_trained_gan(tiny_gan, tiny_images):
    gan = tiny_gan()
    train_tiny(gan, tiny_images, steps=1)
    with pytest.raises(ValueError, match=r"resume=False .* 1 steps"):
        train_tiny(gan, tiny_images, steps=2, resume=False)


@pytest.mark.parametrize("value", [-1.25, 1.25])
def test_a_generator_without_tanh_is_named(value, tiny_gan, tiny_images):
    linear = keras.Sequential(
        [
            keras.Input((3,)),
            keras.layers.Dense(64, "linear", kernel_initializer="zeros"),
            keras.layers.Reshape(IMAGE_SHAPE),
        ]
    )
    linear.layers[0].bias.assign([value] * 64)
    gan = tiny_gan(generator=linear)
    with pytest.raises(ValueError, match=rf"generator must .* in \[-1, 1\].* from {value} to"):
        train_tiny(gan, tiny_images, steps=1)
    assert int(gan.step) == 0


def test_xla_is_left_to_the_step_only_where_a_run_is_long_enough(
    tiny_gan, tiny_images, monkeypatch
):
    """Its compiling takes as long as some thousand steps gain. What counts is the whole run."""
    asked = []

    def make(gan, *, jit_compile, fourier):
        asked.append(jit_compile)
        return dcgan.make_train_step(gan, jit_compile=False)

    monkeypatch.setattr("dcgan_helpers.training.make_train_step", make)
    monkeypatch.setattr("dcgan_helpers.training.XLA_STEPS", 3)
    gan = tiny_gan()
    train_tiny(gan, tiny_images, steps=2)
    train_tiny(gan, tiny_images, steps=3)  # one step more
    train_tiny(gan, tiny_images, steps=4, jit_compile=False)
    train_tiny(tiny_gan(), tiny_images, steps=2, jit_compile=True)
    assert asked == [False, None, False, True]


# Ctrl-C


def press_stop_after(monkeypatch, step, times=1):
    """Send Ctrl-C to this process when the run has done `step` steps."""
    original = Recorder.add

    def add(self, losses):
        original(self, losses)
        if self.done == step:
            for _ in range(times):
                os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(Recorder, "add", add)


def test_stop_keeps_what_was_done(tiny_gan, tiny_images, monkeypatch, capsys, tmp_path):
    expected = tiny_gan()
    train_tiny(expected, tiny_images, epochs=2)
    gan = tiny_gan()
    handler = signal.getsignal(signal.SIGINT)
    with monkeypatch.context() as patch:
        press_stop_after(patch, 3)
        history = train_tiny(gan, tiny_images, epochs=2, checkpoint_dir=tmp_path, resume=False)
    assert int(gan.step) == 3
    assert history.steps == [1, 2, 3]
    where = f"step 3 of 10, saved in {tmp_path}; the same call with resume=True goes on."
    assert f"Stopped after {where}" in capsys.readouterr().out
    assert signal.getsignal(signal.SIGINT) is handler
    again = tiny_gan()
    train_tiny(again, tiny_images, epochs=2, checkpoint_dir=tmp_path)
    assert_same_state(again, expected)
    train_tiny(gan, tiny_images, epochs=2, checkpoint_dir=tmp_path)  # and in the same process
    assert_same_state(gan, expected)


def test_second_ctrl_c_stops_at_once(tiny_gan, tiny_images, monkeypatch):
    gan = tiny_gan()
    press_stop_after(monkeypatch, 2, times=2)
    with pytest.raises(KeyboardInterrupt):
        train_tiny(gan, tiny_images, epochs=2)
    assert gan.history.steps == [1, 2]  # what was done is on record


def test_trains_outside_the_main_thread(tiny_gan, tiny_images):
    gan = tiny_gan()
    thread = threading.Thread(target=train_tiny, args=(gan, tiny_images, 1))
    thread.start()
    thread.join()
    assert int(gan.step) == 5


def test_a_gan_is_not_trained_twice_at_once(tiny_gan, tiny_images, monkeypatch):
    gan, seen = tiny_gan(), []
    original = Recorder.add

    def add(self, losses):
        original(self, losses)
        if self.done == 2:
            with pytest.raises(RuntimeError, match="gan is being trained already"):
                train_tiny(gan, tiny_images, 1)
            seen.append(int(gan.step))

    monkeypatch.setattr(Recorder, "add", add)
    train_tiny(gan, tiny_images, 1)
    assert seen == [2]
    train_tiny(gan, tiny_images, 2)  # and afterwards it is free again
    assert int(gan.step) == 10


def test_a_second_ctrl_c_leaves_no_hole_in_the_record(tiny_gan, tiny_images, monkeypatch):
    """It may come at any moment: here between a step and the record of its losses."""
    gan = tiny_gan()
    original = Recorder.add

    def press_then_add(self, losses):
        if self.done == 1:
            for _ in range(2):
                os.kill(os.getpid(), signal.SIGINT)
        original(self, losses)

    monkeypatch.setattr(Recorder, "add", press_then_add)
    with pytest.raises(KeyboardInterrupt):
        train_tiny(gan, tiny_images, epochs=2)
    assert gan.history.steps == [1, 2]
    assert int(gan.step) == 2


# Memory


def test_too_many_frames_are_refused(tiny_gan, tiny_images):
    gan = tiny_gan()
    with pytest.raises(ValueError, match=r"frame_every must be at least 2 for 300000 steps.*got 1"):
        train_tiny(gan, tiny_images, steps=300_000, frame_every=1)
    assert int(gan.step) == 0
    huge = SimpleNamespace(image_shape=(4608, 4608, 1), recipe=gan.recipe)  # not one frame fits
    with pytest.raises(ValueError, match="frame_every must be at least 40 for 40 steps"):
        make_plan(huge, tiny_images, None, 40, 4, 20, None)


def megabytes_in_use():
    gc.collect()
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_memory_is_flat_over_epochs_and_calls(tiny_gan):
    images = np.zeros((2000, 32, 32, 3), np.float32)  # 25 MB, in 2 steps an epoch
    gan = dcgan.DCGAN(
        generator=tiny_generator((32, 32, 3)), discriminator=tiny_discriminator((32, 32, 3))
    )
    options = {"batch_size": 1000, "frame_every": 1000}
    train_tiny(gan, images, 2, **options)
    before = megabytes_in_use()
    train_tiny(gan, images, 27, **options)  # one call
    for epochs in range(28, 53):  # a call each
        train_tiny(gan, images, epochs, **options)
    assert megabytes_in_use() - before < 25  # a copy of the data would be 25 a call or an epoch


def test_a_trained_gan_that_is_dropped_is_gone(tiny_gan, tiny_images):
    gan = tiny_gan()
    train_tiny(gan, tiny_images, steps=2)
    weights = weakref.ref(gan.generator.weights[0])
    del gan
    gc.collect()
    assert weights() is None


# Losses


def test_divergence_stops_the_run_and_keeps_the_last_good(tiny_gan, tiny_images, tmp_path):
    gan = tiny_gan(discriminator_optimizer=keras.optimizers.SGD(1e-3))
    train_tiny(gan, tiny_images, epochs=1, checkpoint_dir=tmp_path)
    good = gan.discriminator.get_weights()
    gan.discriminator.weights[0].assign(gan.discriminator.weights[0] * np.nan)
    with pytest.raises(
        FloatingPointError, match=r"diverged at step 6: .* is nan.* is .*step-00000005\.npz"
    ):
        train_tiny(gan, tiny_images, epochs=2, checkpoint_dir=tmp_path)
    dcgan.Checkpoints(gan, tmp_path).restore()
    for a, b in zip(gan.discriminator.get_weights(), good, strict=True):
        np.testing.assert_array_equal(a, b)


def test_steps_before_a_divergence_are_recorded_once(tiny_gan, tiny_images):
    gan = tiny_gan(discriminator_optimizer=keras.optimizers.SGD(1e30))
    with pytest.raises(
        FloatingPointError, match=r"diverged at step [23].*; no checkpoint was kept"
    ):
        train_tiny(gan, tiny_images, epochs=1)
    assert gan.history.steps in ([1], [1, 2])


def test_losses_are_fetched_now_and_then_not_at_every_step(monkeypatch):
    """Each fetch makes a GPU wait."""
    now = iter(range(1000))
    monkeypatch.setattr("time.monotonic", lambda: 0.2 * next(now))  # five steps a second
    history = dcgan.History(steps_per_epoch=10)
    recorder = Recorder(history, 0, 20, 4, progress=False)
    recorded = []
    for step in range(12):
        recorder.add({"generator_loss": tf.constant(float(step))})
        recorded.append(len(history.steps))
    assert recorded[0] == 0
    assert 2 <= len(set(recorded) - {0}) <= 6
    recorder.fetch()
    assert history.step_losses == {"generator_loss": [float(step) for step in range(12)]}


def test_progress_bar_shows_losses_and_speed(tiny_gan, tiny_images, capfd, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")  # room for both losses
    gan = tiny_gan()
    train_tiny(gan, tiny_images, epochs=1)
    capfd.readouterr()
    train_tiny(gan, tiny_images, epochs=2, progress=True)
    shown = capfd.readouterr().err
    assert "epoch 2" in shown
    assert "images/s" in shown
    assert "generator=" in shown
    assert "discriminator=" in shown
    assert "20.0/40.0" in shown  # a resumed run begins where it is
    assert "40.0/40.0" in shown


def test_a_function_of_ones_own_is_called_after_each_epoch(tiny_gan, tiny_images):
    seen = []

    def note(gan):
        history = gan.history
        seen.append((int(gan.step), history.epochs[-1], len(history.frames), len(history.steps)))

    train_tiny(tiny_gan(), tiny_images, steps=12, after_epoch=note)
    assert seen == [(5, 1, 2, 5), (10, 2, 3, 10)]


def test_that_function_may_not_go_back(tiny_gan, tiny_images, tmp_path):
    """The steps in between would be done, and on no record."""
    gan = tiny_gan()
    checkpoints = dcgan.Checkpoints(gan, tmp_path)

    def roll_back(gan):
        if int(gan.step) == 5:
            checkpoints.save()
        else:
            checkpoints.restore()

    with pytest.raises(RuntimeError, match="after_epoch must not restore"):
        train_tiny(gan, tiny_images, steps=20, after_epoch=roll_back)
    assert int(gan.step) == len(gan.history.steps) == 5


def test_what_that_function_changes_is_saved(tiny_gan, tiny_images, tmp_path):
    def halve(gan):
        gan.generator_optimizer.learning_rate = float(gan.generator_optimizer.learning_rate) / 2

    whole, _ = assert_resumes_exactly(
        tiny_gan, tiny_images, tmp_path, stop_at=5, steps=11, after_epoch=halve
    )
    assert float(whole.generator_optimizer.learning_rate) == pytest.approx(1e-4 / 4)


def test_what_is_no_function_is_not_called_after_each_epoch(tiny_gan, tiny_images):
    with pytest.raises(TypeError, match="after_epoch must be a function, got 3"):
        train_tiny(tiny_gan(), tiny_images, steps=1, after_epoch=3)
