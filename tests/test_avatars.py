import re

import numpy as np

import dcgan_helpers as dcgan
from dcgan_helpers._shipped import FILES
from tools.address import ROOT

BACKGROUNDS = ["b6e3f4", "c0aede", "d1d4f9", "ffd5dc", "ffdfbf"]


def test_the_avatars():
    images = dcgan.load_avatars()
    assert (images.shape, images.dtype) == ((10_000, 32, 32, 3), np.uint8)
    assert len({image.tobytes() for image in images}) == 10_000
    assert images.std(axis=0).min() > 0  # no pixel is the same in all


def test_they_are_drawn_on_a_grid_of_16():
    images = dcgan.load_avatars()
    squares = images[:, ::2, ::2]
    np.testing.assert_array_equal(images, squares.repeat(2, axis=1).repeat(2, axis=2))


def test_backgrounds_are_the_five_of_the_script_each_as_frequent():
    colours, counts = np.unique(dcgan.load_avatars()[:, 0, 31], axis=0, return_counts=True)
    shares = {bytes(colour).hex(): n for colour, n in zip(colours, counts, strict=True)}
    # A corner may show hair or a hat instead.
    assert all(1700 < shares[colour] < 2300 for colour in BACKGROUNDS)
    script = (ROOT / "reference" / "avatars.mjs").read_text(encoding="utf-8")
    assert re.findall(r"'([0-9a-f]{6})'", script) == BACKGROUNDS


def test_their_licence_lies_beside_them():
    licence = (FILES / "AVATARS-LICENSE.md").read_text(encoding="utf-8")
    assert "CC0 1.0" in licence
    assert "AVATARS-LICENSE.md" in (ROOT / "NOTICE").read_text(encoding="utf-8")
    assert "AVATARS-LICENSE.md" in (ROOT / "pyproject.toml").read_text(encoding="utf-8")
