import warnings

import matplotlib as mpl
import numpy as np
import pytest

import dcgan_helpers as dcgan
from dcgan_helpers import plots

mpl.use("Agg")


def test_images_are_drawn_as_they_are(mnist):
    figure = dcgan.show_images(mnist.test_images[:16])
    (axes,) = figure.axes
    np.testing.assert_array_equal(
        axes.images[0].get_array(), dcgan.image_grid(mnist.test_images[:16])
    )
    assert (axes.images[0].norm.vmin, axes.images[0].norm.vmax) == (0, 255)


def test_titles_stand_above_their_images(mnist):
    figure = dcgan.show_images(mnist.test_images[:5], titles=mnist.test_labels[:5], columns=3)
    texts = figure.axes[0].texts
    assert [t.get_text() for t in texts] == [str(label) for label in mnist.test_labels[:5]]
    assert [t.get_position()[0] for t in texts] == [14, 44, 74, 14, 44]
    assert texts[3].get_position()[1] > texts[0].get_position()[1]


def test_figures_are_not_shown_twice():
    import matplotlib.pyplot as plt

    dcgan.show_images(np.zeros((1, 8, 8, 1), np.uint8))
    assert plt.get_fignums() == []


def test_history_shows_both_losses_and_the_balance(tiny_gan, tiny_images):
    history = dcgan.train(tiny_gan(), tiny_images, epochs=3, batch_size=4, progress=False)
    axes = dcgan.plot_history(history).axes[0]
    curves = [line.get_ydata() for line in axes.lines]
    np.testing.assert_allclose(curves[0], history.step_losses["generator_loss"])
    np.testing.assert_allclose(curves[1], history.generator_loss)
    assert any(np.allclose(c, np.log(2)) for c in curves)
    assert any(np.allclose(c, 2 * np.log(2)) for c in curves)


def test_history_of_less_than_an_epoch(tiny_gan, tiny_images):
    history = dcgan.train(tiny_gan(), tiny_images, steps=2, batch_size=4, progress=False)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        dcgan.plot_history(history)


def test_every_drawing_is_a_picture_with_a_description():
    names = sorted(file.stem for file in plots._DRAWINGS.glob("*.svg"))
    assert "gan" in names
    for name in names:
        svg = dcgan.show_drawing(name).data
        assert "<title" in svg
        assert "<desc" in svg
        assert "<script" not in svg


@pytest.mark.parametrize(
    "part", ["data", "generator", "discriminator", "losses", "training", "checkpoints", "gif"]
)
def test_every_chapter_has_its_part_of_the_drawing(part):
    assert f"#gan-part-{part}{{opacity:1}}" in dcgan.show_drawing("gan", highlight=part).data
