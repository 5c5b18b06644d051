"""IDX files, the format of MNIST, which the data sets made in its image share."""

from __future__ import annotations

import gzip
import math
import os
import zipfile
import zlib

import numpy as np

from ._checks import check_file

_GZIP = b"\x1f\x8b"
_UINT8 = 8  # the code of IDX for bytes


def load_idx(path: str | os.PathLike[str]) -> np.ndarray:
    """Load the images or the labels of Fashion-MNIST, Kuzushiji-MNIST, EMNIST or MNIST itself.

    They are published as IDX files, usually compressed (`train-images-idx3-ubyte.gz`), and
    Kuzushiji-MNIST as NumPy's, too (`kmnist-train-imgs.npz`). Which it is, is told by what is in
    the file, not by its name.

    Args:
        path: the file.

    Returns:
        `uint8` array. Images get a last axis for their one channel: `(n, height, width, 1)`, ready
        for `train`. (EMNIST's lie on their side: `images.transpose(0, 2, 1, 3)`.) Labels are
        `(n,)`.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is no such file, or not the whole of one.

    Example:
        >>> from pathlib import Path
        >>> _ = Path("labels-idx1-ubyte").write_bytes(bytes([0, 0, 8, 1, 0, 0, 0, 3, 7, 2, 1]))
        >>> load_idx("labels-idx1-ubyte")
        array([7, 2, 1], dtype=uint8)

    References:
        H. Xiao, K. Rasul, R. Vollgraf: Fashion-MNIST. 2017, arXiv:1708.07747.
        T. Clanuwat et al.: Deep learning for classical Japanese literature. 2018, arXiv:1812.01718.
    """
    file = check_file("path", path)
    array = _read_npz(file) if zipfile.is_zipfile(file) else _parse(_read(file), file)
    if array.dtype != np.uint8 or array.ndim not in (1, 3) or array.size == 0:
        raise ValueError(
            "path must hold uint8 labels (n,) or images (n, height, width), got "
            f"{array.dtype} of shape {array.shape} in {file}"
        )
    return array if array.ndim == 1 else array[..., np.newaxis]


def _read(file: os.PathLike[str]) -> bytes:
    with open(file, "rb") as opened:
        content = opened.read()
    if not content.startswith(_GZIP):
        return content
    try:
        return gzip.decompress(content)
    except (EOFError, OSError, zlib.error) as error:
        raise ValueError(f"path must hold a whole file, got {file}: {error}") from error


def _parse(content: bytes, file: os.PathLike[str]) -> np.ndarray:
    """The array in an IDX file: two zeros, type, number of axes, their lengths, and the values."""
    axes = content[3] if content[:3] == bytes([0, 0, _UINT8]) and len(content) > 3 else 0
    start = 4 + 4 * axes
    if axes == 0 or len(content) < start:
        raise ValueError(
            f"path must hold an IDX file of bytes (its first three are 0, 0, 8), got {file}, which "
            f"begins with {list(content[:4])}"
        )
    shape = tuple(np.frombuffer(content[4:start], ">u4").tolist())
    if len(content) - start != math.prod(shape):
        raise ValueError(
            f"path must hold the whole of an IDX file, got {file}, which announces "
            f"{math.prod(shape):,} values and has {len(content) - start:,}"
        )
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape).copy()


def _read_npz(file: os.PathLike[str]) -> np.ndarray:
    try:
        with np.load(file, allow_pickle=False) as arrays:
            names = arrays.files
            if len(names) == 1:
                return np.asarray(arrays[names[0]])
    # RuntimeError: it is encrypted, or compressed in a way of which Python knows nothing.
    except (ValueError, OSError, RuntimeError, zipfile.BadZipFile, zlib.error) as error:
        raise ValueError(f"path must hold a whole file, got {file}: {error}") from error
    raise ValueError(f"path must hold one array, got {file} with {', '.join(names) or 'none'}")
