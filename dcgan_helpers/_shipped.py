"""The arrays that the package ships."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path

import numpy as np

FILES = Path(__file__).with_name("files")


def load_shipped(name: str) -> dict[str, np.ndarray]:
    """Load the arrays of the file `name` in the folder `files`; no network is used.

    Raises:
        FileNotFoundError: the package was installed without its data.
        ValueError: the file is damaged (its SHA-256 is not the one in `SHA256SUMS`).
    """
    content = (FILES / name).read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    if f"{digest}  {name}" not in (FILES / "SHA256SUMS").read_text().splitlines():
        raise ValueError(
            f"{FILES / name} is damaged: its SHA-256 is {digest}, which is not the one in "
            "SHA256SUMS; reinstall dcgan-helpers"
        )
    with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
        return dict(arrays)
