"""What the laboratory loads: the shipped pair in few bytes, which draws and judges as it did."""

import base64
import re
import zlib

import numpy as np
import pytest
from laboratory_networks import stored, stored_pair

import dcgan_helpers as dcgan
from tools import laboratory_data
from tools.laboratory_kernel import FOLDER

PAGE = FOLDER.parents[1] / "laboratory.md"


@pytest.fixture(scope="module")
def pair():
    return stored_pair()


def test_the_digits_are_mnist():
    content = zlib.decompress(base64.b64decode(stored("digits")))
    levels = np.frombuffer(content, np.uint8)
    pixels = np.stack([levels >> 4, levels & 15], axis=1).reshape(-1, 28, 28, 1)
    images = dcgan.load_mnist().train_images[: len(pixels)]
    assert len(pixels) == laboratory_data.DIGITS
    assert np.abs(pixels * 17.0 - images).max() <= 9


def test_the_networks_are_the_shipped_ones():
    models = dcgan.load_reference_generator("quick"), dcgan.load_reference_discriminator()
    for name, model in zip(("generator", "discriminator"), models, strict=True):
        layers, steps = (getattr(laboratory_data, f"{name.upper()}{of}") for of in ("", "_STEPS"))
        expected = laboratory_data.trained(laboratory_data.parts_of(model, layers), steps)
        found = stored(name)
        assert found["bits"] == expected["bits"]
        # The compression may differ between versions of zlib; what it holds may not.
        contents = [zlib.decompress(base64.b64decode(x["weights"])) for x in (found, expected)]
        assert contents[0] == contents[1]


def test_rounding_hardly_changes_the_images(pair):
    """The Fréchet distance, which takes a minute, rises by less than other noise changes it."""
    noise = dcgan.sample_noise(64, seed=1)
    full = dcgan.load_reference_generator("quick").predict(noise, verbose=0)
    apart = pair[0].predict(noise, verbose=0) - full
    assert np.sqrt(np.mean(apart**2)) < 0.1, "at 0.22, the distance was 42 in place of 2"


def test_rounding_hardly_changes_the_verdicts(pair):
    digits = dcgan.normalize(dcgan.load_mnist().test_images[:500])
    full = dcgan.load_reference_discriminator().predict(digits, verbose=0)
    apart = pair[1].predict(digits, verbose=0) - full
    assert np.sqrt(np.mean(apart**2)) < 0.1
    assert full.std() > 0.2


def test_a_pair_of_any_size_can_be_written(tmp_path, monkeypatch):
    monkeypatch.setattr(laboratory_data, "FOLDER", tmp_path)
    monkeypatch.setattr(laboratory_data, "directions", lambda *_: [])
    generator = dcgan.make_generator_model(image_shape=(12, 12, 1), noise_dim=7, seed=0)
    right, wrong = (
        dcgan.make_discriminator_model(image_shape=(side, side, 1), seed=0) for side in (12, 16)
    )
    with pytest.raises(ValueError, match="must take the images of"):
        laboratory_data.write_networks(generator, wrong)
    with pytest.raises(ValueError, match="must have the layers"):
        laboratory_data.write_networks(right, generator)
    assert not list(tmp_path.iterdir())
    laboratory_data.write_networks(generator, right)
    text = (tmp_path / "generator.js").read_text(encoding="utf-8")
    assert '"sizes": {"noise": 7, "side": 12, "filters": 64}' in text


def test_what_the_page_says_of_the_judge(pair):
    artist, judge = pair
    digits = dcgan.normalize(dcgan.load_mnist().test_images[:1000])
    noise = np.random.default_rng(0).normal(scale=0.3, size=digits.shape)
    shown = {
        "test digits": digits,
        "images of the generator": artist.predict(dcgan.sample_noise(1000, seed=5), verbose=0),
        "test digits, upside down": digits[:, ::-1, ::-1],
        "test digits, only the left half": np.where(np.arange(28)[:, np.newaxis] < 14, digits, -1),
        "test digits, with noise": np.clip(digits + noise, -1, 1),
        "test digits, black and white exchanged": -digits,
    }
    said = dict(re.findall(r"^\| ([\w, ]+) \| (\d+) % \|$", PAGE.read_text(encoding="utf-8"), re.M))
    real = {name: 100 * (judge.predict(x, verbose=0) > 0).mean() for name, x in shown.items()}
    print(real)
    assert {name: int(percent) for name, percent in said.items()} == pytest.approx(real, abs=1)


def test_what_the_page_says_of_the_directions(pair):
    directions = np.array(stored("generator")["directions"])
    noise = dcgan.sample_noise(40, seed=3)
    said = {2: "2 of it, {} images", 4: "with 4, {} do"}
    for push, sentence in said.items():
        pushed = (noise + push * directions[:, np.newaxis]).reshape(-1, noise.shape[1])
        digits = dcgan.classify(pair[0].predict(pushed, verbose=0)).argmax(axis=1)
        percent = 100 * (digits == np.repeat(np.arange(10), len(noise))).mean()
        text = re.sub(r"\s+", " ", PAGE.read_text(encoding="utf-8"))
        assert int(re.search(sentence.format(r"(\d+)"), text)[1]) == pytest.approx(percent, abs=2)
