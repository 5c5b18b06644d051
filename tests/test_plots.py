import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest

import dcgan_helpers as dcgan

mpl.use("Agg")


def history(steps):
    """A record of `steps` steps, 4 to an epoch."""
    losses = {
        "generator_loss": [0.5 + step for step in range(steps)],
        "discriminator_loss": [2.0 * step for step in range(steps)],
    }
    return dcgan.History(steps_per_epoch=4, steps=[*range(1, steps + 1)], step_losses=losses)


def legend(axes):
    return [text.get_text() for text in axes.get_legend().get_texts()]


def test_images_are_drawn_as_they_are():
    images = np.full((16, 8, 4, 1), 100, np.uint8)  # of little contrast, which stays so
    figure = dcgan.show_images(images, size=0.5)
    (axes,) = figure.axes
    np.testing.assert_array_equal(axes.images[0].get_array(), dcgan.image_grid(images))
    assert (axes.images[0].norm.vmin, axes.images[0].norm.vmax) == (0, 255)
    assert axes.images[0].get_interpolation() == "nearest"
    assert axes.images[0].get_cmap().name == "gray"  # 0 is black
    assert not axes.axison
    assert axes.get_position().bounds == (0, 0, 1, 1)
    assert figure.get_size_inches() == pytest.approx([0.5 * 22 / 4, 0.5 * 38 / 4])


def test_titles_stand_above_their_images(mnist):
    figure = dcgan.show_images(mnist.test_images[:5], titles=mnist.test_labels[:5], columns=3)
    (axes,) = figure.axes
    assert [t.get_text() for t in axes.texts] == [str(label) for label in mnist.test_labels[:5]]
    assert [t.get_position() for t in axes.texts] == [
        (14, 0.5), (44, 0.5), (74, 0.5), (14, 37.5), (44, 37.5)
    ]  # fmt: skip
    grid = axes.images[0].get_array()
    assert np.all(grid[37:44] == 255)  # room for a title
    np.testing.assert_array_equal(grid[44:, :28], mnist.test_images[3, :, :, 0])


def test_floats_have_white_room_for_titles():
    grid = dcgan.show_images(np.zeros((1, 8, 8, 1), np.float32), titles=["x"]).axes[0].images[0]
    assert np.all(grid.get_array()[:6] == 255)


def test_history_shows_both_losses_their_means_and_the_balance():
    record = history(13)  # three epochs, and a step of the fourth
    (axes,) = dcgan.plot_history(record).axes
    lines = np.array(axes.lines).reshape(2, 3)
    for (steps, means, balance), name, level in zip(
        lines, ("generator_loss", "discriminator_loss"), (np.log(2), 2 * np.log(2)), strict=True
    ):
        assert list(steps.get_xdata()) == record.steps
        assert list(steps.get_ydata()) == record.step_losses[name]
        assert list(means.get_xdata()) == [2, 6, 10]  # the middles of the epochs
        assert list(means.get_ydata()) == record.epoch_losses[name]
        assert list(balance.get_ydata()) == [level, level]
        assert balance.get_linestyle() == "--"
        assert steps.get_alpha() < 1
        assert means.get_label() == f"{name.removesuffix('_loss')}'s loss, mean of an epoch"
        assert len({line.get_color() for line in (steps, means, balance)}) == 1
    assert lines[0, 0].get_color() != lines[1, 0].get_color()
    assert legend(axes) == [means.get_label() for means in lines[:, 1]]
    assert (axes.get_xlabel(), axes.get_ylabel(), axes.get_ylim()[0]) == ("step", "loss", 0)


@pytest.mark.parametrize("steps", [2, 7])
def test_history_of_less_than_two_epochs_has_no_means(steps):
    record = history(steps)
    (axes,) = dcgan.plot_history(record).axes
    assert [list(line.get_ydata()) for line in axes.lines[::2]] == [*record.step_losses.values()]
    assert [line.get_ydata()[0] for line in axes.lines[1::2]] == [np.log(2), 2 * np.log(2)]
    assert [line.get_alpha() for line in axes.lines[::2]] == [None, None]
    assert legend(axes) == ["generator's loss", "discriminator's loss"]


def test_figures_are_not_shown_twice():
    dcgan.show_images(np.zeros((1, 8, 8, 1), np.uint8))
    dcgan.plot_history(history(2))
    assert plt.get_fignums() == []


@pytest.mark.parametrize(
    "title", ["a title that is wider than its image", "one\ntwo\nthree", r"$x_{$", "7"]
)
@pytest.mark.parametrize("size", [0.5, 0.9])
def test_titles_of_any_size_keep_to_their_place(title, size):
    figure = dcgan.show_images(
        np.zeros((6, 28, 28, 1), np.uint8), titles=["", *[title] * 5], columns=3, size=size
    )
    (axes,) = figure.axes
    place = axes.transData.inverted()
    for i, text in enumerate(axes.texts):
        left, top = i % 3 * 30, i // 3 * 37  # 7 rows for a title, 28 of pixels, 2 between them
        (x0, y1), (x1, y0) = place.transform(text.get_window_extent())
        assert left - 1 <= x0 <= x1 <= left + 29
        assert top - 1 <= y0 <= y1 <= top + 8
    if (title, size) == ("7", 0.9):
        assert text.get_fontsize() == 9
