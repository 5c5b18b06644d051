import json
import time

import numpy as np
import pytest

import dcgan_helpers as dcgan


def history_of(steps, steps_per_epoch):
    losses = {"generator_loss": [0.5 * step for step in steps]}
    return dcgan.History(steps_per_epoch=steps_per_epoch, steps=list(steps), step_losses=losses)


def test_epochs_and_their_means():
    history = history_of(range(1, 12), steps_per_epoch=5)  # the last step is of a third epoch
    assert history.epochs == [1, 2]
    assert history.epoch_losses == {"generator_loss": [pytest.approx(1.5), pytest.approx(4.0)]}


def test_a_step_missing_on_record_leaves_its_epoch_without_a_mean():
    """An interrupt can fall between a step and its record."""
    history = history_of([*range(1, 7), *range(8, 16)], steps_per_epoch=5)
    assert history.epochs == [1, 3]
    assert history.epoch_losses["generator_loss"] == [pytest.approx(1.5), pytest.approx(6.5)]


def test_means_of_many_epochs_are_a_matter_of_milliseconds():
    """A function that is called after each epoch may ask for them each time."""
    history = history_of(range(1, 40_001), steps_per_epoch=5)
    start = time.process_time()
    assert len(history.epoch_losses["generator_loss"]) == 8000
    assert time.process_time() - start < 2  # seconds; they were thirty


def test_two_histories_can_be_compared():
    first, second = (dcgan.History(frames=[np.zeros((16, 8, 8, 1), np.uint8)]) for _ in range(2))
    assert first == first
    assert first != second


def test_a_history_of_unknown_epochs():
    history = dcgan.History(steps=[1, 2], step_losses={"loss": [1, 2]}, frame_steps=[0, 2])
    assert (history.epochs, history.epoch_losses) == ([], {"loss": []})
    assert history.frame_labels == ["step 0", "step 2"]


def test_labels_are_epochs_where_all_frames_are_at_their_ends():
    assert dcgan.History(steps_per_epoch=5, frame_steps=[0, 5, 15]).frame_labels == [
        "epoch 0",
        "epoch 1",
        "epoch 3",
    ]
    labels = dcgan.History(steps_per_epoch=5, frame_steps=[0, 5, 7]).frame_labels
    assert labels == ["step 0", "step 5", "step 7"]


def test_it_prints_as_one_line():
    history = history_of(range(1, 12), steps_per_epoch=5)
    history.frames = [np.zeros((16, 28, 28, 1), np.uint8)] * 3
    assert repr(history) == "<History: 11 steps, 2 whole epochs, 3 frames; last generator_loss 5.5>"
    assert repr(dcgan.History()) == "<History: 0 steps, 0 whole epochs, 0 frames>"


def test_arrays_hold_the_whole_record():
    third = float(np.float32(1 / 3))
    history = dcgan.History(
        config={"seed": 3, "recipe": "quick", "rates": [0.1, None]},
        environment={"threads": "2"},
        steps_per_epoch=2,
        steps=[1, 2, 3],
        step_losses={"generator_loss": [1.0, 0.5, 0.25], "discriminator_loss": [2.0, 3.0, third]},
        frames=[np.full((16, 4, 4, 1), value, np.uint8) for value in (0, 255)],
        frame_steps=[0, 2],
    )
    again = dcgan.History.from_arrays(history.to_arrays())
    np.testing.assert_array_equal(again.frames, history.frames)
    history.frames = again.frames = []
    assert json.dumps(vars(again)) == json.dumps(vars(history))  # Python's own numbers, too
