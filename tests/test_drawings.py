import pytest

import dcgan_helpers as dcgan
from dcgan_helpers.drawings import DRAWINGS


def test_every_drawing_is_a_picture_with_a_description():
    names = sorted(file.stem for file in DRAWINGS.glob("*.svg"))
    assert "gan" in names
    drawings = [dcgan.show_drawing(name).data for name in names]
    assert len(set(drawings)) == len(names)
    for svg in drawings:
        assert "<title" in svg
        assert "<desc" in svg
        assert "<script" not in svg


@pytest.mark.parametrize(
    "part", ["data", "generator", "discriminator", "losses", "training", "checkpoints", "gif"]
)
def test_every_chapter_has_its_part_of_the_drawing(part):
    svg = dcgan.show_drawing("gan", highlight=part).data
    assert f".gan-part{{opacity:.3}}#gan-part-{part}{{opacity:1}}" in svg
