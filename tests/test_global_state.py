"""What the reader's machine is set to changes nothing, or is refused in one sentence."""

import os
import subprocess
import sys

import keras
import matplotlib as mpl
import numpy as np
import pytest
import tensorflow as tf
from conftest import make_averaging_gan, state_of, train_tiny
from matplotlib.backends.backend_agg import FigureCanvasAgg

import dcgan_helpers as dcgan
from dcgan_helpers.classifier import make_classifier


def run_python(code, **environment):
    """What a new process says on stderr."""
    variables = {k: v for k, v in os.environ.items() if k != "TF_CPP_MIN_LOG_LEVEL"}
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**variables, **environment},
        text=True,
        capture_output=True,
        check=False,
    ).stderr


@pytest.mark.parametrize(
    "make", [dcgan.make_generator_model, dcgan.make_discriminator_model, make_classifier]
)
def test_channels_come_last(make):
    def data_formats():
        return [getattr(layer, "data_format", None) for layer in make(seed=0).layers]

    expected = data_formats()
    keras.config.set_image_data_format("channels_first")
    try:
        assert data_formats() == expected
    finally:
        keras.config.set_image_data_format("channels_last")
    assert set(expected) == {None, "channels_last"}


@pytest.mark.parametrize("backend", ["jax", "numpy"])
def test_another_backend_of_keras_is_refused_at_import(backend):
    said = run_python("import dcgan_helpers", KERAS_BACKEND=backend).splitlines()
    assert said[-1].startswith("ImportError: dcgan_helpers needs Keras on TensorFlow, got ")
    assert "KERAS_BACKEND" in said[-1]


def test_the_import_does_without_a_temporary_folder():
    code = (
        "import tempfile\n"
        "def none(*_, **__): raise FileNotFoundError('No usable temporary directory found')\n"
        "tempfile.TemporaryFile = none\n"
        "import dcgan_helpers"
    )
    assert "Error" not in run_python(code)


def test_the_step_may_be_checked_for_numbers_that_are_not_finite(tiny_images):
    plain, checked = make_averaging_gan(), make_averaging_gan()
    train_tiny(plain, tiny_images, steps=3)
    tf.debugging.enable_check_numerics()
    try:
        train_tiny(checked, tiny_images, steps=3)
    finally:
        tf.debugging.disable_check_numerics()
    # Not the same bits: what checks the numbers stands between operations that are fused without.
    first, second = state_of(plain), state_of(checked)
    for name in first:
        np.testing.assert_allclose(first[name], second[name], rtol=1e-4, atol=1e-6, err_msg=name)


def test_the_remapper_does_not_fail_on_the_step():
    code = (
        "import tensorflow as tf\n"  # before: all that it says is heard
        "import dcgan_helpers as dcgan\n"
        "gan = dcgan.DCGAN(seed=0, image_shape=(8, 8, 1))\n"
        "dcgan.make_train_step(gan, jit_compile=False)(-tf.ones((4, 8, 8, 1)))"
    )
    assert "remapper" not in run_python(code)


def test_an_option_that_the_reader_set_stays():
    code = (
        "import sys, tensorflow as tf\n"
        "tf.config.optimizer.set_experimental_options({'remapping': True})\n"
        "import dcgan_helpers\n"
        "print(tf.config.optimizer.get_experimental_options()['remapping'], file=sys.stderr)"
    )
    assert run_python(code).splitlines()[-1] == "True"


HOSTILE = {
    "image.origin": "lower",
    "image.aspect": "auto",
    "image.cmap": "hot",
    "image.interpolation": "bicubic",
    "image.resample": False,
    "axes.titlesize": 40,
    "figure.constrained_layout.use": True,
    "figure.subplot.left": 0.4,
    "font.size": 30,
    "axes.facecolor": "red",
    "figure.figsize": (1, 1),
}


def test_images_are_drawn_alike_whatever_matplotlib_is_set_to():
    images = np.random.default_rng(0).integers(0, 256, (3, 8, 8, 1), dtype=np.uint8)

    def drawn():
        canvas = FigureCanvasAgg(dcgan.show_images(images, size=1))
        canvas.draw()
        return np.asarray(canvas.buffer_rgba())

    expected = drawn()
    with mpl.rc_context(HOSTILE):
        np.testing.assert_array_equal(drawn(), expected)
