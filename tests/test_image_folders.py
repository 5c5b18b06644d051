import os
import re
import struct
import zlib
from pathlib import Path

import imageio.v3 as iio
import numpy as np
import pytest
from PIL import EpsImagePlugin, Image

import dcgan_helpers as dcgan


def test_image_folder(tmp_path):
    for i in range(3):
        picture = np.full((40, 20, 3), 80 * i, np.uint8)
        iio.imwrite(tmp_path / f"{2 - i}.png", picture)
    (tmp_path / "more").mkdir()
    iio.imwrite(tmp_path / "more" / "x.png", np.full((9, 9), 255, np.uint8))
    grey = dcgan.load_image_folder(tmp_path, image_size=(8, 12))
    assert grey.shape == (4, 8, 12, 1)
    assert grey.dtype == np.uint8
    assert grey[:, 0, 0, 0].tolist() == [160, 80, 0, 255]  # in the order of their paths
    assert dcgan.load_image_folder(tmp_path, channels=3).shape == (4, 28, 28, 3)


def test_image_folder_reads_what_a_camera_or_an_editor_writes(tmp_path):
    white_above = np.zeros((8, 8), np.uint8)
    white_above[:4] = 255
    exif = Image.Exif()
    exif[0x0112] = 6  # orientation: to be turned clockwise by a quarter
    lying = Image.fromarray(np.rot90(white_above))
    lying.save(tmp_path / "a.png", exif=exif)
    Image.fromarray(np.full((8, 8), 60_000, np.uint16)).save(tmp_path / "b.png")
    shape = np.zeros((8, 8, 4), np.uint8)  # black, on a transparent ground
    shape[4:, :, 3] = 255
    Image.fromarray(shape).save(tmp_path / "c.png")
    (tmp_path / "._a.png").write_bytes(b"what a Mac leaves beside a file")
    (tmp_path / "folder.png").mkdir()
    images = dcgan.load_image_folder(tmp_path, image_size=(8, 8))[..., 0]
    np.testing.assert_array_equal(images[0], white_above)
    assert set(images[1].ravel()) == {round(60_000 / 257)}
    np.testing.assert_array_equal(images[2], white_above)
    assert dcgan.load_image_folder(tmp_path, image_size=(8, 8), channels=3)[2, 0, 0, 0] == 255


def write(file, level=0):
    """Write a small picture of one grey."""
    file.parent.mkdir(exist_ok=True, parents=True)
    Image.new("L", (8, 8), level).save(file)


def levels(folder):
    """The grey of each picture of a folder."""
    return dcgan.load_image_folder(folder, image_size=(4, 4))[:, 0, 0, 0].tolist()


def png_of_16_bits(pixels, transparent):
    """A PNG file with 16 bits a channel, of grey or RGB pixels, one of them transparent."""
    pixels = np.array(pixels, ">u2")
    height, width, channels = pixels.shape
    header = struct.pack(">IIBBBBB", width, height, 16, {1: 0, 3: 2}[channels], 0, 0, 0)
    rows = zlib.compress(b"".join(b"\0" + row.tobytes() for row in pixels))
    key = np.full(channels, transparent, ">u2").tobytes()
    chunks = {b"IHDR": header, b"tRNS": key, b"IDAT": rows, b"IEND": b""}
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks.items()
    )


def test_a_wide_picture_is_cropped_around_its_centre(tmp_path):
    columns = np.arange(30, dtype=np.uint8)
    Image.fromarray(np.tile(columns, (10, 1))).save(tmp_path / "a.png")
    Image.fromarray(np.tile(columns[:, np.newaxis], (1, 10))).save(tmp_path / "b.png")
    wide, high = dcgan.load_image_folder(tmp_path, image_size=(10, 10))[..., 0]
    np.testing.assert_array_equal(wide, np.tile(columns[10:20], (10, 1)))
    np.testing.assert_array_equal(high, wide.T)


def test_a_resize_averages_what_it_leaves_out(tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (40, 40), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    (image,) = dcgan.load_image_folder(tmp_path, image_size=(10, 10))[..., 0]
    # Lanczos: sinc(x) sinc(x / 3) of the distance x in output pixels, in both directions.
    x = (np.arange(40) + 0.5) / 4 - (np.arange(10)[:, np.newaxis] + 0.5)
    weights = np.where(abs(x) < 3, np.sinc(x) * np.sinc(x / 3), 0)
    weights /= weights.sum(axis=1, keepdims=True)
    assert np.abs(image - (weights @ pixels @ weights.T).clip(0, 255)).max() <= 1.5


@pytest.mark.parametrize("hidden", [".git", ".ipynb_checkpoints", "__MACOSX", "a/.thumbnails"])
def test_hidden_folders_are_passed_over_in_silence(tmp_path, hidden):
    folder = tmp_path / ".cache" / "__MACOSX" / "pictures"  # above it, a name hides nothing
    write(folder / "a" / "seen.png", 10)
    write(folder / hidden / "hidden.png", 20)
    (folder / hidden / "config").write_text("")
    assert levels(folder) == [10]


def test_linked_folders_are_read_once_each(tmp_path):
    write(tmp_path / "elsewhere" / "x.png", 10)
    write(tmp_path / "data" / "y.png", 20)
    folder = tmp_path / "data"
    (folder / "linked").symlink_to(tmp_path / "elsewhere")
    (folder / "linked_again").symlink_to(tmp_path / "elsewhere")
    (folder / "linked.png").symlink_to(tmp_path / "elsewhere" / "x.png")
    (tmp_path / "elsewhere" / "loop").symlink_to(folder)
    (folder / "self").symlink_to(folder)
    assert levels(folder) == [10, 10, 20]
    (tmp_path / "link").symlink_to(folder)
    assert levels(tmp_path / "link") == [10, 10, 20]


def test_a_link_to_nothing_is_named(tmp_path):
    write(tmp_path / "a.png")
    (tmp_path / "b.png").symlink_to(tmp_path / "none.png")
    with pytest.raises(ValueError, match=r"cannot be read: .*b\.png: .*No such file"):
        levels(tmp_path)


def test_a_folder_that_cannot_be_listed_is_not_passed_over(tmp_path, monkeypatch):
    write(tmp_path / "a.png")
    write(tmp_path / "locked" / "b.png")
    list_folder = os.listdir

    def refuse(folder):  # as if it were not root, who may list everything
        if Path(folder).name == "locked":
            raise PermissionError(13, "Permission denied", str(folder))
        return list_folder(folder)

    monkeypatch.setattr(os, "listdir", refuse)
    with pytest.raises(PermissionError, match="locked"):
        levels(tmp_path)


def test_files_of_other_endings_are_mentioned(tmp_path):
    write(tmp_path / "a.png", 10)
    Image.new("L", (8, 8), 20).save(tmp_path / "b.JFIF", "JPEG")
    for name in ("1.heic", "2.HEIC", "3.avif", "noending", "more/4.heic"):
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.touch()
    expected = re.escape("passed over 5 files: 3 .heic, 1 .avif, 1 without an ending")
    with pytest.warns(UserWarning, match=expected) as warned:
        assert levels(tmp_path) == [10, 20]
    assert warned[0].filename == __file__
    (tmp_path / "a.png").unlink()
    (tmp_path / "b.JFIF").unlink()
    with pytest.raises(FileNotFoundError, match=f"none in .* {expected}"):
        levels(tmp_path)


def test_many_endings_are_counted(tmp_path):
    write(tmp_path / "a.png")
    for i in range(30):
        (tmp_path / f"frame.{i:04}").touch()
    with pytest.warns(UserWarning, match=r"30 files: (1 \.\d{4}, ){5}\.\.\.$"):
        levels(tmp_path)


@pytest.mark.parametrize("suffix", ["bmp", "gif", "jfif", "jpeg", "jpg", "png", "tif", "webp"])
def test_every_kind_of_file_is_read(tmp_path, suffix):
    write(tmp_path / f"a.{suffix}", 200)
    assert abs(levels(tmp_path)[0] - 200) <= 2


def test_of_an_animation_the_first_picture_is_read(tmp_path):
    first, second = Image.new("L", (8, 8), 50), Image.new("L", (8, 8), 200)
    first.save(tmp_path / "a.gif", save_all=True, append_images=[second])
    assert levels(tmp_path) == [50]


@pytest.mark.parametrize(
    ("value", "dtype", "level"),
    [
        (0, np.float32, 0),
        (0.5, np.float32, 128),
        (1, np.float32, 255),
        (100, np.float32, 100),
        (255, np.float32, 255),
        (257 * 30, np.float32, 30),
        (1, np.int32, 255),  # a mask
        (200, np.int32, 200),
        (257 * 200, np.int32, 200),
        (65_535, np.int32, 255),
        (257 * 3, np.uint16, 3),  # a dark picture: 16 bits say what is white
        (200, np.uint16, 1),
        (257 * 200, ">u2", 200),
    ],
)
def test_grey_of_more_than_8_bits(tmp_path, value, dtype, level):
    Image.fromarray(np.full((8, 8), value, dtype)).save(tmp_path / "a.tif")
    assert levels(tmp_path) == [level]


@pytest.mark.parametrize(
    ("value", "dtype"),
    [
        *((value, np.float32) for value in (-0.1, 1.04, 300, 70_000, np.nan, np.inf)),
        *((value, np.int32) for value in (-1, 2, 300, 2**20, 2**31 - 1)),
    ],
)
def test_grey_whose_white_is_in_doubt_is_refused(tmp_path, value, dtype):
    pixels = np.zeros((8, 8), dtype)
    pixels[0, 0] = value
    Image.fromarray(pixels).save(tmp_path / "a.tif")
    with pytest.raises(ValueError, match=r"a\.tif: its values .* 1, 255 or 65535"):
        levels(tmp_path)


@pytest.mark.parametrize("channels", [1, 3])
def test_transparent_pixels_of_16_bits_are_white(tmp_path, channels):
    pixels = np.full((1, 2, channels), 257 * 40)
    pixels[0, 1] = 1000
    (tmp_path / "a.png").write_bytes(png_of_16_bits(pixels, transparent=1000))
    images = dcgan.load_image_folder(tmp_path, image_size=(1, 2), channels=channels)
    assert images[0, 0, :, 0].tolist() == [40, 255]


def test_a_transparent_palette_and_cmyk_are_right(tmp_path):
    Image.new("CMYK", (8, 8), (0, 0, 0, 55)).save(tmp_path / "a.jpg")
    palette = Image.new("P", (8, 8), 1)
    palette.putpalette([10, 10, 10, 20, 20, 20])
    palette.save(tmp_path / "b.png", transparency=1)
    assert levels(tmp_path) == [200, 255]


def test_a_broken_picture_is_named_with_the_reason(tmp_path):
    write(tmp_path / "a.png")
    file = tmp_path / "b.png"
    file.write_bytes(b"not a picture")
    with pytest.raises(ValueError, match=r"cannot be read: .*b\.png: cannot identify"):
        levels(tmp_path)
    Image.effect_noise((99, 99), 9).save(file)
    file.write_bytes(file.read_bytes()[:2000])
    with pytest.raises(ValueError, match=r"b\.png: .*truncated"):
        levels(tmp_path)
    Image.new("L", (20_000, 10_000)).save(file)
    with pytest.raises(ValueError, match=r"b\.png: .*decompression bomb"):
        levels(tmp_path)


@pytest.mark.parametrize("name", ["a.png", "a.jpg", "a.tif"])
def test_no_program_is_run_for_a_picture(tmp_path, name, monkeypatch):
    """PostScript is a program, which Pillow would run in another program."""
    Image.new("RGB", (8, 8)).save(tmp_path / name, "EPS")
    monkeypatch.setattr(EpsImagePlugin, "Ghostscript", lambda *a: pytest.fail("it was run"))
    with pytest.raises(ValueError, match="cannot identify"):
        levels(tmp_path)
