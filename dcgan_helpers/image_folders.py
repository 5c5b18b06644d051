"""Folders of pictures, as the data of a GAN."""

from __future__ import annotations

import os
import warnings

import numpy as np

from ._pictures import check_size, list_pictures, read_picture


def load_image_folder(
    path: str | os.PathLike[str], *, image_size: tuple[int, int] = (28, 28), channels: int = 1
) -> np.ndarray:
    """Load every picture of a folder (and of the folders in it), for a GAN on data of your own.

    Each picture is turned upright (a photograph may say how it was taken), put on white where it is
    transparent, cropped to the aspect of `image_size` around its centre, then resized. Of an
    animation the first picture is taken. Grey of 32 bits or in floats has its white at the first of
    1, 255 and 65535 that its largest value does not exceed.

    Args:
        path: the folder. Files are taken in the order of their paths; folders that are linked are
            read, too, each once. What is hidden (a name that begins with a dot, and `__MACOSX`) is
            passed over; a warning counts the files that are not pictures by their name (.png, .jpg,
            .jpeg, .jfif, .bmp, .gif, .tif, .tiff, .webp).
        image_size: `(height, width)` of the result.
        channels: 1 for grey, 3 for colour.

    Returns:
        `uint8` array `(n, height, width, channels)`, ready for `train`. It is held in memory:
        `cache_image_folder` is for more pictures than fit there.

    Raises:
        FileNotFoundError: there is no such folder, or no picture in it.
        NotADirectoryError: `path` is a file.
        ValueError: a picture cannot be read, or it is not clear which of its values is white; the
            file and the reason are named.

    Example:
        >>> from PIL import Image
        >>> Image.new("RGB", (60, 40), "white").save("white.png")
        >>> load_image_folder(".", image_size=(32, 32), channels=3).shape
        (1, 32, 32, 3)
    """
    size = check_size(image_size, channels)
    folder, names, passed_over = list_pictures(path)
    if passed_over:
        warnings.warn(f"{folder}{passed_over}", stacklevel=2)

    images = np.empty((len(names), *size), np.uint8)
    for image, name in zip(images, names, strict=True):
        try:
            image[:], _ = read_picture(folder / name, size)
        except Exception as error:  # Pillow lets through what its many decoders raise
            reason = f"{folder / name}: {str(error) or type(error).__name__}"
            raise ValueError(f"path holds a picture that cannot be read: {reason}") from error
    return images
