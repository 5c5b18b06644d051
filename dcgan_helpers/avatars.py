"""Avatars: small colour pictures of faces that nobody has."""

from __future__ import annotations

import numpy as np

from ._shipped import load_shipped


def load_avatars() -> np.ndarray:
    """Load 10,000 avatars of pixel art from the file that the package ships. No network is used.

    They are colour images with a face in each, as those of CelebA are, but small, and of no real
    person: DiceBear put them together by seed, from 139 parts in many colours. Every one is
    different. They are drawn on a grid of 16 × 16 squares, of 2 × 2 pixels each.

    Returns:
        `uint8` array `(10000, 32, 32, 3)`, values in [0, 255].

    Raises:
        FileNotFoundError: the package was installed without its data.
        ValueError: the file is damaged (its SHA-256 is not the one expected).

    Example:
        >>> load_avatars().shape
        (10000, 32, 32, 3)

    References:
        DiceBear, "Pixel Art", https://www.dicebear.com/styles/pixel-art; the design is under CC0
        1.0, see `AVATARS-LICENSE.md` beside the file.
    """
    return load_shipped("avatars.npz")["images"]
