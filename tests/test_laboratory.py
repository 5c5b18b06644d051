"""The laboratory computes what TensorFlow does, in Chromium and in Firefox, and says what holds.

Left out unless asked for: ``python -m pytest -m browser`` needs the extra ``dev``, and both
browsers from the system's packages.
"""

import json
import re

import numpy as np
import pytest
import tensorflow as tf
from laboratory_networks import networks, stored_pair
from PIL import Image

import dcgan_helpers as dcgan
from tools import laboratory_kernel
from tools.laboratory_browser import ENGINE, Computer
from tools.laboratory_kernel import FOLDER

pytestmark = pytest.mark.browser

SMALL = {"noise": 5, "side": 12, "filters": 3, "batch": 4, "seed": 2}
QUICK = {"generatorRate": 1e-3, "discriminatorRate": 5e-4, "beta1": 0}
PRESETS = dict(
    re.findall(r"^  (\w+): (\{.*\}),$", (FOLDER / "train.js").read_text(encoding="utf-8"), re.M)
)


@pytest.fixture(scope="module", params=["chromium", "firefox"])
def compute(request, tmp_path_factory):
    computer = Computer(request.param, tmp_path_factory.mktemp("profile"))
    yield computer
    computer.close()


def gradients(generator, discriminator, noise, images):
    """The losses and gradients of one step, by TensorFlow."""
    with tf.GradientTape(persistent=True) as tape:
        fakes = generator(noise, training=True)
        fake, real = discriminator(fakes, training=True), discriminator(images, training=True)
        losses = dcgan.generator_loss(fake), dcgan.discriminator_loss(real, fake)
    of = [
        tape.gradient(loss, model.trainable_variables)
        for loss, model in zip(losses, (generator, discriminator), strict=True)
    ]
    return [float(loss) for loss in losses], of


def test_the_kernel_is_what_its_text_says():
    text = laboratory_kernel.SOURCE.read_text(encoding="utf-8")
    assert laboratory_kernel.SCRIPT.read_text(encoding="utf-8") == laboratory_kernel.script(text)


def test_it_takes_the_scripts_that_the_page_takes():
    text = (FOLDER / "laboratory.js").read_text(encoding="utf-8")
    engine = re.search(r"const engine = \[(.*?)\]", text, re.S)[1]
    assert re.findall(r'"(\w+)"', engine) == ENGINE


@pytest.mark.parametrize(
    ("m", "n", "k"), [(1, 1, 1), (4, 8, 3), (5, 9, 7), (3, 25, 2), (17, 16, 33)]
)
@pytest.mark.parametrize("a_transposed", [False, True])
@pytest.mark.parametrize("b_transposed", [False, True])
def test_products_of_matrices(compute, m, n, k, a_transposed, b_transposed):
    random = np.random.default_rng(m * n * k)
    a, b = random.normal(size=(m, k)), random.normal(size=(k, n))
    got = compute(
        "multiply", m=m, n=n, k=k, aTransposed=a_transposed, bTransposed=b_transposed,
        a=(a.T if a_transposed else a).ravel().tolist(),
        b=(b.T if b_transposed else b).ravel().tolist(),
    )  # fmt: skip
    np.testing.assert_allclose(np.reshape(got["product"], (m, n)), a @ b, rtol=1e-5, atol=1e-5)
    assert not any(got["after"]), "it wrote beyond the product"


def test_random_numbers_are_of_their_seeds(compute):
    got = compute("random", seeds=[3, 7], size=20_001)
    assert got["first"] == got["again"]
    assert got["first"] != got["others"]
    assert abs(np.mean(got["first"])) < 0.03
    assert abs(np.std(got["first"]) - 1) < 0.03
    assert abs(np.corrcoef(got["first"], got["others"])[0, 1]) < 0.03
    assert 0 <= min(got["uniform"]) < 0.01 < 0.99 < max(got["uniform"]) < 1


def test_its_images_are_those_of_keras(compute):
    generator, discriminator = stored_pair()
    noise = dcgan.sample_noise(16, seed=0)
    images = generator.predict(noise, verbose=0)
    got = compute("draw", noise=noise.ravel().tolist(), images=images.ravel().tolist())
    assert np.abs(np.reshape(got["images"], images.shape) - images).max() < 1e-4
    logits = discriminator.predict(images, verbose=0).ravel()
    np.testing.assert_allclose(got["logits"], logits, rtol=1e-4, atol=1e-4)
    assert images.std(axis=0).mean() > 0.1, "sixteen images of one kind"


def test_every_gradient_is_that_of_tensorflow(compute):
    settings = dict(SMALL)
    batch, side = settings["batch"], settings["side"]
    generator, discriminator = networks(settings["noise"], side, settings["filters"])
    random = np.random.default_rng(0)
    for model in (generator, discriminator):
        for weight in model.trainable_variables:
            weight.assign(random.normal(scale=0.5, size=weight.shape))
    noise = random.normal(size=(batch, settings["noise"])).astype(np.float32)
    images = random.uniform(-1, 1, (batch, side, side, 1)).astype(np.float32)
    losses, expected = gradients(generator, discriminator, noise, images)
    got = compute(
        "gradients", settings=settings,
        noise=noise.ravel().tolist(), images=images.ravel().tolist(),
        generator=[w.numpy().ravel().tolist() for w in generator.trainable_variables],
        discriminator=[w.numpy().ravel().tolist() for w in discriminator.trainable_variables],
    )  # fmt: skip
    assert got["generatorLoss"] == pytest.approx(losses[0], abs=1e-5)
    assert got["discriminatorLoss"] == pytest.approx(losses[1], abs=1e-5)
    for name, of_model in zip(("generator", "discriminator"), expected, strict=True):
        for mine, theirs in zip(got[name], of_model, strict=True):
            size = float(tf.reduce_max(tf.abs(theirs)))
            assert size > 0
            assert np.abs(np.array(mine) - theirs.numpy().ravel()).max() <= 1e-5 * max(size, 1)


class Adam:
    """Adam as its paper has it. Keras rounds β₂ to float32: its first step is 6e-6 shorter."""

    def __init__(self, rate, beta1):
        self.rate, self.beta1, self.beta2, self.updates = rate, beta1, 0.999, 0

    def apply(self, gradients, variables):
        self.updates += 1
        if self.updates == 1:
            self.moments = [[np.zeros(v.shape), np.zeros(v.shape)] for v in variables]
        first, second = (1 - beta**self.updates for beta in (self.beta1, self.beta2))
        step = self.rate * np.sqrt(second) / first
        for gradient, variable, moments in zip(gradients, variables, self.moments, strict=True):
            g = gradient.numpy()
            moments[0] += (g - moments[0]) * (1 - self.beta1)
            moments[1] += (g**2 - moments[1]) * (1 - self.beta2)
            variable.assign_sub(step * moments[0] / (np.sqrt(moments[1]) + 1e-7))


@pytest.mark.parametrize(
    "rates", [{"generatorRate": 2e-4, "discriminatorRate": 1e-4, "beta1": 0.5}, QUICK]
)
def test_fifty_steps_are_those_of_tensorflow(compute, float64, rates):
    settings = {"noise": 100, "side": 28, "filters": 4, "batch": 8, "seed": 5}
    got = compute("run", settings=settings, rates=rates, steps=50)
    models = networks(settings["noise"], settings["side"], settings["filters"])
    optimizers = [
        Adam(rates[rate], rates["beta1"]) for rate in ("generatorRate", "discriminatorRate")
    ]
    for model, name in zip(models, ("generator", "discriminator"), strict=True):
        for weight, values in zip(model.trainable_variables, got[name], strict=True):
            weight.assign(np.reshape(values, weight.shape))
    assert len(got["done"]) == 50
    for done in got["done"]:
        noise = np.array(done["noise"]).reshape(8, 100)
        images = (np.array(done["levels"]) / 7.5 - 1).reshape(8, 28, 28, 1)
        losses, of = gradients(*models, noise, images)
        assert done["generatorLoss"] == pytest.approx(losses[0], abs=1e-6)
        assert done["discriminatorLoss"] == pytest.approx(losses[1], abs=1e-6)
        for optimizer, model, by in zip(optimizers, models, of, strict=True):
            optimizer.apply(by, model.trainable_variables)


def outcome(compute, preset):
    """What a setting has become after fifty steps."""
    rates = json.loads(re.sub(r"(\w+):", r'"\1":', PRESETS[preset]))
    settings = {"noise": 100, "side": 28, "filters": 16, "batch": 16, "seed": 1}
    got = compute("outcome", settings=settings, rates=rates, steps=50)
    images = np.reshape(got["images"], (16, 28, 28))
    late = got["losses"][30:]
    return {
        "generator": np.mean([losses["generatorLoss"] for losses in late]),
        "discriminator": np.mean([losses["discriminatorLoss"] for losses in late]),
        "differ": images.std(axis=0).mean(),
        "border": np.concatenate([images[:, :3], images[:, -3:]]).mean(),
    }


def test_the_settings_do_what_they_say(compute):
    assert set(PRESETS) == {"balanced", "strong", "collapse", "asleep", "momentum"}
    balanced = outcome(compute, "balanced")
    assert abs(balanced["generator"] - np.log(2)) < 0.35
    assert abs(balanced["discriminator"] - 2 * np.log(2)) < 0.35
    assert balanced["border"] < -0.6, "the ground is dark already"
    strong = outcome(compute, "strong")
    assert min(strong["generator"], strong["discriminator"]) > 3
    assert strong["border"] > balanced["border"] + 0.2, "still grey"
    collapse = outcome(compute, "collapse")
    assert collapse["differ"] < 0.6 * balanced["differ"], "all sixteen are alike"
    asleep = outcome(compute, "asleep")
    assert asleep["generator"] < 0.25, "it looks like a success"
    assert asleep["border"] > -0.3, "a texture all over"
    momentum = outcome(compute, "momentum")
    assert momentum["border"] > balanced["border"] + 0.2
    assert momentum["differ"] < 0.75 * balanced["differ"]


def test_the_picture_has_all_settings():
    with Image.open(FOLDER / "presets.png") as picture:
        assert picture.width / picture.height == pytest.approx(3 / 5, abs=0.1)
