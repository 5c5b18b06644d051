import imageio.v3 as iio
import numpy as np
import pytest
from PIL import Image

import dcgan_helpers as dcgan


def test_image_folder(tmp_path):
    for i in range(3):
        picture = np.full((40, 20, 3), 80 * i, np.uint8)
        iio.imwrite(tmp_path / f"{2 - i}.png", picture)
    (tmp_path / "notes.txt").write_text("no picture")
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


def test_image_folder_with_a_broken_picture(tmp_path):
    (tmp_path / "a.png").write_bytes(b"not a picture")
    with pytest.raises(ValueError, match=r"cannot be read.*a\.png"):
        dcgan.load_image_folder(tmp_path)
