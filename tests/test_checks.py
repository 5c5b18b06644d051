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
HUGE = 10**30


class NEEDS_DETACH:  # noqa: N801 (a stand-in for a tensor of PyTorch that has a gradient)
    def __array__(self, *_, **__):
        raise RuntimeError("use tensor.detach().numpy()")


SGD = keras.optimizers.SGD()
NOT_BUILT = keras.Sequential([keras.layers.Dense(1)])


class Subclass(keras.Sequential):
    pass


SUBCLASS = Subclass(
    [keras.Input((3,)), keras.layers.Dense(64), keras.layers.Reshape(PIXELS.shape[1:])]
)
OF_30_PIXELS = keras.Sequential(
    [keras.Input((30, 30, 1)), keras.layers.Flatten(), keras.layers.Dense(1)]
)
BEYOND_1 = keras.Sequential(
    [
        keras.Input((3,)),
        keras.layers.Dense(784, bias_initializer="ones"),
        keras.layers.Reshape(DIGITS.shape[1:]),
    ]
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


# argument, call, expected exception, a word of its message
ROWS = [
    ("images", "normalize(FLOATS)", TypeError, "float32"),
    ("images", "normalize(PIXELS[0])", ValueError, "(8, 8, 1)"),
    ("images", "normalize(PIXELS[:0])", ValueError, "empty"),
    ("images", "normalize('x')", TypeError, "array"),
    ("images", "normalize(NEEDS_DETACH())", TypeError, "NEEDS_DETACH"),
    ("images", "tf.data.Dataset.from_tensors(PIXELS).map(normalize)", TypeError, "map"),
    ("images", "denormalize(PIXELS)", TypeError, "[-1, 1]"),
    ("images", "denormalize(FLOATS * 0 + 255)", ValueError, "to 255"),
    ("images", "denormalize(FLOATS * 1.001)", ValueError, "-1.001"),
    ("images", "denormalize(FLOATS * -1.001)", ValueError, "to 1.001"),
    ("images", "denormalize(with_nan(FLOATS))", ValueError, "NaN"),
    ("images", "denormalize(FLOATS - np.inf)", ValueError, "-inf"),
    ("images", "make_dataset(PIXELS.astype(np.float32) + 255, 2, seed=0)", ValueError, "255"),
    ("images", "make_dataset(PIXELS.astype(int), 2, seed=0)", TypeError, "int64"),
    ("batch_size", "make_dataset(PIXELS, 7, seed=0)", ValueError, "6"),
    ("batch_size", "make_dataset(PIXELS, 0, seed=0)", ValueError, "0"),
    ("batch_size", "make_dataset(PIXELS, 2.0, seed=0)", TypeError, "integer"),
    ("seed", "make_dataset(PIXELS, 2, seed=-1)", ValueError, "-1"),
    ("seed", "make_dataset(PIXELS, 2, seed=None)", TypeError, "None"),
    ("epoch", "make_dataset(PIXELS, 2, seed=0, epoch=-1)", ValueError, "-1"),
    ("batch_size", "make_dataset(PIXELS, HUGE, seed=0)", ValueError, "at most"),
    ("seed", "make_dataset(PIXELS, 2, seed=HUGE)", ValueError, "at most 9223372036854775807"),
    ("epoch", "make_dataset(PIXELS, 2, seed=0, epoch=HUGE)", ValueError, "at most 2147483647"),
    ("epoch", "make_dataset(PIXELS, 2, seed=0, epoch=10**5000)", ValueError, "16610 bits"),
    ("image_shape", "make_generator_model(image_shape=(30, 28, 1))", ValueError, "multiple of 4"),
    ("image_shape", "make_generator_model(image_shape=(28, 28, 1), doublings=3)", ValueError, "the nearest are 24 and 32"),
    ("image_shape", "make_generator_model(image_shape=(8, 8, 1), doublings=4)", ValueError, "at least 16"),
    ("image_shape", "make_discriminator_model(image_shape=(178, 218, 3))", ValueError, "the nearest are 176 and 180"),
    ("image_shape", "DCGAN(image_shape=(64, 218, 3))", ValueError, "the nearest are 216 and 220"),
    ("doublings", "make_generator_model(doublings=0)", ValueError, "at least 1"),
    ("doublings", "make_generator_model(doublings=9)", ValueError, "at most 8"),
    ("doublings", "make_discriminator_model(doublings=2.0)", TypeError, "integer"),
    ("base_filters", "make_generator_model(base_filters=0)", ValueError, "at least 1"),
    ("base_filters", "make_discriminator_model(base_filters='64')", TypeError, "integer"),
    ("image_shape", "make_generator_model(image_shape=(28, 28))", TypeError, "channels"),
    ("noise_dim", "make_generator_model(noise_dim=0)", ValueError, "at least 1"),
    ("noise_dim", "make_generator_model(noise_dim=HUGE)", ValueError, "at most"),
    ("image_shape", "make_generator_model(image_shape=(HUGE, 28, 1))", ValueError, "height must be at most 65535"),
    ("image_shape", "make_generator_model(image_shape=(28, 28, HUGE))", ValueError, "channels must be at most"),
    ("seed", "make_generator_model(seed='0')", TypeError, "integer"),
    ("dtype", "make_generator_model(dtype='float31')", ValueError, "float31"),
    ("image_shape", "make_discriminator_model(image_shape=(28, 28, 0))", ValueError, "channels"),
    ("dropout", "make_discriminator_model(dropout=1.5)", ValueError, "[0, 1], got 1.5"),
    ("n", "sample_noise(0, 0)", ValueError, "at least 1"),
    ("n", "sample_noise(HUGE, 0)", ValueError, "at most 2147483647"),
    ("noise_dim", "sample_noise(1, 0, noise_dim=HUGE)", ValueError, "at most"),
    ("seed", "sample_noise(1, -(10**5000))", ValueError, "at least 0, got an integer of 16610 bits"),
    ("n", "sample_noise(2.5, 0)", TypeError, "2.5"),
    ("seed", "sample_noise(1, 2**63)", ValueError, "at most"),
    ("start", "interpolate_noise(NOISE[0] * 0, NOISE[1], 3)", ValueError, "zeros"),
    ("end", "interpolate_noise(NOISE[0], NOISE[1, :2], 3)", ValueError, "(2,)"),
    ("end", "interpolate_noise(NOISE[0], NOISE[1] * NAN, 3)", ValueError, "finite"),
    ("n", "interpolate_noise(NOISE[0], NOISE[1], 1)", ValueError, "at least 2"),
    ("n", "interpolate_noise(NOISE[0], NOISE[1], HUGE)", ValueError, "at most"),
    ("fake_logits", "generator_loss(FLOATS)", ValueError, "(n, 1)"),
    ("fake_logits", "generator_loss(np.zeros((4, 1), int))", TypeError, "int64"),
    ("fake_logits", "generator_loss(LOGITS[:0])", ValueError, "empty"),
    ("fake_logits", "generator_loss(LOGITS * NAN)", ValueError, "NaN"),
    ("fake_logits", "discriminator_loss(LOGITS, LOGITS - np.inf)", ValueError, "infinity"),
    ("jit_compile", "make_train_step(gan, jit_compile='no')", TypeError, "bool"),
    ("fourier", "train(gan, PIXELS, 1, batch_size=2, fourier='no')", TypeError, "bool"),
    ("resume", "train(gan, PIXELS, 1, batch_size=2, resume='no')", TypeError, "bool"),
    ("images", "denormalize(FLOATS * 0 + np.float32(1.0000001))", ValueError, "to 1.0000001"),
    ("frames", "make_gif(folder, History())", TypeError, "history.frames"),
    ("history", "plot_history({'steps': [1]})", TypeError, "History"),
    ("seeds", "LatentExplorer(gan, seeds=(1, 2, 3))", ValueError, "2 ends"),
    ("seeds", "LatentExplorer(gan, seeds=5)", TypeError, "2 ends"),
    ("real_logits", "discriminator_loss(np.zeros((4, 2), np.float32), LOGITS)", ValueError, "(4, 2)"),
    ("fake_logits", "discriminator_loss(LOGITS, 'x')", TypeError, "array"),
    ("fake_logits", "tf.function(discriminator_loss)(LOGITS, np.zeros((4, 2), np.float32))", ValueError, "(4, 2)"),
    ("recipe", "DCGAN(recipe='slow')", ValueError, "'tutorial'"),
    ("batch_size", "recipe(batch_size=0)", ValueError, "at least 1"),
    ("batch_size", "recipe(batch_size=HUGE)", ValueError, "at most"),
    ("beta_1", "recipe(beta_1=10**400)", ValueError, "[0, 1), got an integer"),
    ("ema_gamma", "recipe(ema_gamma=10**400)", ValueError, "(0, inf), got an integer"),
    ("dropout", "recipe(dropout=2)", ValueError, "[0, 1], got 2"),
    ("ema_gamma", "recipe(ema_gamma=0)", ValueError, "(0, inf), got 0"),
    ("run", "load_reference_generator('slow')", ValueError, "'quick'"),
    ("r1_gamma", "recipe(r1_gamma=-1)", ValueError, "(0, inf), got -1"),
    ("images", "gradient_penalty(None, np.zeros((2, 8, 8, 1), np.uint8))", TypeError, "uint8"),
    ("beta_1", "recipe(beta_1=1)", ValueError, "[0, 1), got 1"),
    ("dtype", "recipe(dtype='float64')", ValueError, "float32"),
    ("generator_learning_rate", "recipe(generator_learning_rate=0)", ValueError, "(0, inf)"),
    ("discriminator_learning_rate", "recipe(discriminator_learning_rate=0)", ValueError, "(0, inf)"),
    ("seed", "DCGAN(seed=-1)", ValueError, "-1"),
    ("seed", "DCGAN(seed=HUGE)", ValueError, "at most"),
    ("dtype", "DCGAN(dtype='float64')", ValueError, "float32"),
    ("generator", "DCGAN(generator=len)", ValueError, "Keras model"),
    ("image_shape", "DCGAN(image_shape=(30, 30, 1))", ValueError, "30"),
    ("image_shape", "DCGAN(image_shape=(28, 28, 1), generator=SUBCLASS)", ValueError, "(8, 8, 1)"),
    ("generator", "DCGAN(generator=NOT_BUILT)", ValueError, "Input"),
    ("generator", "DCGAN(generator=TWO_INPUTS)", ValueError, "one input"),
    ("discriminator", "DCGAN(discriminator=NOT_BUILT)", ValueError, "Input"),
    ("discriminator", "DCGAN(discriminator=OF_30_PIXELS)", ValueError, "multiple of 4"),
    ("generator", "DCGAN(recipe='quick', generator=SUBCLASS)", ValueError, "got Subclass"),
    ("generator", "DCGAN(recipe='quick', generator=make_generator_model(dtype='float16'))", ValueError, "float16"),
    ("generator_optimizer", "DCGAN(generator_optimizer=gan.generator_optimizer)", ValueError, "new"),
    ("generator", "DCGAN(generator=make_discriminator_model())", ValueError, "noise_dim"),
    ("discriminator_optimizer", "DCGAN(discriminator_optimizer='adam')", TypeError, "Optimizer"),
    ("generator_optimizer", "DCGAN(generator_optimizer=SGD, discriminator_optimizer=SGD)", ValueError, "two"),
    ("noise", "gan.generate(NOISE[0])", ValueError, "(n, 3)"),
    ("noise", "gan.generate(NOISE[:, :2])", ValueError, "(2, 2)"),
    ("noise", "gan.generate(NOISE + np.inf)", ValueError, "finite"),
    ("state", "gan.set_state([1])", TypeError, "Mapping"),
    ("state", "gan.set_state({k: v for k, v in gan.get_state().items() if k[:7] != 'history'})", ValueError, "history/config"),
    ("gan", "make_train_step(gan.generator)", TypeError, "DCGAN"),
    ("images", "make_train_step(gan)(PIXELS)", TypeError, "normalize"),
    ("images", "make_train_step(gan)(FLOATS[:, :4])", ValueError, "(n, 8, 8, 1)"),
    ("checkpoint_dir", "train(gan, PIXELS, 1, batch_size=2, checkpoint_dir=folder / 'file' / 'x')", OSError, "cannot save checkpoints"),
    ("gan", "train(gan.generator, PIXELS, 1)", TypeError, "DCGAN"),
    ("images", "train(gan, np.zeros((6, 28, 28, 1), np.uint8), 1)", ValueError, "(n, 8, 8, 1)"),
    ("images", "train(gan, PIXELS[:0], 1)", ValueError, "empty"),
    ("batch_size", "train(gan, PIXELS, 1)", ValueError, "256"),
    ("batch_size", "train(gan, PIXELS, 1, batch_size=0)", ValueError, "at least 1"),
    ("epochs", "train(gan, PIXELS, batch_size=2)", ValueError, "exactly one"),
    ("epochs", "train(gan, PIXELS, 1, steps=1, batch_size=2)", ValueError, "exactly one"),
    ("epochs", "train(gan, PIXELS, 0, batch_size=2)", ValueError, "at least 1"),
    ("epochs", "train(gan, PIXELS, HUGE, batch_size=2)", ValueError, "at most"),
    ("steps", "train(gan, PIXELS, steps=HUGE, batch_size=2)", ValueError, "at most"),
    ("frame_every", "train(gan, PIXELS, 1, batch_size=2, frame_every=HUGE)", ValueError, "at most"),
    ("checkpoint_every", "train(gan, PIXELS, 1, batch_size=2, checkpoint_every=0)", ValueError, "0"),
    ("frame_every", "train(gan, PIXELS, 1, batch_size=2, frame_every='1')", TypeError, "integer"),
    ("checkpoint_dir", "train(gan, PIXELS, 1, batch_size=2, checkpoint_dir=folder / 'file')", NotADirectoryError, "folder"),
    ("checkpoint_dir", "train(gan, PIXELS, 1, batch_size=2, checkpoint_dir=3)", TypeError, "path"),
    ("gan", "Checkpoints(gan.generator, folder)", TypeError, "DCGAN"),
    ("directory", "Checkpoints(gan, folder / 'file')", NotADirectoryError, "folder"),
    ("directory", "Checkpoints(gan, '')", ValueError, "on this machine, got ''"),
    ("checkpoint_dir", "train(gan, PIXELS, 1, batch_size=2, checkpoint_dir='gs://b/run')", ValueError, "gs://b/run"),
    ("directory", "Checkpoints(gan, b'folder')", TypeError, "bytes"),
    ("max_to_keep", "Checkpoints(gan, folder, max_to_keep=0)", ValueError, "at least 1"),
    ("max_to_keep", "Checkpoints(gan, folder, max_to_keep=HUGE)", ValueError, "at most"),
    ("images", "image_grid(np.zeros((2, 4, 4, 2), np.uint8))", ValueError, "channels"),
    ("columns", "image_grid(PIXELS, columns=0)", ValueError, "at least 1"),
    ("columns", "image_grid(PIXELS, columns=HUGE)", ValueError, "at most"),
    ("frames", "make_gif(folder, [])", ValueError, "no frame"),
    ("frames", "make_gif(folder, [PIXELS, PIXELS[:2]])", ValueError, "(2, 8, 8, 1) and (6, 8, 8, 1)"),
    ("frames", "make_gif(folder, [FLOATS + 256])", ValueError, "frames[0]"),
    ("hold_seconds", "make_gif(folder, [PIXELS], hold_seconds=1000)", ValueError, "[0.01, 655]"),
    ("labels", "make_gif(folder, [PIXELS, PIXELS], labels=['one'])", ValueError, "2 frames"),
    ("frame_seconds", "make_gif(folder, [PIXELS], frame_seconds=0)", ValueError, "[0.01, 655]"),
    ("scale", "make_gif(folder, [PIXELS], scale=-2)", ValueError, "-2"),
    ("scale", "make_gif(folder, [PIXELS], scale=HUGE)", ValueError, "at most"),
    ("scale", "make_gif(folder, [PIXELS], scale=2341)", ValueError, "65548 × 42158 pixels"),
    ("labels", "make_gif(folder, [PIXELS], labels=['x' * 9999])", ValueError, "65535"),
    ("frame_seconds", "make_gif(folder, [PIXELS], frame_seconds=10**400)", ValueError, "got an integer"),
    ("path", "make_gif(folder, [PIXELS], name='a.png')", ValueError, ".gif"),
    ("path", "dcgan.make_gif([PIXELS], folder / 'empty')", IsADirectoryError, "folder"),
    ("path", "make_gif(folder, [PIXELS], name='none/a.gif')", FileNotFoundError, "none"),
    ("images", "show_images(PIXELS.astype(int))", TypeError, 'images.astype("uint8")'),
    ("images", "make_train_step(gan)(FLOATS + 256)", ValueError, 'images.astype("uint8") makes pixels, and dcgan_helpers.normalize'),
    ("images", "train(gan, (FLOATS + 256), 1)", ValueError, 'images.astype("uint8") makes pixels'),
    ("images", "train(gan, [PIXELS[0], PIXELS[0, :4]], 1)", TypeError, "load_image_folder"),
    ("images", "train(gan, tf.data.Dataset.from_tensors(PIXELS), 1)", TypeError, "np.concatenate(list(dataset.as_numpy_iterator()))"),
    ("images", "train(gan, load_mnist(), 1)", TypeError, "give one of its arrays: .train_images, .train_labels"),
    ("size", "show_images(PIXELS, size=0)", ValueError, "(0, inf)"),
    ("size", "show_images(PIXELS, size=10**400)", ValueError, "(0, inf)"),
    ("titles", "show_images(PIXELS, titles=['a'])", ValueError, "6 images"),
    ("history", "plot_history(History())", ValueError, "step"),
    ("name", "show_drawing('cat')", ValueError, "'gan'"),
    ("highlight", "show_drawing('gan', highlight='cat')", ValueError, "'data'"),
    ("generator", "LatentExplorer([1])", TypeError, "Keras"),
    ("generator", "LatentExplorer(gan.discriminator)", TypeError, "noise"),
    ("seeds", "LatentExplorer(gan, seeds=(0, -1))", ValueError, "seeds[1]"),
    ("seeds", "LatentExplorer(gan, seeds=(2**31, 0))", ValueError, "2147483647"),
    ("logit", "LossExplorer(logit=8.5)", ValueError, "[-8, 8]"),
    ("learning_rate", "BalanceExplorer(learning_rate=2e-4)", ValueError, "3e-4"),
    ("learning_rate", "BalanceExplorer(learning_rate='1e-4')", TypeError, "number"),
    ("path", "load_image_folder(folder / 'none')", FileNotFoundError, "none"),
    ("path", "load_image_folder(folder / 'file')", NotADirectoryError, "folder"),
    ("path", "load_image_folder(folder / 'empty')", FileNotFoundError, "none in"),
    ("channels", "load_image_folder(folder, channels=2)", ValueError, "1 (grey)"),
    ("image_size", "load_image_folder(folder, image_size=28)", TypeError, "(height, width)"),
    ("image_size", "load_image_folder(folder, image_size=(28, HUGE))", ValueError, "at most 65535"),
    ("path", "cache_image_folder(folder / 'none', folder / 'x.npy', image_size=(8, 8), channels=1)", FileNotFoundError, "none"),
    ("file", "cache_image_folder(folder, folder / 'x.png', image_size=(8, 8), channels=1)", ValueError, "end in .npy"),
    ("images", "cache_images(folder, folder / 'x.npy', image_size=(8, 8), channels=1)", TypeError, "cache_image_folder"),
    ("path", "load_idx(folder / 'none')", FileNotFoundError, "none"),
    ("path", "load_idx(folder)", IsADirectoryError, "folder"),
    ("path", "load_idx(folder / 'file')", ValueError, "IDX"),
    ("images", "classify(PIXELS)", ValueError, "(n, 28, 28, 1)"),
    ("images", "classify(DIGITS.astype(int))", TypeError, "int64"),
    ("images", "classifier_features(DIGITS[..., 0])", ValueError, "newaxis"),
    ("images", "class_histogram(DIGITS.repeat(3, axis=3))", ValueError, "(6, 28, 28, 3)"),
    ("a", "frechet_distance(DIGITS, DIGITS)", ValueError, "classifier_features(images)"),
    ("a", "frechet_distance(FEATURES[..., np.newaxis], FEATURES)", ValueError, "(6, 5, 1)"),
    ("a", "frechet_distance(FEATURES.astype(int), FEATURES)", TypeError, "int64"),
    ("a", "frechet_distance(np.full((6, 5), -1e200), FEATURES)", ValueError, "1e+200"),
    ("b", "frechet_distance(FEATURES, FEATURES[:1])", ValueError, "at least 2"),
    ("b", "frechet_distance(FEATURES, with_nan(FEATURES))", ValueError, "NaN"),
    ("b", "frechet_distance(FEATURES, FEATURES[:, :4])", ValueError, "(n, 5)"),
    ("probabilities", "classifier_score(normalize(DIGITS))", ValueError, "classify(images)"),
    ("probabilities", "classifier_score(np.eye(10, dtype=int))", TypeError, "int64"),
    ("probabilities", "classifier_score([[-3.0, 4.0]])", ValueError, "[0, 1]"),
    ("probabilities", "classifier_score(np.full((3, 10), 0.2))", ValueError, "sum to 1"),
    ("probabilities", "classifier_score([0.5, 0.5])", ValueError, "(2,)"),
    ("real", "precision_recall(FEATURES[:3], FEATURES)", ValueError, "at least 4"),
    ("fake", "precision_recall(FEATURES, FEATURES[:5], k=5)", ValueError, "at least 6"),
    ("fake", "precision_recall(FEATURES, DIGITS)", ValueError, "classifier_features(images)"),
    ("fake", "precision_recall(FEATURES, FEATURES[:, :4])", ValueError, "(n, 5)"),
    ("k", "precision_recall(FEATURES, FEATURES, k=0)", ValueError, "at least 1"),
    ("k", "precision_recall(FEATURES, FEATURES, k=HUGE)", ValueError, "at most"),
    ("k", "precision_recall(FEATURES, FEATURES, k=3.0)", TypeError, "integer"),
    ("counts", "missing_modes([1.0, 2.0])", TypeError, "float64"),
    ("counts", "missing_modes(3)", ValueError, "(classes,)"),
    ("counts", "missing_modes([3, -1])", ValueError, "-1"),
    ("counts", "missing_modes([0, 0])", ValueError, "not all 0"),
    ("images", "nearest_training_images(PIXELS)", ValueError, "(n, 28, 28, 1)"),
    ("images", "nearest_training_images(DIGITS, PIXELS)", ValueError, "(n, 8, 8, 1)"),
    ("training_images", "nearest_training_images(PIXELS, with_nan(PIXELS))", ValueError, "NaN"),
    ("generator", "evaluate([1])", TypeError, "Keras"),
    ("generator", "evaluate(gan)", ValueError, "(n, 28, 28, 1)"),
    ("generator", "evaluate(BEYOND_1)", ValueError, "[-1, 1], got values from"),
    ("n", "evaluate(gan, n=3)", ValueError, "at least 4"),
    ("n", "evaluate(gan, n=1e4)", TypeError, "10000.0"),
    ("n", "evaluate(make_generator_model(seed=0), n=HUGE)", ValueError, "at most"),
    ("seed", "evaluate(gan, seed=-1)", ValueError, "-1"),
    ("images", "evaluate_images(DIGITS[:3])", ValueError, "at least 4"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("argument", "call", "exception", "word"), ROWS, ids=[call for _, call, *_ in ROWS]
)
def test_bad_input_is_refused(argument, call, exception, word, gan, folder):
    names = {**{name: getattr(dcgan, name) for name in dcgan.__all__}, **globals(), "tf": tf}
    before = sorted(folder.rglob("*"))
    with pytest.raises(exception, match=re.escape(word)) as raised:
        eval(call, {**names, "gan": gan, "folder": folder})
    assert re.search(rf"\b{re.escape(argument)}\b", str(raised.value))
    assert int(gan.step) == 0
    assert sorted(folder.rglob("*")) == before


PATHS = {
    "a null byte": "a\0b.gif",
    "nobody's home": "~nobody-of-this-name/a.gif",
    "300 characters": "a" * 296 + ".gif",
    "5000 characters": "a/" * 2500 + ".gif",
    "no file system can encode it": "\ud800.gif",
}


@pytest.mark.parametrize("path", PATHS.values(), ids=PATHS)
@pytest.mark.parametrize(
    ("argument", "call"),
    [
        ("path", "make_gif([PIXELS], path)"),
        ("path", "load_image_folder(path)"),
        ("path", "load_idx(path)"),
        ("file", "cache_images([], path, image_size=(8, 8), channels=1)"),
        ("directory", "Checkpoints(gan, path)"),
        ("checkpoint_dir", "train(gan, PIXELS, 1, batch_size=2, checkpoint_dir=path)"),
    ],
)
def test_a_path_that_can_not_be_is_refused(argument, call, path, gan, folder, monkeypatch):
    monkeypatch.chdir(folder)
    before = sorted(folder.rglob("*"))
    names = {**{name: getattr(dcgan, name) for name in dcgan.__all__}, "PIXELS": PIXELS}
    with pytest.raises(ValueError, match=rf"^{argument} must be a path .*: ") as raised:
        eval(call, {**names, "gan": gan, "path": path})
    str(raised.value).encode()  # can be shown
    assert sorted(folder.rglob("*")) == before


@pytest.mark.parametrize(
    "call", ["train(gan, IN_0_1, steps=1, batch_size=2)", "show_images(IN_0_1)"]
)
def test_images_from_0_to_1_are_remarked_on(call):
    names = {name: getattr(dcgan, name) for name in dcgan.__all__}
    images = np.linspace(0, 1, PIXELS.size, dtype=np.float32).reshape(PIXELS.shape)
    with pytest.warns(UserWarning, match=r"images should be floats .*2 \* images - 1"):
        eval(call, {**names, "gan": make_tiny_gan(), "IN_0_1": images})
    dcgan.show_images(2 * images - 1)  # no warning, or the test would fail
    dcgan.show_images(0 * images)  # of one value: nothing is known


def test_every_public_function_has_a_row():
    called = set(re.findall(r"\w+", " ".join(call for _, call, *_ in ROWS)))
    no_arguments = {"load_mnist", "MNIST", "History", "Evaluation", "ReferenceRun", "RECIPES"}
    no_arguments |= {"load_avatars", "load_reference_discriminator", "load_reference_run"}
    assert set(dcgan.__all__) - no_arguments <= called | {"Recipe", "make_gif"}
