"""Bad input: each row is a call that must be refused, before any work, with a clear message."""
# ruff: noqa: E501 (a table: its rows are read as rows)

import dataclasses
import re

import keras
import numpy as np
import pytest
import tensorflow as tf
from conftest import make_tiny_gan

import dcgan_helpers as dcgan

PIXELS = np.zeros((6, 8, 8, 1), np.uint8)
FLOATS = dcgan.normalize(PIXELS)
NOISE = dcgan.sample_noise(2, seed=0, noise_dim=3)
LOGITS = np.zeros((4, 1), np.float32)
DIGITS = np.zeros((6, 28, 28, 1), np.uint8)
FEATURES = np.zeros((6, 5), np.float32)
NAN = float("nan")

NOT_BUILT = keras.Sequential([keras.layers.Dense(1)])


class Subclass(keras.Sequential):
    pass


SUBCLASS = Subclass(
    [keras.Input((3,)), keras.layers.Dense(64), keras.layers.Reshape(PIXELS.shape[1:])]
)
OF_30_PIXELS = keras.Sequential(
    [keras.Input((30, 30, 1)), keras.layers.Flatten(), keras.layers.Dense(1)]
)
BOTH = [keras.Input((3,)), keras.Input((3,))]
TWO_INPUTS = keras.Model(BOTH, SUBCLASS(keras.layers.add(BOTH)))


def with_nan(array):
    return np.where(np.arange(array.size).reshape(array.shape) == 1, NAN, array).astype(np.float32)


@pytest.fixture(scope="module")
def gan():
    return make_tiny_gan()


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "file").write_text("")
    (tmp_path / "empty").mkdir()
    return tmp_path


def recipe(**changes):
    return dataclasses.replace(dcgan.RECIPES["quick"], **changes)


def make_gif(folder, *arguments, name="a.gif", **keywords):
    return dcgan.make_gif(*arguments, folder / name, **keywords)


# function, argument, what is wrong, call, expected exception, a word of its message
ROWS = [
    ("normalize", "images", "floats", lambda: dcgan.normalize(FLOATS), TypeError, "float32"),
    ("normalize", "images", "rank 3", lambda: dcgan.normalize(PIXELS[0]), ValueError, "(8, 8, 1)"),
    ("normalize", "images", "empty", lambda: dcgan.normalize(PIXELS[:0]), ValueError, "empty"),
    ("normalize", "images", "a string", lambda: dcgan.normalize("x"), TypeError, "array"),
    (
        "normalize", "images", "in tf.data's map",
        lambda: tf.data.Dataset.from_tensors(PIXELS).map(dcgan.normalize), TypeError, "map",
    ),
    ("denormalize", "images", "pixels", lambda: dcgan.denormalize(PIXELS), TypeError, "[-1, 1]"),
    (
        "denormalize", "images", "floats up to 255",
        lambda: dcgan.denormalize(FLOATS * 0 + 255), ValueError, "to 255",
    ),
    ("denormalize", "images", "NaN", lambda: dcgan.denormalize(with_nan(FLOATS)), ValueError, "NaN"),
    (
        "denormalize", "images", "infinite",
        lambda: dcgan.denormalize(FLOATS - np.inf), ValueError, "-inf",
    ),
    (
        "make_dataset", "images", "floats up to 255",
        lambda: dcgan.make_dataset(PIXELS.astype(np.float32) + 255, 2, seed=0), ValueError, "255",
    ),
    (
        "make_dataset", "images", "int64",
        lambda: dcgan.make_dataset(PIXELS.astype(int), 2, seed=0), TypeError, "int64",
    ),
    (
        "make_dataset", "batch_size", "larger than the data",
        lambda: dcgan.make_dataset(PIXELS, 7, seed=0), ValueError, "6",
    ),
    ("make_dataset", "batch_size", "0", lambda: dcgan.make_dataset(PIXELS, 0, seed=0), ValueError, "0"),
    (
        "make_dataset", "batch_size", "a float",
        lambda: dcgan.make_dataset(PIXELS, 2.0, seed=0), TypeError, "integer",
    ),
    ("make_dataset", "seed", "-1", lambda: dcgan.make_dataset(PIXELS, 2, seed=-1), ValueError, "-1"),
    (
        "make_dataset", "seed", "None",
        lambda: dcgan.make_dataset(PIXELS, 2, seed=None), TypeError, "None",
    ),
    (
        "make_dataset", "epoch", "-1",
        lambda: dcgan.make_dataset(PIXELS, 2, seed=0, epoch=-1), ValueError, "-1",
    ),
    (
        "make_generator_model", "image_shape", "30 pixels",
        lambda: dcgan.make_generator_model(image_shape=(30, 28, 1)), ValueError, "multiple of 4",
    ),
    (
        "make_generator_model", "image_shape", "two numbers",
        lambda: dcgan.make_generator_model(image_shape=(28, 28)), TypeError, "channels",
    ),
    (
        "make_generator_model", "noise_dim", "0",
        lambda: dcgan.make_generator_model(noise_dim=0), ValueError, "at least 1",
    ),
    (
        "make_generator_model", "seed", "a string",
        lambda: dcgan.make_generator_model(seed="0"), TypeError, "integer",
    ),
    (
        "make_generator_model", "dtype", "unknown",
        lambda: dcgan.make_generator_model(dtype="float31"), ValueError, "float31",
    ),
    (
        "make_discriminator_model", "image_shape", "0 channels",
        lambda: dcgan.make_discriminator_model(image_shape=(28, 28, 0)), ValueError, "channels",
    ),
    (
        "make_discriminator_model", "dropout", "1.5",
        lambda: dcgan.make_discriminator_model(dropout=1.5), ValueError, "[0, 1], got 1.5",
    ),
    ("sample_noise", "n", "0", lambda: dcgan.sample_noise(0, 0), ValueError, "at least 1"),
    ("sample_noise", "n", "a float", lambda: dcgan.sample_noise(2.5, 0), TypeError, "2.5"),
    ("sample_noise", "seed", "too large", lambda: dcgan.sample_noise(1, 2**63), ValueError, "at most"),
    (
        "interpolate_noise", "start", "all zeros",
        lambda: dcgan.interpolate_noise(NOISE[0] * 0, NOISE[1], 3), ValueError, "zeros",
    ),
    (
        "interpolate_noise", "end", "another length",
        lambda: dcgan.interpolate_noise(NOISE[0], NOISE[1, :2], 3), ValueError, "(2,)",
    ),
    (
        "interpolate_noise", "end", "NaN",
        lambda: dcgan.interpolate_noise(NOISE[0], NOISE[1] * NAN, 3), ValueError, "finite",
    ),
    (
        "interpolate_noise", "n", "1",
        lambda: dcgan.interpolate_noise(NOISE[0], NOISE[1], 1), ValueError, "at least 2",
    ),
    (
        "generator_loss", "fake_logits", "rank 4",
        lambda: dcgan.generator_loss(FLOATS), ValueError, "(n, 1)",
    ),
    (
        "generator_loss", "fake_logits", "integers",
        lambda: dcgan.generator_loss(np.zeros((4, 1), int)), TypeError, "int64",
    ),
    (
        "generator_loss", "fake_logits", "empty",
        lambda: dcgan.generator_loss(LOGITS[:0]), ValueError, "empty",
    ),
    (
        "generator_loss", "fake_logits", "NaN",
        lambda: dcgan.generator_loss(LOGITS * NAN), ValueError, "NaN",
    ),
    (
        "discriminator_loss", "real_logits", "two columns",
        lambda: dcgan.discriminator_loss(np.zeros((4, 2), np.float32), LOGITS), ValueError, "(4, 2)",
    ),
    (
        "discriminator_loss", "fake_logits", "a string",
        lambda: dcgan.discriminator_loss(LOGITS, "x"), TypeError, "array",
    ),
    (
        "discriminator_loss", "fake_logits", "rank 2, when traced",
        lambda: tf.function(dcgan.discriminator_loss)(LOGITS, np.zeros((4, 2), np.float32)),
        ValueError, "(4, 2)",
    ),
    ("DCGAN", "recipe", "unknown", lambda: dcgan.DCGAN(recipe="slow"), ValueError, "'tutorial'"),
    ("Recipe", "batch_size", "0", lambda: recipe(batch_size=0), ValueError, "at least 1"),
    ("Recipe", "dropout", "2", lambda: recipe(dropout=2), ValueError, "[0, 1], got 2"),
    ("Recipe", "ema_gamma", "0", lambda: recipe(ema_gamma=0), ValueError, "(0, inf), got 0"),
    ("Recipe", "beta_1", "1", lambda: recipe(beta_1=1), ValueError, "[0, 1), got 1"),
    ("Recipe", "dtype", "float64", lambda: recipe(dtype="float64"), ValueError, "float32"),
    (
        "Recipe", "generator_learning_rate", "0",
        lambda: recipe(generator_learning_rate=0), ValueError, "(0, inf)",
    ),
    ("DCGAN", "seed", "-1", lambda: dcgan.DCGAN(seed=-1), ValueError, "-1"),
    ("DCGAN", "dtype", "float64", lambda: dcgan.DCGAN(dtype="float64"), ValueError, "float32"),
    ("DCGAN", "generator", "a function", lambda: dcgan.DCGAN(generator=len), ValueError, "Keras model"),
    ("DCGAN", "image_shape", "30 pixels", lambda: dcgan.DCGAN(image_shape=(30, 30, 1)), ValueError, "30"),
    (
        "DCGAN", "image_shape", "another one than the generator's",
        lambda: dcgan.DCGAN(image_shape=(28, 28, 1), generator=SUBCLASS), ValueError, "(8, 8, 1)",
    ),
    ("DCGAN", "generator", "not built", lambda: dcgan.DCGAN(generator=NOT_BUILT), ValueError, "Input"),
    ("DCGAN", "generator", "of two inputs", lambda: dcgan.DCGAN(generator=TWO_INPUTS), ValueError, "one input"),
    (
        "DCGAN", "discriminator", "not built",
        lambda: dcgan.DCGAN(discriminator=NOT_BUILT), ValueError, "Input",
    ),
    (
        "DCGAN", "discriminator", "of a size that the built-in generator does not make",
        lambda: dcgan.DCGAN(discriminator=OF_30_PIXELS),
        ValueError, "multiple of 4",
    ),
    (
        "DCGAN", "generator", "a subclass, with averages",
        lambda: dcgan.DCGAN(recipe="quick", generator=SUBCLASS), ValueError, "got Subclass",
    ),
    (
        "DCGAN", "generator", "of float16 weights, with averages",
        lambda: dcgan.DCGAN(recipe="quick", generator=dcgan.make_generator_model(dtype="float16")),
        ValueError, "float16",
    ),
    (
        "DCGAN", "generator_optimizer", "built",
        lambda gan: dcgan.DCGAN(generator_optimizer=gan.generator_optimizer), ValueError, "new",
    ),
    (
        "DCGAN", "generator", "takes images",
        lambda: dcgan.DCGAN(generator=dcgan.make_discriminator_model()), ValueError, "noise_dim",
    ),
    (
        "DCGAN", "discriminator_optimizer", "a string",
        lambda: dcgan.DCGAN(discriminator_optimizer="adam"), TypeError, "Optimizer",
    ),
    (
        "DCGAN", "generator_optimizer", "one for both",
        lambda: dcgan.DCGAN(
            **dict.fromkeys(
                ("generator_optimizer", "discriminator_optimizer"), keras.optimizers.SGD()
            )
        ),
        ValueError, "two",
    ),
    ("generate", "noise", "rank 1", lambda gan: gan.generate(NOISE[0]), ValueError, "(n, 3)"),
    ("generate", "noise", "another length", lambda gan: gan.generate(NOISE[:, :2]), ValueError, "(2, 2)"),
    ("generate", "noise", "infinite", lambda gan: gan.generate(NOISE + np.inf), ValueError, "finite"),
    ("make_train_step", "gan", "a model", lambda gan: dcgan.make_train_step(gan.generator), TypeError, "DCGAN"),
    (
        "train step", "images", "pixels",
        lambda gan: dcgan.make_train_step(gan)(PIXELS), TypeError, "normalize",
    ),
    (
        "train step", "images", "floats up to 255",
        lambda gan: dcgan.make_train_step(gan)(FLOATS + 256), ValueError, "normalize",
    ),
    (
        "train step", "images", "another size",
        lambda gan: dcgan.make_train_step(gan)(FLOATS[:, :4]), ValueError, "(n, 8, 8, 1)",
    ),
    (
        "train", "checkpoint_dir", "in a file",
        lambda gan, folder: dcgan.train(gan, PIXELS, 1, batch_size=2, checkpoint_dir=folder / "file" / "x"),
        OSError, "cannot save checkpoints",
    ),
    ("train", "gan", "a model", lambda gan: dcgan.train(gan.generator, PIXELS, 1), TypeError, "DCGAN"),
    (
        "train", "images", "another size",
        lambda gan: dcgan.train(gan, np.zeros((6, 28, 28, 1), np.uint8), 1), ValueError, "(n, 8, 8, 1)",
    ),
    ("train", "images", "empty", lambda gan: dcgan.train(gan, PIXELS[:0], 1), ValueError, "empty"),
    ("train", "batch_size", "the recipe's 256 of 6", lambda gan: dcgan.train(gan, PIXELS, 1), ValueError, "256"),
    (
        "train", "batch_size", "0",
        lambda gan: dcgan.train(gan, PIXELS, 1, batch_size=0), ValueError, "at least 1",
    ),
    ("train", "epochs", "neither", lambda gan: dcgan.train(gan, PIXELS, batch_size=2), ValueError, "exactly one"),
    (
        "train", "epochs", "both",
        lambda gan: dcgan.train(gan, PIXELS, 1, steps=1, batch_size=2), ValueError, "exactly one",
    ),
    ("train", "epochs", "0", lambda gan: dcgan.train(gan, PIXELS, 0, batch_size=2), ValueError, "at least 1"),
    (
        "train", "checkpoint_every", "0",
        lambda gan: dcgan.train(gan, PIXELS, 1, batch_size=2, checkpoint_every=0), ValueError, "0",
    ),
    (
        "train", "frame_every", "a string",
        lambda gan: dcgan.train(gan, PIXELS, 1, batch_size=2, frame_every="1"), TypeError, "integer",
    ),
    (
        "train", "checkpoint_dir", "a file",
        lambda gan, folder: dcgan.train(gan, PIXELS, 1, batch_size=2, checkpoint_dir=folder / "file"),
        NotADirectoryError, "folder",
    ),
    (
        "train", "checkpoint_dir", "a number",
        lambda gan: dcgan.train(gan, PIXELS, 1, batch_size=2, checkpoint_dir=3), TypeError, "path",
    ),
    (
        "Checkpoints", "gan", "a model",
        lambda gan, folder: dcgan.Checkpoints(gan.generator, folder), TypeError, "DCGAN",
    ),
    (
        "Checkpoints", "directory", "a file",
        lambda gan, folder: dcgan.Checkpoints(gan, folder / "file"), NotADirectoryError, "folder",
    ),
    ("Checkpoints", "directory", "empty", lambda gan: dcgan.Checkpoints(gan, ""), ValueError, "empty"),
    (
        "Checkpoints", "max_to_keep", "0",
        lambda gan, folder: dcgan.Checkpoints(gan, folder, max_to_keep=0), ValueError, "at least 1",
    ),
    ("image_grid", "images", "5 channels", lambda: dcgan.image_grid(np.zeros((2, 4, 4, 5), np.uint8)), ValueError, "channels"),
    ("image_grid", "columns", "0", lambda: dcgan.image_grid(PIXELS, columns=0), ValueError, "at least 1"),
    ("make_gif", "frames", "empty", lambda folder: make_gif(folder, []), ValueError, "no frame"),
    (
        "make_gif", "frames", "of two shapes",
        lambda folder: make_gif(folder, [PIXELS, PIXELS[:2]]), ValueError, "(2, 8, 8, 1) and (6, 8, 8, 1)",
    ),
    (
        "make_gif", "frames", "floats up to 255",
        lambda folder: make_gif(folder, [FLOATS + 256]), ValueError, "frames[0]",
    ),
    (
        "make_gif", "hold_seconds", "more than a GIF can say",
        lambda folder: make_gif(folder, [PIXELS], hold_seconds=1000), ValueError, "[0.01, 655]",
    ),
    (
        "make_gif", "labels", "too few",
        lambda folder: make_gif(folder, [PIXELS, PIXELS], labels=["one"]), ValueError, "2 frames",
    ),
    (
        "make_gif", "frame_seconds", "0",
        lambda folder: make_gif(folder, [PIXELS], frame_seconds=0), ValueError, "[0.01, 655]",
    ),
    ("make_gif", "scale", "-2", lambda folder: make_gif(folder, [PIXELS], scale=-2), ValueError, "-2"),
    ("make_gif", "path", "no GIF", lambda folder: make_gif(folder, [PIXELS], name="a.png"), ValueError, ".gif"),
    (
        "make_gif", "path", "a folder",
        lambda folder: dcgan.make_gif([PIXELS], folder / "empty"), IsADirectoryError, "folder",
    ),
    (
        "make_gif", "path", "in no folder",
        lambda folder: make_gif(folder, [PIXELS], name="none/a.gif"), FileNotFoundError, "none",
    ),
    ("show_images", "images", "int64", lambda: dcgan.show_images(PIXELS.astype(int)), TypeError, "int64"),
    ("show_images", "size", "0", lambda: dcgan.show_images(PIXELS, size=0), ValueError, "(0, inf)"),
    (
        "show_images", "titles", "too few",
        lambda: dcgan.show_images(PIXELS, titles=["a"]), ValueError, "6 images",
    ),
    ("plot_history", "history", "empty", lambda: dcgan.plot_history(dcgan.History()), ValueError, "step"),
    ("show_drawing", "name", "unknown", lambda: dcgan.show_drawing("cat"), ValueError, "'gan'"),
    (
        "show_drawing", "highlight", "unknown",
        lambda: dcgan.show_drawing("gan", highlight="cat"), ValueError, "'data'",
    ),
    ("LatentExplorer", "generator", "a list", lambda: dcgan.LatentExplorer([1]), TypeError, "Keras"),
    (
        "LatentExplorer", "generator", "takes images",
        lambda gan: dcgan.LatentExplorer(gan.discriminator), TypeError, "noise",
    ),
    (
        "LatentExplorer", "seeds", "negative",
        lambda gan: dcgan.LatentExplorer(gan, seeds=(0, -1)), ValueError, "seeds[1]",
    ),
    (
        "LatentExplorer", "seeds", "beyond the number field",
        lambda gan: dcgan.LatentExplorer(gan, seeds=(2**31, 0)), ValueError, "2147483647",
    ),
    ("LossExplorer", "logit", "beyond the slider", lambda: dcgan.LossExplorer(logit=8.5), ValueError, "[-8, 8]"),
    (
        "BalanceExplorer", "learning_rate", "no such run",
        lambda: dcgan.BalanceExplorer(learning_rate=2e-4), ValueError, "3e-4",
    ),
    (
        "BalanceExplorer", "learning_rate", "a string",
        lambda: dcgan.BalanceExplorer(learning_rate="1e-4"), TypeError, "number",
    ),
    (
        "load_image_folder", "path", "missing",
        lambda folder: dcgan.load_image_folder(folder / "none"), FileNotFoundError, "none",
    ),
    (
        "load_image_folder", "path", "a file",
        lambda folder: dcgan.load_image_folder(folder / "file"), NotADirectoryError, "folder",
    ),
    (
        "load_image_folder", "path", "without pictures",
        lambda folder: dcgan.load_image_folder(folder / "empty"), FileNotFoundError, "none in",
    ),
    (
        "load_image_folder", "channels", "2",
        lambda folder: dcgan.load_image_folder(folder, channels=2), ValueError, "1 (grey)",
    ),
    (
        "load_image_folder", "image_size", "a number",
        lambda folder: dcgan.load_image_folder(folder, image_size=28), TypeError, "(height, width)",
    ),
    ("classify", "images", "another size", lambda: dcgan.classify(PIXELS), ValueError, "(n, 28, 28, 1)"),
    ("classify", "images", "int64", lambda: dcgan.classify(DIGITS.astype(int)), TypeError, "int64"),
    (
        "classifier_features", "images", "rank 3",
        lambda: dcgan.classifier_features(DIGITS[..., 0]), ValueError, "newaxis",
    ),
    (
        "class_histogram", "images", "colour",
        lambda: dcgan.class_histogram(DIGITS.repeat(3, axis=3)), ValueError, "(6, 28, 28, 3)",
    ),
    (
        "frechet_distance", "a", "images",
        lambda: dcgan.frechet_distance(DIGITS, DIGITS), ValueError, "classifier_features(images)",
    ),
    (
        "frechet_distance", "a", "rank 3",
        lambda: dcgan.frechet_distance(FEATURES[..., np.newaxis], FEATURES), ValueError, "(6, 5, 1)",
    ),
    (
        "frechet_distance", "a", "integers",
        lambda: dcgan.frechet_distance(FEATURES.astype(int), FEATURES), TypeError, "int64",
    ),
    (
        "frechet_distance", "a", "beyond float32",
        lambda: dcgan.frechet_distance(np.full((6, 5), -1e200), FEATURES), ValueError, "1e+200",
    ),
    (
        "frechet_distance", "b", "one row",
        lambda: dcgan.frechet_distance(FEATURES, FEATURES[:1]), ValueError, "at least 2",
    ),
    (
        "frechet_distance", "b", "NaN",
        lambda: dcgan.frechet_distance(FEATURES, with_nan(FEATURES)), ValueError, "NaN",
    ),
    (
        "frechet_distance", "b", "another length",
        lambda: dcgan.frechet_distance(FEATURES, FEATURES[:, :4]), ValueError, "(n, 5)",
    ),
    (
        "classifier_score", "probabilities", "images",
        lambda: dcgan.classifier_score(dcgan.normalize(DIGITS)), ValueError, "classify(images)",
    ),
    (
        "classifier_score", "probabilities", "integers",
        lambda: dcgan.classifier_score(np.eye(10, dtype=int)), TypeError, "int64",
    ),
    (
        "classifier_score", "probabilities", "logits",
        lambda: dcgan.classifier_score([[-3.0, 4.0]]), ValueError, "[0, 1]",
    ),
    (
        "classifier_score", "probabilities", "rows that sum to 2",
        lambda: dcgan.classifier_score(np.full((3, 10), 0.2)), ValueError, "sum to 1",
    ),
    ("classifier_score", "probabilities", "rank 1", lambda: dcgan.classifier_score([0.5, 0.5]), ValueError, "(2,)"),
    (
        "precision_recall", "real", "three rows",
        lambda: dcgan.precision_recall(FEATURES[:3], FEATURES), ValueError, "at least 4",
    ),
    (
        "precision_recall", "fake", "k rows",
        lambda: dcgan.precision_recall(FEATURES, FEATURES[:5], k=5), ValueError, "at least 6",
    ),
    (
        "precision_recall", "fake", "images",
        lambda: dcgan.precision_recall(FEATURES, DIGITS), ValueError, "classifier_features(images)",
    ),
    (
        "precision_recall", "fake", "another length",
        lambda: dcgan.precision_recall(FEATURES, FEATURES[:, :4]), ValueError, "(n, 5)",
    ),
    ("precision_recall", "k", "0", lambda: dcgan.precision_recall(FEATURES, FEATURES, k=0), ValueError, "at least 1"),
    (
        "precision_recall", "k", "a float",
        lambda: dcgan.precision_recall(FEATURES, FEATURES, k=3.0), TypeError, "integer",
    ),
    ("missing_modes", "counts", "floats", lambda: dcgan.missing_modes([1.0, 2.0]), TypeError, "float64"),
    ("missing_modes", "counts", "a number", lambda: dcgan.missing_modes(3), ValueError, "(classes,)"),
    ("missing_modes", "counts", "negative", lambda: dcgan.missing_modes([3, -1]), ValueError, "-1"),
    ("missing_modes", "counts", "all 0", lambda: dcgan.missing_modes([0, 0]), ValueError, "not all 0"),
    (
        "nearest_training_images", "images", "another size than MNIST's",
        lambda: dcgan.nearest_training_images(PIXELS), ValueError, "(n, 28, 28, 1)",
    ),
    (
        "nearest_training_images", "images", "another size than the training images'",
        lambda: dcgan.nearest_training_images(DIGITS, PIXELS), ValueError, "(n, 8, 8, 1)",
    ),
    (
        "nearest_training_images", "training_images", "NaN",
        lambda: dcgan.nearest_training_images(PIXELS, with_nan(PIXELS)), ValueError, "NaN",
    ),
    ("evaluate", "generator", "a list", lambda: dcgan.evaluate([1]), TypeError, "Keras"),
    ("evaluate", "generator", "makes other images", lambda gan: dcgan.evaluate(gan), ValueError, "(n, 28, 28, 1)"),
    ("evaluate", "n", "3", lambda gan: dcgan.evaluate(gan, n=3), ValueError, "at least 4"),
    ("evaluate", "n", "a float", lambda gan: dcgan.evaluate(gan, n=1e4), TypeError, "10000.0"),
    ("evaluate", "seed", "-1", lambda gan: dcgan.evaluate(gan, seed=-1), ValueError, "-1"),
    (
        "evaluate_images", "images", "three",
        lambda: dcgan.evaluate_images(DIGITS[:3]), ValueError, "at least 4",
    ),
]  # fmt: skip


@pytest.mark.parametrize(
    ("argument", "call", "exception", "word"),
    [(argument, *row) for _, argument, _, *row in ROWS],
    ids=[f"{function}-{argument}-{wrong}" for function, argument, wrong, *_ in ROWS],
)
def test_bad_input_is_refused(argument, call, exception, word, gan, folder):
    fixtures = {"gan": gan, "folder": folder}
    names = call.__code__.co_varnames[: call.__code__.co_argcount]
    before = sorted(folder.rglob("*"))
    with pytest.raises(exception, match=re.escape(word)) as raised:
        call(**{name: fixtures[name] for name in names})
    assert re.search(rf"\b{re.escape(argument.split('[')[0])}\b", str(raised.value))
    assert int(gan.step) == 0
    assert sorted(folder.rglob("*")) == before


def test_enough_rows():
    assert len(ROWS) >= 60
    covered = {function for function, *_ in ROWS}
    no_arguments = {"load_mnist", "MNIST", "History", "Evaluation", "ReferenceRun", "RECIPES"}
    no_arguments |= {"load_reference_generator", "load_reference_run"}
    assert set(dcgan.__all__) - no_arguments <= covered
