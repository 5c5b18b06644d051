import re
from urllib.parse import unquote

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


def test_a_drawing_is_a_picture_in_html_too_with_its_description():
    form = re.compile(r'<img alt="([^"]+)" width="(\d+)" style="[^"]+" src="([^"]+)">')
    for file in DRAWINGS.glob("*.svg"):
        shown = dcgan.show_drawing(file.stem)
        alt, width, source = form.fullmatch(shown._repr_html_()).groups()
        assert len(alt) > 50
        assert f'width="{width}"' in shown.data
        start, content = source.split(",", 1)
        assert start == "data:image/svg+xml"
        assert not re.search(r"[<>#\n]", content)
        assert unquote(content) == shown._repr_svg_()


def test_a_terminal_shows_a_drawings_title():
    assert repr(dcgan.show_drawing("gan")) == "<drawing: The whole GAN as a flow of data>"


@pytest.mark.parametrize(
    "part", ["data", "generator", "discriminator", "losses", "training", "checkpoints", "gif"]
)
def test_every_chapter_has_its_part_of_the_drawing(part):
    svg = dcgan.show_drawing("gan", highlight=part).data
    assert f".gan-part{{opacity:.3}}#gan-part-{part}{{opacity:1}}" in svg
